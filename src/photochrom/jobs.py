"""What a call of many photos will do: which photo becomes which file, settled before any work begins."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from photochrom.errors import OutputError, PhotoError
from photochrom.formats import PHOTO_SUFFIXES, SAVED_SUFFIXES

__all__ = ["Job", "make_folder", "plan_jobs", "refuse_collisions"]


@dataclass(frozen=True)
class Job:
    """One photo, the result to make of it, and what a sheet calls it."""

    source: Path
    target: Path
    name: str


def plan_jobs(paths: Iterable[Path], output: Path) -> Iterator[Job]:
    """List the photos of files and folders; a folder's tree is mirrored below `output`.

    A path that is neither file nor folder stays in, to fail in its turn with its own line.

    Raises:
        PhotoError: if a folder holds no photos.
    """
    seen: set[Path] = set()
    for path in paths:
        for photo in _photos_below(path, output) if path.is_dir() else [path]:
            if photo.absolute() in seen:  # named twice, or by itself and by its folder
                continue
            seen.add(photo.absolute())
            relative = photo.relative_to(path) if path.is_dir() else Path(photo.name)
            suffix = relative.suffix if relative.suffix.lower() in SAVED_SUFFIXES else ".png"
            yield Job(photo, output / relative.with_suffix(suffix), str(relative))


def _photos_below(folder: Path, output: Path) -> list[Path]:
    """Find photos by suffix; hidden files and the results of an earlier run are left out."""
    results = None if output.resolve() == folder.resolve() else output.resolve()
    found = [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in PHOTO_SUFFIXES
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.is_file()
        and (results is None or results not in path.resolve().parents)
    ]
    if not found:
        raise PhotoError(f"{folder}: holds no photos ({', '.join(sorted(PHOTO_SUFFIXES))}); name another folder")
    return found


def refuse_collisions(jobs: Iterable[Job], pages: Collection[Path]) -> None:
    """Make sure that every photo gets a file of its own, and none is written over.

    Args:
        jobs: all photos of the call.
        pages: files that the call's sheet will take.

    Raises:
        OutputError: if two photos, or a photo and the sheet, would become one file, or a photo itself would.
    """
    taken: dict[Path, Path] = {}
    for job in jobs:
        if job.target.exists() and job.source.exists() and job.target.samefile(job.source):
            raise OutputError(f"{job.source}: would be written over itself; give another folder as --output")
        if job.target in taken:
            raise OutputError(
                f"{taken[job.target]} and {job.source} would both become {job.target}; "
                "colorize them into different folders"
            )
        if job.target in pages:
            raise OutputError(
                f"{job.source} would become {job.target}, where the sheet goes; rename it or drop --sheet"
            )
        taken[job.target] = job.source


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, if they are missing.

    Raises:
        OutputError: if it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise OutputError(f"{folder}: cannot be made ({reason}); give another folder as --output") from error
