"""ONNX files of others, recognised by their inputs and outputs, and used by the network contract.

Three kinds are in circulation. None says what its numbers mean, so a file is tried on one picture: the shape of
its answer tells its kind, and the range tells whether its values are normalized. All are [1,C,H,W].

* DDColor: grey sRGB 0..1, of 3 channels, to a, b in CIELAB units.
* DeOldify: grey sRGB 0..255, of 3 channels, to sRGB 0..255.
* Zhang et al.: lightness to a, b; and that of 2017, lightness, a, b of hints and their mask to a, b.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from photochrom.color.cielab import lab_to_rgb, rgb_to_lab
from photochrom.errors import NetworkError, reason_of
from photochrom.inference.card import Card, Input
from photochrom.inference.resample import nearest, smooth

__all__ = ["ForeignSession", "adopt"]

Planes = NDArray[np.float32]

_MOST_STRETCH = (
    2.0  # of a photo's aspect that is squeezed into a fixed square; the authors' own code knows no limit
)
_PROBE = 128  # pixels: side of the picture that a file of any size is tried on
_AB_NORM = 110.0  # what Zhang et al. divide a, b by
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # of BT.601, whose chroma DeOldify takes from a result
_CONTRACT = (
    "give it a card and the inputs and outputs that photochrom runs: lightness float32 [N,1,H,W] in 0..100 to ab "
    "float32 [N,2,H,W] in CIELAB units (docs/networks.md)"
)


@dataclass(frozen=True)
class _Kind:
    """A kind of export.

    Attributes:
        name: of the network or its authors.
        reading: how its values are read.
        size: side in pixels of the square whose area it is used at, where it takes any size.
        multiple: what the sides that it takes are multiples of.
    """

    name: str
    reading: str
    size: int
    multiple: int


_DDCOLOR = _Kind("DDColor", "takes grey sRGB 0..1 and gives a, b", 512, 32)
_DEOLDIFY = _Kind("DeOldify", "takes grey sRGB 0..255 and gives sRGB 0..255, of which the chroma is used", 560, 32)
_ZHANG = _Kind("Zhang", "takes lightness 0..100 and gives a, b", 256, 8)
_ZHANG_NORMALIZED = _Kind("Zhang", "takes (lightness - 50) / 100 and gives a, b / 110", 256, 8)


def adopt(session: Any, path: Path) -> tuple[ForeignSession, Card]:
    """Recognise a file of others, and give it the contract's inputs and outputs, and a card.

    Args:
        session: the file, open in ONNX Runtime.
        path: the file.

    Raises:
        NetworkError: if it is none of the kinds that are known.
    """
    nodes = session.get_inputs()
    channels = [node.shape[1] if len(node.shape) == 4 else None for node in nodes]
    readable = all(node.type in ("tensor(float)", "tensor(float16)") for node in nodes) and all(
        node.shape[0] == 1 or not isinstance(node.shape[0], int) for node in nodes
    )
    if not readable or channels not in ([1], [3], [1, 2, 1]):
        raise _unknown(session, path)
    kind, output = _recognise(session, path, channels)
    adopted = ForeignSession(session, kind, output)
    sides = adopted.sides
    size = round(sqrt(sides[0] * sides[1])) if sides[0] and sides[1] else kind.size
    takes: tuple[Input, ...] = ("lightness", "hints") if len(nodes) == 3 else ("lightness",)
    card = Card(
        name=path.stem,
        version="unknown",
        description=f"A network of others without a card, read as an export of {kind.name}'s.",
        license="unknown",
        input_size=min(max(size, 8), 4096),
        inputs=takes,
        parameters=0,
        preprocessing=f"{kind.name}: {kind.reading}{_fixed(sides)}",
    )
    return adopted, card


class ForeignSession:
    """A file of others with the `run` of an ONNX Runtime session that keeps the network contract.

    Args:
        session: the file's own.
        kind: how its values are read.
        output: name of the output with the colours.
    """

    def __init__(self, session: Any, kind: _Kind, output: str) -> None:
        self._session, self._kind, self._output = session, kind, output
        self._nodes = session.get_inputs()
        height, width = (size if isinstance(size, int) else 0 for size in self._nodes[0].shape[2:])
        self.sides: tuple[int, int] = height, width
        """Height and width that it takes, 0 for any."""

    def run(self, outputs: Sequence[Literal["ab"]], feed: dict[str, Planes]) -> list[Planes]:
        """Answer as the contract has it: lightness [N,1,H,W], and hints [N,3,H,W], to a, b [N,2,H,W]."""
        lightness = feed["lightness"]
        hints = feed.get("hints")
        answers = [
            self._colors(lightness[one : one + 1], None if hints is None else hints[one : one + 1])
            for one in range(len(lightness))
        ]
        return [np.concatenate(answers) for _ in outputs]

    def _colors(self, lightness: Planes, hints: Planes | None) -> Planes:
        """Give the file one photo at a size that it takes, and bring its colours back to the photo's own."""
        taken = self._shape(*lightness.shape[2:])
        inner, margins = _inset(lightness.shape[2:], taken)
        given = np.clip(np.pad(smooth(lightness, *inner), margins, mode="edge"), 0, 100)
        planes = None if hints is None else np.pad(nearest(hints, *inner), margins)
        feed = {
            node.name: np.ascontiguousarray(plane, np.float16 if node.type == "tensor(float16)" else np.float32)
            for node, plane in zip(self._nodes, _encode(self._kind, given, planes), strict=True)
        }
        answer = self._session.run([self._output], feed)[0].astype(np.float32)
        ab = _decode(self._kind, answer, given)
        if inner != taken:
            (above, _), (left, _) = margins[2:]
            ab = smooth(ab, *taken)[:, :, above : above + inner[0], left : left + inner[1]]
        return smooth(ab, *lightness.shape[2:])

    def _shape(self, height: int, width: int) -> tuple[int, int]:
        multiple = self._kind.multiple
        rows, columns = (
            fixed or max(multiple, round(side / multiple) * multiple)
            for side, fixed in zip((height, width), self.sides, strict=True)
        )
        return rows, columns


