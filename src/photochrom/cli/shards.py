"""`photochrom shards`: photos in, WebDataset shards to train on out."""

from __future__ import annotations

import argparse
import sys

from photochrom.cli.shared_arguments import read_bytes

TYPE_CHECKING = False  # typing's own costs a third of the time that --help takes
if TYPE_CHECKING:
    from photochrom.cli.parser import Parser

__all__ = ["add_parser", "run"]

_REASONS = ("small", "grey", "cut-out", "drawing", "duplicate")


def add_parser(subparsers: argparse._SubParsersAction[Parser]) -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        "shards", help="pack photos into WebDataset shards, those with colours to learn from, each once"
    )
    parser.add_argument(
        "sources", nargs="+", metavar="SOURCE", help="folders, .tar shards, photos, or URLs of these (s3://…)"
    )
    parser.add_argument(
        "--output", metavar="DEST", help="folder or URL for the shards; the same command goes on there"
    )
    parser.add_argument(
        "--shard-size", type=read_bytes, default=200_000_000, metavar="SIZE", help="of a shard (default: 200MB)"
    )
    parser.add_argument("--name", default="photos", help="that shards' names begin with (default: photos)")
    parser.add_argument("--min-side", type=int, default=128, metavar="N", help="leave out smaller (default: 128)")
    parser.add_argument(
        "--keep", action="append", default=[], choices=_REASONS, help="do not leave these out; repeatable"
    )
    parser.add_argument("--resize", type=int, metavar="N", help="bring larger shorter sides to N pixels")
    parser.add_argument("--format", choices=["jpg", "png", "webp"], help="of all photos (default: as they are)")
    parser.add_argument("--quality", type=int, default=95, metavar="Q", help="of JPEG and WebP (default: 95)")
    parser.add_argument("--license", metavar="TEXT", help="of photos that say none of their own")
    parser.add_argument("--jobs", type=int, metavar="N", help="processes (default: as many as processors)")
    parser.add_argument("--verify", action="store_true", help="read the shards of SOURCE and check every byte")
    parser.add_argument("--stats", action="store_true", help="print as JSON what the shards of SOURCE hold")
    parser.add_argument("--quiet", action="store_true", help="show no progress")


def run(args: argparse.Namespace) -> int:
    """Run the command; the exit code is 1 where shards are not what was packed."""
    from photochrom.errors import UsageError

    if args.verify or args.stats:
        if args.output is not None:
            raise UsageError(None, "--verify and --stats take no --output", "name the folder of shards alone")
        return _look(args)
    if args.output is None:
        raise UsageError(None, "there is no --output", "say where the shards go")
    for option in ("min_side", "resize", "jobs"):
        if getattr(args, option) is not None and getattr(args, option) < 1:
            raise UsageError(None, f"--{option.replace('_', '-')} is below 1", "give a number of 1 or more")
    if not 1 <= args.quality <= 100:
        raise UsageError(None, f"--quality {args.quality} is none", "give a number from 1 to 100")
    if not args.name or args.name.startswith(".") or {"/", "\\"} & set(args.name):
        problem = f"--name {args.name!r} cannot begin a file's name"
        raise UsageError(None, problem, "give letters, digits and hyphens")
    return _pack(args)


def _pack(args: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.progress import Progress, TextColumn, TimeElapsedColumn

    from photochrom.data.packing.examine import Rules
    from photochrom.data.packing.pack import pack_shards
    from photochrom.stopping import Stopped, stoppable

    rules = Rules(args.min_side, frozenset(args.keep), args.resize, args.format, args.quality, args.license)
    console = Console(stderr=True)
    column = TextColumn("{task.completed} photos packed, {task.fields[out]} left out")
    bar = Progress(
        column, TimeElapsedColumn(), console=console, transient=True, disable=args.quiet or not console.is_terminal
    )
    try:
        with bar, stoppable():
            task = bar.add_task("", total=None, out=0)
            packed = pack_shards(
                args.sources,
                args.output,
                shard_size=args.shard_size,
                rules=rules,
                name=args.name,
                jobs=args.jobs,
                progress=lambda done, out: bar.update(task, completed=done, out=out),
            )
    except Stopped as stop:
        print("photochrom: stopped; the same command goes on", file=sys.stderr)
        return stop.code
    if not args.quiet:
        reasons = ", ".join(f"{count} {reason}" for reason, count in packed.left_out.items())
        console.print(f"left out: {reasons or 'none'}", highlight=False, markup=False, soft_wrap=True)
    print(f"{packed.photos} photos, {packed.bytes} bytes in {packed.shards} shards")
    return 0


def _look(args: argparse.Namespace) -> int:
    import json

    from photochrom.data.packing.verify import stats_of, verify_shards

    code = 0
    for folder in args.sources:
        if args.verify:
            faults = verify_shards(folder)
            print(*(f"{folder}: {fault}" for fault in faults) if faults else (f"{folder}: whole",), sep="\n")
            code |= bool(faults)
        if args.stats:
            print(json.dumps(vars(stats_of(folder)), indent=1, ensure_ascii=False))
    return code
