"""Options, and kinds of values, that several commands share."""

from __future__ import annotations

import argparse

__all__ = ["add_accelerator", "add_data", "add_device", "parse_pairs", "read_bytes", "read_seconds"]


def add_data(parser: argparse.ArgumentParser) -> None:
    """Add ``--data``: the photos to train on."""
    help_line = "a folder of photos, .tar shards, or a URL pattern"
    parser.add_argument("--data", nargs="+", action="extend", required=True, metavar="PHOTOS", help=help_line)


def add_device(parser: argparse.ArgumentParser) -> None:
    """Add ``--device`` and ``--quiet``: where training runs, and whether it shows how it goes."""
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N (default: auto)")
    parser.add_argument("--quiet", action="store_true", help="show no progress")


def add_accelerator(parser: argparse._ActionsContainer) -> None:
    """Add ``--device`` of what runs networks: the names that `photochrom.inference.onnx_session` has."""
    devices = ("auto", "cpu", "cuda", "openvino", "directml", "coreml")
    parser.add_argument(
        "--device", choices=devices, default="auto", help="cpu, or what ONNX Runtime has besides (default: auto)"
    )


def parse_pairs(pairs: list[str], option: str = "--set") -> dict[str, str]:
    """Turn ``["epochs=20"]``, as given to `option`, into ``{"epochs": "20"}``.

    Raises:
        RecipeError: if one of them has no ``=``.
    """
    from photochrom.errors import RecipeError

    for pair in pairs:
        if "=" not in pair:
            raise RecipeError(f"{option} {pair}", "has no =", "write it as key=value")
    return {key.strip(): value for key, value in (pair.split("=", 1) for pair in pairs)}


def read_bytes(text: str) -> int:
    """Turn ``"256M"`` into bytes; ``"256MB"`` is decimal."""
    binary, decimal = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}, {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9}
    return round(_measure(text, {"": 1} | binary | decimal, "size, such as 256M"))


def read_seconds(text: str) -> float:
    """Turn ``"15m"`` into seconds."""
    return _measure(text, {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}, "time, such as 90s, 15m or 1h")


def _measure(text: str, units: dict[str, int], what: str) -> float:
    number = text.rstrip("".join(units))
    unit = text[len(number) :]
    try:
        value = float(number) * units[unit]
    except (KeyError, ValueError):
        value = 0.0
    if not 0 < value < 1e15:
        raise argparse.ArgumentTypeError(f"{text!r} is no {what}")
    return value
