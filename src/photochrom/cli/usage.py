"""What ``photochrom colorize`` is called for: one photo or many, and whether its options contradict each other."""

from __future__ import annotations

import argparse
import sys

TYPE_CHECKING = False  # typing's own costs a third of the time that --help takes
if TYPE_CHECKING:
    from typing import NoReturn

__all__ = ["check_usage", "default_output", "is_named_as_photo", "is_single", "refuse"]

_DEFAULT_FOLDER = "colorized"


def default_output(args: argparse.Namespace) -> str | None:
    """Fill in where results go if nobody said so: `colorized/` beside where the command runs.

    A photo from standard input goes to standard output. One photo of which more than a result is asked for gets
    the name of a file there, since all that comes with the result is named after it.

    Returns:
        The folder or the file, or None where the user or the stream decides.
    """
    from pathlib import Path

    if args.output is not None or args.paths == ["-"]:
        return None
    path = Path(args.paths[0])
    extras = args.alternatives or args.suggest or args.confidence
    if extras and len(args.paths) == 1 and not path.is_dir():
        from photochrom.batch.plan import result_name

        args.output = str(Path(_DEFAULT_FOLDER, result_name(path.name, path, args.format)))
        return str(args.output)
    args.output = _DEFAULT_FOLDER
    return f"{_DEFAULT_FOLDER}/"


def is_single(args: argparse.Namespace) -> bool:
    """Say whether the call is of one photo and of one file, or a stream, for its result."""
    from pathlib import Path

    if args.paths == ["-"] or args.output == "-":
        return True
    return len(args.paths) == 1 and is_named_as_photo(args.output) and not Path(args.paths[0]).is_dir()


def is_named_as_photo(output: str | None) -> bool:
    """Say whether a place for results is no folder, and has a photo's suffix."""
    from pathlib import Path

    from photochrom.io.formats import PHOTO_SUFFIXES, SAVED_SUFFIXES

    if output is None or Path(output).is_dir():
        return False
    return Path(output).suffix.lower() in PHOTO_SUFFIXES | SAVED_SUFFIXES.keys()


def check_usage(args: argparse.Namespace, *, single: bool) -> None:
    """Refuse a call where options contradict each other.

    Raises:
        UsageError: if they do.
    """
    from pathlib import Path

    from photochrom.io.formats import kind_of

    to_stream = single and args.output in (None, "-")
    if "-" in args.paths and len(args.paths) > 1:
        refuse(None, "- is standard input, one photo by itself", "give no other PATH")
    if single and len(args.paths) > 1:
        refuse(None, "one photo at a time goes to standard output", "give a folder as --output")
    # A folder's results may go into a folder of any name, but who names photos means a file by that.
    if not single and is_named_as_photo(args.output) and not all(Path(path).is_dir() for path in args.paths):
        refuse(args.output, "is named as one photo, but there are more", "give a folder as --output")
    if args.report and Path(args.report).suffix.lower() != ".json":
        refuse(None, "--report writes JSON", "give it a name that ends in .json")
    if args.watch and args.sheet:
        refuse(None, "--watch never ends, so there is no --sheet of it", "draw it by a call without --watch")
    if args.watch and (args.consistent or args.like):
        refuse(None, "--watch takes photos one by one, and --consistent and --like an album", "leave one out")
    if single and (args.consistent or args.like):
        refuse(None, "--consistent and --like need a folder as --output", "give one")
    if args.pages == "all" and (args.consistent or args.like):
        refuse(None, "--consistent and --like are of one picture in each file", "leave out --pages all")
    if single and (args.watch or args.sheet):
        refuse(None, "--watch and --sheet need a folder as --output", "give one")
    if to_stream and args.skip_colored:
        refuse(None, "--skip-colored may leave nothing for standard output", "give a file as --output")
    if to_stream and args.json:
        refuse(None, "the result itself goes to standard output", "use --report FILE.json in place of --json")
    if to_stream and sys.stdout.isatty():
        refuse(None, "standard output is a terminal", "send it to a file or a program, or give --output FILE")
    _check_extras(args, single=single)
    _check_server(args)
    _check_files(args, single=single)
    if single and not to_stream:
        suffix = Path(args.output).suffix.lower()
        if not suffix or Path(args.output).is_dir():
            refuse(args.output, "a photo from standard input has no name", "give a file such as photo.jpg")
        if args.format is not None and kind_of(args.format) != kind_of(suffix):
            refuse(
                None,
                f"--format {args.format[1:]} and --output {args.output} contradict each other",
                "leave one out",
            )


def refuse(subject: object, problem: str, remedy: str) -> NoReturn:
    """Raise what the command line answers with its usage and an exit code of 2."""
    from photochrom.errors import UsageError

    raise UsageError(None if subject is None else str(subject), problem, remedy)


def _check_extras(args: argparse.Namespace, *, single: bool) -> None:
    """Refuse a call where an option of a single photo is given for more, or there is no name to go by."""
    from pathlib import Path

    if args.hints_file is not None and (len(args.paths) > 1 or Path(args.paths[0]).is_dir()):
        album = "; then --like its result for the others" if args.consistent or args.like else ""
        refuse(None, "--hints are of one photo", f"give one photo as PATH{album}")
    if args.pages == "all" and (args.hints_file is not None or args.alternatives):
        refuse(None, "--hints and --alternatives are of one picture", "leave out --pages all")
    for name in ("alternatives", "confidence", "suggest"):
        if getattr(args, name) and not single:
            refuse(
                None, f"--{name} is for one photo", "give one as PATH, and a file such as photo.jpg as --output"
            )
    for name in ("alternatives", "suggest"):
        if getattr(args, name) and args.output in (None, "-"):
            refuse(None, f"--{name} writes more files than one", "give a file such as photo.jpg as --output")
    if args.confidence is not None and Path(args.confidence).suffix.lower() != ".png":
        refuse(None, "--confidence writes PNG", "give it a name that ends in .png")


def _check_server(args: argparse.Namespace) -> None:
    """Refuse options of a network on this computer where a service colorizes."""
    if args.server is None:
        return
    local = {
        "--device": args.device != "auto",
        "--network-size": args.network_size is not None,
        "--consistent": args.consistent,
        "--like": args.like,
    }
    for option, given in local.items():
        if given:
            refuse(None, f"{option} is of a network on this computer", "leave it out, or leave out --server")


def _check_files(args: argparse.Namespace, *, single: bool) -> None:
    """Refuse a call where a file would be written over one that the call reads, or writes as well."""
    from pathlib import Path

    from photochrom.batch.single import Extras, written_files
    from photochrom.io.atomic import same_place

    read = [("--hints", args.hints_file), ("--reference", args.reference)]
    read += [("--like", path) for path in args.like]
    written = [Path(path) for path in (args.report, args.confidence) if path]
    if single and args.output not in (None, "-"):
        written += written_files(Path(args.output), Extras(args.alternatives, suggestions=args.suggest))
    for number, path in enumerate(written):
        for option, other in read:
            if other is not None and same_place(path, other):
                refuse(path, f"is what {option} reads, and would be written over", "give another name")
        if any(same_place(path, other) for other in written[:number]):
            refuse(path, "would be written twice", "give another name")
