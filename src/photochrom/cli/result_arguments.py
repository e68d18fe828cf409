"""Options for a result as arguments; `Options` knows their types and limits, and is asked when one is given."""

from __future__ import annotations

import argparse

from photochrom.cli.shared_arguments import add_accelerator

TYPE_CHECKING = False  # typing's own costs a third of the time that --help takes
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from photochrom.options import Options

__all__ = ["add_extras", "add_limits", "add_options", "read_options"]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say how results are to be."""
    add = parser.add_argument_group("colours").add_argument
    add(
        "--vividness",
        metavar="X",
        type=_option("vividness"),
        help="0, most likely to be true, to 1, most vivid; of networks that take it",
    )
    add(
        "--saturation",
        metavar="X",
        type=_option("saturation"),
        help="strength of all colours alike, 0 to 4 (default: 1), also of networks without vividness",
    )
    add("--hints", metavar="FILE.json", dest="hints_file", help="colours that are known of one photo")
    add("--reach", metavar="X", type=_option("reach"), help="how far hints reach, 0 to 1 (default: 0.5)")
    add("--reference", metavar="PHOTO", help="move the colours towards those of this colour photo")
    add(
        "--reference-strength",
        metavar="X",
        type=_option("palette_strength"),
        dest="palette_strength",
        help="how far, 0 to 1 (default: 1)",
    )

    add = parser.add_argument_group("files").add_argument
    add("--format", metavar="KIND", type=_suffix, help="jpg, png, webp, tif, avif or bmp (default: as the photo)")
    add("--quality", metavar="N", type=_option("quality"), help="1 to 100, for JPEG, WebP and AVIF")
    add(
        "--size",
        metavar="LONG_EDGE",
        type=_option("long_edge"),
        dest="long_edge",
        help="shrink larger results to it",
    )
    add(
        "--negative",
        action="store_true",
        default=None,
        help="photos are negatives of film",
    )
    add("--pages", choices=("first", "all"), help="of a TIFF: all makes one of as many pages (default: first)")
    add("--side-by-side", action="store_true", default=None, help="put photo and result into one picture")
    add("--keep-times", action="store_true", default=None, help="give results the photos' times of change")
    add(
        "--sidecars",
        choices=("merge", "copy", "ignore"),
        help="what XMP files beside a photo say: merge into the result (default), copy beside it, or ignore",
    )
    add("--no-mark", action="store_false", default=None, dest="mark", help="no note in XMP of synthetic colours")


def add_extras(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that ask for more than a result."""
    add = parser.add_argument_group("a single photo").add_argument
    add("--alternatives", metavar="N", type=_few, default=0, help="N results: OUT-1.jpg, OUT-2.jpg, ...")
    add("--confidence", metavar="FILE.png", help="write a map: the whiter, the surer is the network")
    add(
        "--suggest",
        metavar="N",
        type=_few,
        default=0,
        help="write OUT.hints.json: the N places where a hint would help most",
    )


def add_limits(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say how much a call may take."""
    group = parser.add_argument_group("speed and limits")
    add = group.add_argument
    add_accelerator(group)
    add("-j", "--jobs", metavar="N", type=_positive, help="photos to work on at a time (default: one per core)")
    add("--max-pixels", metavar="N", type=_option("max_pixels"), help="refuse larger photos (default: 4000000000)")


def read_options(args: argparse.Namespace) -> Options:
    """Put together the options that were given.

    Raises:
        HintError: if the file of hints cannot be read.
        PhotoError: if the reference cannot be read, or has no colours.
    """
    from photochrom.options import Options

    given = {name: vars(args).get(name) for name in Options.model_fields}
    options = {name: value for name, value in given.items() if value is not None}
    if args.hints_file is not None:
        from photochrom.io.hints_file import read_hints

        told = read_hints(args.hints_file)
        options |= {"hints": told.hints, "protected": told.protected}
    if args.reference is not None:
        from photochrom.inference.palette import palette_of
        from photochrom.options import MAX_PIXELS

        options["palette"] = palette_of(args.reference, max_pixels=args.max_pixels or MAX_PIXELS)
    return Options.model_validate(options)


def _positive(text: str) -> int:
    """Read a whole number from 1 on."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 on")
    return int(text)


def _few(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 99:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 to 99")
    return int(text)


def _suffix(text: str) -> str:
    from photochrom.io.formats import SAVED_SUFFIXES

    suffix = f".{text.lower().removeprefix('.')}"
    if suffix not in SAVED_SUFFIXES:
        known = ", ".join(sorted(known[1:] for known in SAVED_SUFFIXES))
        raise argparse.ArgumentTypeError(f"{text!r} is no kind of photo that can be written; use one of {known}")
    return suffix


def _option(name: str) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        from pydantic import ValidationError

        from photochrom.options import Options

        try:
            return getattr(Options.model_validate({name: text}), name)
        except ValidationError:
            field = Options.model_fields[name]
            low, high = (
                next((getattr(limit, end) for limit in field.metadata if hasattr(limit, end)), None)
                for end in ("ge", "le")
            )
            kind = "whole number" if field.annotation in (int, int | None) else "number"
            above = "on" if high is None else f"to {high}"
            raise argparse.ArgumentTypeError(f"{text!r} is no {kind} from {low} {above}") from None

    return read
