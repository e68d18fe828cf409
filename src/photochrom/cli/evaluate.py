"""`photochrom evaluate`: what networks' colours are worth, measured on photos whose colours are known."""

from __future__ import annotations

import argparse
import shlex
import sys

from photochrom.cli.pulling import pull_missing

TYPE_CHECKING = False  # typing's own costs a third of the time that --help takes
if TYPE_CHECKING:
    from photochrom.cli.parser import Parser

__all__ = ["add_parser", "run"]


def add_parser(subparsers: argparse._SubParsersAction[Parser]) -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        "evaluate",
        help="measure networks on colour photos, and write a report",
        description="Takes the colours away from photos, lets networks propose them again, and measures how near "
        "they come: beside grey and the photos' mean colour, with confidence intervals. "
        "What is measured already is not measured again, so an evaluation that was stopped goes on with the same "
        "command.",
    )
    parser.add_argument("networks", nargs="+", metavar="NETWORK", help="name, .onnx file, or two as A+B")
    parser.add_argument(
        "--data", nargs="+", required=True, metavar="PHOTOS",
        help="colour photos that no network was trained on: a folder, .tar shards, or a URL pattern",
    )  # fmt: skip
    parser.add_argument("--output", required=True, metavar="DIR", help="the evaluation's folder")
    parser.add_argument(
        "--preprocessing", choices=("center256", "squash256"), default="center256",
        help="how photos become 256×256 pixels: cut in the centre (default) or squashed",
    )  # fmt: skip
    parser.add_argument(
        "--hints", type=_counts, default=(), metavar="0,1,10",
        help="also measure PSNR with so many true colours revealed at random points",
    )  # fmt: skip
    parser.add_argument(
        "--vividness", type=_shares, default=(), metavar="0,0.5,1",
        help="a row for each of these, for networks that take it (default: the network's own middle)",
    )  # fmt: skip
    parser.add_argument(
        "--photos", type=_count, metavar="N", help="measure the first so many photos (default: all)"
    )
    parser.add_argument("--fast", action="store_true", help="leave LPIPS and the Fréchet distance out")
    parser.add_argument("--jobs", type=_count, metavar="N", help="processes (default: one for each core)")
    parser.add_argument(
        "--engine", choices=("local", "ray"), default="local",
        help="ray: on a cluster; photos are sent to its machines, networks that are not bundled they must have",
    )  # fmt: skip
    parser.add_argument(
        "--ray-address", metavar="ADDRESS", help="of the cluster (default: RAY_ADDRESS, or this machine alone)"
    )
    parser.add_argument("--overwrite", action="store_true", help="start over where DIR holds an evaluation")
    parser.add_argument("--quiet", action="store_true", help="show no progress, only the table")


def run(args: argparse.Namespace) -> int:
    """Run the command; a stop by Ctrl-C or SIGTERM gives 128 plus the signal's number, as shells do."""
    from rich.console import Console

    from photochrom.cli.screen import one_line
    from photochrom.evaluation.runner import evaluate
    from photochrom.evaluation.table import print_table
    from photochrom.stopping import Stopped, stoppable

    pull_missing(args.networks, quiet=args.quiet)
    screen = Console(stderr=True)
    with screen.status("") as status:
        if args.quiet:
            status.stop()

        def show(what: str, done: int, of: int) -> None:
            status.update(f"{what}: {done} of {of} photos" if of else what)

        try:
            with stoppable():
                results = evaluate(
                    args.networks,
                    args.data,
                    args.output,
                    preprocessing=args.preprocessing,
                    hints=args.hints,
                    vividness=args.vividness,
                    photos=args.photos,
                    fast=args.fast,
                    workers=args.jobs,
                    engine=args.engine,
                    ray_address=args.ray_address,
                    overwrite=args.overwrite,
                    command=_command(args),
                    progress=None if args.quiet else show,
                )
        except Stopped as stop:
            status.stop()
            print("photochrom: stopped; the same command goes on", file=sys.stderr)
            return stop.code
    print_table(results, Console())
    print(one_line(results["missing"].get("page", f"report: {args.output}/report.html")))
    return 0


def _command(args: argparse.Namespace) -> str:
    """Return the command that makes the report again, with every choice that its figures depend on."""
    from photochrom.number_format import short

    words = ["photochrom", "evaluate", *args.networks, "--data", *args.data, "--output", args.output]
    words += ["--preprocessing", args.preprocessing]
    for option in ("hints", "vividness"):
        if getattr(args, option):
            words += [f"--{option}", ",".join(short(value) for value in getattr(args, option))]
    if args.photos:
        words += ["--photos", str(args.photos)]
    words += ["--fast"] if args.fast else []
    return shlex.join(words)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of 1 or more")
    return int(text)


def _counts(text: str) -> tuple[int, ...]:
    parts = text.split(",")
    if not all(part.isdecimal() and int(part) <= 10_000 for part in parts):
        raise argparse.ArgumentTypeError(f"{text!r} is no list of numbers up to 10000 such as 0,1,10")
    return tuple(int(part) for part in parts)


def _shares(text: str) -> tuple[float, ...]:
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError:
        values = (-1.0,)
    if not all(0 <= value <= 1 for value in values):
        raise argparse.ArgumentTypeError(f"{text!r} is no list of numbers 0 to 1 such as 0,0.5,1")
    return values
