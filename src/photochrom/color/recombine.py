"""A photo's own lightness and the a, b predicted for it, recombined to sRGB, at a few ns per pixel.

`color` holds the same formulas for any array; here they are arranged for photos of tens of megapixels: blocks
that stay in cache, multiply-adds and tables in place of powers, and work on the border of the gamut for those
pixels alone that are beyond it. A strip may be recombined in one thread and the next in another.

One constant differs: white is what R = G = B = 1 gives (0.950456, 1, 1.088754), not scikit-image's 0.95047, 1,
1.08883, whose a = b = 0 is off grey by two steps of 16 bits. Lightness is the same; a and b differ by less than
0.01.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.color import cielab

__all__ = ["lightness_of", "recombine"]

Pixels = NDArray[Any]
Floats = NDArray[np.float32]

_BLOCK = 1 << 16  # pixels worked on at a time: in cache, and steps of over 15 µs, which two threads can share
_PRODUCT = 3 << 13  # pixels to a product of matrices: few enough that BLAS stays in the thread it is called in
_DELTA = 6 / 29  # CIE 15:2004: f is a cube root above _DELTA**3 and a straight line below
_TOLERANCE = 2.0**-22  # linear light; a few roundings of float32, a fifth of the darkest step of 16 bits
_XYZ_FROM_RGB = np.array(
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]]
)
_FROM_XYZ = np.linalg.inv(_XYZ_FROM_RGB) * _XYZ_FROM_RGB.sum(axis=1)
# From X - Y, Z - Y and Y (each relative to white) to linear RGB: grey is Y, Y, Y without a rounding, and whatever
# becomes of the differences, the result's luminance is Y.
_MIX = np.stack([_FROM_XYZ[:, 0], _FROM_XYZ[:, 2], np.ones(3)], axis=1)
_ASIDE = np.array([[1 / 500], [-1 / 200]], np.float32)  # from a, b to f(X) - f(Y), f(Z) - f(Y)

_ROWS, _HALF = (
    128,
    128,
)  # cells of the table of the gamut's border: of lightness, and of hue on either side of a = 0


def lightness_of(pixels: Pixels) -> Floats:
    """Take a photo's lightness.

    Args:
        pixels: uint8 0..255 or uint16 0..65535, H×W×1 (grey) or H×W×3 (sRGB).

    Returns:
        CIELAB L, 0..100, H×W.
    """
    out = np.empty(pixels.shape[:2], np.float32)
    flat, result = pixels.reshape(-1, pixels.shape[2]), out.reshape(-1)
    for start in range(0, len(flat), _BLOCK):
        block, target = flat[start : start + _BLOCK], result[start : start + _BLOCK]
        if block.shape[1] == 1:
            np.take(_grey_lightness(pixels.dtype.name), block[:, 0], out=target, mode="clip")
        else:
            target[:] = cielab.lightness(block)
    return out


def recombine(pixels: Pixels, lightness: Floats, ab: Floats) -> Pixels:
    """Recombine lightness and a, b to sRGB of the photo's own depth.

    A colour that sRGB cannot show keeps its lightness and hue and loses chroma until it fits.

    Args:
        pixels: the photo's rows, uint8 or uint16, H×W×1 or H×W×3; they say the depth.
        lightness: CIELAB L, 0..100, H×W, as `lightness_of` gives.
        ab: CIELAB a, b, H×W×2.

    Returns:
        sRGB, H×W×3, of the type of `pixels`.
    """
    out = np.empty((*lightness.shape, 3), pixels.dtype)
    work = _Work(min(_BLOCK, lightness.size), pixels.dtype)
    # Apart: a `GuidedUpsampler` gives two planes, and to lay a beside b would copy them.
    light, a, b, result = lightness.reshape(-1), ab[..., 0].reshape(-1), ab[..., 1].reshape(-1), out.reshape(-1, 3)
    for start in range(0, len(light), _BLOCK):
        part = slice(start, start + _BLOCK)
        work.recombine(light[part], a[part], b[part], result[part])
    return out


class _Work:
    """The memory that one call works in, block after block, and the constants for its depth.

    `above` is f(Y) - _DELTA and `aside` f(X) - f(Y), f(Z) - f(Y), for CIELAB's f. Linear light is counted in
    units of the encoding table: `top` is 1.
    """

    def __init__(self, size: int, dtype: Any) -> None:
        self.table = _encode_table(dtype.name)
        self.root = dtype == np.uint16
        self.top = float(len(self.table) ** 2 if self.root else len(self.table))
        self.slack = self.top * _TOLERANCE
        self.mix = (_MIX * self.top).astype(np.float32)
        self.mix_slope = 3 * np.ascontiguousarray(self.mix[:, :2])  # f³ rises by 3 f²
        self.planes = np.empty((11, size), np.float32)
        self.some = np.empty((18, size), np.float32)
        self.index = np.empty((3, size), np.intp)
        self.steps = np.empty((3, size), dtype)

    def recombine(self, light: Floats, a: Floats, b: Floats, out: Pixels) -> None:
        """Recombine one block: L and a, b to `out`."""
        planes = self.planes[:, : len(light)]
        f, above, aside, xyz, linear = planes[:3], planes[2], planes[3:5], planes[5:8], planes[8:11]
        np.multiply(light, 1 / 116, out=above)
        np.add(above, 16 / 116 - _DELTA, out=above)
        np.multiply(a, _ASIDE[0, 0], out=aside[0])
        np.multiply(b, _ASIDE[1, 0], out=aside[1])
        np.add(aside, above, out=f[:2])
        _undo_f(f, xyz, linear)
        np.subtract(xyz[:2], xyz[2], out=xyz[:2])
        _mix(self.mix, xyz, linear)
        if not self._fits(linear):
            self._fit(planes)
        self._encode(linear, out)

    def _fits(self, linear: Floats) -> bool:
        return bool(linear.min() >= -self.slack and linear.max() <= self.top + self.slack)

    def _beyond(self, linear: Floats, low: Floats, high: Floats) -> NDArray[np.intp]:
        """Say which pixels do not fit; `low` and `high` are overwritten."""
        np.minimum(linear[0], linear[1], out=low)
        np.minimum(low, linear[2], out=low)
        np.maximum(linear[0], linear[1], out=high)
        np.maximum(high, linear[2], out=high)
        return np.flatnonzero((low < -self.slack) | (high > self.top + self.slack))

    def _fit(self, planes: Floats) -> None:
        """Give the block's colours outside the gamut the chroma that fits."""
        xyz, linear = planes[5:8], planes[8:11]
        if xyz[2].max() >= 1 - _TOLERANCE or xyz[2].min() <= _TOLERANCE:  # white paper has no room for chroma
            np.multiply(xyz[:2], (xyz[2] > _TOLERANCE) & (xyz[2] < 1 - _TOLERANCE), out=xyz[:2])
            _mix(self.mix, xyz, linear)
            if self._fits(linear):
                return
        where = self._beyond(linear, planes[0], planes[1])
        some = self.some[:, : len(where)]
        for row in (2, 3, 4, 7):
            np.take(planes[row], where, out=some[row], mode="clip")
        self._touch(some)
        for row in (8, 9, 10):
            planes[row][where] = some[row]

    def _touch(self, some: Floats) -> None:
        """Find linear RGB on the gamut's border, from a near guess of where that is and the tangent there."""
        f, above, aside, xyz, linear = some[:2], some[2], some[3:5], some[5:8], some[8:11]
        slope, rise, pace, room, share = some[11:13], some[11:14], some[14:17], some[0:3], some[17]
        self._guess(above, aside, share, pace)
        np.multiply(aside, share, out=f)
        np.add(f, above, out=f)
        _undo_f(f, xyz[:2], slope)  # leaves what f is above _DELTA, or 0
        np.subtract(xyz[:2], xyz[2], out=xyz[:2])
        _mix(self.mix, xyz, linear)
        np.add(slope, _DELTA, out=slope)
        np.multiply(slope, slope, out=slope)
        np.multiply(slope, aside, out=pace[:2])
        _mix(self.mix_slope, pace[:2], rise)
        # How far each channel is from the end of its range that it is heading for, by its own pace:
        # (top - linear) / rise, or -linear / rise where that is negative; np.copysign is slow.
        with np.errstate(divide="ignore", invalid="ignore"):
            np.divide(1, rise, out=pace)
            np.subtract(linear, self.top / 2, out=room)
            np.multiply(room, pace, out=room)
            np.abs(pace, out=pace)
            np.multiply(pace, self.top / 2, out=pace)
            np.subtract(pace, room, out=room)
        np.subtract(1, share, out=share)  # a colour never gains chroma
        np.minimum(share, room[0], out=share)
        np.minimum(share, room[1], out=share)
        np.minimum(share, room[2], out=share)
        np.multiply(rise, share, out=rise)
        np.add(linear, rise, out=linear)
        if not self._fits(linear):  # a few in ten thousand, where the border runs along the hue
            where = self._beyond(linear, some[0], some[1])
            linear[:, where] = self._shrink(linear[:, where], xyz[2, where] * np.float32(self.top))

    def _guess(self, above: Floats, aside: Floats, share: Floats, spare: Floats) -> None:
        """Look up about how much of the chroma fits."""
        size, cell, index = spare[0], spare[1], self.index[0, : len(above)]
        np.abs(aside[0], out=size)
        np.abs(aside[1], out=cell)
        np.add(size, cell, out=size)
        np.divide(aside[1], size, out=cell)
        np.multiply(cell, _HALF / 2 - 0.01, out=cell)
        np.copysign(_HALF / 2, aside[0], out=share)
        np.add(cell, share, out=cell)
        np.multiply(above, _ROWS * 116 / 100, out=share)
        np.add(share, _ROWS * (_DELTA * 116 - 16) / 100, out=share)
        np.floor(share, out=share)
        np.multiply(share, 2 * _HALF, out=share)
        np.add(share, cell, out=share)
        np.add(share, _HALF, out=share)
        np.copyto(index, share, casting="unsafe")
        np.take(_border_table(), index, out=share, mode="clip")
        np.divide(share, size, out=share)
        np.minimum(share, 1, out=share)

    def _shrink(self, linear: Floats, grey: Floats) -> Floats:
        """Draw colours to their grey in linear light until they fit; luminance stays."""
        away = linear - grey
        ends = np.where(away > 0, np.float32(self.top), np.float32(0))
        with np.errstate(divide="ignore", invalid="ignore"):
            fits = np.fmin.reduce((ends - grey) / away, axis=0)
        shrunk: Floats = grey + away * np.clip(fits, 0, 1)
        return shrunk

    def _encode(self, linear: Floats, out: Pixels) -> None:
        index, steps = self.index[:, : len(out)], self.steps[:, : len(out)]
        if self.root:
            np.maximum(linear, 0, out=linear)
            np.sqrt(linear, out=linear)
        np.copyto(index, linear, casting="unsafe")
        np.take(self.table, index, out=steps, mode="clip")
        for channel in range(3):  # three times as fast as the transpose at once
            out[:, channel] = steps[channel]


