"""Photos of one scene: crops of an example that overlap, under another exposure each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.color.recombine import lightness_of
from photochrom.io.picture import Picture

EXAMPLES = Path(__file__).parents[1] / "examples"
SHIFT = 64  # pixels by which the second crop lies to the right of the first one


def grey_of(name: str) -> NDArray[np.uint8]:
    """An example's lightness as a grey photo."""
    return (lightness_of(Picture.read(EXAMPLES / name).pixels) * 2.55).round().astype(np.uint8)


def two_views(name: str = "astronaut.jpg") -> list[NDArray[np.uint8]]:
    """Two crops of an example, the second one darker and with grain: uint8 H×W×1."""
    grey = grey_of(name)
    grain = np.random.default_rng(0).normal(0, 3, grey.shape)
    dark = np.clip(255 * (grey / 255) ** 1.3 + grain, 0, 255).astype(np.uint8)
    return [grey[:, :-SHIFT, None], dark[:, SHIFT:, None]]


def write(path: Path, pixels: NDArray[Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Picture.from_array(pixels).save(path)
    return path


def painted(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A grey photo in colours that nobody would guess: red above, blue below. One tone would count as none."""
    result = np.repeat(pixels, 3, 2) * np.array([1.0, 0.5, 0.5])
    below = len(pixels) // 2
    result[below:] = np.repeat(pixels[below:], 3, 2) * [0.5, 0.5, 1.0]
    return result.astype(np.uint8)
