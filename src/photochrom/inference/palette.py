"""Palettes: the colours of one photo, and how another photo's are moved towards them where that is plausible."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from photochrom.color.ab_bins import STEP, bin_centers
from photochrom.color.chroma import is_grey
from photochrom.color.cielab import rgb_to_lab
from photochrom.errors import PhotoError
from photochrom.hints import Color, Hint, color_ab
from photochrom.inference.hint_locations import hint_at, place_of, taken_places
from photochrom.inference.predictive_distribution import mean_colour, variance
from photochrom.inference.preprocess import network_shape
from photochrom.io.picture import as_photo
from photochrom.options import MAX_PIXELS

if TYPE_CHECKING:
    from photochrom.io.picture import Source

__all__ = ["palette_hints", "palette_of", "reweighted"]

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

_SIZE = 192  # side of the square whose area a reference is looked at
_ROUNDS = 4
_PULL = 0.5  # how far each round goes towards the palette: the α of `reweighted`
_MOST = 50.0  # by what factor a colour may become likelier or less likely
_GRID = 48  # places, about, whose colours a palette decides


def palette_of(
    photo: Source, colors: int = 16, *, max_pixels: int = MAX_PIXELS
) -> tuple[tuple[float, float], ...]:
    """Take the colours of a photo, each of which speaks for an equal share of it.

    The pixels are cut in two along the direction of a, b in which they differ most, and each part again, as
    Heckbert cuts ("Color image quantization for frame buffer display", 1982); the colours are the parts' means.

    Args:
        photo: a colour photo, as `Colorizer` takes; what is transparent in it does not count.
        colors: how many, from 1 on.
        max_pixels: refuse files with more.

    Returns:
        a, b in CIELAB units, as `Options.palette` takes.

    Raises:
        PhotoError: if it cannot be read, or has no colours.
        ValueError: if `colors` is less than 1.
    """
    if colors < 1:
        raise ValueError(f"a palette of {colors} colours cannot be; use 1 or more")
    name = str(photo) if isinstance(photo, str | Path) else "the reference"
    opened = as_photo(photo, max_pixels=max_pixels)
    pixels = opened.shrunk(*network_shape(opened.height, opened.width, _SIZE))
    ab = np.zeros((1, 2))
    if opened.bands == 3:
        seen = pixels[pixels[..., 3] > np.iinfo(pixels.dtype).max // 2] if opened.has_alpha else pixels
        ab = rgb_to_lab(seen.reshape(-1, seen.shape[-1])[:, :3]).astype(np.float64)[:, 1:]
    if is_grey(ab):
        raise PhotoError(name, "has no colours to take", "give a colour photo as the reference")
    return tuple((round(a, 2), round(b, 2)) for a, b in _parts(ab, colors))


def _parts(ab: Doubles, count: int) -> list[list[float]]:
    if count == 1 or len(ab) < 2:
        mean: list[float] = ab.mean(0).tolist()
        return [mean] * count
    away = ab - ab.mean(0)
    _, axes = np.linalg.eigh(away.T @ away)
    order = np.argsort(away @ axes[:, -1], kind="stable")
    few = count // 2
    cut = min(max(1, round(len(ab) * few / count)), len(ab) - 1)
    return _parts(ab[order[:cut]], few) + _parts(ab[order[cut:]], count - few)


def reweighted(probabilities: Floats, palette: Sequence[Color]) -> Floats:
    """Reweight a distribution towards a palette as far as each place finds that plausible.

    Each round takes p(q|x) to p(q|x) · (target(q) / marginal(q))^α, made to sum to 1 in each place x again; the
    marginal is the mean over all places. With α = 1 and without end this is Sinkhorn's iteration, which gives
    places and palette exactly what they ask for; a few rounds leave places their say.

    Args:
        probabilities: float32 [1,Q,h,w], as the network gives them.
        palette: colours, each with an equal share of the target.

    Returns:
        Another such distribution.
    """
    centers = bin_centers().astype(np.float64)
    wanted = np.array([color_ab(color) for color in palette])
    # A colour of the palette is no bin: it speaks for all that are about as near to it as bins are to each other.
    bells = np.exp(-((centers[None] - wanted[:, None]) ** 2).sum(2) / (2 * STEP**2))
    target = (bells / bells.sum(1, keepdims=True)).mean(0)
    flat = probabilities[0].reshape(len(centers), -1).astype(np.float64)
    factor = np.ones(len(centers))
    moved = flat
    for _ in range(_ROUNDS):
        factor = np.clip(factor * (target / np.maximum(moved.mean(1), 1e-9)) ** _PULL, 1 / _MOST, _MOST)
        moved = flat * factor[:, None]
        moved /= np.maximum(moved.sum(0), 1e-12)
    result: Floats = moved.reshape(probabilities.shape).astype(np.float32)
    return result


def palette_hints(probabilities: Floats, hints: Sequence[Hint], lightness: Floats) -> tuple[Hint, ...]:
    """Make hints of a palette's colours, in each field of a grid where they are most certain.

    Args:
        probabilities: float32 [Q,⌈h/4⌉,⌈w/4⌉], reweighted towards the palette.
        hints: the user's own; beside them the palette decides nothing.
        lightness: float32 h×w: what the network was given.
    """
    trace, colours = variance(probabilities[None])[0], mean_colour(probabilities[None])[0]
    side = sqrt(trace.size / _GRID)
    rows, columns = (max(1, round(length / side)) for length in trace.shape)
    anchors = []
    for down in np.array_split(np.arange(trace.shape[0]), rows):
        for across in np.array_split(np.arange(trace.shape[1]), columns):
            field = trace[down[0] : down[-1] + 1, across[0] : across[-1] + 1]
            y, x = divmod(int(field.argmin()), field.shape[1])
            place = int(down[0]) + y, int(across[0]) + x
            a, b = colours[:, place[0], place[1]].tolist()
            anchors.append(hint_at(place, lightness, (a, b)))
    taken = taken_places(lightness, hints, side)
    return tuple(hint for hint in anchors if not taken[place_of(hint, lightness)])
