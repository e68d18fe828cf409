"""What a worker does: it opens what its set-up names, then does one job after the other."""

from __future__ import annotations

import os
import traceback
from abc import ABC, abstractmethod
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter
from typing import Any, Generic, TypeVar

from threadpoolctl import threadpool_limits

from photochrom.errors import OutOfMemoryError, PhotochromError, UnexpectedError, reason_of
from photochrom.workers.process import inbox

__all__ = ["Context", "Forget", "Job", "Reply", "Setup", "perform", "work"]

C = TypeVar("C", bound="Context")
C_co = TypeVar("C_co", bound="Context", covariant=True)
C_contra = TypeVar("C_contra", bound="Context", contravariant=True)
R_co = TypeVar("R_co", covariant=True)


class Context:
    """What a worker holds between jobs, such as open networks."""

    def forget(self, key: str) -> None:
        """Let go of what is remembered by a job's `key`."""

    def close(self) -> None:
        """Let go of everything; no job comes any more."""


class Setup(ABC, Generic[C_co]):
    """What workers are started with; it is sent to them.

    Attributes:
        threads: processors for one worker, or None for all.
        nice: how far the worker's process stands back behind others.
        waits: whether jobs wait for another computer rather than compute: then threads do them, and no processes.
        last_seconds: that such a thread has, when the work ends, to let go of what it holds there.
    """

    threads: int | None = None
    nice: int = 0
    waits: bool = False
    last_seconds: float = 0.0

    @abstractmethod
    def open(self) -> C_co:
        """Open what jobs need.

        Raises:
            PhotochromError: if that fails; then nothing is done by any worker.
        """


class Job(ABC, Generic[C_contra, R_co]):
    """Something to do, in few bytes. Jobs are idempotent: one that is done twice comes to the same.

    Attributes:
        name: what errors say the job is about.
        key: by which a worker remembers something for the next job with the same; None for nothing.
    """

    name: str
    key: str | None = None

    @abstractmethod
    def run(self, context: C_contra) -> R_co:
        """Do it.

        Raises:
            PhotochromError: if it cannot be done.
        """


@dataclass(frozen=True)
class Forget:
    """Asks a worker to forget what it remembers by a key; there is no reply."""

    key: str


@dataclass(frozen=True)
class Reply:
    """What came of a job, or first of all of `Setup.open`: a value or an error, after some seconds."""

    value: Any = None
    error: PhotochromError | None = None
    seconds: float = 0.0


def perform(job: Job[C, Any], context: C) -> Reply:
    """Do a job; whatever goes wrong is in the reply."""
    start = perf_counter()
    try:
        return Reply(job.run(context), seconds=perf_counter() - start)
    except PhotochromError as found:
        error = found.about(found.subject)  # a copy, which holds no frames
    except MemoryError:
        error = OutOfMemoryError(
            job.name, "needs more memory than there is", "shrink the photo or use fewer workers"
        )
    except Exception as found:  # one photo's riddle must not keep ten thousand others waiting
        paths = [value for value in vars(job).values() if isinstance(value, Path)]
        why = f"{type(found).__name__}: {reason_of(found, *paths)}"
        error = UnexpectedError(job.name, f"failed as no photo should ({why})", "please report it")
        error.add_note(traceback.format_exc())
    return Reply(error=error, seconds=perf_counter() - start)


def work(pipe: Connection[Any, Any], setup: Setup[Any]) -> None:
    """Do jobs from the pipe, in a process of its own."""
    os.environ["VIPS_CONCURRENCY"] = str(setup.threads or 0)
    if setup.nice and hasattr(os, "nice"):
        os.nice(setup.nice)
    jobs = inbox(pipe)
    try:
        try:
            context = setup.open()
        except PhotochromError as error:
            pipe.send(Reply(error=error))
            return
        threadpool_limits(setup.threads, "blas")  # else NumPy's threads spin on all cores after each product
        pipe.send(Reply())
        while True:
            job = jobs.get()
            if isinstance(job, Forget):
                context.forget(job.key)
            else:
                pipe.send(perform(job, context))
    except OSError:
        os._exit(1)  # nobody is there to hear
