"""Registration: where exactly a place is found again, by the lightness around it.

Features lead to within half a cell, four pixels, and across the edge of a thing that is another colour. So the
patch around a place is looked for around where it is led to, by normalized cross-correlation (Lewis, "Fast
Normalized Cross-Correlation", 1995), which heeds neither exposure nor contrast.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["register"]

Floats = NDArray[np.float32]

_HALF = 4  # pixels to each side of a place that its patch has
_RANGE = 6  # pixels to each side within which it is looked for
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
    own, size = (np.array(plane.shape[::-1], np.float32) for plane in (one, other))
    for start in range(0, len(places), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        here, there = _pixels(places[part], one.shape), _pixels(found[part], other.shape)
        moved, sure = _best_moves(_patches(one, here, _HALF), _patches(other, there, _HALF + _RANGE))
        within = places[part] * own - here  # its pixel, 0..1
        exact = np.clip((there + moved + within) / size, 0, 1)
        corrected[part][sure] = exact[sure]
    return corrected


def _best_moves(patches: Floats, areas: Floats) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Find each patch [N,k,k] in its area [N,m,m]: x, y in pixels from the middle, and whether it is the same."""
    side, moves = patches.shape[1], areas.shape[1] - patches.shape[1] + 1
    patches = patches - patches.mean((1, 2), keepdims=True)
    areas = areas - areas.mean((1, 2), keepdims=True)  # so that squares lose no digits
    windows = np.lib.stride_tricks.sliding_window_view(areas, (side, side), (1, 2))
    products = windows.reshape(len(areas), moves**2, side**2) @ patches.reshape(len(areas), side**2, 1)
    sums, squares = _window_sums(areas, side), _window_sums(areas * areas, side)
    spreads = np.sqrt(np.maximum(squares - sums * sums / side**2, 0)).reshape(len(areas), -1)
    own = np.sqrt((patches * patches).sum((1, 2)))[:, None]
    correlation = products[..., 0] / ((own + _GRAIN) * (spreads + _GRAIN))
    y, x = np.indices((moves, moves)).reshape(2, -1) - moves // 2
    best = (correlation - np.float32(_FAR) * (x**2 + y**2)).argmax(1)
    sure = correlation[np.arange(len(best)), best] > _LEAST
    return np.stack([x[best], y[best]], 1), sure


def _window_sums(areas: Floats, side: int) -> Floats:
    """Sum up every window of so many pixels a side: [N,m,m] becomes [N,m−side+1,m−side+1]."""
    for axis in (1, 2):
        running = np.cumsum(areas, axis, np.float32)
        running = np.concatenate([np.zeros_like(running.take([0], axis)), running], axis)
        length = running.shape[axis]
        areas = running.take(range(side, length), axis) - running.take(range(length - side), axis)
    return areas


def _pixels(places: Floats, shape: tuple[int, ...]) -> NDArray[np.intp]:
    """Turn fractions into x, y of the pixels that they lie in."""
    size = np.array(shape[::-1])
    pixels: NDArray[np.intp] = np.minimum((places * size).astype(np.intp), size - 1)
    return pixels


def _patches(plane: Floats, pixels: NDArray[np.intp], half: int) -> Floats:
    """Return the squares around pixels [N,2]: [N,2·half+1,2·half+1]; beyond the border it goes on as at it."""
    around = np.arange(-half, half + 1)
    rows = np.clip(pixels[:, 1, None, None] + around[:, None], 0, plane.shape[0] - 1)
    columns = np.clip(pixels[:, 0, None, None] + around, 0, plane.shape[1] - 1)
    patches: Floats = plane[rows, columns].astype(np.float32)
    return patches
