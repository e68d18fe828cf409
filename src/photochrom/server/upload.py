"""Uploads: a photo on its way from a request's body to a file, a piece at a time."""

from __future__ import annotations

import asyncio
from io import RawIOBase
from types import TracebackType
from typing import TYPE_CHECKING, Self

from fastapi import Request
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from photochrom.server.errors import HTTPError
from photochrom.server.request_errors import RequestError, TooLongError
from photochrom.server.spool import Spool, full

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

__all__ = ["SpoolWriter", "Upload", "display_name"]

_PIECE = 1 << 18  # bytes that are written at a time
_MOST_PARTS = 4
_MOST_TEXT = 1 << 18  # bytes of a part that is no photo
_LONGEST_NAME = 120
_MARKS = {"%22": '"', "%0D": " ", "%0A": " "}
"""How browsers write what a form's header cannot hold (HTML, multipart/form-data)."""


class Upload:
    """A photo that is being received, or was.

    Used as a context: when the block ends its file is removed, unless `keep` was called.

    Attributes:
        path: its file in the spool.
        name: what its owner calls it.
        texts: the other parts of a form.
    """

    def __init__(self, spool: Spool, name: str = "") -> None:
        self._spool = spool
        self._writer: SpoolWriter | None = None
        self.path = spool.new_file()
        self.name = display_name(name)
        self.texts: dict[str, str] = {}
        self._kept = False

    @property
    def size(self) -> int:
        """Bytes received."""
        return 0 if self._writer is None else self._writer.size

    def keep(self) -> None:
        """Let the file outlive the block."""
        self._kept = True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._kept:
            self._spool.remove(self.path, self.size)

    async def receive(self, request: Request, *, limit: int) -> None:
        """Write the photo of a request to the file: the body itself, or the part ``photo`` of a form.

        Raises:
            HTTPError: 400 for a form that cannot be read, 413 for a photo of more than `limit` bytes, 415 for a
                form without a photo, 503 where the spool is full.
        """
        kind, parameters = parse_options_header(request.headers.get("content-type"))
        with self.path.open("xb", buffering=0) as file:
            self._writer = writer = SpoolWriter(self._spool, file, limit)
            if kind.startswith(b"multipart/"):
                await self._receive_form(request, writer, parameters.get(b"boundary", b""))
            else:
                async for chunk in request.stream():
                    await writer.write(chunk)
            await writer.flush()

    async def _receive_form(self, request: Request, writer: SpoolWriter, boundary: bytes) -> None:
        if not 0 < len(boundary) <= 70:  # RFC 2046
            raise HTTPError(
                400, RequestError(None, "The form has no boundary", "let your client write its Content-Type")
            )
        form = _Form()
        parser = MultipartParser(boundary, form.callbacks())
        try:
            async for chunk in request.stream():
                parser.write(chunk)
                await writer.write(form.take_photo())
            parser.finalize()
        except MultipartParseError as error:
            raise HTTPError(
                400, RequestError(None, "The form cannot be read", "send it as multipart/form-data")
            ) from error
        if not form.ended:
            raise HTTPError(400, RequestError(None, "The form is cut short", "send it again"))
        if not form.has_photo:
            raise HTTPError(415, RequestError(None, "The form has no photo", "send it as the part named photo"))
        self.name = display_name(form.filename)
        self.texts = form.texts


class SpoolWriter:
    """Writes what is received to a file of the spool, beside the event loop and within the limits.

    Args:
        spool: that accounts for it.
        file: open and unbuffered.
        limit: bytes that may be written.

    Attributes:
        size: bytes received and accounted for.
    """

    def __init__(self, spool: Spool, file: RawIOBase, limit: int) -> None:
        self._spool, self._file, self._limit = spool, file, limit
        self._pending = bytearray()
        self.size = 0

    async def write(self, data: bytes | bytearray) -> None:
        """Take some bytes.

        Raises:
            HTTPError: 413 if there are too many, 503 where the spool is full.
        """
        if not data:
            return
        if self.size + len(data) > self._limit:
            problem = f"The photo has more than the {self._limit:,} bytes that are allowed"
            raise HTTPError(413, TooLongError(None, problem, "shrink it"))
        self._spool.charge(len(data))
        self.size += len(data)
        self._pending += data
        if len(self._pending) >= _PIECE:
            await self.flush()

    async def flush(self) -> None:
        """Write what was taken.

        Raises:
            HTTPError: 503 where the disk is full.
        """
        pending, self._pending = self._pending, bytearray()
        try:
            await asyncio.to_thread(_write_all, self._file, pending)
        except OSError as error:
            raise full() from error


def _write_all(file: RawIOBase, data: bytearray) -> None:
    """Write everything; an unbuffered file, which says at once that the disk is full, may take less at a time."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) or 0 :]


class _Form:
    """What a parser finds in a form: one photo, and a few short texts."""

    def __init__(self) -> None:
        self.filename = ""
        self.texts: dict[str, str] = {}
        self.has_photo = self.ended = False
        self._photo = bytearray()
        self._parts = 0
        self._in_photo = False
        self._name = ""
        self._text = bytearray()
        self._headers: dict[bytes, bytes] = {}
        self._header, self._value = bytearray(), bytearray()

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._begin_part,
            "on_header_field": lambda data, start, end: self._header.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._end_header,
            "on_headers_finished": self._end_headers,
            "on_part_data": self._take,
            "on_part_end": self._end_part,
            "on_end": self._end,
        }

    def take_photo(self) -> bytearray:
        """Return what of the photo has come since the last time."""
        photo, self._photo = self._photo, bytearray()
        return photo

    def _begin_part(self) -> None:
        self._parts += 1
        if self._parts > _MOST_PARTS:
            raise HTTPError(
                400, RequestError(None, "The form has more parts than photo and options", "leave the others out")
            )
        self._headers, self._text = {}, bytearray()

    def _end_header(self) -> None:
        self._headers[bytes(self._header).lower()] = bytes(self._value)
        self._header, self._value = bytearray(), bytearray()

    def _end_headers(self) -> None:
        _, parameters = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._name = parameters.get(b"name", b"").decode("utf-8", "replace")
        self._in_photo = self._name == "photo"
        if self._in_photo:
            if self.has_photo:
                raise HTTPError(400, RequestError(None, "The form has more than one photo", "send one at a time"))
            self.has_photo = True
            self.filename = parameters.get(b"filename", b"").decode("utf-8", "replace")
        elif self._name != "options":
            raise HTTPError(
                400, RequestError(None, "The form has a part that is neither photo nor options", "leave it out")
            )
        elif self._name in self.texts:
            raise HTTPError(400, RequestError(None, "The form has its options twice", "send them once"))

    def _take(self, data: bytes, start: int, end: int) -> None:
        if self._in_photo:
            self._photo += data[start:end]
            return
        self._text += data[start:end]
        if len(self._text) > _MOST_TEXT:
            raise HTTPError(
                413,
                TooLongError(
                    None,
                    f"The options have more than the {_MOST_TEXT:,} bytes that are allowed",
                    "leave some hints out",
                ),
            )

    def _end_part(self) -> None:
        if not self._in_photo:
            self.texts[self._name] = self._text.decode("utf-8", "replace")

    def _end(self) -> None:
        self.ended = True


def display_name(name: str) -> str:
    """Take what a client calls its photo for a name to show and to send back, and never for a path."""
    for mark, letter in _MARKS.items():
        name = name.replace(mark, letter)
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(letter if letter.isprintable() else " " for letter in last)
    return shown.strip(" .")[:_LONGEST_NAME].strip(" .") or "photo"
