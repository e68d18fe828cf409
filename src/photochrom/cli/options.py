"""Options that several commands of the workshop share."""

from __future__ import annotations

import argparse

__all__ = ["add_data", "add_device", "parse_pairs"]


def add_data(parser: argparse.ArgumentParser) -> None:
    """Add ``--data``: the photos to train on."""
    help_line = "a folder of photos, .tar shards, or a URL pattern"
    parser.add_argument("--data", nargs="+", required=True, metavar="PHOTOS", help=help_line)


def add_device(parser: argparse.ArgumentParser) -> None:
    """Add ``--device`` and ``--quiet``: where training runs, and whether it shows how it goes."""
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N (default: auto)")
    parser.add_argument("--quiet", action="store_true", help="show no progress")


def parse_pairs(pairs: list[str], option: str = "--set") -> dict[str, str]:
    """Turn ``["epochs=20"]``, as given to `option`, into ``{"epochs": "20"}``.

    Raises:
        RecipeError: if one of them has no ``=``.
    """
    from photochrom.errors import RecipeError

    for pair in pairs:
        if "=" not in pair:
            raise RecipeError(f"{option} {pair}: write it as key=value")
    return {key.strip(): value for key, value in (pair.split("=", 1) for pair in pairs)}
