"""How sure a mean over photos is: percentile bootstrap, with photos as what is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["Interval", "bootstrap_difference", "bootstrap_mean"]

_BLOCK = 1 << 22  # drawn values held at a time


class Interval(NamedTuple):
    """A mean, and the ends of its confidence interval."""

    mean: float
    low: float
    high: float


def bootstrap_mean(
    values: ArrayLike | Sequence[float], *, draws: int = 2000, level: float = 0.95, seed: int = 0
) -> Interval:
    """Return the mean of one value for each photo, with the interval that other photos of the kind would give.

    Args:
        values: one for each photo.
        draws: how often as many photos are drawn again, with replacement.
        level: share of the draws that the interval holds.
        seed: of the draws; the same for every metric, so that intervals are comparable.

    Raises:
        ValueError: if there are no values.
    """
    array = np.asarray(values, np.float64)
    if array.ndim != 1 or not len(array):
        raise ValueError(f"values of shape {array.shape} have no mean; give one for each photo")
    random = np.random.default_rng(seed)
    means = []
    step = max(1, _BLOCK // len(array))
    for start in range(0, draws, step):
        drawn = random.integers(len(array), size=(min(step, draws - start), len(array)))
        means.append(array[drawn].mean(axis=1))
    low, high = np.percentile(np.concatenate(means), (50 - 50 * level, 50 + 50 * level)).tolist()
    return Interval(float(array.mean()), low, high)


def bootstrap_difference(
    one: ArrayLike | Sequence[float],
    other: ArrayLike | Sequence[float],
    *,
    draws: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Return the mean of `one` minus `other`, photo by photo: far surer than two means apart.

    Raises:
        ValueError: if they are of different length or empty.
    """
    first, second = np.asarray(one, np.float64), np.asarray(other, np.float64)
    if first.shape != second.shape:
        raise ValueError(f"{len(first)} and {len(second)} values are not of the same photos")
    return bootstrap_mean(first - second, draws=draws, level=level, seed=seed)
