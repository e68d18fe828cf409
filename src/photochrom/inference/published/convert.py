"""From a file of weights that others published to one network file, without PyTorch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import prod
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from photochrom.errors import NetworkError, OutputError, UnknownNetworkError, reason_of
from photochrom.inference.card import Card
from photochrom.inference.published.checkpoint import Weight, read_weights
from photochrom.inference.published.fold import fold_norms
from photochrom.inference.published.onnx_file import write_card, write_weight
from photochrom.inference.published.registry import PUBLISHED, Architecture
from photochrom.io.atomic import replace_file

__all__ = ["convert", "recognize"]

Precision = Literal["float16", "float32"]

_HALVED_FROM = 1024  # numbers; smaller arrays save nothing to speak of
_REMEDY = "fetch the weights again from where their authors publish them"


def convert(weights: str | Path, name: str, target: str | Path, *, precision: Precision = "float16") -> Card:
    """Write the network file of published weights.

    The weights are read, folded and written one at a time, so this takes little memory.

    Args:
        weights: ``.pth``, ``.bin`` or ``.safetensors``, as the authors publish it.
        name: of a published network, from `photochrom.inference.published.PUBLISHED`.
        target: where to; a file there is replaced, whole or not at all.
        precision: of the large weights in the file; the arithmetic is float32 in either case.

    Returns:
        The file's card.

    Raises:
        NetworkError: if the weights cannot be read, would run anything, or are of another network.
        UnknownNetworkError: if there is no published network of that name.
        OutputError: if `target` cannot be written.
    """
    weights, target = Path(weights), Path(target)
    if name not in PUBLISHED:
        raise UnknownNetworkError(
            name, "there is no published network of that name", f"choose one of {', '.join(PUBLISHED)}"
        )
    published = PUBLISHED[name]
    found = fold_norms(read_weights(weights))
    architecture = recognize(weights, found)
    if architecture != published.architecture:
        raise NetworkError(
            weights, f"holds weights of {architecture}, not of {name}", f"give the file at {published.urls[0]}"
        )
    graph = _graph(architecture)
    card = Card(
        name=name,
        version=published.sha256[:8],
        description=published.description,
        license=published.license,
        input_size=published.input_size,
        inputs=published.inputs,
        outputs=("ab",),
        parameters=sum(prod(shape) for shape in graph.weights.values()),
        source=published.urls[0],
        sha256=_sha256(weights),
        paper=published.paper,
        preprocessing=published.preprocessing,
    )
    try:
        with replace_file(target) as temporary, temporary.open("wb") as file:
            file.write(graph.path.read_bytes())
            for own, shape in graph.weights.items():
                array = found[own].read()
                if not np.isfinite(array).all():
                    raise NetworkError(weights, f"its weights {own} are no numbers", _REMEDY)
                halved = precision == "float16" and len(shape) >= 2 and prod(shape) >= _HALVED_FROM
                write_weight(file, own, array.astype(np.float16 if halved else np.float32, copy=False))
            write_card(file, card)
    except OSError as error:
        raise OutputError(
            target, f"cannot be written ({reason_of(error, target)})", "make room, or choose another place"
        ) from error
    return card


def recognize(path: Path, weights: Mapping[str, Weight]) -> Architecture:
    """Find the shipped graph that folded weights fill.

    Args:
        path: the file that they are from, for the error.
        weights: folded, by name.

    Raises:
        NetworkError: if none fits: a name is missing or left over, or a shape is another.
    """
    best: tuple[int, Architecture, str] | None = None
    architecture: Architecture
    for architecture in get_args(Architecture):
        graph = _graph(architecture)
        missing = [name for name in graph.weights if name not in weights]
        odd = [name for name, shape in graph.weights.items() if name in weights and weights[name].shape != shape]
        over = [name for name in weights if name not in graph.weights and name not in graph.unused]
        faults = len(missing) + len(odd) + len(over)
        if not faults:
            return architecture
        first = [f"{what} {names[0]}" for what, names in
                 (("lacks", missing), ("has another shape of", odd), ("has besides", over)) if names]  # fmt: skip
        if best is None or faults < best[0]:
            best = faults, architecture, ", ".join(first)
    assert best is not None
    faults, architecture, first_faults = best
    if faults > len(_graph(architecture).weights) // 2:
        raise NetworkError(
            path, "holds weights of no network that is known", f"give the file of one of {', '.join(PUBLISHED)}"
        )
    raise NetworkError(path, f"is like {architecture} but not it: it {first_faults}", _REMEDY)


@dataclass(frozen=True)
class _Graph:
    """A shipped graph.

    Attributes:
        path: the ONNX file without weights.
        weights: names and shapes of the weights that it needs.
        unused: names of those that the authors' file holds besides.
    """

    path: Path
    weights: dict[str, tuple[int, ...]]
    unused: frozenset[str]


@cache
def _graph(architecture: Architecture) -> _Graph:
    folder = Path(str(files("photochrom"))) / "inference" / "published" / "graphs"
    listing = json.loads((folder / f"{architecture}.json").read_text(encoding="utf-8"))
    weights = {name: tuple(shape) for name, shape in listing["weights"].items()}
    return _Graph(folder / f"{architecture}.onnx", weights, frozenset(listing["unused"]))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
