"""Photographed and scanned negatives: the curves that make a positive of one, without the tone of its base."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["apply_curves", "positive_curves"]

Pixels = NDArray[Any]

_ENDS = (0.1, 99.9)  # percentiles; a speck of dust is no black, and a sprocket hole no white


def positive_curves(pixels: Pixels, *, has_alpha: bool = False) -> Pixels:
    """Find the curves that turn a negative into its positive.

    A channel of the negative goes from its densest place, d, to its clear base, c. The positive is
    (c - v) / (c - d) of a pixel's sRGB value v, cut to 0..1. So the base becomes black whatever its tone is, such
    as the orange mask of colour negatives, and the densest place white; between them lightness is that of the
    negative, turned about and stretched.

    Args:
        pixels: uint8 or uint16, h×w×1 or h×w×3: a small copy of the negative; alpha behind, if there is any.
        has_alpha: whether there is; what is transparent does not count.

    Returns:
        A table of each channel's values in the positive, channels×256 or channels×65536, of the pixels' type.
    """
    bands = pixels.shape[2] - has_alpha
    top = int(np.iinfo(pixels.dtype).max)
    seen = pixels.reshape(-1, pixels.shape[2])
    if has_alpha and (opaque := seen[:, -1] > top // 2).any():
        seen = seen[opaque]
    dense, clear = np.percentile(seen[:, :bands].astype(np.float64), _ENDS, axis=0)
    values = np.arange(top + 1)
    # A negative without any contrast has no densest place: it stays one even tone.
    positive = (clear[:, None] - values) / np.maximum(clear - dense, 1.0)[:, None]
    curves: Pixels = np.rint(np.clip(positive, 0, 1) * top).astype(pixels.dtype)
    return curves


def apply_curves(pixels: Pixels, curves: Pixels) -> Pixels:
    """Look up each channel's values, H×W×channels; alpha behind stays as it is."""
    result = pixels.copy()
    for channel, curve in enumerate(curves):
        np.take(curve, pixels[..., channel], out=result[..., channel], mode="clip")
    return result
