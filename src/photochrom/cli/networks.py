"""``photochrom networks``: what the bundled networks are, and how good."""

from __future__ import annotations

import argparse

__all__ = ["add_parser", "run"]


_SHOWN = ("photos", "epochs", "hours", "data")  # of a card's training; --json has it all


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its arguments."""
    parser = subparsers.add_parser(
        "networks", help="list the networks that come with photochrom", description="List the bundled networks."
    )
    parser.add_argument("--json", action="store_true", help="print the networks' cards as JSON")


def run(args: argparse.Namespace) -> int:
    """Print the table, or the cards as a JSON list."""
    import json
    import sys

    from photochrom.inference.catalogue import DEFAULT_NETWORK, bundled_networks
    from photochrom.inference.onnx_model import list_networks

    cards, sizes = list_networks(), [path.stat().st_size for path in bundled_networks().values()]
    if args.json:
        listed = [
            {**card.model_dump(mode="json"), "bytes": size, "default": card.name == DEFAULT_NETWORK}
            for card, size in zip(cards, sizes, strict=True)
        ]
        json.dump(listed, sys.stdout, indent=2, ensure_ascii=False)
        print()
        return 0
    if not cards:
        print("no network is bundled; give photochrom colorize a file with --network FILE.onnx")
        return 0

    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("network", "version", "input", "parameters", "file", "scores", "trained on", "licence"):
        table.add_column(heading, justify="right" if heading in ("input", "parameters", "file") else "left")
    for card, size in zip(cards, sizes, strict=True):
        table.add_row(
            card.name + (" *" if card.name == DEFAULT_NETWORK else ""),
            card.version,
            f"{card.input_size}²",
            f"{card.parameters:,}",
            f"{size / 1e6:.1f} MB",
            "\n".join(f"{key} {value:.4g}" for key, value in card.scores.items()),
            "\n".join(f"{key} {card.training[key]}" for key in _SHOWN if key in card.training),
            card.license,
        )
    console = Console(highlight=False, markup=False)
    if not sys.stdout.isatty():
        console.width = 160  # a file or a pipe has no width to wrap at
    console.print(table)
    console.print("* used where no --network is given")
    return 0
