"""a, b from network size to photo size: smooth, and strip by strip, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom import vips

__all__ = ["enlarge_ab"]

_STRIP = 1 << 19  # pixels to a strip: 2 planes of floats, and what turns them into RGB, stay below 40 MB


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
