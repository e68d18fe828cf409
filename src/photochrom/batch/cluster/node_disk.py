"""The disk of one machine of a cluster, which may be full while the store and the other machines are well."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from photochrom.errors import OutputError, PhotochromError, PhotoError, reason_of

__all__ = ["blamed", "node_disk"]

_ROOM = 1 << 20  # bytes beside those of the photo itself
_FOLD = 4  # how many times a photo's own bytes it and its result may take


@contextmanager
def node_disk(folder: str | Path) -> Iterator[None]:
    """Say of what the system refuses in the block that it was this machine's disk.

    Raises:
        OutputError: if it refuses anything.
    """
    try:
        yield
    except OSError as error:
        raise _refused(folder, reason_of(error, folder)) from error


def blamed(error: PhotochromError, folder: Path, size: int) -> PhotochromError:
    """Return the error of a full disk in place of one that came of it.

    Args:
        error: of a photo.
        folder: of this machine, where photos and results are on their way.
        size: of the photo in bytes.
    """
    if error.code not in (OutputError.code, PhotoError.code):
        return error
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        free = 0
    return error if free >= _FOLD * size + _ROOM else _refused(folder, "it is full")


def _refused(folder: str | Path, reason: str) -> OutputError:
    place, problem = f"{socket.gethostname()}:{folder}", f"its disk cannot be written ({reason})"
    return OutputError(place, problem, "free some of it, or set TMPDIR on that machine")
