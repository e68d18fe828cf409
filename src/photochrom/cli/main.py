"""The command line: finds the commands, runs one, and turns what goes wrong into a line and an exit code.

Each command is a module of this package with `add_parser(subparsers)` and `run(args) -> int`. It imports what it
needs inside `run`, so that ``photochrom --help`` stays instant.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from photochrom import __version__
from photochrom.cli.screen import one_line
from photochrom.errors import PhotochromError, UsageError
from photochrom.openmp import limit_spinning

__all__ = ["COMMANDS", "main", "make_parser"]

COMMANDS = ("colorize", "serve", "networks", "evaluate", "train", "export", "study", "inspect")
"""Modules of this package, in the order in which ``--help`` shows them."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: arguments without the program's name; None for those of the process.

    Returns:
        Exit code: 0 done, 1 something failed, 130 interrupted, 143 terminated. Wrong arguments exit with 2,
        those that contradict each other too.
    """
    args = make_parser().parse_args(argv)
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


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of the whole command line."""
    parser = argparse.ArgumentParser(
        prog="photochrom",
        description="Colorize black-and-white photographs; train, study and measure the networks that do it.",
    )
    parser.add_argument("--version", action="version", version=f"photochrom {__version__}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in COMMANDS:
        import_module(f"photochrom.cli.{name}").add_parser(subparsers)
    return parser
