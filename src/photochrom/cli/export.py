"""`photochrom export`: a checkpoint in, a network file out."""

from __future__ import annotations

import argparse

from photochrom.cli.shared_arguments import parse_pairs

TYPE_CHECKING = False  # typing's own costs a third of the time that --help takes
if TYPE_CHECKING:
    from photochrom.cli.parser import Parser

__all__ = ["add_parser", "run"]


def add_parser(subparsers: argparse._SubParsersAction[Parser]) -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        "export", help="write a trained checkpoint as a network file (ONNX with a card)"
    )
    parser.add_argument("checkpoint", metavar="CHECKPOINT", help="a checkpoint, or a run's folder")
    parser.add_argument("--output", required=True, metavar="FILE.onnx", help="the network file to write")
    parser.add_argument("--name", help="what the card calls the network (default: the recipe's name)")
    parser.add_argument("--network-version", default="1", metavar="VERSION", help="its version (default: 1)")
    parser.add_argument("--license", default="MIT", help="SPDX name of the weights' licence (default: MIT)")
    parser.add_argument(
        "--weights",
        choices=["float32", "float16"],
        default="float32",
        help="how weights are stored (float16: half the size)",
    )
    parser.add_argument(
        "--note",
        action="append",
        default=[],
        metavar="KEY=TEXT",
        help="more for the card, such as data=...; repeatable",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace FILE.onnx if it exists")


def run(args: argparse.Namespace) -> int:
    """Run the command; prints the card as JSON."""
    from photochrom.errors import require_extra

    with require_extra("train", "Export"):
        from photochrom.training.export import export_network

    card = export_network(
        args.checkpoint,
        args.output,
        name=args.name,
        version=args.network_version,
        license=args.license,
        weights=args.weights,
        notes=dict(parse_pairs(args.note, "--note")),
        overwrite=args.overwrite,
    )
    print(card.model_dump_json(indent=2))
    return 0
