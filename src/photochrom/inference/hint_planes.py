"""Hints as planes of pixels, in which a network takes them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from photochrom.hints import Hint

__all__ = ["hint_planes"]

Floats = NDArray[np.float32]


def hint_planes(hints: Sequence[Hint], height: int, width: int) -> Floats:
    """Draw hints as a network takes them.

    Args:
        hints: where two overlap, the later one holds.
        height: of what the network sees, in pixels.
        width: likewise.

    Returns:
        float32 [3,height,width]: a, b in CIELAB units, and 1 where somebody hinted, else 0.
    """
    planes = np.zeros((3, height * width), np.float32)
    for hint in hints:
        planes[:, hint.shape.pixels(height, width)] = np.array([*hint.ab, 1], np.float32)[:, None]
    return planes.reshape(3, height, width)
