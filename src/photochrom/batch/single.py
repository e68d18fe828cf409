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
from photochrom.batch.worker import Outcome, Setup, Task
from photochrom.errors import OutputError, PhotochromError
from photochrom.files import make_folder, move_file, same_file
from photochrom.photofile import PhotoFile

__all__ = ["colorize_single"]


def colorize_single(
    source: Path | IO[bytes],
    target: Path | IO[bytes],
    setup: Setup,
    *,
    suffix: str | None = None,
    overwrite: bool = False,
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

    Raises:
        NetworkError: if the network cannot be opened.
        BrokenPipeError: if nobody reads the result.
    """
    pool = open_pool(setup, 1)
    called = str(source) if isinstance(source, Path) else "standard input"
    written = str(target) if isinstance(target, Path) else "standard output"
    try:
        with _folder() as folder:
            photo = source if isinstance(source, Path) else _keep(source, Path(folder, "photo"))
            if isinstance(target, Path):
                outcome = _to_file(pool, photo, target, called, overwrite=overwrite)
            else:
                suffix = suffix or result_suffix(PhotoFile(photo, name=called).format or "")
                task = Task(photo, Path(folder, f"result{suffix}"), Path(written), called)
                outcome = _to_stream(pool, task, target)
    except PhotochromError as error:
        return Result(called, written, "failed", str(error))
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        return Result(called, written, "failed", f"{written}: cannot be written ({reason}); check the disk")
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


def _to_file(pool: Pool, photo: Path, target: Path, called: str, *, overwrite: bool) -> Outcome:
    if same_file(photo, target):
        raise OutputError(f"{photo}: would be written over itself; give another name as --output")
    if os.path.lexists(target) and not overwrite:
        raise OutputError(f"{target}: is already there; give another name, or --overwrite to replace it")
    make_folder(target.parent)
    with _folder(target.parent) as folder:
        made = Path(folder, f"result{target.suffix}")
        outcome = _do(pool, Task(photo, made, target, called))
        move_file(made, target)
    return outcome


def _to_stream(pool: Pool, task: Task, stream: IO[bytes]) -> Outcome:
    outcome = _do(pool, task)
    with task.made.open("rb") as file:
        shutil.copyfileobj(file, stream)
    stream.flush()
    return outcome


def _do(pool: Pool, task: Task) -> Outcome:
    pool.start(task)
    _, outcome = pool.wait()
    if outcome.error is not None:
        raise PhotochromError(outcome.error)
    return outcome
