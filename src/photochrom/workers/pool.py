"""The pool: worker processes, the line of jobs before them, and what happens when one of them dies or is slow.

* A job whose worker dies is retried once, on another worker; then it fails.
* A job that takes too long fails, and its worker is replaced.
* A worker that dies is replaced: at once, or after a pause where workers die before they are ready.
* The oldest job goes first; but one whose photo an idle worker remembers may go before it, a few times.

A thread watches over the processes. `submit` gives a future, for who waits; `do` is for an event loop.
"""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict, deque
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing import Pipe
from multiprocessing.connection import wait
from time import monotonic
from typing import Any, Generic, TypeVar

from photochrom.errors import (
    JobTimeoutError,
    PhotochromError,
    QueueFullError,
    UnexpectedError,
    WorkerError,
    reason_of,
)
from photochrom.workers.job_future import CLOSED, JobFuture
from photochrom.workers.process import Child
from photochrom.workers.runner import Context, Forget, Job, Reply, Setup, work

__all__ = ["Pool"]

C = TypeVar("C", bound=Context)
R = TypeVar("R")

_ATTEMPTS = 2
_WINDOW = 8  # of the line's first jobs, one may be preferred whose photo an idle worker remembers,
_PATIENCE = 4  # so often at most
_REMEMBERED = 64  # keys that a worker is taken to remember
_PAUSES = (0.0, 0.5, 2.0, 10.0, 30.0)  # seconds before a worker that dies before it is ready is started again
_PLACE = 0.2  # seconds between two looks whether there is a place in the line


@dataclass(eq=False)
class _Worker:
    child: Child
    opened: bool = False  # what it needs
    dying: bool = False
    future: JobFuture[Any] | None = None
    remembered: OrderedDict[str, None] = field(default_factory=OrderedDict)

    @property
    def ready(self) -> bool:
        return self.opened and not self.dying

    def remember(self, key: str | None) -> None:
        if key is not None:
            self.remembered[key] = None
            self.remembered.move_to_end(key)
            if len(self.remembered) > _REMEMBERED:
                self.remembered.popitem(last=False)


