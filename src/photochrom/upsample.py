"""a, b from network size to photo size: smooth, and strip by strip, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom import vips

__all__ = ["Enlarger", "enlarge_ab"]

_STRIP = 1 << 19  # pixels to a strip: 2 planes of floats, and what turns them into RGB, stay below 40 MB
_BLOCK = 1 << 14  # pixels of all planes to compute at a time, so that they stay in cache
_SPAN = 12  # columns of the network's that one matrix product spreads over the photo's


class Enlarger:
    """a, b from network size to photo size, any rows of it, from any number of threads at once.

    Args:
        ab: float32 h×w×2, CIELAB units, at network size.
        lightness: float32 h×w, 0..100: what the network saw.
        height: rows of the photo.
        width: columns of the photo.
    """

    def __init__(self, ab: NDArray[np.float32], lightness: NDArray[np.float32], height: int, width: int) -> None:
        self._width = width
        self._planes = np.ascontiguousarray(ab.transpose(2, 0, 1), dtype=np.float32)
        self._rows = _taps(ab.shape[0], height)
        self._columns = _bands(*_taps(ab.shape[1], width), ab.shape[1])

    def __call__(self, start: int, stop: int, lightness: NDArray[np.float32]) -> NDArray[np.float32]:
        """Enlarge to some rows of the photo.

        Args:
            start: the first row.
            stop: one past the last row.
            lightness: float32 (stop - start)×width, 0..100: the photo's own, in these rows.

        Returns:
            a, b: float32 (stop - start)×width×2, CIELAB units. In memory each plane is whole.
        """
        planes = np.empty((len(self._planes), stop - start, self._width), np.float32)
        step = max(1, _BLOCK // self._width)
        for first in range(start, stop, step):
            last = min(stop, first + step)
            planes[:, first - start : last - start] = self._enlarge(first, last)
        return planes.transpose(1, 2, 0)

    def _enlarge(self, start: int, stop: int) -> NDArray[np.float32]:
        where, weights = self._rows
        rows = slice(start, stop)
        # Rows first, at the network's width, where they cost next to nothing.
        tall = np.zeros((len(self._planes), stop - start, self._planes.shape[2]), np.float32)
        for tap in range(where.shape[1]):
            tall += self._planes[:, where[rows, tap]] * weights[rows, tap, None]
        lines = tall.reshape(-1, tall.shape[2])
        large = np.empty((len(lines), self._width), np.float32)
        for source, target, matrix in self._columns:
            np.matmul(lines[:, source], matrix, out=large[:, target])
        return large.reshape(len(self._planes), stop - start, self._width)


def _taps(count: int, size: int) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Find what each of `size` samples takes from `count`, by the cubic of Keys (1981) with a = -1/2.

    Where there are fewer samples than before the cubic is widened, so that it averages.

    Returns:
        Indices and weights, each size×taps; the first and last sample stand for all beyond them.
    """
    step = count / size
    reach = 2 * max(1.0, step)
    centre = (np.arange(size) + 0.5) * step - 0.5
    where = np.floor(centre - reach)[:, None] + np.arange(1, int(2 * np.ceil(reach)) + 2)
    x = np.abs(where - centre[:, None]) / max(1.0, step)
    near, far = (1.5 * x - 2.5) * x * x + 1, ((-0.5 * x + 2.5) * x - 4) * x + 2
    weights = np.where(x < 1, near, np.where(x < 2, far, 0))
    weights /= weights.sum(axis=1, keepdims=True)
    used = np.flatnonzero(weights.any(axis=0))
    where, weights = where[:, used], weights[:, used]
    return np.clip(where, 0, count - 1).astype(np.intp), weights.astype(np.float32)


def _bands(
    where: NDArray[np.intp], weights: NDArray[np.float32], count: int
) -> list[tuple[slice, slice, NDArray[np.float32]]]:
    """Cut a sparse banded matrix into small dense ones: which columns of `count` make which columns, and how."""
    bands = []
    start, size = 0, len(where)
    while start < size:
        low = int(where[start, 0])
        stop = int(np.searchsorted(where[:, -1], max(low + _SPAN, int(where[start, -1]) + 1), side="left"))
        high = int(where[stop - 1, -1]) + 1
        matrix = np.zeros((high - low, stop - start), np.float32)
        across = np.arange(stop - start)
        for tap in range(where.shape[1]):
            np.add.at(matrix, (where[start:stop, tap] - low, across), weights[start:stop, tap])
        bands.append((slice(low, high), slice(start, stop), matrix))
        start = stop
    return bands


def enlarge_ab(
    ab: NDArray[np.float32], height: int, width: int, *, strip: int = _STRIP
) -> Iterator[tuple[slice, NDArray[Any]]]:
    """Enlarge a, b bicubically to a photo's size.

    Colours vary slowly where lightness does not, so a smooth surface through the network's proposals is close
    to the truth everywhere but at the edges of things. Where the photo is the smaller one, a, b are averaged.

    Args:
        ab: float32 h×w×2, CIELAB units.
        height: rows of the photo.
        width: columns of the photo.
        strip: pixels to compute at a time; at least one row is.

    Yields:
        Which rows of the photo, and their a, b: float32 rows×width×2, from top to bottom.
    """
    rows = vips.resize_array(ab, height, width)
    step = max(1, strip // width)
    for start in range(0, height, step):
        stop = min(height, start + step)
        yield slice(start, stop), rows(start, stop)
