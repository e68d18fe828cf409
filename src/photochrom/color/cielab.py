"""sRGB <-> CIELAB (D65, 2° observer), one formula for NumPy arrays and torch tensors.

The constants are those of scikit-image (IEC 61966-2-1 matrix rounded to six digits, white point
0.95047, 1, 1.08883), so that a, b values mean the same here as in the literature on colorization.
Every function takes the axis that holds the three channels: -1 for the engine's HWC arrays, 1 for the
workshop's NCHW tensors. Gradients are finite everywhere: the branch of a power that is not taken is fed
its threshold instead of a value whose slope is infinite.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import array_api_compat
import numpy as np

__all__ = [
    "LUMINANCE",
    "gamut_scale",
    "lab_to_linear",
    "lab_to_rgb",
    "lightness",
    "linear_to_ab",
    "linear_to_lab",
    "linear_to_srgb",
    "quantize",
    "rgb_to_lab",
    "srgb_to_linear",
    "stack_lab",
]

Array = Any
"""A NumPy array or a torch tensor; what goes in comes out."""

_WHITE = np.array([0.95047, 1.0, 1.08883])
_XYZ_FROM_RGB = np.array(
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]]
)
LUMINANCE = tuple(_XYZ_FROM_RGB[1].tolist())
"""Shares of linear red, green and blue in the luminance Y."""
# The white point is folded into both matrices: they map linear RGB to and from X/Xn, Y/Yn, Z/Zn.
_TO_XYZ = (_XYZ_FROM_RGB / _WHITE[:, None]).tolist()
_FROM_XYZ = (np.linalg.inv(_XYZ_FROM_RGB) * _WHITE).tolist()
_TO_LAB = [
    [0.0, 116.0, 0.0],
    [500.0, -500.0, 0.0],
    [0.0, 200.0, -200.0],
]  # from f(X/Xn), f(Y/Yn), f(Z/Zn); L + 16

_DELTA = 6 / 29  # CIE 15:2004: f is a cube root above _DELTA**3 and a straight line below
_GAMUT_TOLERANCE = 1e-5  # linear light; far under half an 8-bit step, above float32's rounding
_BLOCK = 1 << 14  # pixels that a NumPy call works on at a time, so that intermediates stay in cache


def srgb_to_linear(rgb: Array) -> Array:
    """Undo the sRGB transfer curve (IEC 61966-2-1).

    Args:
        rgb: uint8 0..255, uint16 0..65535, or float 0..1, any shape.

    Returns:
        Linear light 0..1, same shape; float32, or float64 where `rgb` is.

    Raises:
        TypeError: if `rgb` is of another integer or boolean type.
    """
    xp = array_api_compat.array_namespace(rgb)
    if rgb.dtype in (xp.uint8, xp.uint16):
        top = 255 if rgb.dtype == xp.uint8 else 65535
        if xp is _numpy():
            return np.take(_linear_table(top), rgb)
        rgb = xp.astype(rgb, xp.float32) / top
    elif not xp.isdtype(rgb.dtype, "real floating"):
        raise TypeError(f"RGB values must be uint8, uint16 or float 0..1, not {rgb.dtype}")
    rgb = _single(xp, rgb)
    return xp.where(rgb <= 0.04045, rgb / 12.92, ((_at_least(xp, rgb, 0.04045) + 0.055) / 1.055) ** 2.4)


def linear_to_srgb(linear: Array) -> Array:
    """Apply the sRGB transfer curve (IEC 61966-2-1) to linear light 0..1 of any shape."""
    xp = array_api_compat.array_namespace(linear)
    power = 1.055 * _at_least(xp, linear, 0.0031308) ** (1 / 2.4) - 0.055
    return xp.where(linear <= 0.0031308, 12.92 * linear, power)


def linear_to_lab(linear: Array, *, axis: int = -1) -> Array:
    """Convert linear sRGB light 0..1 to CIELAB: L in 0..100, a and b about -110..110."""
    xp = array_api_compat.array_namespace(linear)
    lab = _mix(xp, _TO_LAB, _forward(xp, _mix(xp, _TO_XYZ, linear, axis)), axis)
    lab[_at(lab, axis, 0)] -= 16
    return lab


def linear_to_ab(linear: Array, *, axis: int = -1) -> Array:
    """Return the a and b of `linear_to_lab` alone; two channels along `axis`."""
    xp = array_api_compat.array_namespace(linear)
    return _mix(xp, _TO_LAB[1:], _forward(xp, _mix(xp, _TO_XYZ, linear, axis)), axis)


def lab_to_linear(lab: Array, *, axis: int = -1) -> Array:
    """Convert CIELAB to linear sRGB light; colours that sRGB lacks come out below 0 or above 1."""
    xp = array_api_compat.array_namespace(lab)
    light, a, b = _channels(lab, axis)
    fy = (light + 16) / 116
    x, y, z = (_inverse(xp, f) for f in (fy + a / 500, fy, fy - b / 200))
    return _mix(xp, _FROM_XYZ, xp.stack([x, y, z], axis=axis), axis)


def rgb_to_lab(rgb: Array, *, axis: int = -1) -> Array:
    """Convert sRGB to CIELAB.

    Args:
        rgb: uint8 0..255, uint16 0..65535 or float 0..1; three channels along `axis`.
        axis: where the channels are.

    Returns:
        L in 0..100, a and b in CIELAB units along `axis`; float32, or float64 where `rgb` is.

    Raises:
        TypeError: if `rgb` is of another type.
        ValueError: if `axis` does not hold three channels.
    """
    return _in_blocks(lambda block, at: linear_to_lab(srgb_to_linear(block), axis=at), rgb, axis)


def lightness(rgb: Array, *, axis: int = -1) -> Array:
    """Return the L of `rgb_to_lab` alone, 0..100, with `axis` gone: a third of the work."""
    xp = array_api_compat.array_namespace(rgb)
    red, green, blue = _channels(srgb_to_linear(rgb), axis)
    m = _TO_XYZ[1]
    return 116 * _forward(xp, m[0] * red + m[1] * green + m[2] * blue) - 16


def gamut_scale(lab: Array, *, axis: int = -1, steps: int = 12) -> Array:
    """Find the share of each colour's chroma that sRGB can show at the same lightness and hue.

    Newton's method for the channel that comes first to the end of its range, within an interval that is halved
    where a step would leave it: the border's curve along a hue is seldom far from straight.

    Args:
        lab: CIELAB, three channels along `axis`.
        axis: where the channels are.
        steps: steps at most; most colours need 4, and 12 leave at most 0.1 of any colour's chroma unused.

    Returns:
        Factors 0..1 for a and b, with `axis` kept at length 1; 1 for every colour inside the gamut. No
        gradient flows through them.
    """
    xp = array_api_compat.array_namespace(lab)
    lab = lab if xp is _numpy() else lab.detach()
    outside = ~_in_gamut(xp, lab_to_linear(lab, axis=axis), axis)
    light = lab[_at(lab, axis, 0)]
    scale = xp.where(outside, xp.zeros_like(light), 1.0)
    outside &= (light > 1e-3) & (light < 99.99)  # white paper has no room for chroma, nor has black
    if bool(xp.any(outside)):
        light, a, b = (channel[outside] for channel in _channels(lab, axis))
        low, high = xp.zeros_like(light), xp.ones_like(light)
        share, found, where = high, xp.zeros_like(light), xp.nonzero(high)[0]
        for _ in range(steps):
            linear, rise = _along_chroma(xp, light, a, b, share)
            inside = _in_gamut(xp, linear, -1)
            low, high = xp.where(inside, share, low), xp.where(inside, high, share)
            found[where] = low
            step = xp.min((xp.astype(rise > 0, rise.dtype) - linear) / rise, axis=-1)
            within = (share + step > low) & (share + step < high)
            share = xp.where(within, share + step, (low + high) / 2)
            going = ~(inside & (xp.abs(step) < 1e-4))
            light, a, b, low, high, share, where = (x[going] for x in (light, a, b, low, high, share, where))
            if where.shape[0] == 0:
                break
        scale[outside] = found
    return xp.expand_dims(scale, axis=axis)


def lab_to_rgb(lab: Array, *, axis: int = -1) -> Array:
    """Convert CIELAB to sRGB, float 0..1.

    A colour that sRGB cannot show keeps its lightness and hue and loses chroma until it fits; clipping each
    channel on its own would change all three.

    Args:
        lab: L in 0..100, a and b in CIELAB units, float; three channels along `axis`.
        axis: where the channels are.

    Returns:
        sRGB 0..1, same shape and type.

    Raises:
        ValueError: if `axis` does not hold three channels.
    """
    return _in_blocks(_lab_to_rgb, lab, axis)


def stack_lab(light: Array, ab: Array, *, axis: int = -1) -> Array:
    """Put a lightness plane before its a, b planes: `light` lacks `axis` or has it at length 1."""
    xp = array_api_compat.array_namespace(light, ab)
    if light.ndim < ab.ndim:
        light = xp.expand_dims(light, axis=axis)
    return xp.concat([light, ab], axis=axis)


def quantize(rgb: Array, dtype: Any) -> Array:
    """Round float 0..1 to uint8 0..255 or uint16 0..65535, to the nearest step."""
    xp = array_api_compat.array_namespace(rgb)
    top = 255 if dtype == xp.uint8 else 65535
    return xp.astype(xp.round(xp.clip(_single(xp, rgb), 0.0, 1.0) * top), dtype)


def _lab_to_rgb(lab: Array, axis: int) -> Array:
    xp = array_api_compat.array_namespace(lab)
    ab = lab[_at(lab, axis, slice(1, 3))] * gamut_scale(lab, axis=axis)
    linear = lab_to_linear(xp.concat([lab[_at(lab, axis, slice(0, 1))], ab], axis=axis), axis=axis)
    return linear_to_srgb(xp.clip(linear, 0.0, 1.0))


def _forward(xp: Any, ratio: Array) -> Array:
    if xp is _numpy():
        # NumPy's own cube root is several times faster than its power; it has no gradient to protect. The line is
        # for the darkest colours, which are few.
        ratio = np.asarray(ratio)
        root, dark = np.asarray(np.cbrt(ratio)), ~(ratio > _DELTA**3)
        root[dark] = ratio[dark] * (1 / (3 * _DELTA**2)) + 4 / 29
        return root
    root = _at_least(xp, ratio, _DELTA**3) ** (1 / 3)
    return xp.where(ratio > _DELTA**3, root, ratio * (1 / (3 * _DELTA**2)) + 4 / 29)


def _inverse(xp: Any, f: Array) -> Array:
    return xp.where(f > _DELTA, f * f * f, (f - 4 / 29) * (3 * _DELTA**2))


def _along_chroma(xp: Any, light: Array, a: Array, b: Array, share: Array) -> tuple[Array, Array]:
    """Linear RGB of a share of the chroma, channels last, and how fast it rises with the share; never 0."""
    linear = lab_to_linear(xp.stack([light, a * share, b * share], axis=-1))
    fy = (light + 16) / 116
    x, z = (3 * d * _at_least(xp, fy + d * share, _DELTA) ** 2 for d in (a / 500, -b / 200))
    rise = _mix(xp, _FROM_XYZ, xp.stack([x, xp.zeros_like(x), z], axis=-1), -1)
    return linear, xp.where(rise == 0, xp.full_like(rise, 1e-30), rise)


def _in_gamut(xp: Any, linear: Array, axis: int) -> Array:
    inside = (linear >= -_GAMUT_TOLERANCE) & (linear <= 1 + _GAMUT_TOLERANCE)
    return xp.all(inside, axis=axis)


def _single(xp: Any, array: Array) -> Array:
    """Widen half precision, which holds neither CIELAB to an 8-bit step nor 65535, to float32; leave the rest."""
    narrow = xp.isdtype(array.dtype, "real floating") and array.dtype not in (xp.float32, xp.float64)
    return xp.astype(array, xp.float32) if narrow else array


def _at_least(xp: Any, values: Array, floor: float) -> Array:
    return xp.clip(values, floor, None)


def _mix(xp: Any, matrix: list[list[float]], array: Array, axis: int) -> Array:
    """Multiply the three channels along `axis` by a matrix of three columns."""
    if axis in (-1, array.ndim - 1):
        return array @ xp.asarray(matrix, dtype=array.dtype, device=array_api_compat.device(array)).T
    one, two, three = _channels(array, axis)
    return xp.stack([m[0] * one + m[1] * two + m[2] * three for m in matrix], axis=axis)


def _at(array: Array, axis: int, index: int | slice) -> tuple[int | slice, ...]:
    where: list[int | slice] = [slice(None)] * array.ndim
    where[axis] = index
    return tuple(where)


def _channels(array: Array, axis: int) -> tuple[Array, Array, Array]:
    if not -array.ndim <= axis < array.ndim or array.shape[axis] != 3:
        raise ValueError(f"axis {axis} of an array of shape {tuple(array.shape)} does not hold three channels")
    return array[_at(array, axis, 0)], array[_at(array, axis, 1)], array[_at(array, axis, 2)]


def _in_blocks(convert: Callable[[Array, int], Array], array: Array, axis: int) -> Array:
    """Call `convert` on pieces of a large array on the CPU that fit its cache; leave the rest as they are.

    Fresh memory for whole-batch intermediates costs more than the arithmetic. A tensor on the CPU that needs
    no gradient shares its memory with NumPy, whose cube root is the faster one, so it goes the same way.
    """
    xp = array_api_compat.array_namespace(array)
    _channels(array, axis)
    array = _single(xp, array)
    if xp is not _numpy() and array_api_compat.device(array).type == "cpu" and not array.requires_grad:
        return xp.asarray(_in_blocks(convert, np.asarray(array), axis))
    if xp is not _numpy() or array.size <= 3 * _BLOCK:
        return convert(array, axis)
    if axis not in (-1, array.ndim - 1):
        return np.moveaxis(_in_blocks(convert, np.moveaxis(array, axis, -1), -1), -1, axis)
    flat = array.reshape(-1, 3)
    first = convert(flat[:_BLOCK], -1)
    out = np.empty(flat.shape, first.dtype)
    out[:_BLOCK] = first
    for start in range(_BLOCK, len(flat), _BLOCK):
        out[start : start + _BLOCK] = convert(flat[start : start + _BLOCK], -1)
    return out.reshape(array.shape)


@lru_cache(maxsize=1)
def _numpy() -> Any:
    return array_api_compat.array_namespace(np.empty(0))


@lru_cache(maxsize=2)
def _linear_table(top: int) -> np.ndarray[Any, Any]:
    """Linear light of every integer value 0..`top`; a look-up is several times cheaper than the power."""
    return np.asarray(srgb_to_linear(np.arange(top + 1) / top), dtype=np.float32)
