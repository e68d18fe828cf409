"""Albums in folders: the photos of a session are seen first, and then colorized alike, the surest first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from photochrom.batch.jobs import AlikeRender, RecordedResult
from photochrom.batch.plan import PlanItem
from photochrom.errors import PhotochromError
from photochrom.inference.album_plan import AlbumPhoto, plan_album, waves
from photochrom.inference.exemplar import Exemplar
from photochrom.options import Options
from photochrom.workers.engine import Engine
from photochrom.workers.job_future import JobFuture
from photochrom.workers.jobs import Survey
from photochrom.workers.local import LocalPool
from photochrom.workers.pool import Pool

__all__ = ["Corrected", "SessionRun", "see_corrected"]

AnyPool = Pool[Engine] | LocalPool[Engine]
MakeJob = Callable[[PlanItem, dict[str, Any]], AlikeRender]


@dataclass(frozen=True)
class Corrected:
    """A colour photo whose colours are right.

    Attributes:
        name: its file.
        exemplar: what others need to know of it.
    """

    name: str
    exemplar: Exemplar


def see_corrected(pool: AnyPool, paths: Sequence[Path], options: Options) -> tuple[Corrected, ...]:
    """Take the colours of photos that rule the rest.

    Raises:
        PhotoError: if one cannot be read, or has no colours.
        NetworkError: if the network gives no features, or fails.
    """
    plain = Options(max_pixels=options.max_pixels)
    jobs = [pool.submit(Survey(photo=path, name=str(path), options=plain, own_colors="yes")) for path in paths]
    return tuple(Corrected(str(path), job.result()) for path, job in zip(paths, jobs, strict=True))


@dataclass
class SessionRun:
    """The photos of one session, colorized alike.

    Attributes:
        pool: does the work.
        options: for all results.
        corrected: colour photos that rule them.
        make_job: makes the job of a photo, with further fields of `AlikeRender`.
        skip_colored: photos that have colours already are left alone, and rule the others.
        on_seen: called once for each photo that was seen.
        failed: photos that could not be seen, and why.
    """

    pool: AnyPool
    options: Options
    corrected: Sequence[Corrected]
    make_job: MakeJob
    skip_colored: bool = False
    on_seen: Callable[[], object] = lambda: None
    failed: dict[PlanItem, PhotochromError] = field(default_factory=dict)

    def run(
        self, items: Sequence[PlanItem], there: set[PlanItem]
    ) -> Iterator[tuple[PlanItem, JobFuture[RecordedResult], tuple[str, ...]]]:
        """Colorize the photos.

        Args:
            items: all photos of the session.
            there: those whose results are there already, from which others take colours all the same.

        Yields:
            A photo, its job that is done, and the photos whose colours it took over; none for those of `there`.
        """
        seen = self._survey(items)
        kept = [item for item in items if item in seen]
        names = [*(each.name for each in self.corrected), *(str(item.source) for item in kept)]
        exemplars = [*(each.exemplar for each in self.corrected), *(seen[item] for item in kept)]
        first = len(self.corrected)
        ranks = [0 if exemplar.sureness == 1 else 2 for exemplar in exemplars]  # 1: colours that were there
        parts = plan_album([AlbumPhoto.of(*pair) for pair in zip(exemplars, ranks, strict=True)])
        needed = {other for part in parts if not part.averaged for other in part.exemplars}
        alone = [*exemplars]
        for wave in waves(parts):
            begun: dict[JobFuture[RecordedResult], int] = {}
            for number in wave:
                if number < first or (kept[number - first] in there and number not in needed):
                    continue
                item, part = kept[number - first], parts[number]
                given = alone if part.averaged else exemplars
                more = {
                    "own": exemplars[number],
                    "exemplars": tuple(given[other] for other in part.exemplars),
                    "averaged": part.averaged,
                    "there": item in there,
                    "lends": number in needed,
                }
                begun[self.pool.submit(self.make_job(item, more))] = number  # type: ignore[arg-type]
            while begun:
                done = wait(begun, return_when=FIRST_COMPLETED).done
                for future in [each for each in begun if each in done]:
                    number = begun.pop(future)
                    item = kept[number - first]
                    taken: tuple[str, ...] = ()
                    if future.exception() is None and (result := future.result()).exemplar is not None:
                        exemplars[number] = result.exemplar
                        counted = zip(parts[number].exemplars, result.counts, strict=True)
                        taken = tuple(names[other] for other, count in counted if count)
                    if item not in there:
                        yield item, future, taken

    def _survey(self, items: Sequence[PlanItem]) -> dict[PlanItem, Exemplar]:
        """See all photos; those that fail are noted, and the others go on without them."""
        jobs = {
            item: self.pool.submit(
                Survey(
                    photo=item.source,
                    name=str(item.source),
                    options=self.options,
                    own_colors="if any" if self.skip_colored else "no",
                )
            )
            for item in items
        }
        seen: dict[PlanItem, Exemplar] = {}
        for item, job in jobs.items():
            try:
                seen[item] = job.result()
            except PhotochromError as error:
                self.failed[item] = error.about(error.subject)
            self.on_seen()
        return seen
