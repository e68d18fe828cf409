"""`photochrom train`: a recipe and photos in, a checkpoint out."""

from __future__ import annotations

import argparse

__all__ = ["add_parser", "parse_changes", "run"]


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser("train", help="train a network from colour photos by a recipe")
    parser.add_argument("recipe", metavar="RECIPE", help="a YAML file, or the name of a shipped recipe")
    parser.add_argument(
        "--data",
        nargs="+",
        required=True,
        metavar="PHOTOS",
        help="a folder of photos, .tar shards, or a URL pattern",
    )
    parser.add_argument("--output", required=True, metavar="RUN", help="the run's folder")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="change a value of the recipe; repeatable"
    )
    parser.add_argument("--resume", action="store_true", help="go on with the run that RUN holds")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N (default: auto)")
    parser.add_argument(
        "--tensorboard", action="store_true", help="write event files for TensorBoard into RUN as well"
    )
    parser.add_argument("--quiet", action="store_true", help="show no progress")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the command; a stop by Ctrl-C or SIGTERM gives 128 plus the signal's number, as shells do."""
    from photochrom.training import load_recipe, train

    result = train(
        load_recipe(args.recipe, parse_changes(args.set)),
        args.data,
        args.output,
        device=args.device,
        resume=args.resume,
        progress=not args.quiet,
        tensorboard=args.tensorboard,
    )
    print(result.checkpoint)
    return 128 + result.stopped_by if not result.finished else 0


def parse_changes(settings: list[str], option: str = "--set") -> dict[str, str]:
    """Turn ``["epochs=20"]``, as given to `option`, into ``{"epochs": "20"}``.

    Raises:
        RecipeError: if one of them has no ``=``.
    """
    from photochrom.errors import RecipeError

    for setting in settings:
        if "=" not in setting:
            raise RecipeError(f"{option} {setting}: write it as key=value")
    return {key.strip(): value for key, value in (setting.split("=", 1) for setting in settings)}
