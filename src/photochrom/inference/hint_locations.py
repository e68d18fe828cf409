"""Places: where in a photo a hint lies, which places are taken, and where the network is least certain.

A place is a row and a column of a network's distribution over colours: CELL×CELL pixels at network size.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from photochrom.color.ab_bins import CELL
from photochrom.hints import Hint
from photochrom.inference.predictive_distribution import blurred, variance
from photochrom.shapes import Points

__all__ = ["Place", "hint_at", "least_certain", "lightness_at", "place_of", "taken_places"]

Floats = NDArray[np.float32]
Place = tuple[int, int]

_AREA = 1 / 8  # of a photo's side: variance counts where an area of this size shares it
_APART = 1 / 6  # of a photo's side: how far points are apart, unless there are too many of them


def least_certain(probabilities: Floats, hints: Sequence[Hint], lightness: Floats, count: int) -> Place | None:
    """Find the place whose surroundings have the largest variance, apart from all hints.

    Args:
        probabilities: float32 [Q,⌈h/4⌉,⌈w/4⌉].
        hints: that are known.
        lightness: float32 h×w: what the network was given.
        count: how many points there will be; the more, the nearer they may be to each other.

    Returns:
        The place, or None where none is left.
    """
    trace = variance(probabilities[None])[0]
    side = sqrt(trace.size)
    # Discs of half the distance never cover more than three quarters of the photo, so that a place is left.
    apart = side * min(_APART, 0.5 / sqrt(count))
    shared = blurred(trace, round(side * _AREA / 2))
    shared[taken_places(lightness, hints, apart)] = -1
    place = divmod(int(shared.argmax()), trace.shape[1])
    return place if shared[place] >= 0 else None


def taken_places(lightness: Floats, hints: Sequence[Hint], apart: float) -> NDArray[np.bool_]:
    """Mark the places that are nearer to a hint than `apart` places, or are its own."""
    height, width = (-(-length // CELL) for length in lightness.shape)
    rows, columns = np.ogrid[:height, :width]
    taken = np.zeros((height, width), np.bool_)
    middles = [(np.arange(count) + 0.5) * CELL for count in (height, width)]
    for hint in hints:
        if isinstance(hint.shape, Points):
            for at in hint.shape.places:
                y, x = _place_at(at, lightness)
                taken |= (rows - y) ** 2 + (columns - x) ** 2 < max(apart, 0.5) ** 2
        else:
            taken |= hint.shape.distance(middles[0], middles[1], *lightness.shape) < max(apart, 0.5) * CELL
    return taken


def place_of(hint: Hint, lightness: Floats) -> Place:
    """Return the place that a hint lies in, or the first of its points."""
    return _place_at(hint.shape.places[0], lightness)


def _place_at(at: tuple[float, float], lightness: Floats) -> Place:
    y, x = (
        min(int(share * length), length - 1) // CELL
        for share, length in zip(reversed(at), lightness.shape, strict=True)
    )
    return y, x


def hint_at(place: Place, lightness: Floats, color: tuple[float, float]) -> Hint:
    """Make a hint in the middle of a place; at the border there may be less of it."""
    y, x = (
        min((at + 0.5) * CELL, length - 0.5) / length for at, length in zip(place, lightness.shape, strict=True)
    )
    a, b = (min(max(round(value, 2), -128.0), 128.0) for value in color)
    return Hint(round(x, 5), round(y, 5), (a, b))


def lightness_at(place: Place, lightness: Floats) -> float:
    """Return the mean lightness of a place, 0..100."""
    y, x = (at * CELL for at in place)
    return float(lightness[y : y + CELL, x : x + CELL].mean())
