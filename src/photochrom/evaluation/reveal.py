"""Colour points as a user who knows the photo would set them, for the curve of quality against their number."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from photochrom.hints import PATCH, Hint

__all__ = ["reveal"]


def reveal(lab: NDArray[np.floating], count: int, key: str) -> list[Hint]:
    """Reveal the true colours at random points of a photo.

    As Zhang et al. 2017 measure it: places drawn at random, each giving the mean colour of 7×7 of 256×256 pixels.
    The places depend on the photo's key alone, and the first of many are the same as those of few.

    Args:
        lab: CIELAB, H×W×3: the photo as it is.
        count: how many points.
        key: of the photo.
    """
    height, width = lab.shape[:2]
    seed = int.from_bytes(hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()[:8], "big")
    places = np.random.default_rng(seed).random((count, 2))
    side = max(1, round(PATCH * np.sqrt(height * width)))
    hints = []
    for x, y in places.tolist():
        top, left = int(y * height) - side // 2, int(x * width) - side // 2
        patch = lab[max(0, top) : top + side, max(0, left) : left + side, 1:]
        a, b = patch.mean(axis=(0, 1)).tolist()
        hints.append(Hint(x, y, (a, b)))
    return hints
