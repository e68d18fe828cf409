"""JobFuture: a job that was given to a pool, and the future of what will come of it."""

from __future__ import annotations

from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import Any, TypeVar

from photochrom.errors import PoolClosedError
from photochrom.workers.runner import Job, Reply

__all__ = ["CLOSED", "JobFuture"]

R = TypeVar("R")

CLOSED = Reply(error=PoolClosedError(None, "the work is ending", "try again later"))
"""What comes of a job that is not done when its pool is closed."""


class JobFuture(Future[R]):
    """What will come of a job. Cancelled, the job is not begun, or not retried.

    Attributes:
        job: what is done.
        seconds: how long it took, once it is done.
        deadline: when it fails if it is not done, as `time.monotonic` tells it.
        abandoned: whether it was cancelled, if only while it was worked on.
        attempts: how often a worker began with it.
        passed_over: how often a later one was begun before it.
    """

    def __init__(self, job: Job[Any, R], deadline: float | None = None) -> None:
        super().__init__()
        self.job, self.seconds = job, 0.0
        self.deadline, self.abandoned = deadline, False
        self.attempts = self.passed_over = 0

    def cancel(self) -> bool:
        """Give up the result."""
        self.abandoned = True
        return super().cancel()

    def settle(self, reply: Reply) -> None:
        """Say what came of the job."""
        self.seconds = reply.seconds
        with suppress(InvalidStateError):  # it is cancelled, or took too long
            if reply.error is not None:
                self.set_exception(reply.error)
            else:
                self.set_result(reply.value)
