"""A call of many photos: what is to be done by the manifest goes to the pool, and what comes of it into place."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from photochrom.batch.fingerprint import Stamp
from photochrom.batch.manifest import Manifest
from photochrom.batch.plan import Job
from photochrom.batch.pool import Pool, open_pool
from photochrom.batch.search import HIDDEN
from photochrom.batch.worker import Outcome, Setup, Task
from photochrom.errors import OutputError, PhotochromError
from photochrom.io.atomic import make_folder
from photochrom.io.picture import Picture

__all__ = ["Batch", "Result"]


@dataclass(frozen=True)
class Result:
    """What became of one photo.

    Attributes:
        source: its file.
        target: file of its result, or None where it has none.
        state: whether the result was made, needed no making, or could not be made.
        reason: why, unless it was made; of a failure, a line that names the file.
        warnings: what the user should know, a line each.
        seconds: how long it took.
        code: of a failure, the error's code.
    """

    source: str
    target: str | None
    state: Literal["done", "skipped", "failed"]
    reason: str = ""
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0
    code: str | None = None

    @classmethod
    def failed(
        cls, source: str | Path, target: str | Path | None, error: PhotochromError, seconds: float = 0.0
    ) -> Self:
        """Say that a photo has no result, and why."""
        target = None if target is None else str(target)
        return cls(str(source), target, "failed", str(error), (), seconds, error.code)


class Batch:
    """Colorizes photos into a folder, whose manifest it holds meanwhile.

    Use it as a context: at its end, workers are gone and nothing half-written is left.

    Args:
        output: folder for the results, made if missing.
        setup: how photos are colorized.
        workers: processes; one photo is in the works in each. Each may use up to half of the memory for a photo
            that can only be decoded as a whole, and knows nothing of the others: of such photos few go at a time.
        overwrite: replace files that are there, whoever made them.

    Raises:
        NetworkError: if the network cannot be opened; then no folder is made.
        OutputError: if the folder cannot be written to, or another call is at work there.
    """

    def __init__(self, output: Path, setup: Setup, *, workers: int = 1, overwrite: bool = False) -> None:
        self._output, self._overwrite = output, overwrite
        with ExitStack() as stack:
            self._pool: Pool = open_pool(setup, workers)
            stack.callback(self._pool.close)
            self._manifest = Manifest(output, self._pool.recipe)
            stack.callback(self._manifest.close)
            self._work = _work_folder(output / HIDDEN)
            stack.callback(shutil.rmtree, self._work, ignore_errors=True)
            stack.callback(self._pool.close)  # again: workers must be gone before their folder goes
            self._stack = stack.pop_all()

    def __enter__(self) -> Batch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def run(self, jobs: Iterable[Job]) -> Iterator[Result]:
        """Colorize photos, and yield what became of each; with several workers the order is that of being done."""
        begun: dict[Task, Job] = {}
        for job in jobs:
            try:
                skip = None if self._overwrite else self._manifest.reason_to_skip(job)
            except PhotochromError as error:
                yield Result.failed(job.source, job.target, error)
                continue
            if skip is not None:
                yield Result(str(job.source), str(job.target), "skipped", skip[0], tuple(skip[1]))
                continue
            through = self._pool.wait() if self._pool.full else None
            task = Task(job.source, self._temporary(job.target), job.target)
            self._pool.start(task)  # before the one that is through is placed: that takes the disk, not the worker
            begun[task] = job
            if through is not None:
                yield self._place(begun.pop(through[0]), *through)
        while self._pool.busy:
            task, outcome = self._pool.wait()
            yield self._place(begun.pop(task), task, outcome)

    def may_write(self, target: Path) -> bool:
        """Say whether a file that is of no photo may be written: none is there, or one that photochrom made.

        Raises:
            OutputError: if the manifest cannot be read.
        """
        return not os.path.lexists(target) or self._manifest.owns(target)

    def save_page(self, page: Picture, target: Path) -> None:
        """Write a page of the sheet, as a result that is of no photo.

        Raises:
            OutputError: if that fails.
        """
        made = self._temporary(target)
        try:
            page.save(made, quality=90)
        except OutputError as error:
            raise error.about(target) from error
        job = Job(self._output, ".", self._output, str(target.relative_to(self._output)))
        self._manifest.place(made, Stamp.of(made), job, None)

    def _temporary(self, target: Path) -> Path:
        return self._work / f"{secrets.token_hex(6)}{target.suffix}"

    def _place(self, job: Job, task: Task, outcome: Outcome) -> Result:
        error = outcome.error
        if outcome.made is not None:
            try:
                self._manifest.place(task.made, outcome.made, job, outcome.photo, outcome.warnings)
            except PhotochromError as failure:
                error = failure.about(failure.subject)  # a copy does not hold what it was raised in
        if error is not None:
            task.made.unlink(missing_ok=True)
            return Result.failed(job.source, job.target, error, outcome.seconds)
        return Result(str(job.source), str(job.target), "done", "", outcome.warnings, outcome.seconds)


def _work_folder(folder: Path) -> Path:
    """Make a folder for files in the making, and remove those of calls that were killed.

    A new name each time: a worker of a killed call that is about to end must find its own folder gone.
    """
    for left in folder.glob("work-*"):
        shutil.rmtree(left, ignore_errors=True)
    made = folder / f"work-{secrets.token_hex(6)}"
    make_folder(made)
    return made
