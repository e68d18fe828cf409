"""One photo by itself: to a file that is named, or from standard input to standard output; without a manifest."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeVar

from photochrom.batch.manifest import COLORED
from photochrom.batch.run import Result
from photochrom.errors import OutputError, PhotochromError, reason_of
from photochrom.io.atomic import make_folder, move_file, same_file
from photochrom.io.hints_file import hints_text
from photochrom.io.sidecars import find_sidecars, sidecar_target
from photochrom.options import Options
from photochrom.result_notes import Note
from photochrom.workers.engine import Engine, EngineSetup, OpenNetwork
from photochrom.workers.jobs import Alternatives, Confidence, Describe, Inspect, Render, Suggest
from photochrom.workers.local import LocalPool
from photochrom.workers.runner import Job

__all__ = ["Extras", "colorize_single", "written_files"]

R = TypeVar("R")
_STDOUT = "standard output"


@dataclass(frozen=True)
class Extras:
    """What is made of one photo besides its result, or in place of it.

    Attributes:
        alternatives: results in so many ways, in place of one, or 0.
        confidence: PNG file for a map of how sure the network is, or None.
        suggestions: so many hints that would help most, or 0.
    """

    alternatives: int = 0
    confidence: Path | None = None
    suggestions: int = 0


def written_files(target: Path, extras: Extras) -> list[Path]:
    """Return all files that `colorize_single` writes: the results, the map and the hints."""
    return [*_results(target, extras), *_beside(target, extras)]


def colorize_single(
    source: Path | IO[bytes],
    target: Path | IO[bytes],
    setup: EngineSetup,
    options: Options,
    *,
    suffix: str | None = None,
    overwrite: bool = False,
    skip_colored: bool = False,
    extras: Extras | None = None,
    opened: Callable[[OpenNetwork], None] | None = None,
) -> Result:
    """Colorize one photo.

    A stream is kept in a temporary file, so that its size does not matter, and nothing is written to one before
    the whole result is known to be good.

    Args:
        source: the photo.
        target: where its result goes.
        setup: the network, and where it runs.
        options: for the result.
        suffix: kind of a result that has no name, such as ``".png"``; None for the photo's own.
        overwrite: replace a file that is there.
        skip_colored: leave a photo alone that has colours already.
        extras: what else is made of it; alternatives and suggestions only where the target is a file.
        opened: called with the network when it is open.

    Raises:
        NetworkError: if the network cannot be opened, or cannot do what the options ask for.
        BrokenPipeError: if nobody reads the result.
    """
    extras = extras or Extras()
    name = str(source) if isinstance(source, Path) else "standard input"
    written = str(_results(target, extras)[0]) if isinstance(target, Path) else _STDOUT
    pool = LocalPool(setup)
    try:
        (network,) = pool.submit(Describe(options=options)).result()
        if opened is not None:
            opened(network)
        with _folder() as folder:
            photo = source if isinstance(source, Path) else _keep(source, Path(folder, "photo"))
            single = _Single(pool, photo, name, options, extras)
            try:
                if skip_colored and single.is_colored():
                    return Result(name, written, "skipped", COLORED, (), single.seconds)
                if isinstance(target, Path):
                    _to_file(single, target, overwrite=overwrite)
                else:
                    _to_stream(single, Path(folder, f"result{suffix or ''}"), target, overwrite=overwrite)
            except PhotochromError as error:
                return Result.failed(name, written, error.about(error.subject), single.seconds)
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:
        problem = f"cannot be written ({reason_of(error, written)})"
        return Result.failed(name, written, OutputError(written, problem, "check the disk"))
    finally:
        pool.close()
    return Result(name, written, "done", "", tuple(map(str, single.notes)), single.seconds)


class _Single:
    """The jobs of one photo."""

    def __init__(self, pool: LocalPool[Engine], photo: Path, name: str, options: Options, extras: Extras) -> None:
        self.photo, self.extras = photo, extras
        self._pool, self._options = pool, options
        # What is decoded of it is remembered, for there may be more than one job.
        self._common: dict[str, Any] = {"photo": photo, "name": name, "key": "single"}
        self.notes: list[Note] = []
        self.sidecars: list[tuple[Path, Path]] = []
        self.seconds = 0.0

    def is_colored(self) -> bool:
        """Say whether the photo has colours already."""
        return not self._do(Inspect(**self._common, options=self._options)).is_grey

    def render(self, target: Path, shown: Sequence[str]) -> list[Path]:
        """Make the results, and return their files; `target` gets a number where there are several."""
        sets = [self._options.hints]
        if self.extras.alternatives:
            job = Alternatives(**self._common, options=self._options, n=self.extras.alternatives)
            sets = list(self._do(job))
            if len(sets) < self.extras.alternatives:
                ways = "1 colouring" if len(sets) == 1 else f"{len(sets)} clearly different colourings"
                text = f"has only {ways} that the network finds plausible"
                self.notes.append(Note(self._common["name"], text))
        made = []
        for number, (hints, name) in enumerate(zip(sets, shown, strict=False), 1):
            options = self._options.model_copy(update={"hints": hints})
            path = _numbered(target, number) if self.extras.alternatives else target
            result = self._do(Render(**self._common, options=options, target=path, shown=name))
            self.notes += result.notes
            self.sidecars += [(result.file, sidecar) for sidecar in result.beside]
            made.append(result.file)
        return made

    def beside(self, folder: Path) -> list[Path]:
        """Make the map and the hints, as far as they are asked for."""
        made = []
        if self.extras.confidence is not None:
            made.append(folder / "confidence.png")
            shown = str(self.extras.confidence)
            self._do(Confidence(**self._common, options=self._options, target=made[-1], shown=shown))
        if self.extras.suggestions:
            made.append(folder / "hints.json")
            job = Suggest(**self._common, options=self._options, n=self.extras.suggestions)
            made[-1].write_text(hints_text(self._do(job)), encoding="utf-8")
        return made

    def _do(self, job: Job[Engine, R]) -> R:
        future = self._pool.submit(job)
        try:
            return future.result()
        finally:
            self.seconds += future.seconds


def _to_file(single: _Single, target: Path, *, overwrite: bool) -> None:
    files = written_files(target, single.extras)
    _check_targets(single.photo, files, overwrite=overwrite)
    for path in files:
        make_folder(path.parent)
    with _folder(target.parent) as name:
        folder = Path(name)
        paths = _results(target, single.extras)
        made = single.render(folder / f"result{target.suffix}", [str(path) for path in paths])
        # There may be fewer alternatives than were asked for.
        results = dict(zip(made, paths, strict=False))
        results |= zip(single.beside(folder), files[len(paths) :], strict=True)
        copies = [(sidecar, sidecar_target(sidecar, file, results[file])) for file, sidecar in single.sidecars]
        own = find_sidecars(single.photo)  # beside the result already, if it goes to the photo's folder
        copies = [(sidecar, path) for sidecar, path in copies if not any(same_file(each, path) for each in own)]
        _check_targets(single.photo, [path for _, path in copies], overwrite=overwrite)
        for file, path in [*copies, *results.items()]:
            move_file(file, path)


def _to_stream(single: _Single, made: Path, stream: IO[bytes], *, overwrite: bool) -> None:
    files = _beside(made, single.extras)
    _check_targets(single.photo, files, overwrite=overwrite)
    (result,) = single.render(made, [_STDOUT])
    beside = single.beside(made.parent)
    single.notes += [Note(_STDOUT, "has no room beside it for the photo's sidecar")] if single.sidecars else []
    with result.open("rb") as file:
        shutil.copyfileobj(file, stream)
    stream.flush()
    for file_made, path in zip(beside, files, strict=True):
        make_folder(path.parent)
        move_file(file_made, path)


def _results(target: Path, extras: Extras) -> list[Path]:
    count = extras.alternatives
    return [_numbered(target, number) for number in range(1, count + 1)] if count else [target]


def _beside(target: Path, extras: Extras) -> list[Path]:
    files = [] if extras.confidence is None else [extras.confidence]
    return [*files, target.with_suffix(".hints.json")] if extras.suggestions else files


def _numbered(path: Path, number: int) -> Path:
    return path.with_stem(f"{path.stem}-{number}")


def _folder(beside: Path | None = None) -> tempfile.TemporaryDirectory[str]:
    # Where a call is stopped, its thread may still be writing there.
    return tempfile.TemporaryDirectory(prefix=".photochrom-", dir=beside, ignore_cleanup_errors=True)


def _keep(stream: IO[bytes], path: Path) -> Path:
    with path.open("wb") as file:
        shutil.copyfileobj(stream, file)
    return path


def _check_targets(photo: Path, targets: list[Path], *, overwrite: bool) -> None:
    for target in targets:
        if same_file(photo, target):
            raise OutputError(photo, "would be written over itself", "give another name as --output")
        if os.path.lexists(target) and not overwrite:
            raise OutputError(target, "is already there", "give another name, or --overwrite to replace it")
        if target.is_dir():
            raise OutputError(target, "is a folder", "give the file another name")
