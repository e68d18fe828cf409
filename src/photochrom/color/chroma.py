"""How much chroma a photo has: whether there is any to take as a palette, and whether enough to learn from.

Whether a photo has colours of its own, or is toned, is another question: see `own_colors`. A photo of one hue is
worth learning from, and may lend its hue.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.color.cielab import rgb_to_lab

__all__ = ["MIN_CHROMA", "is_grey", "mean_chroma"]

MIN_CHROMA = 2.0
"""Mean CIELAB chroma below which a photo counts as having no colour to learn from, in CIELAB units.

Grey scans saved as noisy JPEG measure up to about 0.5; the dullest thousandth of colour photos, fog and snow, 3.
"""

_GREY = 6.0  # CIELAB units
_SHARE = 0.99  # of the pixels
_SAMPLES = 32  # rows and columns that the mean chroma is taken over


def is_grey(ab: NDArray[Any]) -> bool:
    """Say whether a photo has no chroma to speak of: all but one pixel in a hundred have less than 6.

    A mean would not do: one red balloon in a grey photo makes it no grey one.

    Args:
        ab: a, b in CIELAB units, [..., 2], of any number of pixels.
    """
    chroma = np.hypot(*ab.astype(np.float64).reshape(-1, 2).T)
    return not chroma.size or bool(np.quantile(chroma, _SHARE) < _GREY)


def mean_chroma(rgb: NDArray[np.uint8]) -> float:
    """Return the mean CIELAB chroma of a uint8 RGB photo, over a grid of about 32×32 of its pixels."""
    step_y, step_x = (max(1, side // _SAMPLES) for side in rgb.shape[:2])
    lab = rgb_to_lab(np.ascontiguousarray(rgb[::step_y, ::step_x]))
    return float(np.hypot(lab[..., 1], lab[..., 2]).mean())
