"""Many results as one ZIP file, sent while it is made."""

from __future__ import annotations

import io
import time
import unicodedata
from collections.abc import AsyncGenerator, Sequence
from contextlib import ExitStack, aclosing, suppress
from pathlib import Path, PurePath
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from fastapi import Request

from photochrom.server.errors import CLIENT_GONE, HTTPError
from photochrom.server.responses import read_pieces
from photochrom.server.schema import ZipItem
from photochrom.server.service import Service
from photochrom.server.upload import display_name
from photochrom.workers.jobs import Render, Written

__all__ = ["stream_zip"]


async def stream_zip(service: Service, request: Request, items: Sequence[ZipItem]) -> AsyncGenerator[bytes, None]:
    """Colorize photos one after the other, and give the file's bytes.

    They are stored as they are, for photos are compressed already. One that fails becomes a text in its place.
    What their owner should know of the others stands in ``notes.txt``, a line each.
    """
    sink = _Sink()
    taken: set[str] = set()
    notes: list[str] = []
    with ExitStack() as held, ZipFile(sink, "w", ZIP_STORED) as archive:
        for item in items:  # or the time of the last ones may be over before their turn
            with suppress(HTTPError):
                held.enter_context(service.photos.use(item.id))
        for item in items:
            folder, size = service.spool.new_folder(), 0
            try:
                made = await _colorize(service, request, item, folder)
                size = service.spool.account(made.file)
                entry = _entry(_name(service, item) + made.file.suffix, taken)
                notes += [str(note.about(entry.filename)) for note in made.notes]
                with archive.open(entry, "w", force_zip64=size > 1 << 31) as target:
                    async with aclosing(read_pieces(made.file)) as pieces:
                        async for piece in pieces:
                            target.write(piece)
                            yield sink.take()
            except HTTPError as error:
                if error.status_code == CLIENT_GONE:
                    return
                archive.writestr(_entry(f"{_name(service, item)}.error.txt", taken), f"{error.error}\n")
            finally:
                service.spool.remove(folder, size)
            yield sink.take()
        if notes:
            archive.writestr(_entry("notes.txt", taken), "\n".join([*notes, ""]))
    yield sink.take()


async def _colorize(service: Service, request: Request, item: ZipItem, folder: Path) -> Written:
    with service.photos.use(item.id) as photo:
        job = service.job(Render, item.options, photo, target=folder / item.options.target)
        return await service.do(request, job, patient=True)


def _name(service: Service, item: ZipItem) -> str:
    """Name an item as the request says, or as its photo, without an ending."""
    if item.name is not None:
        return display_name(item.name)
    return PurePath(service.photos.name(item.id) or "photo").stem or "photo"


def _entry(name: str, taken: set[str]) -> ZipInfo:
    """Name a file, so that no two have one name where case, or how letters are composed, is no difference."""
    path, number = PurePath(name), 1
    while _folded(name) in taken:
        number += 1
        name = f"{path.stem} ({number}){path.suffix}"
    taken.add(_folded(name))
    entry = ZipInfo(name, time.localtime()[:6])
    entry.external_attr = 0o644 << 16
    return entry


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


class _Sink(io.RawIOBase):
    """Takes what a `ZipFile` writes, to be taken from here; it cannot be sought in."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        taken = bytes(data)  # type: ignore[call-overload]
        self._pending += taken
        return len(taken)

    def take(self) -> bytes:
        pending, self._pending = bytes(self._pending), bytearray()
        return pending
