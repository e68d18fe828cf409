"""A lookup table of colours: large photos of 8 bits are looked up in it instead of computing each pixel.

A photo of tens of megapixels has a few thousand different a, b when they are taken to half a unit, for they vary
slowly. Recombined once with each level of lightness, they make a table that stays in cache, and each pixel costs a
look-up. Two by two pixels share their a, b, as in most JPEG; each keeps its own lightness, as `recombine`
makes it. Half a unit of a, b is about one step of 8-bit sRGB.
"""

from __future__ import annotations

from functools import lru_cache
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.color import cielab
from photochrom.color.recombine import lightness_of, recombine

__all__ = ["MOST_CHROMA", "LookupTable", "halved"]

Pixels = NDArray[np.uint8]
Levels = NDArray[np.unsignedinteger[Any]]
Floats = NDArray[np.float32]

MOST_CHROMA = 150.0
"""Of a, b that can be looked up; sRGB's most vivid colour, its blue, has 134."""

_FINE = 2  # entries per unit of a or b
_SIDE = 2 * (int(MOST_CHROMA) + 10) * _FINE  # entries along a, and along b
_GREY, _COLOUR = 256, 512  # levels of lightness: steps of 8-bit grey; or half steps, the last of them unused
_MOST = 1 << 14  # colours that are kept: at most 32 MB


class LookupTable:
    """Colours that were recombined once, for all strips of one photo, from any number of threads at once.

    Args:
        expected: a, b that will be asked for, or their neighbours, h×w×2; to compute them at one go costs less.
        bands: 1 for a grey photo, 3 for one in colours, whose lightness lies between the levels of grey.
    """

    def __init__(self, expected: Floats, bands: int) -> None:
        self._levels = _GREY if bands == 1 else _COLOUR
        self._rows = np.full(_SIDE * _SIDE, -1, np.intp)  # where in the table each a, b has its levels
        self._table = np.empty(_MOST * self._levels, np.uint32)  # of which memory is taken as it is filled
        self._count = 0
        self._lock = Lock()
        grid = np.zeros((_SIDE, _SIDE), bool)
        grid.reshape(-1)[_which(expected)] = True
        for axis in (0, 1, 0, 1):  # and those about them, for between two of the network's pixels lie others
            grid[:] = grid | np.roll(grid, 1, axis) | np.roll(grid, -1, axis)
        self._add(np.flatnonzero(grid))

    def levels(self, pixels: Pixels) -> Levels:
        """Find how light a photo's pixels are, uint8 H×W×bands: the number of the nearest level, H×W."""
        if pixels.shape[2] == 1:
            return pixels[..., 0]
        red, green, blue = (np.take(table, pixels[..., band]) for band, table in enumerate(_luminance_tables()))
        red += green
        red += blue
        return np.take(_level_table(), red)

    def lightness(self, levels: Levels) -> Floats:
        """Return the lightness of levels, 0..100."""
        return np.take(_level_lightness(self._levels), levels)

    def recombine(self, levels: Levels, ab: Floats) -> Pixels:
        """Look up the sRGB that `photochrom.color.recombine` would compute, with a, b to half a unit.

        What comes out depends on these arguments alone, not on what was asked before.

        Args:
            levels: of the photo's rows, from an even one on, H×W.
            ab: CIELAB a, b of each two by two pixels, ⌈H/2⌉×⌈W/2⌉×2, of a chroma of at most `MOST_CHROMA`.

        Returns:
            sRGB, uint8 H×W×3.
        """
        height, width = levels.shape
        where = _which(ab)
        rows, table = np.take(self._rows, where, mode="clip"), self._table
        if rows.min() < 0:
            rows, table = self._fill(where, rows)
        rows = rows.repeat(2, axis=1)[:, :width]
        at = np.empty((height, width), np.intp)
        for line in (0, 1):
            np.add(rows[: len(at[line::2])], levels[line::2], out=at[line::2])
        packed = np.take(table, at, mode="clip").view(np.uint8).reshape(height, width, 4)
        colours = np.empty((height, width, 3), np.uint8)
        for channel in range(3):  # each by itself: several times faster than a copy of three bytes at a time
            colours[..., channel] = packed[..., channel]
        return colours

    def _fill(self, where: NDArray[np.int32], at: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[Any]]:
        """Compute the colours that are missing; return each pixel's place in the table, and the table."""
        with self._lock:
            wanted = np.zeros(len(self._rows), bool)
            wanted[where[at < 0]] = True
            missing = np.flatnonzero(wanted & (self._rows < 0))  # another thread may have been here
            if self._add(missing):
                return np.take(self._rows, where, mode="clip"), self._table
        # Noise, not a photo. Its colours serve this strip alone, so that memory stays bounded.
        own, place = np.unique(where, return_inverse=True)
        return (self._levels * place).reshape(where.shape), _entries(own, self._levels)

    def _add(self, which: NDArray[np.intp]) -> bool:
        """Compute colours and keep them, if there is room."""
        if self._count + len(which) > _MOST:
            return False
        first = self._count * self._levels
        self._count += len(which)
        # Before the rows that lead there: other threads read both.
        self._table[first : self._count * self._levels] = _entries(which, self._levels)
        self._rows[which] = first + self._levels * np.arange(len(which))
        return True


