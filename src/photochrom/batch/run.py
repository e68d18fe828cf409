"""A call of many photos: workers do what the manifest does not know, and what they make goes to its place."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from photochrom.batch.consistent import SessionRun, see_corrected
from photochrom.batch.fingerprint import Fingerprint, file_digest
from photochrom.batch.jobs import AlikeRender, RecordedRender, RecordedResult, counted_sidecars
from photochrom.batch.made_with import recipe_text, refuse_other_weights
from photochrom.batch.manifest import COLORED, DONE, Manifest
from photochrom.batch.plan import PlanItem
from photochrom.batch.search import HIDDEN
from photochrom.batch.sessions import digest_of, find_sessions
from photochrom.errors import CapabilityError, OutputError, PhotochromError
from photochrom.io.atomic import make_folder, same_file
from photochrom.io.picture import Picture
from photochrom.io.sidecars import sidecar_target
from photochrom.options import Options
from photochrom.result_notes import Note
from photochrom.workers.engine import EngineSetup
from photochrom.workers.job_future import JobFuture
from photochrom.workers.jobs import Describe, Written
from photochrom.workers.local import open_pool

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
        alike_to: the photos whose colours it took over, of an album made alike.
    """

    source: str
    target: str | None
    state: Literal["done", "skipped", "failed"]
    reason: str = ""
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0
    code: str | None = None
    alike_to: tuple[str, ...] = ()

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
        setup: the network, and where it runs.
        options: for all results.
        workers: processes; one photo is in the works in each. Each may use up to half of the memory for a photo
            that can only be decoded as a whole, and knows nothing of the others: of such photos few go at a time.
        overwrite: replace files that are there, whoever made them.
        skip_colored: leave photos alone that have colours already.
        consistent: make photos of the same things alike.
        like: colour photos of the same things, whose colours are right and rule all others; they make it
            consistent. One that is itself among the photos, or the result of one, is left as it is.

    Attributes:
        network: what colorizes.
        consistent: whether photos of the same things are made alike.

    Raises:
        NetworkError: if the network cannot be opened, or cannot do what the options ask for; no folder is made.
        PhotoError: if a photo of `like` cannot be read, or has no colours.
        WorkerError: if no process can be started.
        OutputError: if the folder cannot be written to, another call is at work there, or its results are of other
            weights of that network.
    """

    def __init__(
        self,
        output: Path,
        setup: EngineSetup,
        options: Options,
        *,
        workers: int = 1,
        overwrite: bool = False,
        skip_colored: bool = False,
        consistent: bool = False,
        like: Sequence[Path] = (),
    ) -> None:
        self._output, self._options, self._workers, self._overwrite = output, options, workers, overwrite
        self._skip_colored = skip_colored
        self.consistent = consistent or bool(like)
        self._like = tuple(like)
        with ExitStack() as stack:
            self._pool = open_pool(setup, workers)
            stack.callback(self._pool.close)
            (network,) = self._pool.submit(Describe(options=options)).result()
            self.network = network
            if self.consistent and "features" not in network.card.outputs:
                raise CapabilityError(
                    network.card.name,
                    "cannot find places again in other photos",
                    "use a network that gives features",
                )
            self._corrected = see_corrected(self._pool, like, options)
            together = {"alike": [file_digest(path).hex() for path in like]} if self.consistent else {}
            self._manifest = Manifest(output, recipe_text(network, setup, options, together))
            stack.callback(self._manifest.close)
            if not overwrite:
                refuse_other_weights(self._manifest.recipes(), network, output)
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

    def run(self, items: Iterable[PlanItem], on_seen: Callable[[], object] = lambda: None) -> Iterator[Result]:
        """Colorize photos, and yield what became of each; with several workers the order is that of being done.

        Args:
            items: the photos.
            on_seen: called once for each photo that is looked at, or need not be, before any is made alike.
        """
        if self.consistent:
            yield from self._run_alike(items, on_seen)
            return
        begun: dict[JobFuture[Written], PlanItem] = {}
        for item in items:
            try:
                skip = None if self._overwrite else self._reason_to_skip(item)
            except PhotochromError as error:
                yield Result.failed(item.source, item.target, error)
                continue
            if skip is not None:
                yield Result(str(item.source), str(item.target), "skipped", skip[0], tuple(skip[1]))
                continue
            begun[self._pool.submit(RecordedRender(**self._job_of(item)))] = item
            if len(begun) > self._workers:
                # One waits, so that no worker does while a result is put into its place.
                yield self._next_result(begun)
        while begun:
            yield self._next_result(begun)

    def _run_alike(self, items: Iterable[PlanItem], on_seen: Callable[[], object]) -> Iterator[Result]:
        """Colorize the photos of each session alike; one in which nothing is to do is not looked at."""
        others: list[PlanItem] = []
        for item in items:
            if self._is_like(item.source):
                on_seen()
                yield Result(str(item.source), str(item.target), "skipped", COLORED)
            else:
                others.append(item)
        for session in find_sessions(others, max_pixels=self._options.max_pixels):
            digest = f"+{digest_of(session)}"
            skipped: set[PlanItem] = set()
            for item in session:
                try:
                    skip = None if self._overwrite else self._reason_to_skip(item, digest)
                    if self._is_like(item.target):  # somebody corrected it: it must not be lost
                        skip = DONE, []
                    taken = self._manifest.alike(item) if skip and skip[0] == DONE else ()
                except PhotochromError as error:
                    skipped.add(item)
                    yield Result.failed(item.source, item.target, error)
                    continue
                if skip is not None:
                    skipped.add(item)
                    source, target = str(item.source), str(item.target)
                    yield Result(source, target, "skipped", skip[0], tuple(skip[1]), alike_to=taken)
            if len(skipped) == len(session):
                for _ in session:
                    on_seen()
                continue

            def job(item: PlanItem, more: dict[str, Any], digest: str = digest) -> AlikeRender:
                return AlikeRender(**self._job_of(item), session=digest, **more)

            work = SessionRun(self._pool, self._options, self._corrected, job, self._skip_colored, on_seen)
            for item, future, taken in work.run(session, skipped):
                result = self._placed(item, future, taken)
                yield replace(result, alike_to=taken) if result.state == "done" else result
            for item, why in work.failed.items():
                if item not in skipped:
                    yield Result.failed(item.source, item.target, why)

    def _is_like(self, path: Path) -> bool:
        return any(same_file(path, other) for other in self._like)

    def _job_of(self, item: PlanItem) -> dict[str, Any]:
        return {
            "photo": item.source,
            "name": str(item.source),
            "options": self._options,
            "target": self._temporary(item.target),
            "shown": str(item.target),
            "skip_colored": self._skip_colored,
        }

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
        item = PlanItem(self._output, ".", self._output, str(target.relative_to(self._output)))
        self._manifest.place(made, Fingerprint.of(made), item, None)

    def _temporary(self, target: Path) -> Path:
        return self._work / f"{secrets.token_hex(6)}{target.suffix}"

    def _next_result(self, begun: dict[JobFuture[Written], PlanItem]) -> Result:
        """Wait for a photo, and put its result into its place."""
        done = wait(begun, return_when=FIRST_COMPLETED).done
        future = next(future for future in begun if future in done)
        return self._placed(begun.pop(future), future)

    def _placed(self, item: PlanItem, future: JobFuture[Any], taken: Sequence[str] = ()) -> Result:
        """Put a result into its place."""
        source, target = str(item.source), str(item.target)
        try:
            result = future.result()
            assert isinstance(result, RecordedResult)
            if result.made is None:
                if result.photo is not None:
                    self._manifest.note_colored(item.source, result.photo)
                return Result(source, target, "skipped", COLORED, (), future.seconds)
            # Before the result, so that one that is there has all that belongs to it.
            beside = [self._place_sidecar(made, result.file, item) for made in result.beside]
            warnings = (*map(str, result.notes), *filter(None, beside))
            if self.consistent:
                self._manifest.note_alike(item, taken)
            self._manifest.place(result.file, result.made, item, result.photo, warnings, result.sidecars)
        except PhotochromError as error:
            assert isinstance(future.job, RecordedRender)
            future.job.target.unlink(missing_ok=True)
            # A copy does not hold what it was raised in.
            return Result.failed(source, target, error.about(error.subject), future.seconds)
        return Result(source, target, "done", "", warnings, future.seconds)

    def _reason_to_skip(self, item: PlanItem, session: str = "") -> tuple[str, list[str]] | None:
        sidecars = counted_sidecars(item.source, self._options) + session
        return self._manifest.reason_to_skip(item, sidecars, skip_colored=self._skip_colored)

    def _place_sidecar(self, made: Path, result: Path, item: PlanItem) -> str | None:
        """Put a copy of a sidecar beside its result; say where that may not be."""
        target = sidecar_target(made, result, item.target)
        if not (self._overwrite or self.may_write(target)):
            made.unlink(missing_ok=True)
            return str(Note(str(target), "is there and not photochrom's; left alone"))
        place = PlanItem(self._output, ".", self._output, str(target.relative_to(self._output)))
        self._manifest.place(made, Fingerprint.of(made), place, None)
        return None


def _work_folder(folder: Path) -> Path:
    """Make a folder for files in the making, and remove those of calls that were killed.

    A new name each time: a worker of a killed call that is about to end must find its own folder gone.
    """
    for left in folder.glob("work-*"):
        shutil.rmtree(left, ignore_errors=True)
    made = folder / f"work-{secrets.token_hex(6)}"
    make_folder(made)
    return made
