"""What a network's distribution over colours says of each place: its mean, its doubt, and colours drawn from it.

A distribution is float32 [N,Q,h,w]: the probabilities of the colours of `photochrom.color.ab_bins` in each place.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from photochrom.color.ab_bins import bin_centers

__all__ = ["blurred", "doubt", "draw", "mean_colour"]

Floats = NDArray[np.float32]

_LIKELY = 0.6  # colours are drawn from the likeliest that together have this probability; more are garish


def mean_colour(chances: Floats) -> Floats:
    """Return each place's mean colour, a, b in CIELAB units: [N,Q,h,w] to [N,2,h,w]."""
    mean: Floats = np.einsum("nqhw,qc->nchw", chances, bin_centers(), optimize=True)
    return mean


def doubt(chances: Floats) -> Floats:
    """Return the trace of each place's covariance: [N,Q,h,w] to [N,h,w].

    It is the squared error, in CIELAB units, that is to be expected of the mean colour there.
    """
    squares = (bin_centers() ** 2).sum(1)
    trace: Floats = np.einsum("nqhw,q->nhw", chances, squares, optimize=True) - (mean_colour(chances) ** 2).sum(1)
    return np.maximum(trace, 0)


def blurred(plane: Floats, radius: int) -> Floats:
    """Average h×w over squares of 2·radius+1 places a side; what lies beyond the border counts as 0."""
    for axis in (0, 1):
        count = plane.shape[axis]
        sums = np.concatenate([np.zeros_like(plane.take([0], axis)), plane.cumsum(axis, np.float64)], axis)
        ends = np.minimum(np.arange(count) + radius + 1, count)
        starts = np.maximum(np.arange(count) - radius, 0)
        plane = (sums.take(ends, axis) - sums.take(starts, axis)) / (2 * radius + 1)
    return plane.astype(np.float32)


def draw(chances: NDArray[np.floating], random: np.random.Generator) -> tuple[float, float]:
    """Draw a colour from the probabilities of one place, [Q]; those far out in the tails are left aside.

    Language models are sampled so: Holtzman et al., "The curious case of neural text degeneration", 2020.

    Returns:
        a, b in CIELAB units.
    """
    order = np.argsort(-chances, kind="stable")
    ranked = chances[order].astype(np.float64)
    kept = ranked * (np.cumsum(ranked) - ranked < _LIKELY * ranked.sum())
    a, b = bin_centers()[order[random.choice(len(order), p=kept / kept.sum())]].tolist()
    return a, b
