"""Answers that are long: however they end, what they hold is let go of, and nobody waits for them for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable

import pytest
from starlette.types import Message

from photochrom.server import responses
from photochrom.server.responses import ClientStalledError, TimedStreamingResponse


class Answer:
    """A long answer, and a line on which its first piece stands until the test lets it go on."""

    def __init__(self) -> None:
        self.let_go = False
        self.stands = asyncio.Event()
        self.goes_on: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        try:
            for _ in range(100):
                yield b"piece"
        finally:
            self.let_go = True

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.body":
            self.stands.set()
            await self.goes_on

    async def run(self) -> None:
        async def receive() -> Message:
            return {"type": "http.request"}

        await TimedStreamingResponse(self.pieces(), "application/zip")({"type": "http"}, receive, self.send)


def check(ends: Callable[[Answer], object], error: type[BaseException]) -> None:
    """See that an answer that stands ends with an error, and has let go of its pieces by then."""

    async def trial() -> None:
        answer = Answer()
        task = asyncio.create_task(answer.run())
        await answer.stands.wait()
        ends(answer)
        if error is asyncio.CancelledError:
            task.cancel()
        with pytest.raises(error):
            await asyncio.wait_for(task, 5)
        assert answer.let_go

    asyncio.run(trial())


def test_an_answer_that_is_cancelled_as_its_piece_goes_ends() -> None:
    check(lambda answer: answer.goes_on.set_result(None), asyncio.CancelledError)


def test_a_line_that_breaks_ends_it() -> None:
    check(lambda answer: answer.goes_on.set_exception(OSError("broken")), OSError)


def test_a_client_that_takes_nothing_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(responses, "_PATIENCE", 0.05)
    check(lambda answer: None, ClientStalledError)
