"""Uploads that go on where a line broke: the bytes of a photo that is not here in full yet."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass, field
from pathlib import Path

from photochrom.server.errors import CHECKSUM_MISMATCH, HTTPError
from photochrom.server.photo_store import PhotoStore, gone
from photochrom.server.request_errors import ChecksumError, TooLongError, UploadStateError
from photochrom.server.spool import Spool, full
from photochrom.server.upload import SpoolWriter, display_name
from photochrom.workers.jobs import PhotoInfo

__all__ = ["Checksum", "ResumableUpload", "ResumableUploads"]

_REFUSED = 600.0  # seconds for which it is remembered why an upload was refused
_IDLE = 300.0  # seconds without a byte, after which an upload makes room for others where there is none


@dataclass(frozen=True)
class Checksum:
    """What the bytes of one request have to come to."""

    algorithm: str
    digest: bytes


@dataclass(eq=False)
class ResumableUpload:
    """A photo that comes bit by bit.

    Attributes:
        id: of the photo that it will be.
        path: its file.
        name: what its owner calls it.
        length: bytes that it will have.
        expires: when it is given up unless it goes on before, in seconds since 1970.
        grown: when it was begun, or its last bytes came, likewise.
        size: bytes that are here.
        refusal: why it is no photo that is taken, once that is known; its file is then gone.
        lock: held by the one request that goes on with it.
        superseded: set to have that request take no more bytes; None where it takes none.
    """

    id: str
    path: Path
    name: str
    length: int
    expires: float
    grown: float
    size: int = 0
    refusal: HTTPError | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    superseded: asyncio.Event | None = None


class ResumableUploads:
    """The uploads that are not finished.

    Args:
        spool: has their files.
        photos: where they will be kept.
        keep_seconds: how long one waits for its next bytes.
    """

    def __init__(self, spool: Spool, photos: PhotoStore, keep_seconds: float) -> None:
        self._spool, self._photos, self._keep_seconds = spool, photos, keep_seconds
        self._uploads: dict[str, ResumableUpload] = {}

    def create(self, length: int, name: str) -> ResumableUpload:
        """Begin an upload; it has a place among the photos from now on.

        Raises:
            HTTPError: 503 if there is no room for it.
        """
        self.check_room()
        if self._spool.used + length > self._spool.limit:
            raise full()
        path = self._spool.new_file()
        try:
            path.touch(mode=0o600, exist_ok=False)
        except OSError as error:
            raise full() from error
        now = time.time()
        upload = ResumableUpload(
            self._photos.new_id(), path, display_name(name), length, now + self._keep_seconds, grown=now
        )
        self._uploads[upload.id] = upload
        self._photos.awaited.add(upload.id)
        return upload

    def check_room(self) -> None:
        """Make sure that one more photo may be kept; uploads that do not go on give way to it.

        Raises:
            HTTPError: 503 if not.
        """
        if self._photos.full:
            self._give_up_idle()
        self._photos.check_room()

    def get(self, upload_id: str) -> ResumableUpload | None:
        """Return an upload, or None if there is none, or it has become a photo."""
        return self._uploads.get(upload_id)

    async def claim(self, upload: ResumableUpload) -> None:
        """Take an upload over, and have its lock: who comes back after a cut comes before the line that was cut.

        Raises:
            HTTPError: 404 if it is gone meanwhile, or why it was refused.
        """
        if upload.superseded is not None:
            upload.superseded.set()
        await upload.lock.acquire()
        if upload.refusal is not None or upload.id not in self._uploads:
            upload.lock.release()
            raise gone() if upload.refusal is None else _again(upload.refusal)

    async def receive(
        self, upload: ResumableUpload, offset: int, chunks: AsyncIterator[bytes], checksum: Checksum | None = None
    ) -> None:
        """Add bytes to an upload whose lock is held; what came before a cut stays, unless it has a checksum.

        Raises:
            HTTPError: 409 if the upload does not stand at `offset`, or another request takes it over, 413 for more
                bytes than it will have, 460 for bytes that the checksum does not fit, 503 where the spool is full.
        """
        if offset != upload.size:
            problem = f"The upload has {upload.size:,} bytes, and not {offset:,}"
            raise HTTPError(409, UploadStateError(None, problem, "ask by HEAD where it stands, and go on there"))
        upload.superseded = asyncio.Event()
        begun = upload.size
        try:
            await self._append(upload, _until(upload.superseded, chunks), checksum)
        except BaseException:
            if upload.size == upload.length:  # who asks how far it is must not take it for a photo
                self._cut(upload, max(0, upload.size - 1))
            raise
        finally:
            upload.superseded = None
            upload.expires = time.time() + self._keep_seconds
            if upload.size > begun:
                upload.grown = time.time()

    async def finish(self, upload: ResumableUpload, check: Awaitable[PhotoInfo]) -> None:
        """Make a photo of an upload that is here in full and whose lock is held.

        Args:
            upload: which.
            check: gives what the photo is, or raises why it is none.

        Raises:
            HTTPError: as `check`. Where there is no room at the moment, the upload waits for its last byte again,
                for who asks how far it is must not take it for a photo.
        """
        try:
            info = await check
        except HTTPError as error:
            if "Retry-After" not in (error.headers or {}) or not upload.size:
                self._refuse(upload, error)
            else:
                self._cut(upload, upload.size - 1)
            raise
        del self._uploads[upload.id]
        self._photos.awaited.discard(upload.id)
        self._photos.add(upload.id, upload.path, upload.name, upload.size, info)

    def remove(self, upload: ResumableUpload) -> None:
        """Give up an upload, whose lock is held or free."""
        self._uploads.pop(upload.id, None)
        self._photos.awaited.discard(upload.id)
        self._spool.remove(upload.path, upload.size)
        upload.size = 0

    def sweep(self) -> None:
        """Give up the uploads that nobody goes on with."""
        now = time.time()
        for upload in [each for each in self._uploads.values() if each.expires < now and not each.lock.locked()]:
            self.remove(upload)

    def _give_up_idle(self) -> None:
        """Give up the upload that has had no byte for the longest, if that is long."""
        long_ago = time.time() - _IDLE
        waiting = [each for each in self._uploads.values() if each.refusal is None and not each.lock.locked()]
        idle = [each for each in waiting if each.grown < long_ago]
        if idle:
            self.remove(min(idle, key=lambda each: each.grown))

    async def _append(
        self, upload: ResumableUpload, chunks: AsyncIterator[bytes], checksum: Checksum | None
    ) -> None:
        begun, whole = upload.size, False
        digest = None if checksum is None else hashlib.new(checksum.algorithm, usedforsecurity=False)
        with upload.path.open("ab", buffering=0) as file:
            writer = SpoolWriter(self._spool, file, upload.length - begun)
            try:
                async for chunk in chunks:
                    if writer.size + len(chunk) > upload.length - begun:
                        problem = f"These are more bytes than the {upload.length:,} that were announced"
                        raise HTTPError(413, TooLongError(None, problem, "announce as many as there are"))
                    if digest is not None:
                        digest.update(chunk)
                    await writer.write(chunk)
                whole = True
            finally:
                try:
                    await writer.flush()
                finally:
                    written = os.fstat(file.fileno()).st_size
                    self._spool.used -= begun + writer.size - written  # what a full disk did not take
                    upload.size = written
                    if digest is not None and not whole:
                        self._cut(upload, begun)
        if checksum is not None and digest is not None and digest.digest() != checksum.digest:
            self._cut(upload, begun)
            error = ChecksumError(None, "Other bytes came than were sent", "send them again")
            raise HTTPError(CHECKSUM_MISMATCH, error)

    def _cut(self, upload: ResumableUpload, size: int) -> None:
        os.truncate(upload.path, size)
        self._spool.used -= upload.size - size
        upload.size = size

    def _refuse(self, upload: ResumableUpload, error: HTTPError) -> None:
        """Let go of what is no photo, and remember why, for a client that did not hear it."""
        upload.refusal = _again(error)
        self._photos.awaited.discard(upload.id)
        self._spool.remove(upload.path, upload.size)
        upload.size = 0
        upload.expires = time.time() + min(_REFUSED, self._keep_seconds)
        refused = [each for each in self._uploads.values() if each.refusal is not None]
        for oldest in refused[: -self._photos.limit]:
            self.remove(oldest)


def _again(error: HTTPError) -> HTTPError:
    """Make an error anew, without what its traceback holds, which grows with each time that it is raised."""
    return HTTPError(error.status_code, error.error, error.headers)


async def _until(superseded: asyncio.Event, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Give chunks until another request comes; never in the middle of writing one.

    Raises:
        HTTPError: 409 when it comes.
    """
    stop = asyncio.ensure_future(superseded.wait())
    try:
        while True:
            chunk = asyncio.ensure_future(anext(chunks, None))
            await asyncio.wait({chunk, stop}, return_when=asyncio.FIRST_COMPLETED)
            if not chunk.done():
                chunk.cancel()
                problem = "Another request goes on with this upload"
                raise HTTPError(409, UploadStateError(None, problem, "send its bytes by one request at a time"))
            if (data := chunk.result()) is None:
                return
            yield data
    finally:
        stop.cancel()
