"""Service: what the routes share, and how a request becomes a job and a job an answer."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

from fastapi import Request

from photochrom.errors import PhotochromError, UnknownNetworkError
from photochrom.inference.card import Card
from photochrom.server.errors import CLIENT_GONE, HTTPError
from photochrom.server.job_errors import job_error
from photochrom.server.metrics import Metrics
from photochrom.server.photo_store import PhotoStore, StoredPhoto
from photochrom.server.refusals import RequestError
from photochrom.server.responses import SpooledFileResponse, attachment
from photochrom.server.schema import ColorizeOptions
from photochrom.server.settings import Settings
from photochrom.server.spool import Spool
from photochrom.workers.engine import Engine, EngineSetup
from photochrom.workers.jobs import Describe, FileJob, PhotoJob, Written
from photochrom.workers.pool import Pool
from photochrom.workers.runner import Job

__all__ = ["Service"]

J = TypeVar("J", bound=PhotoJob[Any])
R = TypeVar("R")
_NICE = 5  # of the workers: the front process answers first, however busy they are


class Service:
    """Everything that lives as long as the service.

    Args:
        settings: how it runs.

    Attributes:
        settings: likewise.
        spool: its files.
        photos: those that are kept.
        pool: the workers.
        cards: of the networks that are open, the default's first; empty before `start`.
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
        self.cards: tuple[Card, ...] = ()
        self.photos = PhotoStore(self.spool, settings.keep_seconds, settings.photos, self.pool.forget)
        self.draining = False
        self.metrics = Metrics(
            {
                "queue_length": ("Jobs that wait for a worker", lambda: self.pool.waiting),
                "workers_busy": ("Workers that have a job", lambda: self.pool.busy),
                "spool_bytes": ("Bytes of uploads and results", lambda: self.spool.used),
                "photos": ("Photos that are kept", lambda: len(self.photos)),
            },
            {"worker_restarts": ("Workers that were started anew", lambda: self.pool.restarts)},
        )
        self._sweeping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the workers.

        Raises:
            PhotochromError: if they cannot be started, or a network cannot be opened.
        """
        self.cards = tuple(network.card for network in await self.pool.do(Describe()))
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
        known = [card.name for card in self.cards]
        if name is not None and name not in known:
            remedy = f"use one of {', '.join(known)}"
            raise HTTPError(404, UnknownNetworkError(name, "there is no such network here", remedy))
        return name

    async def do(self, request: Request, job: Job[Engine, R], *, patient: bool = False) -> R:
        """Have a job done, unless its client goes away meanwhile.

        Args:
            request: whose body is read.
            job: what to do.
            patient: wait for a place in the line, however long it is.

        Raises:
            HTTPError: as `job_error` says; 499 if the client has gone.
        """
        seconds = self.settings.request_seconds
        work = asyncio.ensure_future(self.pool.do(job, seconds=seconds, patient=patient))
        gone = asyncio.ensure_future(_gone(request))
        try:
            await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                raise HTTPError(CLIENT_GONE, RequestError(None, "The client went away", "ask again"))
            return work.result()
        except PhotochromError as error:
            raise job_error(error, job.name, min(self.pool.retry_after, seconds)) from error
        finally:
            for task in (work, gone):
                task.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await task

    async def answer_file(
        self, request: Request, job: FileJob[Written], *, saved: bool = False
    ) -> SpooledFileResponse:
        """Have a job done that makes a file, and answer with that.

        Args:
            request: whose answer it is.
            job: with a target in no folder yet.
            saved: have browsers save it under the photo's name.

        Raises:
            HTTPError: as `do`.
        """
        self.spool.charge(0)
        folder = self.spool.new_folder()
        try:
            made = await self.do(request, replace(job, target=folder / job.target))
            headers = attachment(job.name, made.file.suffix) if saved else {}
            notes = tuple(map(str, made.notes))
            return SpooledFileResponse(made.file, self.spool, headers=headers, notes=notes)
        except BaseException:
            self.spool.remove(folder)
            raise

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(min(10.0, max(0.1, self.settings.keep_seconds / 4)))
            self.photos.sweep()


async def _gone(request: Request) -> None:
    """Return when the client has gone; to be asked when the body is read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