def _recognise(session: Any, path: Path, channels: list[Any]) -> tuple[_Kind, str]:
    """Try a file on one picture, and tell its kind and its output with the colours."""
    answers = _try(session, path, 1.0)
    found = {name: planes for name, planes in answers.items() if planes.ndim == 4 and planes.shape[1] in (2, 3)}
    if channels[0] == 3:
        for name, planes in found.items():
            if planes.shape[1] == 2:
                return _DDCOLOR, name
            # Values of 0..255 are told from others by the answer to a picture of that range.
            if _try(session, path, 255.0)[name].max() > 3:
                return _DEOLDIFY, name
    for name, planes in found.items():
        if channels[0] == 1 and planes.shape[1] == 2:
            # What ends in tanh never leaves -1..1, but for rounding; colours in CIELAB units always do.
            most = np.abs(_try(session, path, 100.0)[name]).max()
            return (_ZHANG_NORMALIZED if most < 1.01 else _ZHANG), name
    raise _unknown(session, path)


def _try(session: Any, path: Path, top: float) -> dict[str, NDArray[Any]]:
    """Answer a picture of slopes and grain, 0..`top`, without hints."""
    feed = {}
    for number, node in enumerate(session.get_inputs()):
        channels, height, width = (size if isinstance(size, int) else _PROBE for size in node.shape[1:])
        slope = np.add.outer(np.linspace(0, 0.6, height), np.linspace(0, 0.3, width))
        picture = (slope + np.random.default_rng(0).uniform(0, 0.1, slope.shape)) * (top if number == 0 else 0)
        kind = np.float16 if node.type == "tensor(float16)" else np.float32
        feed[node.name] = np.broadcast_to(picture, (1, channels, height, width)).astype(kind)
    names = [node.name for node in session.get_outputs()]
    try:
        return dict(zip(names, session.run(names, feed), strict=True))
    except Exception as error:  # ONNX Runtime's errors share no base class of their own
        raise NetworkError(
            path, f"carries no photochrom card, and fails when it is tried ({reason_of(error, path)})", _CONTRACT
        ) from error


