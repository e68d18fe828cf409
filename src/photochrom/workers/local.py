"""A pool of workers that need no processes, and the choice between it and processes."""

from __future__ import annotations

import threading
from queue import SimpleQueue
from time import monotonic
from typing import Any, Generic, TypeVar

from photochrom.workers.job_future import CLOSED, JobFuture
from photochrom.workers.pool import Pool
from photochrom.workers.runner import Context, Job, Setup, perform

__all__ = ["LocalPool", "open_pool"]

C = TypeVar("C", bound=Context)
R = TypeVar("R")


class LocalPool(Generic[C]):
    """A pool whose workers are threads of this process: one, or several where jobs wait for another computer.

    Not the main thread, where Python raises what a signal asks for: it would be lost in a callback of libvips,
    and wait for the end of a long computation.

    Args:
        setup: how the workers' context is opened, which they share.
        workers: how many.

    Raises:
        PhotochromError: if it cannot open what it needs.
    """

    def __init__(self, setup: Setup[C], workers: int = 1) -> None:
        self._context, self._last_seconds = setup.open(), setup.last_seconds
        self._futures: SimpleQueue[JobFuture[Any] | None] = SimpleQueue()
        self._closed = False
        self._threads = [
            threading.Thread(target=self._work, name="photochrom-worker", daemon=True) for _ in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, job: Job[C, R]) -> JobFuture[R]:
        """Have a job done, as `Pool.submit`."""
        future = JobFuture(job)
        self._futures.put(future)
        return future

    def close(self) -> None:
        """Give up what is not done."""
        if self._closed:
            return
        self._closed = True
        for _ in self._threads:
            self._futures.put(None)
        end = monotonic() + self._last_seconds
        for thread in self._threads:
            thread.join(max(0.0, end - monotonic()))
        if not any(thread.is_alive() for thread in self._threads):
            self._context.close()

    def _work(self) -> None:
        while (future := self._futures.get()) is not None:
            if future.set_running_or_notify_cancel():
                future.settle(CLOSED if self._closed else perform(future.job, self._context))


def open_pool(setup: Setup[C], workers: int) -> Pool[C] | LocalPool[C]:
    """Make a pool of so many workers: processes, or threads, which need no time to start, where they do as well.

    Raises:
        PhotochromError: if the one worker cannot open what it needs; processes say so of the first job.
    """
    return LocalPool(setup, workers) if workers == 1 or setup.waits else Pool(setup, workers=workers)
