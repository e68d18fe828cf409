"""a, b from network size to photo size along the photo's own edges, any rows at a time, in bounded memory."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["GuidedUpsampler"]

Floats = NDArray[np.float32]

_NOISE = 30.0  # variance of lightness that calls for no change of colour: grain of 5.5, docs/upsampling.md
_FAR = 20.0  # of lightness from that of the network's input: a slope is not trusted beyond it
_BLOCK = 1 << 16  # pixels to compute at a time, so that their planes stay in cache
_SPAN = 12  # columns of the network's that one matrix product spreads over the photo's
_WIDE = 512  # columns of the photo's that it makes
_PRODUCT = 1 << 18  # multiplications up to which OpenBLAS stays in the thread it was called from


class GuidedUpsampler:
    """a, b from network size to photo size, any rows of it, from any number of threads at once.

    A bicubic surface through the network's a, b, and to it added slope · (L - l): what the photo's lightness L
    has beyond l, the same surface through the lightness of the network's input, times how steeply a, b change with
    lightness thereabouts. The slope is that of a guided filter (He, Sun and Tang, "Guided image filtering", 2013;
    taken at the small size as in He and Sun, "Fast guided filter", 2015): over a window of 3×3 pixels of the
    network's, covariance / (variance + 30), then averaged over the same window.

    Args:
        ab: float32 h×w×2, CIELAB units, at network size.
        lightness: float32 h×w, 0..100: the network's input.
        height: rows of the photo.
        width: columns of the photo.
    """

    def __init__(self, ab: Floats, lightness: Floats, height: int, width: int) -> None:
        colours = np.ascontiguousarray(ab.transpose(2, 0, 1), dtype=np.float32)
        self._planes = np.concatenate([colours, _slopes(colours, lightness), lightness[None]], dtype=np.float32)
        # No colour is more vivid than those that were predicted.
        self._least, self._most = (f(colours, axis=(1, 2), keepdims=True) for f in (np.min, np.max))
        self._rows = _taps(ab.shape[0], height)
        self._bands = _bands(*_taps(ab.shape[1], width))
        self._width = width
        most = max(matrix.size for _, _, matrix in self._bands)
        self._step = max(1, min(_BLOCK // width, _PRODUCT // (len(self._planes) * most)))

    def __call__(self, start: int, stop: int, lightness: Floats) -> Floats:
        """Upsample to some rows of the photo; how the photo is cut into rows does not show.

        Args:
            start: the first row.
            stop: one past the last row.
            lightness: float32 (stop - start)×width, 0..100: the photo's own, in these rows.

        Returns:
            a, b: float32 (stop - start)×width×2, CIELAB units; a view of two planes, each of them contiguous.
        """
        colours = np.empty((2, stop - start, self._width), np.float32)
        for first in range(0, stop - start, self._step):
            rows = slice(first, min(stop - start, first + self._step))
            planes = self._spread(slice(start + rows.start, start + rows.stop))
            beyond = np.subtract(lightness[rows], planes[4], out=planes[4])
            np.clip(beyond, -_FAR, _FAR, out=beyond)
            change = np.multiply(planes[2:4], beyond, out=planes[2:4])
            np.add(planes[:2], change, out=colours[:, rows])
            np.clip(colours[:, rows], self._least, self._most, out=colours[:, rows])
        return colours.transpose(1, 2, 0)

    def _spread(self, rows: slice) -> Floats:
        """Upsample all planes bicubically to these rows of the photo: planes×rows×width."""
        where, weights = (of[rows] for of in self._rows)
        # Rows first, at the network's width, where they cost next to nothing.
        tall = self._planes[:, where[:, 0]]
        tall *= weights[:, 0, None]
        for tap in range(1, where.shape[1]):
            more = self._planes[:, where[:, tap]]
            more *= weights[:, tap, None]
            tall += more
        lines = tall.reshape(-1, tall.shape[2])
        large = np.empty((len(lines), self._width), np.float32)
        for source, target, matrix in self._bands:
            np.matmul(lines[:, source], matrix, out=large[:, target])
        return large.reshape(len(tall), -1, self._width)


def _slopes(colours: Floats, lightness: Floats) -> NDArray[Any]:
    """Fit how a, b change with lightness around each pixel: 2×h×w, CIELAB units per unit of lightness."""
    # Centred, for float32 would lose the variance of a bright patch in the square of its mean.
    light = lightness - lightness.mean()
    mean = _window(light)
    variance = _window(light * light) - mean * mean
    covariance = _window(colours * light) - _window(colours) * mean
    return _window(covariance / (variance + _NOISE))


def _window(planes: NDArray[Any]) -> NDArray[Any]:
    """Average over 3×3 pixels with weights 1, 2, 1; the first and last pixel stand for those beyond them."""
    edged = np.pad(planes, [(0, 0)] * (planes.ndim - 2) + [(1, 1), (1, 1)], mode="edge")
    tall = edged[..., :-2] + 2 * edged[..., 1:-1] + edged[..., 2:]
    wide: NDArray[Any] = tall[..., :-2, :] + 2 * tall[..., 1:-1, :] + tall[..., 2:, :]
    return wide / 16


def _taps(count: int, size: int) -> tuple[NDArray[np.intp], Floats]:
    """Find what each of `size` samples takes from `count`, by the cubic of Keys (1981) with a = -1/2.

    Where there are fewer samples than before the cubic is widened, so that it averages.

    Returns:
        Indices and weights, each size×taps; the first and last sample stand for those beyond them.
    """
    step = count / size
    reach = 2 * max(1.0, step)
    centre = (np.arange(size) + 0.5) * step - 0.5
    where = np.floor(centre - reach)[:, None] + np.arange(1, int(2 * np.ceil(reach)) + 2)
    x = np.abs(where - centre[:, None]) / max(1.0, step)
    near, far = (1.5 * x - 2.5) * x * x + 1, ((-0.5 * x + 2.5) * x - 4) * x + 2
    weights = np.where(x < 1, near, np.where(x < 2, far, 0))
    weights /= weights.sum(axis=1, keepdims=True)
    used = weights.any(axis=0)
    return np.clip(where[:, used], 0, count - 1).astype(np.intp), weights[:, used].astype(np.float32)


def _bands(where: NDArray[np.intp], weights: Floats) -> list[tuple[slice, slice, Floats]]:
    """Cut the banded matrix of `_taps` into small dense ones: from which columns, to which columns, and how."""
    bands = []
    start = 0
    while start < len(where):
        low = int(where[start, 0])
        end = max(low + _SPAN, int(where[start, -1]) + 1)
        stop = min(int(np.searchsorted(where[:, -1], end)), start + _WIDE)
        high = int(where[stop - 1, -1]) + 1
        matrix = np.zeros((high - low, stop - start), np.float32)
        across = np.arange(stop - start)
        for tap in range(where.shape[1]):
            np.add.at(matrix, (where[start:stop, tap] - low, across), weights[start:stop, tap])
        bands.append((slice(low, high), slice(start, stop), matrix))
        start = stop
    return bands
