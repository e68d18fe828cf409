"""Swatches: joining large photos of 8 bits by looking colours up instead of computing each pixel's.

A photo of tens of megapixels has a few thousand different a, b when they are taken to half a unit, for they vary
slowly. Joined once with each level of lightness they make a table that stays in cache, and each pixel costs two
look-ups. Lightness stays what `join` makes it; half a unit of a, b is about one step of 8-bit sRGB.
"""

from __future__ import annotations

from functools import lru_cache
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom import color
from photochrom.join import join

__all__ = ["MOST_CHROMA", "Swatches"]

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

MOST_CHROMA = 150.0
"""Of a, b that can be looked up; sRGB's most vivid colour, its blue, has 134."""

_FINE = 2  # swatches per unit of a or b
_SIDE = 2 * (int(MOST_CHROMA) + 10) * _FINE  # swatches along a, and along b
_LEVELS = 512  # of lightness: half steps of 8-bit grey, the last of them unused
_MOST = 1 << 14  # swatches that are kept: 32 MB


class Swatches:
    """Colours that were joined once, for all strips of one photo, from any number of threads at once."""

    def __init__(self) -> None:
        self._rows = np.full(_SIDE * _SIDE, -1, np.intp)  # where in the table each a, b has its levels
        self._table = np.empty(_MOST * _LEVELS, np.uint32)  # of which memory is taken as it is filled
        self._count = 0
        self._lock = Lock()

    def join(self, pixels: Pixels, lightness: Floats, ab: Floats) -> Pixels:
        """Join lightness and a, b to sRGB, as `photochrom.join.join` does, with a, b to half a unit.

        What comes out depends on these arguments alone, not on what was joined before.

        Args:
            pixels: the photo's rows, uint8, H×W×1 or H×W×3.
            lightness: CIELAB L, 0..100, H×W, as `join.lightness_of` gives.
            ab: CIELAB a, b, H×W×2, of a chroma of at most `MOST_CHROMA`.

        Returns:
            sRGB, uint8 H×W×3.
        """
        which = np.multiply(ab[..., 0], _FINE)
        np.rint(which, out=which)
        which *= _SIDE
        across = np.multiply(ab[..., 1], _FINE)
        np.rint(across, out=across)
        which += across
        which += _SIDE * (_SIDE // 2) + _SIDE // 2
        where = which.astype(np.int32)
        at, table = np.take(self._rows, where, mode="clip"), self._table
        if at.min() < 0:
            at, table = self._fill(where, at)
        at += np.multiply(pixels[..., 0], 2, dtype=np.int32) if pixels.shape[2] == 1 else _levels(lightness)
        packed = np.take(table, at, mode="clip").view(np.uint8).reshape(*at.shape, 4)
        colours = np.empty((*at.shape, 3), np.uint8)
        for channel in range(3):  # each by itself: several times faster than a copy of three bytes at a time
            colours[..., channel] = packed[..., channel]
        return colours

    def _fill(self, where: NDArray[np.int32], at: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[Any]]:
        """Join the swatches that are missing; return each pixel's place in the table, and the table."""
        with self._lock:
            wanted = np.zeros(len(self._rows), bool)
            wanted[where[at < 0]] = True
            missing = np.flatnonzero(wanted & (self._rows < 0))  # another thread may have been here
            if self._count + len(missing) <= _MOST:
                first = self._count * _LEVELS
                self._count += len(missing)
                # Before the rows that lead there: other threads read both.
                self._table[first : self._count * _LEVELS] = _swatches(missing)
                self._rows[missing] = first + _LEVELS * np.arange(len(missing))
                return np.take(self._rows, where, mode="clip"), self._table
        # Noise, not a photo. Its swatches serve this strip alone, so that memory stays bounded.
        own, place = np.unique(where, return_inverse=True)
        return (_LEVELS * place).reshape(where.shape), _swatches(own)


def _swatches(which: NDArray[Any]) -> NDArray[np.uint32]:
    """Join each a, b with every level of lightness; the bytes of a number are red, green, blue and 0."""
    half = _SIDE // 2
    table = np.zeros((len(which), _LEVELS, 4), np.uint8)
    step = max(1, (1 << 18) // _LEVELS)
    for start in range(0, len(which), step):
        part = which[start : start + step]
        ab = np.empty((len(part), _LEVELS, 2), np.float32)
        ab[..., 0] = ((part // _SIDE - half) / _FINE)[:, None]
        ab[..., 1] = ((part % _SIDE - half) / _FINE)[:, None]
        lightness = np.ascontiguousarray(np.broadcast_to(_level_lightness(), ab.shape[:2]))
        depth = np.empty((*ab.shape[:2], 1), np.uint8)
        table[start : start + step, :, :3] = join(depth, lightness, ab)
    return table.view(np.uint32).ravel()


@lru_cache(maxsize=1)
def _level_lightness() -> Floats:
    """Lightness of grey in half steps of 8 bits, 0..100."""
    levels = np.linspace(0, 1, _LEVELS - 1).repeat(3).reshape(1, -1, 3)
    lightness = np.asarray(color.lightness(levels), np.float32)[0]
    return np.append(lightness, lightness[-1])


def _levels(lightness: Floats) -> NDArray[np.int32]:
    """Find the level that is nearest to each lightness."""
    index = np.multiply(lightness, _PER_UNIT)
    return np.take(_level_table(), index.astype(np.int32), mode="clip")


_PER_UNIT = 100  # entries per unit of L: a half step of 8 bits is never less than 0.12


@lru_cache(maxsize=1)
def _level_table() -> NDArray[np.int32]:
    middles = (np.arange(100 * _PER_UNIT + 1) + 0.5) / _PER_UNIT
    levels = _level_lightness()[: _LEVELS - 1]
    return np.rint(np.interp(middles, levels, np.arange(_LEVELS - 1))).astype(np.int32)
