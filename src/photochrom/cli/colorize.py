"""``photochrom colorize``: photos and folders of photos in, a folder of colour photos out."""

from __future__ import annotations

import argparse
from contextlib import contextmanager

TYPE_CHECKING = False  # typing's own costs a third of the time that --help takes
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from photochrom.batch.plan import Job

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
    add("paths", nargs="+", metavar="PATH", help="photos, or folders of photos")
    add("-o", "--output", metavar="DIR", required=True, help="folder for the results, made if missing")
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


def run(args: argparse.Namespace) -> int:
    """Colorize everything; 1 if a photo failed, 0 otherwise.

    Raises:
        PhotochromError: before any work, if two photos would become one file, or the network cannot be opened.
    """
    from pathlib import Path
    from time import perf_counter

    from photochrom.batch.plan import make_plan, refuse_collisions
    from photochrom.colorizer import Colorizer
    from photochrom.errors import PhotochromError
    from photochrom.files import make_folder
    from photochrom.network import DEFAULT_NETWORK
    from photochrom.picture import Picture
    from photochrom.sheet import SheetWriter, sheet_pages

    start = perf_counter()
    output = Path(args.output)
    jobs = make_plan([Path(path) for path in args.paths], output).jobs
    pages = sheet_pages(output / "sheet.jpg", len(jobs)) if args.sheet else []
    refuse_collisions(jobs, pages)
    colorizer = Colorizer(args.network or DEFAULT_NETWORK, device=args.device, network_size=args.size)
    make_folder(output)
    old_sheet = any(page.exists() for page in pages) and not args.overwrite
    sheet = SheetWriter(pages, overwrite=args.overwrite) if pages and not old_sheet else None
    done = skipped = failed = 0
    sheet_failed = False
    with _progress(jobs, quiet=args.quiet) as (each, say):
        for job in each:
            before = after = None
            try:
                if job.target.exists() and not args.overwrite:
                    skipped += 1
                    if sheet is not None:
                        before, after = Picture.read(job.source), Picture.read(job.target)
                else:
                    before = Picture.read(job.source)
                    after = colorizer(before)
                    make_folder(job.target.parent)
                    after.save(job.target, quality=args.quality, overwrite=args.overwrite)
                    done += 1
            except PhotochromError as error:
                failed += 1
                say(f"photochrom: {error}")
            except MemoryError:
                failed += 1
                say(f"photochrom: {job.source}: needs more memory than there is; shrink the photo")
            try:
                if sheet is not None and before is not None and after is not None:
                    sheet.add(job.name, before, after)
                if sheet is not None and job is jobs[-1]:
                    sheet.close()
            except PhotochromError as error:  # the photos matter more: go on without a sheet
                sheet, sheet_failed = None, True
                say(f"photochrom: {error}")
    if not args.quiet:
        hint = " (--overwrite replaces them)" if skipped else ""
        seconds = perf_counter() - start
        print(f"{done} colorized, {skipped} skipped because already there{hint}, {failed} failed, {seconds:.1f} s")
        if old_sheet:
            print(f"{pages[0].name} is already there and was left alone (--overwrite draws it again)")
    return 1 if failed or sheet_failed else 0


def _quality(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 100:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 to 100")
    return int(text)


@contextmanager
def _progress(jobs: list[Job], *, quiet: bool) -> Iterator[tuple[Iterable[Job], Callable[[str], None]]]:
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
