"""Files that are whole or not there at all: written under a temporary name, then renamed."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

__all__ = ["replace_file"]


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
    temporary = path.with_name(f".photochrom-{secrets.token_hex(6)}{path.suffix}")
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        if path.exists():
            temporary.chmod(path.stat().st_mode & 0o777)
        temporary.replace(path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
