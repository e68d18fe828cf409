"""One photo by itself: to a file that is named, or from standard input to standard output; without a manifest."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import IO

from photochrom.batch.plan import result_suffix
from photochrom.batch.pool import Pool, open_pool
from photochrom.batch.run import Result
from photochrom.batch.worker import Extras, Outcome, Setup, Task
from photochrom.errors import OutputError, PhotochromError, reason_of
from photochrom.io.atomic import make_folder, move_file, same_file
from photochrom.io.reader import PhotoFile

__all__ = ["colorize_single"]


def colorize_single(
    source: Path | IO[bytes],
    target: Path | IO[bytes],
    setup: Setup,
    *,
    suffix: str | None = None,
    overwrite: bool = False,
    extras: Extras | None = None,
) -> Result:
    """Colorize one photo.

    A stream is kept in a temporary file, so that its size does not matter, and nothing is written to one before
    the whole result is known to be good.

    Args:
        source: the photo.
        target: where its result goes.
        setup: how it is colorized.
        suffix: kind of a result that has no name, such as ``".png"``; None for the photo's own.
        overwrite: replace a file that is there.
        extras: what else is made of it; alternatives and suggestions only where the target is a file.

    Raises:
        NetworkError: if the network cannot be opened, or cannot do what is wished.
        BrokenPipeError: if nobody reads the result.
    """
    extras = extras or Extras()
    pool = open_pool(setup, 1)
    called = str(source) if isinstance(source, Path) else "standard input"
    written = "standard output"
    if isinstance(target, Path):
        written = str(Task(Path(called), target, target, extras=extras).results[0][1])
    try:
        with _folder() as folder:
            photo = source if isinstance(source, Path) else _keep(source, Path(folder, "photo"))
            if isinstance(target, Path):
                outcome = _to_file(pool, photo, target, called, extras, overwrite=overwrite)
            else:
                suffix = suffix or result_suffix(PhotoFile(photo, name=called).format or "")
                task = Task(photo, Path(folder, f"result{suffix}"), Path(written), called, extras)
                _check_targets(photo, [beside for _, beside in task.files[1:]], overwrite=overwrite)
                outcome = _to_stream(pool, task, target)
    except PhotochromError as error:
        return Result.failed(called, written, error)
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:
        problem = f"cannot be written ({reason_of(error, written)})"
        return Result.failed(called, written, OutputError(written, problem, "check the disk"))
    finally:
        pool.close()
    return Result(called, written, "done", "", outcome.warnings, outcome.seconds)


def _folder(beside: Path | None = None) -> tempfile.TemporaryDirectory[str]:
    # Where a call is stopped, its thread may still be writing there.
    return tempfile.TemporaryDirectory(prefix=".photochrom-", dir=beside, ignore_cleanup_errors=True)


def _keep(stream: IO[bytes], path: Path) -> Path:
    with path.open("wb") as file:
        shutil.copyfileobj(stream, file)
    return path


def _to_file(pool: Pool, photo: Path, target: Path, called: str, extras: Extras, *, overwrite: bool) -> Outcome:
    files = Task(photo, target, target, called, extras).files
    _check_targets(photo, [path for _, path in files], overwrite=overwrite)
    for _, path in files:
        make_folder(path.parent)
    with _folder(target.parent) as folder:
        task = Task(photo, Path(folder, f"result{target.suffix}"), target, called, extras)
        outcome = _do(pool, task)
        for made, path in task.files:
            move_file(made, path)
    return outcome


def _check_targets(photo: Path, targets: list[Path], *, overwrite: bool) -> None:
    for target in targets:
        if same_file(photo, target):
            raise OutputError(photo, "would be written over itself", "give another name as --output")
        if os.path.lexists(target) and not overwrite:
            raise OutputError(target, "is already there", "give another name, or --overwrite to replace it")
        if target.is_dir():
            raise OutputError(target, "is a folder", "give the file another name")


def _to_stream(pool: Pool, task: Task, stream: IO[bytes]) -> Outcome:
    outcome = _do(pool, task)
    with task.made.open("rb") as file:
        shutil.copyfileobj(file, stream)
    stream.flush()
    for made, path in task.files[1:]:
        make_folder(path.parent)
        move_file(made, path)
    return outcome


def _do(pool: Pool, task: Task) -> Outcome:
    pool.start(task)
    _, outcome = pool.wait()
    if outcome.error is not None:
        raise outcome.error.about(outcome.error.subject)  # or the outcome would hold this frame, and that itself
    return outcome