def halved(levels: Levels) -> Levels:
    """Average each two by two of H×W; a last odd one stands for its pair."""
    height, width = levels.shape
    if height % 2 or width % 2:
        levels = np.pad(levels, [(0, height % 2), (0, width % 2)], mode="edge")
    pairs = np.add(levels[::2], levels[1::2], dtype=np.uint16)
    total: Levels = pairs[:, ::2] + pairs[:, 1::2]
    total += 2
    total >>= 2
    return total


def _which(ab: Floats) -> NDArray[np.int32]:
    """Number the entry of each a, b."""
    which = np.multiply(ab[..., 0], _FINE)
    np.rint(which, out=which)
    which *= _SIDE
    across = np.multiply(ab[..., 1], _FINE)
    np.rint(across, out=across)
    which += across
    which += _SIDE * (_SIDE // 2) + _SIDE // 2
    return which.astype(np.int32)


def _entries(which: NDArray[Any], levels: int) -> NDArray[np.uint32]:
    """Recombine each a, b with every level of lightness; the bytes of a number are red, green, blue and 0."""
    half = _SIDE // 2
    table = np.zeros((len(which), levels, 4), np.uint8)
    step = max(1, (1 << 18) // levels)
    for start in range(0, len(which), step):
        part = which[start : start + step]
        ab = np.empty((len(part), levels, 2), np.float32)
        ab[..., 0] = ((part // _SIDE - half) / _FINE)[:, None]
        ab[..., 1] = ((part % _SIDE - half) / _FINE)[:, None]
        lightness = np.ascontiguousarray(np.broadcast_to(_level_lightness(levels), ab.shape[:2]))
        depth = np.empty((*ab.shape[:2], 1), np.uint8)
        table[start : start + step, :, :3] = recombine(depth, lightness, ab)
    return table.view(np.uint32).ravel()


@lru_cache(maxsize=2)
def _level_lightness(levels: int) -> Floats:
    """Lightness of the levels, 0..100."""
    if levels == _GREY:
        return lightness_of(np.arange(_GREY, dtype=np.uint8)[None, :, None]).reshape(-1)
    grey = np.linspace(0, 1, _COLOUR - 1).repeat(3).reshape(1, -1, 3)
    lightness: Floats = np.asarray(cielab.lightness(grey), np.float32)[0]
    return np.concatenate([lightness, lightness[-1:]])


@lru_cache(maxsize=1)
def _luminance_tables() -> list[NDArray[np.uint16]]:
    """What each value of red, green and blue adds to the luminance, of which 65535 is white."""
    linear = cielab.srgb_to_linear(np.arange(256, dtype=np.uint8))
    return [np.floor(share * linear * 65535).astype(np.uint16) for share in cielab.LUMINANCE]


@lru_cache(maxsize=1)
def _level_table() -> NDArray[np.uint16]:
    """The nearest level, a half step of grey, to each luminance; 1 is what rounding three shares down takes."""
    wide = np.asarray(cielab.linear_to_srgb((np.arange(65536) + 1) / 65536), np.float64)
    levels: NDArray[np.uint16] = np.minimum(np.rint(wide * (_COLOUR - 2)), _COLOUR - 2).astype(np.uint16)
    return levels
