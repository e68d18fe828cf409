"""Service: what the routes share, and how a request becomes a job and a job an answer."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

from fastapi import Request, Response

from photochrom.errors import PhotochromError, UnknownNetworkError
from photochrom.server.errors import CLIENT_GONE, HTTPError
from photochrom.server.job_errors import job_error
from photochrom.server.metrics import Metrics
from photochrom.server.photo_store import PhotoStore, StoredPhoto
from photochrom.server.ranges import knows, wanted_range
from photochrom.server.request_errors import RequestError
from photochrom.server.responses import RESULT, SpooledFileResponse, attachment, file_etag
from photochrom.server.resumable import ResumableUploads
from photochrom.server.schema import ColorizeOptions
from photochrom.server.settings import Settings
from photochrom.server.spool import Spool
from photochrom.workers.engine import Engine, EngineSetup, OpenNetwork
from photochrom.workers.jobs import Describe, FileJob, PhotoJob, Written
from photochrom.workers.pool import Pool
from photochrom.workers.runner import Job

__all__ = ["Service"]

J = TypeVar("J", bound=PhotoJob[Any])
R = TypeVar("R")
_KEPT = {
    "Cache-Control": "private, no-cache"
}  # by a browser, which asks each time whether the photo is still here
_NICE = 5  # of the workers: the front process answers first, however busy they are


class Service:
    """Everything that lives as long as the service.

    Args:
        settings: how it runs.

    Attributes:
        settings: likewise.
        spool: its files.
        photos: those that are kept.
        uploads: photos that come bit by bit.
        pool: the workers.
        networks: those that are open, the default first; none before `start`.
        metrics: what is counted.
        draining: whether it is ending, and takes nothing new.

    Raises:
        PhotochromError: if there is no place for the spool.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.spool = Spool(settings.spool, settings.spool_bytes)
        engine = EngineSetup(
            settings.networks,
            settings.device,
            threads=settings.threads,
            nice=_NICE,
            warm=True,
        )
        self.pool = Pool(engine, workers=settings.workers, queue=settings.queue, eager=True)
        self.networks: tuple[OpenNetwork, ...] = ()
        self.photos = PhotoStore(self.spool, settings.keep_seconds, settings.photos, self.pool.forget)
        self.uploads = ResumableUploads(self.spool, self.photos, settings.keep_seconds)
        self.draining = False
        self.metrics = Metrics(
            {
                "queue_length": ("Jobs that wait for a worker", lambda: self.pool.waiting),
                "workers_busy": ("Workers that have a job", lambda: self.pool.busy),
                "spool_bytes": ("Bytes of uploads and results", lambda: self.spool.used),
                "photos": ("Photos that are kept", lambda: len(self.photos)),
                "uploads": ("Photos that are not here in full yet", lambda: len(self.photos.awaited)),
            },
            {"worker_restarts": ("Workers that were started anew", lambda: self.pool.restarts)},
        )
        self._sweeping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the workers.

        Raises:
            PhotochromError: if they cannot be started, or a network cannot be opened.
        """
        self.networks = await self.pool.do(Describe())
        self._sweeping = asyncio.create_task(self._sweep())

    async def close(self) -> None:
        """End the workers and remove all files."""
        if self._sweeping is not None:
            self._sweeping.cancel()
        await asyncio.to_thread(self.pool.close)
        self.spool.close()

    def job(self, kind: type[J], options: ColorizeOptions, photo: StoredPhoto, **more: Any) -> J:
        """Make a job of a stored photo and the options for it.

        Raises:
            HTTPError: 404 if there is no such network.
        """
        return kind(
            photo=photo.path, name=photo.name, key=photo.id, network=self.network(options.network),
            options=options.engine_options(max_pixels=self.settings.pixels), **more,
        )  # fmt: skip

    def network(self, name: str | None) -> str | None:
        """Return the name of a network that is offered.

        Raises:
            HTTPError: 404 if it is not.
        """
        known = [network.card.name for network in self.networks]
        if name is not None and name not in known:
            remedy = f"use one of {', '.join(known)}"
            raise HTTPError(404, UnknownNetworkError(name, "there is no such network here", remedy))
        return name

    async def do(self, request: Request | None, job: Job[Engine, R], *, patient: bool = False) -> R:
        """Have a job done, unless its client goes away meanwhile.

        Args:
            request: whose body is read; None for one that is of use when its client has gone too.
            job: what to do.
            patient: wait for a place in the line, however long it is.

        Raises:
            HTTPError: as `job_error` says; 499 if the client has gone.
        """
        seconds = self.settings.request_seconds
        work: asyncio.Future[Any] = asyncio.ensure_future(self.pool.do(job, seconds=seconds, patient=patient))
        gone: asyncio.Future[Any] = asyncio.Future() if request is None else asyncio.ensure_future(_gone(request))
        try:
            await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                raise HTTPError(CLIENT_GONE, RequestError(None, "The client went away", "ask again"))
            result: R = work.result()
            return result
        except PhotochromError as error:
            raise job_error(error, job.name, min(self.pool.retry_after, seconds)) from error
        finally:
            for task in (work, gone):
                task.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await task

    async def answer_file(
        self, request: Request, job: FileJob[Written], *, saved: bool = False, photo: StoredPhoto | None = None
    ) -> Response:
        """Have a job done that makes a file, and answer with that.

        Args:
            request: whose answer it is.
            job: with a target in no folder yet.
            saved: have browsers save it under the photo's name.
            photo: which it is of, for an answer to GET: it may be kept and asked for again, in parts too.

        Raises:
            HTTPError: as `do`; 416 if it has not the bytes that are asked for.
        """
        asked = repr(job)
        if photo is not None and (known := photo.etags.get(asked)) and knows(request.headers, known):
            return Response(status_code=304, headers={"ETag": known, **_KEPT})
        self.spool.charge(0)
        folder = self.spool.new_folder()
        try:
            made = await self.do(request, replace(job, target=folder / job.target, shown=RESULT))
            headers = attachment(job.name, made.file.suffix) if saved else {}
            part = None
            if photo is not None:
                etag = await file_etag(made.file)
                photo.remember(asked, etag)
                if knows(request.headers, etag):
                    self.spool.remove(folder)
                    return Response(status_code=304, headers={"ETag": etag, **_KEPT})
                part = wanted_range(request.headers, made.file.stat().st_size, etag)
                headers |= {"ETag": etag, "Accept-Ranges": "bytes", **_KEPT}
            return SpooledFileResponse(
                made.file, self.spool, headers=headers, notes=made.notes, name=job.name, part=part
            )
        except BaseException:
            self.spool.remove(folder)
            raise

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(min(10.0, max(0.1, self.settings.keep_seconds / 4)))
            self.photos.sweep()
            self.uploads.sweep()


async def _gone(request: Request) -> None:
    """Return when the client has gone; to be asked when the body is read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
