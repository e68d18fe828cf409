"""``photochrom networks``: which networks there are, what one says about itself, and those of others to pull."""

from __future__ import annotations

import argparse

TYPE_CHECKING = False  # typing's own costs a third of the time that --help takes
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from photochrom.cli.parser import Parser
    from photochrom.inference.card import Card
    from photochrom.inference.published import PublishedNetwork

__all__ = ["add_parser", "run"]


def add_parser(subparsers: argparse._SubParsersAction[Parser]) -> None:
    """Add the command, its own commands and their arguments."""
    parser = subparsers.add_parser(
        "networks",
        help="list networks, show the card of one, or pull those that others published",
        usage="photochrom networks [list|show|pull|remove] ...",
        description="List networks, show what one says about itself, or pull those that others published.",
        examples=(
            "photochrom networks",
            "photochrom networks show photochrom-1",
            "photochrom networks show mine.onnx",
            "photochrom networks pull ddcolor",
            "photochrom networks pull ddcolor --from pytorch_model.bin",
        ),
    )
    as_json = "print JSON, for programs"
    parser.add_argument("--json", action="store_true", help=f"as of list: {as_json}")
    commands = parser.add_subparsers(
        title="commands", dest="networks_command", metavar="COMMAND", prog="photochrom networks"
    )
    listing = commands.add_parser(
        "list",
        help="a line for each network (default)",
        description="Print a line for each network: those that come with photochrom, those pulled, those to pull.",
    )
    show = commands.add_parser(
        "show",
        help="all that a network says about itself: data, scores, faults, recipe",
        description="Print a network's card: what it was trained on, its scores, its faults and its recipe; or "
        "how a file of others is read.",
    )
    show.add_argument("network", metavar="NAME_OR_FILE", help="a network's name, or an .onnx file")
    pull = commands.add_parser(
        "pull",
        help="fetch networks that others published, once, for use by their name",
        description="Fetch networks that others published, check and convert them, for use by their name. A "
        "download that was stopped goes on with the same command.",
    )
    pull.add_argument("names", nargs="+", metavar="NAME", help="as  photochrom networks  lists them")
    pull.add_argument("--from", dest="source", metavar="FILE", help="the authors' file, which is here already")
    pull.add_argument("-q", "--quiet", action="store_true", help="print errors only")
    remove = commands.add_parser(
        "remove", help="delete pulled networks", description="Delete networks that were pulled."
    )
    remove.add_argument("names", nargs="+", metavar="NAME", help="of a pulled network")
    for command in (listing, show):  # suppressed, lest its default undo `photochrom networks --json list`
        command.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=as_json)


def run(args: argparse.Namespace) -> int:
    """Run the command that was given, or list.

    Raises:
        PhotochromError: if a network cannot be opened, pulled or removed.
    """
    commands = {"show": _show, "pull": _pull, "remove": _remove}
    return commands.get(args.networks_command, _list)(args)


def _pull(args: argparse.Namespace) -> int:
    from photochrom.cli.pulling import pull_network
    from photochrom.errors import UsageError

    if args.source is not None and len(args.names) > 1:
        raise UsageError("--from", "gives the file of one network", "pull one at a time")
    for name in args.names:
        path = pull_network(name, source=args.source, quiet=args.quiet)
        if not args.quiet:
            print(f"{name} is ready ({_size(path)}): photochrom PHOTO --network {name}")
    return 0


def _remove(args: argparse.Namespace) -> int:
    from photochrom.errors import NetworkError
    from photochrom.inference.catalogue import bundled_networks
    from photochrom.inference.published.store import remove

    for name in args.names:
        if name in bundled_networks():
            raise NetworkError(name, "comes with photochrom, and cannot be removed", "name one that was pulled")
        print(f"removed {name} ({remove(name) / 1e6:,.1f} MB)")
    return 0


