"""The colours that a network chooses from: a grid over all a, b that sRGB can show."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from photochrom.color.cielab import rgb_to_lab

__all__ = ["CELL", "STEP", "SURE_WITHIN", "bin_centers"]

STEP = 10
"""Side of a bin in CIELAB units, as in Zhang et al., "Colorful image colorization", 2016."""


CELL = 4
"""Side in pixels of the place that one distribution over the bins speaks for."""

SURE_WITHIN = 12.0
"""CIELAB units of a, b: a confidence is the probability that the truth lies nearer than this to the answer."""


@lru_cache(maxsize=1)
def bin_centers() -> NDArray[np.float32]:
    """Return the bins' middles as a, b in CIELAB units, float32 [261,2], sorted.

    A bin is there if it is the nearest one to some colour of sRGB: Zhang et al. count 313, since they take
    every square that the gamut touches anywhere.
    """
    # Only the surface of the RGB cube matters: it holds the extremes of a, b, and what lies between is filled.
    levels = np.arange(256, dtype=np.uint8)
    u, v = (plane.ravel() for plane in np.meshgrid(levels[::3], levels[::3], indexing="ij"))
    faces = []
    for axis in range(3):
        for end in (0, 255):
            faces.append(np.insert(np.stack([u, v], -1), axis, end, axis=-1))
    grid = np.round(rgb_to_lab(np.concatenate(faces))[:, 1:] / STEP).astype(np.int64)
    rows: list[tuple[int, int]] = []
    for a in np.unique(grid[:, 0]):
        column = grid[grid[:, 0] == a, 1]
        rows.extend((a, b) for b in range(column.min(), column.max() + 1))
    centers = (np.array(rows) * STEP).astype(np.float32)
    centers.setflags(write=False)
    return centers
