"""Planes at another size: for networks that take one size only, and for two that work at different ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from photochrom.io.vips import resize_array

__all__ = ["nearest", "smooth"]

Planes = NDArray[np.float32]


def smooth(planes: Planes, height: int, width: int) -> Planes:
    """Change the size of float32 [N,C,H,W] smoothly, without what is finer than the new pixels."""
    if planes.shape[2:] == (height, width):
        return planes
    resized = [resize_array(one.transpose(1, 2, 0), height, width)(0, height).transpose(2, 0, 1) for one in planes]
    return np.stack(resized).astype(np.float32, copy=False)


def nearest(planes: Planes, height: int, width: int) -> Planes:
    """Change the size of float32 [N,C,H,W] without mixing pixels, as hints and their mask need it."""
    rows, columns = (
        ((np.arange(new) + 0.5) * old / new).astype(np.intp)
        for new, old in zip((height, width), planes.shape[2:], strict=True)
    )
    return planes[:, :, rows[:, None], columns[None]]
