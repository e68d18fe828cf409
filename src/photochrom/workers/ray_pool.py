"""A pool whose workers are actors of a cluster: the same jobs as `Pool`, on other machines."""

from __future__ import annotations

import threading
from collections import deque
from functools import partial
from typing import Any, Generic, TypeVar

from photochrom.errors import OutOfMemoryError, PhotochromError, UnexpectedError, WorkerError, reason_of
from photochrom.workers.job_future import CLOSED, JobFuture
from photochrom.workers.runner import Context, Job, Reply, Setup, perform

__all__ = ["RayPool"]

C = TypeVar("C", bound=Context)
R = TypeVar("R")

_ATTEMPTS = 2


class RayPool(Generic[C]):
    """Actors that do jobs; the process is connected with their cluster (`connected`).

    What a job names, such as a network, must be there on every machine.

    Args:
        setup: how a worker is started.
        workers: how many; None for one for each of the cluster's processors.
    """

    def __init__(self, setup: Setup[C], *, workers: int | None = None) -> None:
        import ray

        all_of: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
        threads = setup.threads or 1
        count = workers or max(1, int(all_of.get("CPU", 1)) // threads)
        actor: Any = ray.remote(_Actor)
        self._start = partial(actor.options(num_cpus=threads).remote, setup)
        self._lock = threading.Lock()
        self._waiting: deque[JobFuture[Any]] = deque()
        self._idle: list[Any] = [self._start() for _ in range(count)]
        self._all, self._closed = set(self._idle), False

    def submit(self, job: Job[C, R]) -> JobFuture[R]:
        """Have a job done, as `Pool.submit`."""
        future = JobFuture(job)
        with self._lock:
            self._waiting.append(future)
        self._dispatch()
        return future

    def close(self) -> None:
        """End all workers at once; jobs that are not done fail."""
        import ray

        with self._lock:
            self._closed = True
        self._dispatch()
        for actor in self._all:
            ray.kill(actor)

    def _dispatch(self) -> None:
        begun = []
        with self._lock:
            while self._waiting and (self._idle or self._closed):
                future = self._waiting.popleft()
                if self._closed:
                    future.settle(CLOSED)
                elif future.attempts or future.set_running_or_notify_cancel():
                    future.attempts += 1
                    begun.append((self._idle.pop(), future))
        for actor, future in begun:
            done = actor.perform.remote(future.job).future()
            done.add_done_callback(partial(self._settle, actor, future))

    def _settle(self, actor: Any, future: JobFuture[Any], done: Any) -> None:
        """Take what came of a job, in a thread of Ray's."""
        import ray

        error = done.exception()
        if error is None:
            future.settle(done.result())
        elif isinstance(error, ray.exceptions.OutOfMemoryError):
            problem, remedy = "needs more memory than its machine has", "shrink the photo or use fewer workers"
            future.settle(Reply(error=OutOfMemoryError(future.job.name, problem, remedy)))
        elif not isinstance(error, ray.exceptions.RayActorError):
            why = f"{type(error).__name__}: {reason_of(error)}"
            problem = f"failed as no photo should ({why})"
            future.settle(Reply(error=UnexpectedError(future.job.name, problem, "please report it")))
        elif future.attempts < _ATTEMPTS and not self._closed:
            with self._lock:
                self._waiting.appendleft(future)
        else:
            problem = "the process that worked on it was ended, as was another before"
            future.settle(Reply(error=WorkerError(future.job.name, problem, "try it by itself")))
        with self._lock:
            if isinstance(error, ray.exceptions.RayActorError) and not self._closed:
                self._all.remove(actor)
                actor = self._start()  # a new one: what is given to one that Ray starts again may fail at once
                self._all.add(actor)
            self._idle.append(actor)
        self._dispatch()


class _Actor:
    """Does jobs on a machine of the cluster."""

    def __init__(self, setup: Setup[Any]) -> None:
        self._context: Any = None
        self._error: PhotochromError | None = None
        try:
            self._context = setup.open()
        except PhotochromError as error:
            self._error = error

    def perform(self, job: Job[Any, Any]) -> Reply:
        if self._error is not None:
            return Reply(error=self._error)
        return perform(job, self._context)
