"""The command line: finds the commands, runs one, and turns what goes wrong into a line and an exit code.

Each command is a module of this package with `add_parser(subparsers)` and `run(args) -> int`. It imports what it
needs inside `run`, so that ``photochrom --help`` stays instant.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from photochrom import __version__
from photochrom.cli.default import with_command
from photochrom.cli.parser import Parser
from photochrom.cli.screen import one_line
from photochrom.errors import PhotochromError, UsageError
from photochrom.openmp import limit_spinning

TYPE_CHECKING = False  # typing's own costs a third of the time that --help takes
if TYPE_CHECKING:
    import argparse

__all__ = ["COMMANDS", "main", "make_parser", "parse_arguments"]

COMMANDS = (
    "colorize",
    "serve",
    "networks",
    "schema",
    "evaluate",
    "shards",
    "train",
    "export",
    "study",
    "inspect",
    "doctor",
    "completion",
)
"""Modules of this package, in the order in which ``--help`` shows them."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: arguments without the program's name; None for those of the process.

    Returns:
        Exit code: 0 done, 1 something failed, 130 interrupted, 143 terminated. Wrong arguments exit with 2,
        those that contradict each other too.
    """
    args = parse_arguments(sys.argv[1:] if argv is None else argv)
    limit_spinning()  # before a command loads PyTorch
    try:
        code = int(import_module(f"photochrom.cli.{args.command}").run(args))
        sys.stdout.flush()  # here, where a reader that has gone away is still caught
    except UsageError as error:
        args.usage_error(one_line(str(error)))  # exits with 2
        raise
    except PhotochromError as error:
        print(f"photochrom: {one_line(str(error))}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader (head, less) has what it wants. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        if error.filename is None:
            raise
        reason = f"{error.strerror}; check the name and its permissions"
        print(f"photochrom: {one_line(str(error.filename))}: {reason}", file=sys.stderr)
        return 1
    except MemoryError:
        print("photochrom: out of memory; close other programs or take smaller photos", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("photochrom: interrupted", file=sys.stderr)
        return 130
    return code


def parse_arguments(words: Sequence[str]) -> argparse.Namespace:
    """Find out what is asked for; exits with 2 where that makes no sense.

    Args:
        words: arguments without the program's name. Without a command they are those of ``colorize``.
    """
    parser = make_parser()
    return parser.parse_args(with_command(words, COMMANDS, parser))


def make_parser() -> Parser:
    """Make the parser of the whole command line."""
    parser = Parser(
        prog="photochrom",
        usage="%(prog)s [OPTIONS] PHOTO ...\n       %(prog)s COMMAND ...",
        description="Colorize black-and-white photographs; train, study and measure the networks that do it.",
        examples=(
            "photochrom portrait.jpg                          into colorized/portrait.jpg",
            "photochrom album/ --output results --sheet       a folder at any depth, and pages to look through",
            "photochrom serve                                 in the browser",
            "photochrom COMMAND --help                        all that a command can do",
        ),
    )
    parser.add_argument("--version", action="version", version=f"photochrom {__version__}")
    subparsers = parser.add_subparsers(
        title="commands", dest="command", metavar="COMMAND", required=True, prog="photochrom"
    )
    for name in COMMANDS:
        import_module(f"photochrom.cli.{name}").add_parser(subparsers)
    return parser
