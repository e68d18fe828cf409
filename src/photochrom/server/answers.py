"""Answers that are files of the spool: sent a piece at a time, then removed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path, PurePath
from urllib.parse import quote

from fastapi import Response
from starlette.types import Receive, Scope, Send

from photochrom.server.spool import Spool

__all__ = ["MEDIA_TYPES", "ClientStuckError", "FileAnswer", "attachment"]

MEDIA_TYPES = {
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".tif": "image/tiff",
    ".avif": "image/avif",
    ".bmp": "image/bmp",
}

_PIECE = 1 << 18
_PATIENCE = 60.0  # seconds that a client may take for a piece


class ClientStuckError(Exception):
    """A client takes no more of its answer."""


class FileAnswer(Response):
    """A file that was made for one request.

    Args:
        file: in a folder of its own, which is removed when it is sent, or cannot be.
        spool: that accounts for it.
        headers: further ones.
        notes: what the user should know, put into the header ``Photochrom-Notes`` as a JSON list.
    """

    def __init__(
        self,
        file: Path,
        spool: Spool,
        *,
        headers: Mapping[str, str] | None = None,
        notes: tuple[str, ...] = (),
    ) -> None:
        self._file, self._spool, self._size = file, spool, file.stat().st_size
        spool.used += self._size  # it is there already, whatever the limit
        super().__init__(media_type=MEDIA_TYPES[file.suffix])
        self.headers["Content-Length"] = str(self._size)
        for name, value in (headers or {}).items():
            self.headers[name] = value
        if notes:
            self.headers["Photochrom-Notes"] = json.dumps(notes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            with self._file.open("rb") as file:
                await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                while piece := await asyncio.to_thread(file.read, _PIECE):
                    # A client that takes nothing must not hold the file for ever.
                    message = {"type": "http.response.body", "body": piece, "more_body": True}
                    try:
                        await asyncio.wait_for(send(message), _PATIENCE)
                    except TimeoutError:
                        raise ClientStuckError from None
                await send({"type": "http.response.body", "body": b""})
        finally:
            self._spool.remove(self._file.parent, self._size)


def attachment(name: str, suffix: str) -> dict[str, str]:
    """Name the file that a browser saves (RFC 6266): the photo's own name with the result's ending."""
    stem = PurePath(name).stem or "photo"
    plain = "".join(letter if letter.isascii() and letter not in '"\\%' else "_" for letter in stem)
    value = f'attachment; filename="{plain}{suffix}"'
    if plain != stem:
        value += f"; filename*=UTF-8''{quote(stem + suffix, safe='')}"
    return {"Content-Disposition": value}
