"""Files that are whole or not there at all: written under a temporary name, then renamed; and their folders."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from photochrom.errors import OutputError, reason_of

__all__ = ["PARTS", "make_folder", "move_file", "replace_file", "same_file", "same_place"]

_PART = ".photochrom-"
PARTS = f"{_PART}{'[0-9a-f]' * 12}*"
"""What the names of files look like that `replace_file` had not finished when the process was killed."""


@contextlib.contextmanager
def replace_file(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` when the block ends well, else remove it.

    The temporary file is flushed to the disk before the rename, so that a kill or a power cut at any moment
    leaves either the old file or the new one. It keeps the suffix, for writers that go by it, and the
    permissions of the file that it replaces.

    Raises:
        OSError: as the file system says; nothing half-written stays.
    """
    path = Path(path)
    # Not made of the target's own name, which may be as long as the file system allows.
    temporary = path.with_name(f"{_PART}{secrets.token_hex(6)}{path.suffix}")
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        _rename(temporary, path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def move_file(source: Path, target: Path) -> None:
    """Rename a file that is on the disk already, also to where another file system is mounted.

    Raises:
        OSError: as the file system says; nothing half-written stays.
    """
    try:
        _rename(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with replace_file(target) as temporary:
            shutil.copy2(source, temporary)
        source.unlink()


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, if they are missing.

    Raises:
        OutputError: if it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise OutputError(
            folder, f"cannot be made ({reason_of(error, folder)})", "give another folder as --output"
        ) from error


def same_file(one: str | Path, other: str | Path) -> bool:
    """Say whether two paths lead to one file that is there, by whatever names and links."""
    try:
        return Path(one).samefile(other)
    except (OSError, ValueError):
        return False  # one is not there, or cannot be looked at: what hinders is said where it is opened


def same_place(one: str | Path, other: str | Path) -> bool:
    """Say whether what is written to two paths would become one file, be it there or not yet."""
    return same_file(one, other) or os.path.realpath(one) == os.path.realpath(other)


def _rename(source: Path, target: Path) -> None:
    if target.exists():
        source.chmod(target.stat().st_mode & 0o777)
    source.replace(target)
