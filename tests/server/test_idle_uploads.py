"""Uploads that are begun and do not go on hold no places that others need."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from photochrom.server import resumable
from photochrom.server.errors import HTTPError
from photochrom.server.photo_store import PhotoStore
from photochrom.server.resumable import ResumableUpload, ResumableUploads
from photochrom.server.spool import Spool

KEEP = 86_400.0


class Clock:
    """What `time.time` tells."""

    now = 1e9

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(resumable, "time", clock)
    return clock


@pytest.fixture
def uploads(tmp_path: Path, clock: Clock) -> Iterator[ResumableUploads]:
    """A service's uploads, of which two have a place."""
    spool = Spool(tmp_path, 1 << 20)
    yield ResumableUploads(spool, PhotoStore(spool, KEEP, 2), KEEP)
    spool.close()


def send(uploads: ResumableUploads, upload: ResumableUpload, content: bytes) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield content

    async def go_on() -> None:
        await uploads.claim(upload)
        try:
            await uploads.receive(upload, upload.size, chunks())
        finally:
            upload.lock.release()

    asyncio.run(go_on())


def there(uploads: ResumableUploads, *asked: ResumableUpload) -> list[bool]:
    return [uploads.get(upload.id) is not None for upload in asked]


def test_an_upload_without_a_byte_gives_way_where_there_is_no_place(
    uploads: ResumableUploads, clock: Clock
) -> None:
    empty, begun = uploads.create(10, "a.png"), uploads.create(10, "b.png")
    with pytest.raises(HTTPError, match="keeps as many photos"):
        uploads.create(10, "c.png")  # they have just come
    clock.now += 200
    send(uploads, begun, b"x")
    clock.now += 200
    send(uploads, empty, b"")  # which is no byte
    third = uploads.create(10, "c.png")
    assert there(uploads, empty, begun, third) == [False, True, True]
    with pytest.raises(HTTPError):
        uploads.check_room()  # for a photo that comes as a whole
    clock.now += 200
    uploads.check_room()
    assert there(uploads, begun, third) == [False, True]


def test_where_there_are_places_an_upload_waits_as_long_as_photos_are_kept(
    uploads: ResumableUploads, clock: Clock
) -> None:
    empty = uploads.create(10, "a.png")
    clock.now += KEEP - 1
    uploads.check_room()
    uploads.sweep()
    assert there(uploads, empty) == [True]
    clock.now += 2
    uploads.sweep()
    assert there(uploads, empty) == [False]


def test_an_upload_under_way_keeps_its_place(uploads: ResumableUploads, clock: Clock) -> None:
    going = uploads.create(10, "a.png")
    uploads.create(10, "b.png")

    async def claimed() -> None:
        await uploads.claim(going)

    asyncio.run(claimed())
    clock.now += 1000
    uploads.create(10, "c.png")  # in the place of the other
    with pytest.raises(HTTPError):
        uploads.create(10, "d.png")
    assert there(uploads, going) == [True]
