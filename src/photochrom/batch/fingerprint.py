"""Fingerprint: what tells whether a file is still the one that it was."""

from __future__ import annotations

import hashlib
import stat
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Fingerprint", "file_digest"]


@dataclass(frozen=True)
class Fingerprint:
    """A file at some moment.

    Attributes:
        size: bytes.
        mtime_ns: when it was changed last.
        digest: hash of its bytes.
    """

    size: int
    mtime_ns: int
    digest: bytes

    @classmethod
    def of(cls, path: Path) -> Fingerprint:
        """Take the fingerprint of a regular file.

        Raises:
            OSError: if it is none, or cannot be read.
        """
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # to open a pipe would wait for a writer
            raise OSError(f"{path} is no regular file")
        # The time comes first: a file that changes while it is read must not pass for what was read.
        return cls(status.st_size, status.st_mtime_ns, file_digest(path))

    def fits(self, path: Path, *, trust_time: bool = True) -> bool:
        """Say whether a file is still this one; it is read only where its size is the same and its time is not.

        Args:
            path: the file.
            trust_time: take the same size and time for the same file.
        """
        try:
            status = path.stat()
            if status.st_size != self.size:
                return False
            return (trust_time and status.st_mtime_ns == self.mtime_ns) or Fingerprint.of(
                path
            ).digest == self.digest
        except OSError:
            return False


def file_digest(path: Path) -> bytes:
    """Return the BLAKE2b hash of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=20)).digest()