def _list(args: argparse.Namespace) -> int:
    import shutil
    import sys

    from photochrom.inference.catalogue import DEFAULT_NETWORK, bundled_networks, local_networks
    from photochrom.inference.onnx_model import list_networks
    from photochrom.inference.published import PUBLISHED

    cards, paths = list_networks(), list(local_networks().values())
    bundled = bundled_networks()
    rest = [network for name, network in PUBLISHED.items() if name not in local_networks()]
    if args.json:
        here = [
            {**_as_json(card, [path]), "state": "bundled" if path in bundled.values() else "pulled"}
            for card, path in zip(cards, paths, strict=True)
        ]
        _print_json(here + list(map(_published_as_json, rest)))
        return 0
    rows = [
        ("*" if card.name == DEFAULT_NETWORK else " ", card.name, f"version {card.version}", _size(path),
         card.license, card.description)
        for card, path in zip(cards, paths, strict=True)
    ]  # fmt: skip
    rows += [
        (" ", one.name, "not pulled", f"{one.size / 1e6:.0f} MB", one.license, one.description) for one in rest
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    room = shutil.get_terminal_size().columns if sys.stdout.isatty() else 1000
    for mark, name, state, size, license_, description in rows:
        line = f"{mark} {name:<{widths[1]}}  {state:<{widths[2]}}  {size:>{widths[3]}}"
        line += f"  {license_:<{widths[4]}}  {description}"
        print(line if len(line) <= room else line[: room - 1] + "…")
    if not bundled:
        print("\nno network is bundled; give photochrom colorize a file with --network FILE.onnx")
    print(
        "\n* is used where no --network is given. All about one: photochrom networks show NAME\n"
        "What is not pulled yet is pulled when it is first used, or by: photochrom networks pull NAME"
    )
    return 0


def _show(args: argparse.Namespace) -> int:
    from photochrom.inference.catalogue import not_pulled
    from photochrom.inference.onnx_model import Network
    from photochrom.inference.published import PUBLISHED

    if args.network in not_pulled([args.network]):
        _show_published(PUBLISHED[args.network], as_json=args.json)
        return 0
    network = Network(args.network, device="cpu")
    card = network.card
    if args.json:
        _print_json(_as_json(card, network.files))
        return 0
    print(f"{card.name}, version {card.version}\n{card.description}\n")
    facts = {
        "file": f"{', '.join(map(str, network.files))} ({_size(*network.files)})",
        "licence": card.license,
        "inputs": ", ".join(card.inputs),
        "outputs": ", ".join(card.outputs),
        "works at": f"the area of {card.input_size}×{card.input_size} pixels",
        "parameters": f"{card.parameters:,}" if card.parameters else "unknown",
        "sha256": network.sha256,
    }
    origin = {"paper": card.paper, "source": card.source, "inside": card.preprocessing}
    facts |= {name: text for name, text in origin.items() if text}
    sections: dict[str, Mapping[str, Any]] = {"": facts}
    sections |= {"trained": card.training, "scores": card.scores, "recipe": dict(_flat(card.recipe))}
    for heading, values in sections.items():
        if values:
            _print_section(heading, values)
    return 0


def _show_published(network: PublishedNetwork, *, as_json: bool) -> None:
    from photochrom.inference.published.store import weights_urls
    from photochrom.io.address import without_secrets

    if as_json:
        _print_json(_published_as_json(network))
        return
    print(f"{network.name}, not pulled yet\n{network.description}\n")
    facts = {
        "licence": network.license,
        "inputs": ", ".join(network.inputs),
        "works at": f"the area of {network.input_size}×{network.input_size} pixels",
        "paper": network.paper,
        "by": network.repository,
        "source": f"{without_secrets(weights_urls(network)[0])} ({network.size / 1e6:,.0f} MB)",
        "sha256": network.sha256,
        "inside": network.preprocessing,
    }
    _print_section("", facts)
    print(f"\nphotochrom networks pull {network.name}  fetches it")


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


def _size(*paths: Path) -> str:
    return f"{sum(path.stat().st_size for path in paths) / 1e6:.1f} MB"


def _as_json(card: Card, files: Sequence[Path]) -> dict[str, Any]:
    from photochrom.inference.catalogue import DEFAULT_NETWORK, bundled_networks

    is_default = [bundled_networks().get(DEFAULT_NETWORK)] == list(files)
    size = sum(path.stat().st_size for path in files)
    return {**card.model_dump(mode="json"), "bytes": size, "default": is_default}


def _published_as_json(network: PublishedNetwork) -> dict[str, Any]:
    keys = (
        "name",
        "description",
        "license",
        "input_size",
        "inputs",
        "sha256",
        "paper",
        "repository",
        "preprocessing",
    )
    told = {key: getattr(network, key) for key in keys}
    return {**told, "source": network.urls[0], "bytes": network.size, "default": False, "state": "not pulled"}


def _print_json(value: Any) -> None:
    import json

    print(json.dumps(value, indent=2, ensure_ascii=False))
