"""`photochrom train`: a recipe and photos in, a checkpoint out."""

from __future__ import annotations

import argparse
import os
import sys

from photochrom.cli.shared_arguments import add_data, add_device, parse_pairs, read_seconds

TYPE_CHECKING = False  # typing's own costs a third of the time that --help takes
if TYPE_CHECKING:
    from photochrom.cli.parser import Parser

__all__ = ["add_parser", "run"]


def add_parser(subparsers: argparse._SubParsersAction[Parser]) -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser("train", help="train a network from colour photos by a recipe")
    parser.add_argument("recipe", metavar="RECIPE", help="a YAML file, or the name of a shipped recipe")
    add_data(parser)
    parser.add_argument("--output", required=True, metavar="RUN", help="the run's folder")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="change a value of the recipe; repeatable"
    )
    parser.add_argument(
        "--within", type=read_seconds, metavar="TIME", help="train for as many epochs as a time holds, such as 8h"
    )
    parser.add_argument("--resume", action="store_true", help="go on with the run that RUN holds")
    parser.add_argument(
        "--tensorboard", action="store_true", help="write event files for TensorBoard into RUN as well"
    )
    add_device(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command; a stop by Ctrl-C or SIGTERM gives 128 plus the signal's number, as shells do."""
    from photochrom.training import load_recipe, train
    from photochrom.training.distributed import ranks_of

    ranks = ranks_of()
    with ranks.alike():
        recipe = load_recipe(args.recipe, parse_pairs(args.set))
    result = train(
        recipe,
        args.data,
        args.output,
        device=args.device,
        resume=args.resume,
        progress=not args.quiet,
        tensorboard=args.tensorboard,
        within=args.within,
    )
    if ranks.main:
        print(result.checkpoint)
    code = 128 + result.stopped_by if not result.finished else 0
    if ranks.count > 1:
        # Threads of PyTorch's process group may abort the process while the interpreter ends, which torchrun takes
        # for a failure and begins again.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code
