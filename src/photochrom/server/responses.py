"""Answers that are long, sent a piece at a time to clients that take them; files are then removed."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from pathlib import Path, PurePath
from urllib.parse import quote

from fastapi import Response
from starlette.types import Receive, Scope, Send

from photochrom.io.formats import MEDIA_TYPES
from photochrom.result_notes import Note
from photochrom.server.spool import Spool

__all__ = [
    "RESULT",
    "ClientStalledError",
    "SpooledFileResponse",
    "TimedStreamingResponse",
    "attachment",
    "file_etag",
    "read_pieces",
]

RESULT = "the result"
"""What jobs call the result's file, which has no name that its owner knows."""

_PIECE = 1 << 18
_PATIENCE = 60.0  # seconds that a client may take for a piece


class ClientStalledError(Exception):
    """A client takes no more of its answer."""


class TimedStreamingResponse(Response):
    """Bytes that are still being made.

    Args:
        pieces: gives them.
        media_type: what they are.
        headers: further ones.
    """

    def __init__(
        self, pieces: AsyncGenerator[bytes, None], media_type: str, headers: Mapping[str, str] | None = None
    ) -> None:
        self._pieces = pieces
        super().__init__(media_type=media_type)
        del self.headers["Content-Length"]
        self.headers.update(headers or {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it.

        Raises:
            ClientStalledError: if the client takes no more.
        """
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async with aclosing(self._pieces) as pieces:  # what they hold is let go of at once, however this ends
            async for piece in pieces:
                message = {"type": "http.response.body", "body": piece, "more_body": True}
                try:
                    # A client that takes nothing must not hold a file, or the service's end, for ever.
                    # Not wait_for: that of Python 3.11 forgets that it was cancelled where the piece has gone.
                    async with asyncio.timeout(_PATIENCE):
                        await send(message)
                except TimeoutError:
                    raise ClientStalledError from None
        await send({"type": "http.response.body", "body": b""})


class SpooledFileResponse(TimedStreamingResponse):
    """A file that was made for one request.

    Args:
        file: in a folder of its own, which is removed when it is sent, or cannot be.
        spool: that accounts for it.
        headers: further ones.
        notes: what the user should know, put into the header ``Photochrom-Notes`` as a JSON list of sentences, and
            into ``Photochrom-Note-Parts`` for programs that call photo and result by other names.
        name: of the photo, for these sentences.
        part: bytes to send of it, or None for all.
    """

    def __init__(
        self,
        file: Path,
        spool: Spool,
        *,
        headers: Mapping[str, str] | None = None,
        notes: tuple[Note, ...] = (),
        name: str = "",
        part: range | None = None,
    ) -> None:
        self._folder, self._spool, self._size = file.parent, spool, spool.account(file)
        sent = range(self._size) if part is None else part
        more = {"Content-Length": str(len(sent)), **(headers or {})}
        if notes:
            more["Photochrom-Notes"] = json.dumps([str(note.about(name)) for note in notes])
            parts = [{"about": _about(note), "text": note.text} for note in notes]
            more["Photochrom-Note-Parts"] = json.dumps(parts)
        super().__init__(read_pieces(file, sent), MEDIA_TYPES[file.suffix], more)
        if part is not None:
            self.status_code = 206
            self.headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{self._size}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._spool.remove(self._folder, self._size)


async def read_pieces(file: Path, part: range | None = None) -> AsyncGenerator[bytes, None]:
    """Read a file, or some bytes of it, beside the event loop."""
    with file.open("rb") as opened:
        left = file.stat().st_size if part is None else len(part)
        opened.seek(0 if part is None else part.start)
        while piece := await asyncio.to_thread(opened.read, min(_PIECE, left)):
            left -= len(piece)
            yield piece


async def file_etag(file: Path) -> str:
    """Make the ETag of a file, which is that of its bytes."""

    def digest() -> str:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, lambda: hashlib.blake2b(digest_size=16)).hexdigest()

    return f'"{await asyncio.to_thread(digest)}"'


def _about(note: Note) -> str:
    return "result" if note.subject == RESULT else "photo"


def attachment(name: str, suffix: str) -> dict[str, str]:
    """Name the file that a browser saves (RFC 6266): the photo's own name with the result's ending."""
    stem = PurePath(name).stem or "photo"
    plain = "".join(letter if letter.isascii() and letter not in '"\\%' else "_" for letter in stem)
    value = f'attachment; filename="{plain}{suffix}"'
    if plain != stem:
        value += f"; filename*=UTF-8''{quote(stem + suffix, safe='')}"
    return {"Content-Disposition": value}
