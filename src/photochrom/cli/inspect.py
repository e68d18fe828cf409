"""`photochrom inspect`: what each layer of a trained network does with one photo, as pictures."""

from __future__ import annotations

import argparse

TYPE_CHECKING = False  # typing's own costs a third of the time that --help takes
if TYPE_CHECKING:
    from photochrom.cli.parser import Parser

__all__ = ["add_parser", "run"]


def add_parser(subparsers: argparse._SubParsersAction[Parser]) -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        "inspect", help="draw the activations of each layer of a checkpoint for one photo"
    )
    parser.add_argument("checkpoint", metavar="CHECKPOINT", help="a run's folder or its checkpoint.safetensors")
    parser.add_argument("photo", metavar="PHOTO", help="any photo, in colour or not")
    parser.add_argument("--output", required=True, metavar="DIR", help="folder for the pictures")
    parser.add_argument(
        "--size", type=int, metavar="N", help="longer side that the network sees, in pixels (default: as trained)"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace pictures that are in DIR already")


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    from photochrom.study.inspection import inspect_checkpoint

    for path in inspect_checkpoint(
        args.checkpoint, args.photo, args.output, size=args.size, overwrite=args.overwrite
    ):
        print(path)
    return 0
