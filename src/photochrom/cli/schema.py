"""``photochrom schema``: what files and programs may say, as JSON Schema."""

from __future__ import annotations

import argparse

TYPE_CHECKING = False  # typing's own costs a third of the time that --help takes
if TYPE_CHECKING:
    from photochrom.cli.parser import Parser

__all__ = ["add_parser", "run"]


def add_parser(subparsers: argparse._SubParsersAction[Parser]) -> None:
    """Add the command and its arguments."""
    parser = subparsers.add_parser(
        "schema",
        help="print the JSON Schema of hint files or of options",
        description="Print a JSON Schema (2020-12): what a file for --hints may hold, or what Options takes in "
        "Python. Editors complete and check a file by it.",
        examples=("photochrom schema > hints.schema.json", "photochrom schema options"),
    )
    parser.add_argument("what", nargs="?", choices=("hints", "options"), default="hints", help="(default: hints)")


def run(args: argparse.Namespace) -> int:
    """Print it."""
    import json

    from photochrom.io.hints_file import hints_schema
    from photochrom.options import Options

    schema = hints_schema() if args.what == "hints" else Options.model_json_schema()
    print(json.dumps(schema, indent=2, ensure_ascii=False))
    return 0
