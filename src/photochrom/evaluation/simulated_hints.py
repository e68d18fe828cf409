"""True hints as a user who knows the photo would set them, for the curve of quality against their number."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from photochrom.hints import Hint
from photochrom.shapes import PATCH

__all__ = ["random_true_hints", "seed_of", "true_hints"]


def random_true_hints(lab: NDArray[np.floating], count: int, key: str) -> list[Hint]:
    """Reveal the true colours at random points of a photo.

    As Zhang et al. 2017 measure it: places drawn at random, each giving the mean colour of 7×7 of 256×256 pixels.
    The places depend on the photo's key alone, and the first of many are the same as those of few.

    Args:
        lab: CIELAB, H×W×3: the photo as it is.
        count: how many points.
        key: of the photo.
    """
    return true_hints(lab, np.random.default_rng(seed_of(key)).random((count, 2)).tolist())


def seed_of(key: str) -> int:
    """Return the seed of all that is drawn for a photo."""
    return int.from_bytes(hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()[:8], "big")


def true_hints(lab: NDArray[np.floating], places: Sequence[tuple[float, float]]) -> list[Hint]:
    """Reveal the true colours at given places, each the mean of 7×7 of 256×256 pixels.

    Args:
        lab: CIELAB, H×W×3: the photo as it is.
        places: x, y as fractions of its width and height.
    """
    height, width = lab.shape[:2]
    side = max(1, round(PATCH * np.sqrt(height * width)))
    hints = []
    for x, y in places:
        top, left = min(int(y * height), height - 1) - side // 2, min(int(x * width), width - 1) - side // 2
        patch = lab[max(0, top) : top + side, max(0, left) : left + side, 1:]
        a, b = patch.mean(axis=(0, 1)).tolist()
        hints.append(Hint(x, y, (a, b)))
    return hints
