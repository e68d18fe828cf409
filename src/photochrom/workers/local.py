"""A pool of one worker that needs no process, and the choice between it and processes."""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

from photochrom.workers.job_future import CLOSED, JobFuture
from photochrom.workers.pool import Pool
from photochrom.workers.runner import Context, Job, Setup, perform

__all__ = ["LocalPool", "open_pool"]

C = TypeVar("C", bound=Context)
R = TypeVar("R")


class LocalPool(Generic[C]):
    """A pool of one worker, a thread of this process.

    Not the main thread, where Python raises what a signal asks for: it would be lost in a callback of libvips,
    and wait for the end of a long computation.

    Raises:
        PhotochromError: if it cannot open what it needs.
    """

    def __init__(self, setup: Setup[C]) -> None:
        self._context = setup.open()
        self._futures: SimpleQueue[JobFuture[Any] | None] = SimpleQueue()
        self._closed = False
        threading.Thread(target=self._work, name="photochrom-worker", daemon=True).start()

    def submit(self, job: Job[C, R]) -> JobFuture[R]:
        """Have a job done, as `Pool.submit`."""
        future = JobFuture(job)
        self._futures.put(future)
        return future

    def close(self) -> None:
        """Give up what is not done."""
        self._closed = True
        self._futures.put(None)

    def _work(self) -> None:
        while (future := self._futures.get()) is not None:
            if future.set_running_or_notify_cancel():
                future.settle(CLOSED if self._closed else perform(future.job, self._context))


def open_pool(setup: Setup[C], workers: int) -> Pool[C] | LocalPool[C]:
    """Make a pool of so many workers: processes, or for one worker a thread, which needs no time to start.

    Raises:
        PhotochromError: if the one worker cannot open what it needs; processes say so of the first job.
    """
    return LocalPool(setup) if workers == 1 else Pool(setup, workers=workers)
