"""How slowly a body may come: by a clock that jumps to the next event, so that minutes take no time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.types import Message, Receive, Scope, Send

from photochrom.server.errors import HTTPError
from photochrom.server.middleware.body_limit import BodyLimitMiddleware
from photochrom.server.settings import Settings

IDLE = Settings().idle_seconds


class JumpingLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock jumps to where the next timer is due."""

    def __init__(self) -> None:
        super().__init__()
        self._now, select = 0.0, self._selector.select  # type: ignore[attr-defined]

        def jump(timeout: float | None = None) -> object:
            self._now += timeout or 0.0
            return select(0)

        self._selector.select = jump  # type: ignore[attr-defined]

    def time(self) -> float:
        return self._now


def send_body(parts: Sequence[tuple[float, int]]) -> tuple[int, float]:
    """Send parts of a body, each after some seconds.

    Args:
        parts: seconds before each part, and its bytes.

    Returns:
        The status that the service answers with, and after how many seconds.
    """
    left = iter(parts)

    async def receive() -> Message:
        seconds, count = next(left, (0.0, 0))
        await asyncio.sleep(seconds)
        return {"type": "http.request", "body": bytes(count), "more_body": count > 0}

    async def read(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["more_body"]:
            pass

    async def run() -> tuple[int, float]:
        scope = {"type": "http", "method": "POST", "path": "/v1/photos", "headers": []}
        try:
            await BodyLimitMiddleware(read, Settings())(scope, receive, None)  # type: ignore[arg-type]
        except HTTPError as error:
            return error.status_code, asyncio.get_running_loop().time()
        return 200, asyncio.get_running_loop().time()

    def run_loop() -> tuple[int, float]:
        with asyncio.Runner(loop_factory=JumpingLoop) as runner:
            return runner.run(run())

    with ThreadPoolExecutor(1) as thread:  # this one may have Playwright's loop
        return thread.submit(run_loop).result()


def test_a_body_that_stops_is_cut_when_nothing_has_come_for_a_while() -> None:
    assert send_body([(1.0, 5_000_000), (IDLE - 0.1, 1)]) == (200, pytest.approx(IDLE + 0.9))
    assert send_body([(1.0, 5_000_000), (IDLE + 0.1, 1)]) == (408, pytest.approx(IDLE + 1.0))


def test_a_body_that_drips_is_cut_after_half_a_minute() -> None:
    assert send_body([(5.0, 1)] * 100) == (408, pytest.approx(30, abs=0.01))


@settings(deadline=None, max_examples=50)
@given(st.floats(0.3, 12), st.floats(100, 64_000))
def test_a_body_may_take_as_long_as_it_comes_at_16_kib_a_second(every: float, pace: float) -> None:
    count = max(1, round(every * pace))
    share = count / every / 16_384
    status, seconds = send_body([(every, count)] * 50)
    # Half a minute, and beyond it a second for each 16 KiB that have come before the part that is waited for.
    late = 49 * every * (1 - share) + every - 30
    if late < -0.01:
        assert (status, seconds) == (200, pytest.approx(50 * every))
    elif late > 0.01:
        cut = 30 / (1 - share)
        assert status == 408
        assert cut - every * share / (1 - share) - 0.01 <= seconds <= cut + 0.01


def test_what_has_come_buys_time_for_what_is_still_to_come() -> None:
    assert send_body([(14.0, 100_000), (14.0, 1), (7.0, 1)]) == (200, pytest.approx(35))
    assert send_body([(14.0, 100_000), (14.0, 1), (9.0, 1)]) == (408, pytest.approx(36.1, abs=0.01))