def _encode(kind: _Kind, lightness: Planes, hints: Planes | None) -> list[Planes]:
    """Make a file's inputs of lightness [1,1,H,W] and hints [1,3,H,W]."""
    if kind in (_DDCOLOR, _DEOLDIFY):
        grey = _grey(lightness)
        return [np.repeat(grey if kind is _DDCOLOR else grey * 255, 3, axis=1)]
    normalized = kind is _ZHANG_NORMALIZED
    light: Planes = (lightness - 50) / np.float32(100) if normalized else lightness
    if hints is None:
        return [light]
    ab: Planes = hints[:, :2] / np.float32(_AB_NORM) if normalized else hints[:, :2]
    return [light, ab, hints[:, 2:]]


def _decode(kind: _Kind, answer: Planes, lightness: Planes) -> Planes:
    """Make a, b in CIELAB units of a file's output; its size may be another than the input's."""
    if kind is _ZHANG_NORMALIZED:
        return answer * np.float32(_AB_NORM)
    if kind is not _DEOLDIFY:
        return answer
    # As DeOldify does: the chroma of what it gives, with the photo's own luma.
    rgb = answer / 255
    luma = np.tensordot(_LUMA, rgb, (0, 1))[:, None]
    own = smooth(_grey(lightness), *answer.shape[2:])
    ab: Planes = rgb_to_lab(np.clip(rgb + own - luma, 0, 1), axis=1)[:, 1:]
    return ab.astype(np.float32)


def _grey(lightness: Planes) -> Planes:
    """Return the sRGB value 0..1 of greys."""
    lab = np.concatenate([lightness, np.zeros_like(lightness), np.zeros_like(lightness)], axis=1)
    grey: Planes = np.clip(lab_to_rgb(lab, axis=1)[:, :1], 0, 1).astype(np.float32)
    return grey


def _inset(photo: tuple[int, ...], taken: tuple[int, int]) -> tuple[tuple[int, int], list[tuple[int, int]]]:
    """Return the size that a photo gets within what a file takes, and the margins around it.

    It fills that, unless its aspect would change too much: then the margins repeat its border.
    """
    (height, width), (rows, columns) = photo, taken
    stretch = (width / height) / (columns / rows)
    inner = (
        min(rows, max(1, round(rows * _MOST_STRETCH / stretch))),
        min(columns, max(1, round(columns * _MOST_STRETCH * stretch))),
    )
    margins = [((more := full - used) // 2, more - more // 2) for full, used in zip(taken, inner, strict=True)]
    return inner, [(0, 0), (0, 0), *margins]


def _fixed(sides: tuple[int, int]) -> str:
    return (
        f"; of {sides[1] or 'any'}×{sides[0] or 'any'} pixels, to which photos are resized" if any(sides) else ""
    )


def _unknown(session: Any, path: Path) -> NetworkError:
    inputs, outputs = (
        ", ".join(f"{node.name} {node.type.removeprefix('tensor')} {_shape(node.shape)}" for node in nodes)
        for nodes in (session.get_inputs(), session.get_outputs())
    )
    return NetworkError(
        path,
        "carries no photochrom card, and is no export of DDColor's, DeOldify's or Zhang's "
        f"(inputs: {inputs}; outputs: {outputs})",
        _CONTRACT,
    )


def _shape(sizes: Sequence[Any]) -> str:
    return "×".join(str(size) if isinstance(size, int) else "?" for size in sizes)