class Pool(Generic[C]):
    """Processes that do jobs.

    Args:
        setup: how a worker is started.
        workers: how many processes.
        queue: how many jobs may wait; None for any number.
        eager: start all of them now, and keep so many; else each when there is work for it.

    Attributes:
        restarts: how many workers died.
    """

    def __init__(self, setup: Setup[C], *, workers: int, queue: int | None = None, eager: bool = False) -> None:
        self._setup, self._count, self._queue, self._eager = setup, workers, queue, eager
        self._lock = threading.Lock()
        self._waiting: deque[JobFuture[Any]] = deque()
        self._workers: list[_Worker] = []
        self._opened = False  # whether any worker ever was ready
        self._deaths = 0  # of workers that were not ready yet, one after the other
        self._not_before = 0.0  # when the next worker may be started
        self._pace = 1.0  # seconds that a job took lately
        self._closed = False
        self._bell, self._button = Pipe(duplex=False)
        self.restarts = 0
        self._watcher = threading.Thread(target=self._watch, name="photochrom-pool", daemon=True)
        self._watcher.start()

    @property
    def ready(self) -> bool:
        """Whether a worker has opened what it needs."""
        with self._lock:
            return any(worker.ready for worker in self._workers)

    @property
    def waiting(self) -> int:
        """How many jobs wait."""
        with self._lock:
            return self._line()

    @property
    def busy(self) -> int:
        """How many workers have a job."""
        with self._lock:
            return len(self._at_work())

    @property
    def retry_after(self) -> float:
        """In how many seconds there may be room again."""
        return (len(self._waiting) + 1) * self._pace / self._count

    def submit(self, job: Job[C, R], *, seconds: float | None = None) -> JobFuture[R]:
        """Have a job done.

        Args:
            job: what to do.
            seconds: how long it may wait and be worked on; None for as long as it takes.

        Returns:
            The job's result, or the error of `Job.run`; `WorkerError` if its workers died, `JobTimeoutError` if it
            took too long, `PoolClosedError` if the pool was closed; or why no worker can be started.

        Raises:
            QueueFullError: if too many jobs wait.
        """
        future = JobFuture(job, None if seconds is None else monotonic() + seconds)
        with self._lock:
            if self._closed:
                future.settle(CLOSED)
                return future
            if self._queue is not None and self._line() >= self._queue:
                raise QueueFullError(None, "there is as much to do as can wait", "try again a little later")
            self._waiting.append(future)
            self._dispatch()
            if seconds is not None or self._wanted() > len(self._workers):
                self._ring()
        return future

    async def do(self, job: Job[C, R], *, seconds: float | None = None, patient: bool = False) -> R:
        """Have a job done, for a coroutine, whose end gives it up.

        Args:
            job: as `submit`.
            seconds: as `submit`.
            patient: wait for a place in the line, however long it is.

        Raises:
            PhotochromError: as `submit` says.
        """
        while patient and self._queue is not None and self.waiting >= self._queue:
            await asyncio.sleep(_PLACE)
        return await asyncio.wrap_future(self.submit(job, seconds=seconds))

    def forget(self, key: str) -> None:
        """Have workers let go of what they remember by a job's key."""
        with self._lock:
            for worker in self._workers:
                if worker.remembered.pop(key, False) is None:
                    with suppress(OSError):  # it is dead, and has forgotten
                        worker.child.pipe.send(Forget(key))

    def close(self) -> None:
        """End all workers at once; jobs that are not done fail."""
        with self._lock:
            self._closed = True
            self._ring()
        self._watcher.join()

    # The watching thread alone starts, hears and buries workers.

    def _watch(self) -> None:
        last = CLOSED
        try:
            while not self._closed:
                self._start_workers()
                with self._lock:
                    self._dispatch()
                    pipes: dict[Any, _Worker] = {worker.child.pipe: worker for worker in self._workers}
                    events = [future.deadline for future in self._futures() if future.deadline is not None]
                    if len(self._workers) < self._wanted():
                        events.append(self._not_before)
                for pipe in wait([self._bell, *pipes], max(0.0, min(events) - monotonic()) if events else None):
                    if pipe is self._bell:
                        self._bell.recv_bytes()
                    else:
                        self._hear(pipes[pipe])
                self._expire()
        except BaseException as error:
            why = f"the pool of workers failed ({type(error).__name__}: {reason_of(error)})"
            last = Reply(error=UnexpectedError(None, why, "please report it"))
            raise
        finally:
            with self._lock:
                self._closed = True
                futures, workers = self._futures(), self._workers
                self._waiting, self._workers = deque(), []
            for worker in workers:
                worker.child.kill()  # all, before the first is waited for
            for future in futures:
                future.settle(last)
            for worker in workers:
                worker.child.end()

    def _start_workers(self) -> None:
        while True:
            with self._lock:
                if len(self._workers) >= self._wanted() or monotonic() < self._not_before:
                    return
            try:
                self._workers.append(_Worker(Child(work, self._setup)))
            except OSError as error:
                problem = f"no further process can be started ({error.strerror})"
                self._bury(None, WorkerError(None, problem, "use fewer workers"))

    def _hear(self, worker: _Worker) -> None:
        """Take one message of a worker."""
        try:
            reply: Reply = worker.child.pipe.recv()
        except (EOFError, OSError):
            self._bury(worker)
            return
        if worker.opened:
            with self._lock:
                future, worker.future = worker.future, None
                self._pace += 0.1 * (reply.seconds - self._pace)
                self._dispatch()  # before others hear of it: the worker shall not wait for them
            if future is not None:
                future.settle(reply)
        elif reply.error is not None:
            self._bury(worker, reply.error)
        else:
            worker.opened, self._opened, self._deaths = True, True, 0

    def _bury(self, worker: _Worker | None, error: PhotochromError | None = None) -> None:
        """Take a dead worker out, and give its job to another one.

        Args:
            worker: which, or None for one that could not be started.
            error: why it could not be started, or not open what it needs.
        """
        how = "" if worker is None else worker.child.end()
        failed: list[JobFuture[Any]] = []
        with self._lock:
            if worker is not None:
                self._workers.remove(worker)
                self.restarts += 1
            if worker is None or not worker.opened:
                error = error or WorkerError(None, f"a worker {how} before it was ready", "use fewer workers")
                self._deaths += 1
                self._not_before = monotonic() + _PAUSES[min(self._deaths, len(_PAUSES)) - 1]
                if not (self._opened and self._deaths < len(_PAUSES)) and not any(w.ready for w in self._workers):
                    failed, self._waiting = list(self._waiting), deque()
            elif (future := worker.future) is not None and not (future.done() or future.abandoned):
                if future.attempts < _ATTEMPTS:
                    self._waiting.appendleft(future)
                else:
                    problem = f"the process that worked on it {how}, as did another before"
                    error, failed = WorkerError(future.job.name, problem, "try it by itself"), [future]
        for future in failed:
            future.settle(Reply(error=error))

    def _expire(self) -> None:
        """End jobs that take too long, and their workers with them."""
        now = monotonic()
        with self._lock:
            late = [each for each in self._futures() if each.deadline is not None and each.deadline <= now]
            self._waiting = deque(future for future in self._waiting if future not in late)
            for worker in self._workers:
                if worker.future in late:
                    worker.dying = True
                    worker.child.kill()
        for future in late:
            future.deadline = None
            future.settle(Reply(error=JobTimeoutError(future.job.name, "took too long", "try a smaller photo")))

    # What follows is called with the lock.

    def _dispatch(self) -> None:
        """Give jobs to idle workers: the oldest first, but rather one whose photo an idle worker remembers."""
        while idle := [worker for worker in self._workers if worker.ready and worker.future is None]:
            while self._waiting and self._waiting[0].done():
                self._waiting.popleft()
            if not self._waiting:
                return
            first = self._waiting[0]
            future, worker = first, min(idle, key=lambda worker: len(worker.remembered))
            if first.passed_over < _PATIENCE:
                window = islice(self._waiting, _WINDOW)
                pairs = ((t, w) for t in window for w in idle if t.job.key in w.remembered)
                future, worker = next(pairs, (future, worker))
            first.passed_over += future is not first
            self._waiting.remove(future)
            if not future.running() and not future.set_running_or_notify_cancel():
                continue
            future.attempts += 1
            worker.future = future
            worker.remember(future.job.key)
            try:
                worker.child.pipe.send(future.job)  # smaller than what a pipe holds: it never waits
            except OSError:
                worker.dying = True  # or dead, as its pipe will say

    def _at_work(self) -> list[JobFuture[Any]]:
        return [worker.future for worker in self._workers if worker.future is not None]

    def _futures(self) -> list[JobFuture[Any]]:
        return [*self._waiting, *self._at_work()]

    def _line(self) -> int:
        return sum(not future.done() for future in self._waiting)

    def _wanted(self) -> int:
        return self._count if self._eager else min(self._count, self._line() + len(self._at_work()))

    def _ring(self) -> None:
        if not self._bell.poll():
            self._button.send_bytes(b"!")
