"""Sessions: the photos of a call that may belong together, by folder, time and order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path

from photochrom.batch.plan import PlanItem
from photochrom.errors import PhotochromError
from photochrom.io.metadata.exif import parse_block
from photochrom.io.metadata.ifd import EXIF, Value
from photochrom.io.reader import PhotoFile

__all__ = ["digest_of", "find_sessions", "time_taken"]

_PAUSE = timedelta(hours=6)  # between two photos of one session, at most
_MOST = 200  # photos of a session; of each about 1 MB is remembered
_TIME_TAKEN = 36867  # EXIF's DateTimeOriginal


def find_sessions(items: Sequence[PlanItem], *, max_pixels: int) -> Iterator[list[PlanItem]]:
    """Yield the photos of each session, in the order of their names.

    Those of one folder are one session, unless hours lie between them. Those without a time go with their folder.

    Args:
        items: in any order.
        max_pixels: as `PhotoFile` takes; of larger ones no time is read.
    """
    folders: dict[Path, list[PlanItem]] = {}
    for item in items:
        folders.setdefault(item.source.parent, []).append(item)
    for mixed in folders.values():
        folder = sorted(mixed, key=lambda item: item.name)
        times = {item: time_taken(item.source, max_pixels=max_pixels) for item in folder}
        dated = sorted(time for time in times.values() if time is not None)
        begins = [after for before, after in pairwise(dated) if after - before > _PAUSE]
        parts: dict[int, list[PlanItem]] = {}
        for item in folder:
            time = times[item]
            parts.setdefault(-1 if time is None else sum(time >= begin for begin in begins), []).append(item)
        if len(parts) == 2 and -1 in parts:  # all that have a time are together: so are the rest
            parts = {0: folder}
        for part in parts.values():
            for start in range(0, len(part), _MOST):
                yield part[start : start + _MOST]


def time_taken(path: Path, *, max_pixels: int) -> datetime | None:
    """Read when a photo was taken, by its EXIF; None where it says nothing, or is no photo that can be read."""
    try:
        block = PhotoFile(path, max_pixels=max_pixels).metadata.file.exif
        directory = parse_block(block)[0].get(EXIF) if block else None
        value = directory.get(_TIME_TAKEN) if isinstance(directory, dict) else None
        if isinstance(value, Value):
            return datetime.strptime(value.content[:19].decode("ascii"), "%Y:%m:%d %H:%M:%S")
    except (PhotochromError, ValueError):
        pass
    return None


def digest_of(session: Sequence[PlanItem]) -> str:
    """Sum up which photos a session is of: with one more, one less or one changed, its results are others."""
    digest = blake2b(digest_size=12)
    for item in session:
        try:
            status = item.source.stat()
            state = f"{status.st_size} {status.st_mtime_ns}"
        except OSError:
            state = "gone"
        digest.update(f"{item.name}\0{state}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()
