"""A photo's file or its bytes, opened; what no photo can be read from says so at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from photochrom.errors import PhotoError, reason_of

__all__ = ["Source", "damaged", "first_bytes", "open_source", "read_all"]

Source = str | Path | bytes


@contextmanager
def open_source(source: Source, name: str) -> Iterator[BinaryIO]:
    """Open a file or its bytes for reading.

    Args:
        source: a path or the file's bytes.
        name: what to call it in an error.

    Raises:
        PhotoError: if it is missing, unreadable, empty, or no regular file.
    """
    file = _open(source, name)
    with file:
        if not file.read(1):
            raise PhotoError(name, "is empty (0 bytes)", "fetch or scan it again")
        file.seek(0)
        yield file


def first_bytes(source: Source, name: str, size: int = 64) -> bytes:
    """Return the first bytes of a file, fewer if it has not so many.

    Raises:
        PhotoError: as `open_source`.
    """
    with open_source(source, name) as file:
        return file.read(size)


def read_all(source: Source, *, name: str) -> bytes:
    """Return a file's bytes.

    Raises:
        PhotoError: if it cannot be read.
    """
    if isinstance(source, bytes):
        return source
    try:
        return Path(source).read_bytes()
    except OSError as error:
        raise PhotoError(name, f"cannot be read ({error.strerror})", "check the path") from error


def damaged(name: str, error: Exception | str) -> PhotoError:
    """Return the error of a file whose decoder failed, in one line that says why.

    Args:
        name: what to call the file.
        error: the decoder's, or the reason itself.
    """
    reason = error if isinstance(error, str) else reason_of(error)
    said = "".join(letter if letter.isprintable() else "?" for letter in reason)
    return PhotoError(name, f"is damaged or cut short ({said})", "fetch or scan it again")


def _open(source: Source, name: str) -> BinaryIO:
    if isinstance(source, bytes):
        return BytesIO(source)
    path = Path(source)
    try:
        if path.is_dir():
            raise PhotoError(name, "is a folder, not a photo", "name the photos inside it")
        if path.exists() and not path.is_file():
            raise PhotoError(name, "is no regular file", "copy the photo to a file first")
        return path.open("rb", buffering=0)  # reads without being asked for more
    except FileNotFoundError as error:
        raise PhotoError(name, "there is no such file", "check the path") from error
    except PermissionError as error:
        raise PhotoError(name, "cannot be read", "check its permissions") from error
    except (OSError, ValueError) as error:  # ValueError: a path with a null byte
        raise PhotoError(name, f"cannot be read ({reason_of(error, path)})", "check the path") from error
