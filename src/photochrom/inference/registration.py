"""Registration: where exactly a place is found again, by the lightness around it.

Features lead to within half a cell, four pixels, and across the edge of a thing that is another colour. So the
patch around a place is looked for around where it is led to, by normalized cross-correlation (Lewis, "Fast
Normalized Cross-Correlation", 1995), which heeds neither exposure nor contrast: first where pixels are half as
fine, then around what is found there.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

__all__ = ["register"]

Floats = NDArray[np.float32]
Pixels = NDArray[np.intp]

_HALF = 4  # pixels to each side of a place that its patch has
_RANGE = 2  # pixels to each side within which it is looked for, around where it was found in coarse pixels
_COARSE_HALF = 3  # coarse pixels, twice as large, to each side of a place that its coarse patch has
_COARSE_RANGE = 2  # coarse pixels to each side within which that is looked for, around where it is led to
_LEAST = 0.6  # correlation from which on a patch is the same
_FAR = 0.004  # correlation that a pixel's square of distance from where it was led costs
_GRAIN = 1.0  # lightness of all pixels of a patch together, below which there is nothing to go by
_AT_ONCE = 256  # places, which bounds the memory


def register(one: Floats, other: Floats, places: Floats, found: Floats) -> Floats:
    """Correct where places of one photo are found in another.

    Args:
        one: lightness, h×w, 0..100.
        other: likewise of the other photo, of any size.
        places: x, y in the one [N,2], as fractions 0..1 of its width and height.
        found: likewise in the other, to within a few pixels.

    Returns:
        `found`, corrected where the lightness around both places agrees: float32 [N,2].
    """
    corrected = found.astype(np.float32)
    one, other = one.astype(np.float32), other.astype(np.float32)
    fine = _Search(one, other, _HALF, _RANGE)
    coarse = _Search(_halved(one), _halved(other), _COARSE_HALF, _COARSE_RANGE)
    own, size = (np.array(plane.shape[::-1], np.float32) for plane in (one, other))
    for start in range(0, len(places), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        here, there = _pixels(places[part], one.shape), _pixels(found[part], other.shape)
        nearer = there + 2 * coarse(here // 2, there // 2)[0]
        moved, correlation = fine(here, nearer)
        sure = correlation > _LEAST
        within = places[part] * own - here  # its pixel, 0..1
        corrected[part][sure] = np.clip((nearer + moved + within) / size, 0, 1)[sure]
    return corrected


class _Search:
    """Looks for patches of one plane in another.

    Args:
        one: h×w.
        other: of any size.
        half: pixels to each side of a place that its patch has.
        most: pixels to each side within which it is looked for.
    """

    def __init__(self, one: Floats, other: Floats, half: int, most: int) -> None:
        self._patches, self._areas = _squares(one, half), _squares(other, half + most)
        self._side, self._moves = 2 * half + 1, 2 * most + 1
        self._y, self._x = np.indices((self._moves, self._moves)).reshape(2, -1) - most

    def __call__(self, here: Pixels, there: Pixels) -> tuple[Pixels, Floats]:
        """Say by how much patches around pixels x, y [N,2] are off others [N,2], and how they correlate [N]."""
        count, side = len(here), self._side
        patches, areas = self._patches(here), self._areas(there)
        patches, areas = (each - each.mean((1, 2), keepdims=True) for each in (patches, areas))
        windows = sliding_window_view(areas, (side, side), (1, 2)).reshape(count, -1, side**2)
        patches = patches.reshape(count, -1)
        products, sums = (windows @ np.stack([patches, np.ones_like(patches)], 2)).transpose(2, 0, 1)
        spreads = np.einsum("nmp,nmp->nm", windows, windows) - sums**2 / side**2
        norms = np.sqrt(np.maximum(spreads, 0))
        own = np.sqrt((patches * patches).sum(1))[:, None]
        correlation = products / ((own + _GRAIN) * (norms + _GRAIN))
        best = (correlation - np.float32(_FAR) * (self._x**2 + self._y**2)).argmax(1)
        return np.stack([self._x[best], self._y[best]], 1), correlation[np.arange(count), best]


def _squares(plane: Floats, half: int) -> Callable[[Pixels], Floats]:
    """Give the squares around pixels x, y [N,2]: [N,k,k]; beyond the border it goes on as at it."""
    squares = sliding_window_view(np.pad(plane, half, mode="edge"), (2 * half + 1, 2 * half + 1))
    top, right = np.array(plane.shape) - 1
    return lambda at: squares[np.clip(at[:, 1], 0, top), np.clip(at[:, 0], 0, right)]


def _halved(plane: Floats) -> Floats:
    """Average squares of 2×2 pixels; those at the end are filled up with their neighbours."""
    height, width = plane.shape
    wide = np.pad(plane, ((0, height % 2), (0, width % 2)), mode="edge")
    tall = wide[::2] + wide[1::2]
    halved: Floats = ((tall[:, ::2] + tall[:, 1::2]) / 4).astype(np.float32)
    return halved


def _pixels(places: Floats, shape: tuple[int, ...]) -> Pixels:
    """Turn fractions into x, y of the pixels that they lie in."""
    size = np.array(shape[::-1])
    pixels: Pixels = np.minimum((places * size).astype(np.intp), size - 1)
    return pixels
