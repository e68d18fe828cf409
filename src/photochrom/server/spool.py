"""The spool: a private folder for uploads and results, bounded, and gone when the service ends."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from pathlib import Path

from photochrom.errors import SettingError
from photochrom.server.errors import HTTPError
from photochrom.server.request_errors import FullError

__all__ = ["Spool", "full"]

try:
    import fcntl
except ImportError:  # Windows has other locks; what a crash leaves stays there
    fcntl = None  # type: ignore[assignment]

_PREFIX = "photochrom-spool-"


class Spool:
    """Files that nobody else may read.

    Args:
        parent: folder to make it in, or None for the system's temporary one.
        limit: bytes of all files together.

    Attributes:
        used: bytes of the files that are accounted for.

    Raises:
        SettingError: if it cannot be made.
    """

    def __init__(self, parent: Path | None, limit: int) -> None:
        self.limit, self.used = limit, 0
        above = Path(parent or tempfile.gettempdir())
        try:
            self._root = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=above))  # of mode 0700
            self._lock = (self._root / "lock").open("w")
        except OSError as error:
            raise SettingError(
                above, f"no folder for uploads can be made there ({error.strerror})", "give another with --spool"
            ) from error
        if fcntl is not None:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _remove_abandoned(above, self._root)

    def new_file(self) -> Path:
        """Return the path of a file that is not there yet, whose name nobody can guess."""
        return self._root / secrets.token_urlsafe(16)

    def new_folder(self) -> Path:
        """Make such a folder.

        Raises:
            HTTPError: 503 if there is no room for it.
        """
        folder = self.new_file()
        try:
            folder.mkdir(mode=0o700)
        except OSError as error:
            raise full() from error
        return folder

    def charge(self, count: int) -> None:
        """Account for bytes that are about to be written.

        Raises:
            HTTPError: 503 if there is no room for them.
        """
        if self.used + count > self.limit:
            raise full()
        self.used += count

    def account(self, file: Path) -> int:
        """Account for a file that a worker has written, whatever the limit, and return its bytes."""
        size = file.stat().st_size
        self.used += size
        return size

    def remove(self, path: Path, charged: int = 0) -> None:
        """Remove a file or folder, and `charged` bytes from the account."""
        self.used -= charged
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)

    def close(self) -> None:
        """Remove everything."""
        shutil.rmtree(self._root, ignore_errors=True)
        self._lock.close()


def full() -> HTTPError:
    """Say that there is no room."""
    said = "The service keeps as many photos as it has room for"
    return HTTPError(503, FullError(None, said, "try again later"), {"Retry-After": "60"})


def _remove_abandoned(above: Path, own: Path) -> None:
    """Remove what services left that were killed: nobody holds its lock."""
    for folder in above.glob(f"{_PREFIX}*"):
        if folder == own or folder.is_symlink():
            continue
        try:
            with (folder / "lock").open("r+") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:  # somebody else's, or in use
            continue
