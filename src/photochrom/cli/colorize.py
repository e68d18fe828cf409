"""``photochrom colorize``: photos and folders of photos in, a folder of colour photos out."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["add_parser", "run"]


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its arguments."""
    parser = subparsers.add_parser(
        "colorize",
        help="colorize photos and folders of photos",
        description="Colorize photos. Folders are searched at any depth, and the output folder mirrors them. "
        "Photos whose result is there already are left alone.",
    )
    add = parser.add_argument
    add("paths", nargs="+", metavar="PATH", type=Path, help="photos, or folders of photos")
    add("-o", "--output", metavar="DIR", type=Path, required=True, help="folder for the results, made if missing")
    add(
        "-n",
        "--network",
        metavar="NETWORK",
        help="bundled network's name or .onnx file (see: photochrom networks)",
    )
    add("--overwrite", action="store_true", help="replace results that are there already")
    add("--sheet", action="store_true", help="also write DIR/sheet.jpg: every photo before and after")
    add("--quality", metavar="N", type=_quality, help="1 to 100, for JPEG, WebP and AVIF (default: 92, 90, 75)")
    add(
        "--size",
        metavar="N",
        type=int,
        help="side of the square whose area the network works at (default: its own)",
    )
    add("--device", choices=("auto", "cpu", "cuda"), default="auto", help="where the network runs (default: auto)")
    add("-q", "--quiet", action="store_true", help="print errors only")


@dataclass(frozen=True)
class _Job:
    """One photo, the result to make of it, and what a sheet calls it."""

    source: Path
    target: Path
    name: str


def run(args: argparse.Namespace) -> int:
    """Colorize everything; 1 if a photo failed, 0 otherwise.

    Raises:
        PhotochromError: before any work, if two photos would become one file, or the network cannot be opened.
    """
    from time import perf_counter

    from photochrom.colorizer import Colorizer
    from photochrom.errors import PhotochromError
    from photochrom.network import DEFAULT_NETWORK
    from photochrom.picture import Picture
    from photochrom.sheet import SheetWriter, sheet_pages

    start = perf_counter()
    jobs = list(_plan(args.paths, args.output))
    pages = sheet_pages(args.output / "sheet.jpg", len(jobs)) if args.sheet else []
    _refuse_collisions(jobs, pages)
    colorizer = Colorizer(args.network or DEFAULT_NETWORK, device=args.device, size=args.size)
    _make_folder(args.output)
    old_sheet = bool(pages) and pages[0].exists() and not args.overwrite
    sheet = SheetWriter(pages, overwrite=args.overwrite) if pages and not old_sheet else None
    done = skipped = failed = 0
    with _progress(jobs, quiet=args.quiet) as (each, say):
        for job in each:
            try:
                before = after = None
                if job.target.exists() and not args.overwrite:
                    skipped += 1
                    if sheet is not None:
                        before, after = Picture.read(job.source), Picture.read(job.target)
                else:
                    before = Picture.read(job.source)
                    after = colorizer(before)
                    _make_folder(job.target.parent)
                    after.save(job.target, quality=args.quality, overwrite=args.overwrite)
                    done += 1
                if sheet is not None and before is not None and after is not None:
                    sheet.add(job.name, before, after)
            except PhotochromError as error:
                failed += 1
                say(f"photochrom: {error}")
            except MemoryError:
                failed += 1
                say(f"photochrom: {job.source}: needs more memory than there is; shrink the photo")
        if sheet is not None:
            sheet.close()
    if not args.quiet:
        hint = " (--overwrite replaces them)" if skipped else ""
        seconds = perf_counter() - start
        print(f"{done} colorized, {skipped} skipped because already there{hint}, {failed} failed, {seconds:.1f} s")
        if old_sheet:
            print(f"{pages[0].name} is already there and was left alone (--overwrite draws it again)")
    return 1 if failed else 0


def _quality(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 100:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 to 100")
    return int(text)


def _plan(paths: Iterable[Path], output: Path) -> Iterator[_Job]:
    """List the photos; a path that is neither file nor folder stays in, to fail in its turn with its own line."""
    from photochrom.vips import SAVED_SUFFIXES

    seen: set[Path] = set()
    for path in paths:
        for photo in _photos_below(path, output) if path.is_dir() else [path]:
            if photo.absolute() in seen:  # named twice, or by itself and by its folder
                continue
            seen.add(photo.absolute())
            relative = photo.relative_to(path) if path.is_dir() else Path(photo.name)
            suffix = relative.suffix if relative.suffix.lower() in SAVED_SUFFIXES else ".png"
            yield _Job(photo, output / relative.with_suffix(suffix), str(relative))


def _photos_below(folder: Path, output: Path) -> list[Path]:
    """Find photos by suffix; hidden files and the results of an earlier run are left out."""
    from photochrom.errors import PhotoError
    from photochrom.vips import PHOTO_SUFFIXES

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


def _refuse_collisions(jobs: Iterable[_Job], pages: Collection[Path]) -> None:
    from photochrom.errors import OutputError

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


def _make_folder(folder: Path) -> None:
    from photochrom.errors import OutputError

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise OutputError(f"{folder}: cannot be made ({reason}); give another folder as --output") from error


@contextmanager
def _progress(jobs: list[_Job], *, quiet: bool) -> Iterator[tuple[Iterable[_Job], Callable[[str], None]]]:
    """Give the jobs, with a bar on stderr if it is a terminal, and a function that prints a line above the bar."""
    import sys

    if quiet or not sys.stderr.isatty():
        yield jobs, lambda line: print(line, file=sys.stderr)
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        yield (
            progress.track(jobs, description="Colorizing"),
            lambda line: progress.console.print(line, markup=False, highlight=False, soft_wrap=True),
        )
