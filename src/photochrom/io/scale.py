"""Samples of any number of bits as those of 8 or 16, in which black and white are where they were."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["scaled"]


def scaled(samples: NDArray[Any], bits: int, dtype: Any = None) -> NDArray[Any]:
    """Scale unsigned samples, 0 to 2^bits - 1, to uint8 or uint16, each rounded to the nearest.

    Args:
        samples: whole numbers, any shape.
        bits: 1 to 64.
        dtype: of the result; None for uint8 up to 8 bits, and uint16 beyond.
    """
    to: Any = dtype or (np.uint8 if bits <= 8 else np.uint16)
    most, full = 2**bits - 1, 255 if to is np.uint8 else 65535
    if most == full:
        return samples.astype(to, copy=False)
    if bits <= 16:  # looked up: exact, and without floats for each pixel
        table = (np.arange(most + 1, dtype=np.uint64) * full + most // 2) // most
        found: NDArray[Any] = table.astype(to)[np.minimum(samples, most)]
        return found
    step = max(1, (1 << 20) // max(1, samples[0].size))
    out = np.empty(samples.shape, to)
    for top in range(0, len(samples), step):
        part = samples[top : top + step].astype(np.float64)
        out[top : top + step] = np.rint(part * (full / most))
    return out
