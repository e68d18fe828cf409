"""Photos that clients sent and will ask for again: kept for a while after their last use."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from photochrom.server.errors import HTTPError
from photochrom.server.request_errors import FullError, PhotoGoneError, UploadStateError
from photochrom.server.schema import Photo
from photochrom.server.spool import Spool
from photochrom.workers.jobs import PhotoInfo

__all__ = ["PhotoStore", "StoredPhoto", "gone"]

_ETAGS = 64  # of a photo's results that are remembered


@dataclass(eq=False)
class StoredPhoto:
    """A photo in the spool.

    Attributes:
        id: by which its owner asks for it; nobody else can guess it.
        path: its file.
        name: what its owner calls it.
        size: of the file in bytes.
        info: what was found in it.
        expires: when it is gone unless it is used before, in seconds since 1970.
        users: requests that are using it.
        gone: whether it was deleted while it was in use.
        etags: of results that were asked for, by what was asked.
    """

    id: str
    path: Path
    name: str
    size: int
    info: PhotoInfo
    expires: float
    users: int = 0
    gone: bool = False
    etags: dict[str, str] = field(default_factory=dict)

    def remember(self, asked: str, etag: str) -> None:
        """Remember the ETag of a result."""
        self.etags[asked] = etag
        while len(self.etags) > _ETAGS:
            del self.etags[next(iter(self.etags))]

    def shown(self) -> Photo:
        """Describe it to its owner."""
        return Photo(
            id=self.id,
            name=self.name,
            width=self.info.width,
            height=self.info.height,
            bits=self.info.bits,
            format=self.info.format,
            is_grey=self.info.is_grey,
            expires_at=datetime.fromtimestamp(self.expires, UTC).replace(microsecond=0),
            notes=tuple(map(str, self.info.notes)),
        )


class PhotoStore:
    """The photos that are kept.

    Args:
        spool: has their files.
        keep_seconds: how long after the last use.
        limit: how many at most.
        forget: called with the id of each one that is gone.

    Attributes:
        limit: likewise.
        awaited: ids of photos that are not here in full yet, for each of which a place is kept.
    """

    def __init__(
        self, spool: Spool, keep_seconds: float, limit: int, forget: Callable[[str], None] = lambda _: None
    ) -> None:
        self._spool, self._keep_seconds, self.limit, self._forget = spool, keep_seconds, limit, forget
        self._photos: dict[str, StoredPhoto] = {}
        self.awaited: set[str] = set()

    def __len__(self) -> int:
        return len(self._photos)

    @staticmethod
    def new_id() -> str:
        """Make up an id of 128 random bits."""
        return secrets.token_urlsafe(16)

    def name(self, photo_id: str) -> str | None:
        """Return what its owner calls a photo; None if it is gone."""
        photo = self._photos.get(photo_id)
        return None if photo is None else photo.name

    @property
    def full(self) -> bool:
        """Whether no other photo may be kept."""
        return len(self._photos) + len(self.awaited) >= self.limit

    def check_room(self) -> None:
        """Make sure that one more may be kept.

        Raises:
            HTTPError: 503 if not.
        """
        if self.full:
            full = FullError(None, "The service keeps as many photos as it may", "try again later")
            raise HTTPError(503, full, {"Retry-After": "60"})

    def add(self, photo_id: str, path: Path, name: str, size: int, info: PhotoInfo) -> StoredPhoto:
        """Keep a photo whose file is in the spool."""
        photo = StoredPhoto(photo_id, path, name, size, info, time.time() + self._keep_seconds)
        self._photos[photo_id] = photo
        return photo

    @contextmanager
    def use(self, photo_id: str) -> Iterator[StoredPhoto]:
        """Find a photo, and hold it while the block runs; its time begins anew.

        Raises:
            HTTPError: 404 if there is none, or it is gone; 409 if it is not here in full yet.
        """
        if photo_id in self.awaited:
            unfinished = UploadStateError(None, "This photo is not here in full yet", "send the rest of it first")
            raise HTTPError(409, unfinished)
        photo = self._photos.get(photo_id)
        if photo is None or (photo.expires < time.time() and not photo.users):
            raise gone()
        photo.users += 1
        photo.expires = time.time() + self._keep_seconds
        try:
            yield photo
        finally:
            photo.users -= 1
            photo.expires = time.time() + self._keep_seconds
            if photo.gone and not photo.users:
                self._remove(photo)

    def delete(self, photo_id: str) -> None:
        """Forget a photo; its file is removed as soon as nobody uses it.

        Raises:
            HTTPError: 404 as `use`.
        """
        with self.use(photo_id) as photo:
            del self._photos[photo_id]
            photo.gone = True

    def sweep(self) -> None:
        """Remove the photos whose time is over."""
        now = time.time()
        for photo in [photo for photo in self._photos.values() if photo.expires < now and not photo.users]:
            del self._photos[photo.id]
            self._remove(photo)

    def _remove(self, photo: StoredPhoto) -> None:
        self._spool.remove(photo.path, photo.size)
        self._forget(photo.id)


def gone() -> HTTPError:
    """Say that there is no such photo."""
    error = PhotoGoneError(None, "There is no such photo here, or its time is over", "send it again")
    return HTTPError(404, error)