def _mix(matrix: Floats, planes: Floats, out: Floats) -> None:
    for start in range(0, planes.shape[1], _PRODUCT):
        part = slice(start, start + _PRODUCT)
        np.matmul(matrix, planes[:, part], out=out[:, part])


def _undo_f(above: Floats, out: Floats, over: Floats) -> None:
    """Undo CIELAB's f, given f - _DELTA; `over` is left with that, or with 0 where it is below.

    With h = f - _DELTA, the straight line is _DELTA**3 + 3 _DELTA**2 h, and the cube is h**2 (h + 3 _DELTA) more.
    """
    np.maximum(above, 0, out=over)
    np.add(over, 3 * _DELTA, out=out)
    np.multiply(out, over, out=out)
    np.add(out, 3 * _DELTA**2, out=out)
    np.multiply(out, above, out=out)
    np.add(out, _DELTA**3, out=out)


@lru_cache(maxsize=1)
def _border_table() -> Floats:
    """How far the gamut reaches, as |f(X) - f(Y)| + |f(Z) - f(Y)|, in the middle of each cell."""
    hue = (np.arange(_HALF) + 0.5) / _HALF * 2 - 1
    aside = np.stack([np.concatenate([np.abs(hue) - 1, 1 - np.abs(hue)]), np.concatenate([hue, hue])], axis=1)
    light = (np.arange(_ROWS) + 0.5) / _ROWS * 100
    lab = np.empty((_ROWS, 2 * _HALF, 3))
    lab[..., 0], lab[..., 1:] = light[:, None], aside / _ASIDE[:, 0]
    border: Floats = cielab.gamut_scale(lab).astype(np.float32).reshape(-1)
    return border


@lru_cache(maxsize=2)
def _encode_table(dtype: str) -> Pixels:
    """Levels of sRGB by linear light (8 bits) or by its square root (16 bits), far finer than a level."""
    entries = 1 << 16 if dtype == "uint8" else 1 << 18
    value = (np.arange(entries) + 0.5) / entries  # the middle of what is cut off to the same index
    levels: Pixels = cielab.quantize(
        cielab.linear_to_srgb(value if dtype == "uint8" else value**2), np.dtype(dtype)
    )
    return levels


@lru_cache(maxsize=2)
def _grey_lightness(dtype: str) -> Floats:
    """Lightness of every grey value; a look-up costs far less than a cube root per pixel."""
    values = np.arange(np.iinfo(dtype).max + 1, dtype=dtype)
    return np.asarray(cielab.lightness(np.stack([values] * 3, axis=-1)), dtype=np.float32)
