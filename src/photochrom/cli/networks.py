"""``photochrom networks``: which networks there are, and what one says about itself."""

from __future__ import annotations

import argparse

TYPE_CHECKING = False  # typing's own costs a third of the time that --help takes
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import Any

    from photochrom.cli.parser import Parser
    from photochrom.inference.card import Card

__all__ = ["add_parser", "run"]


def add_parser(subparsers: argparse._SubParsersAction[Parser]) -> None:
    """Add the command, its own commands and their arguments."""
    parser = subparsers.add_parser(
        "networks",
        help="list networks, or show the card of one",
        usage="photochrom networks [list|show] ...",
        description="List the networks that come with photochrom, or show what one says about itself.",
        examples=(
            "photochrom networks",
            "photochrom networks show photochrom-1",
            "photochrom networks show mine.onnx",
        ),
    )
    as_json = "print JSON, for programs"
    parser.add_argument("--json", action="store_true", help=f"as of list: {as_json}")
    commands = parser.add_subparsers(
        title="commands", dest="networks_command", metavar="COMMAND", prog="photochrom networks"
    )
    listing = commands.add_parser(
        "list",
        help="a line for each bundled network (default)",
        description="Print a line for each bundled network.",
    )
    show = commands.add_parser(
        "show",
        help="all that a network says about itself: data, scores, faults, recipe",
        description="Print a network's card: what it was trained on, its scores, its faults and its recipe.",
    )
    show.add_argument("network", metavar="NAME_OR_FILE", help="a bundled network's name, or an .onnx file")
    for command in (listing, show):  # suppressed, lest its default undo `photochrom networks --json list`
        command.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=as_json)


def run(args: argparse.Namespace) -> int:
    """Run the command that was given, or list."""
    return _show(args) if args.networks_command == "show" else _list(args)


def _list(args: argparse.Namespace) -> int:
    import shutil
    import sys

    from photochrom.inference.catalogue import DEFAULT_NETWORK, bundled_networks
    from photochrom.inference.onnx_model import list_networks

    cards, paths = list_networks(), list(bundled_networks().values())
    if args.json:
        _print_json([_as_json(card, path) for card, path in zip(cards, paths, strict=True)])
        return 0
    if not cards:
        print("no network is bundled; give photochrom colorize a file with --network FILE.onnx")
        return 0
    name_width, version_width = max(len(card.name) for card in cards), max(len(card.version) for card in cards)
    room = shutil.get_terminal_size().columns if sys.stdout.isatty() else 1000
    for card, path in zip(cards, paths, strict=True):
        mark = "*" if card.name == DEFAULT_NETWORK else " "
        line = f"{mark} {card.name:<{name_width}}  version {card.version:<{version_width}}  {_size(path):>7}"
        line += f"  {card.license}  {card.description}"
        print(line if len(line) <= room else line[: room - 1] + "…")
    print("\n* is used where no --network is given. All about one: photochrom networks show NAME")
    return 0


def _show(args: argparse.Namespace) -> int:
    from photochrom.inference.onnx_model import Network

    network = Network(args.network, device="cpu")
    card = network.card
    if args.json:
        _print_json(_as_json(card, network.path))
        return 0
    print(f"{card.name}, version {card.version}\n{card.description}\n")
    facts = {
        "file": f"{network.path} ({_size(network.path)})",
        "licence": card.license,
        "inputs": ", ".join(card.inputs),
        "outputs": ", ".join(card.outputs),
        "works at": f"the area of {card.input_size}×{card.input_size} pixels",
        "parameters": f"{card.parameters:,}",
    }
    sections: dict[str, Mapping[str, Any]] = {"": facts}
    sections |= {"trained": card.training, "scores": card.scores, "recipe": dict(_flat(card.recipe))}
    for heading, values in sections.items():
        if values:
            _print_section(heading, values)
    return 0


def _print_section(heading: str, values: Mapping[str, Any]) -> None:
    import shutil
    import textwrap

    from photochrom.cli.screen import one_line
    from photochrom.number_format import short

    width = max(map(len, values)) + 2
    room = max(40, min(shutil.get_terminal_size((100, 24)).columns, 110))
    if heading:
        print(f"\n{heading}")
    for key, value in values.items():
        text = one_line(short(value) if isinstance(value, float) else str(value))
        indent = " " * (width + (2 if heading else 0))
        lines = textwrap.wrap(text, room - len(indent), break_long_words=False, break_on_hyphens=False) or [""]
        print(f"{'  ' if heading else ''}{key:<{width}}{(chr(10) + indent).join(lines)}")


def _flat(recipe: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in recipe.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _size(path: Path) -> str:
    return f"{path.stat().st_size / 1e6:.1f} MB"


def _as_json(card: Card, path: Path) -> dict[str, Any]:
    from photochrom.inference.catalogue import DEFAULT_NETWORK, bundled_networks

    is_default = bundled_networks().get(DEFAULT_NETWORK) == path
    return {**card.model_dump(mode="json"), "bytes": path.stat().st_size, "default": is_default}


def _print_json(value: Any) -> None:
    import json

    print(json.dumps(value, indent=2, ensure_ascii=False))
