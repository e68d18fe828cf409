"""What a network's distribution over colours says of each place: mean, variance, and colours sampled from it.

A distribution is float32 [N,Q,h,w]: the probabilities of the colours of `photochrom.color.ab_bins` in each place.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from photochrom.color.ab_bins import STEP, bin_centers

__all__ = ["blurred", "mean_colour", "percentile", "sample", "variance"]

Floats = NDArray[np.float32]

_LIKELY = 0.6  # colours are sampled from the likeliest that together have this probability; more are garish


def mean_colour(probabilities: Floats) -> Floats:
    """Return each place's mean colour, a, b in CIELAB units: [N,Q,h,w] to [N,2,h,w]."""
    mean: Floats = np.einsum("nqhw,qc->nchw", probabilities, bin_centers(), optimize=True)
    return mean


def variance(probabilities: Floats) -> Floats:
    """Return the trace of each place's covariance: [N,Q,h,w] to [N,h,w].

    It is the squared error, in CIELAB units, that is to be expected of the mean colour there.
    """
    squares = (bin_centers() ** 2).sum(1)
    second: Floats = np.einsum("nqhw,q->nhw", probabilities, squares, optimize=True)
    trace: Floats = np.maximum(second - (mean_colour(probabilities) ** 2).sum(1), 0)
    return trace


def percentile(probabilities: Floats, ab: Floats) -> Floats:
    """Rank a colour of each place among all that are predicted there: float32 [h,w], 0..100.

    It is the probability, in percent, of all colours that are no likelier than it: 100 for the likeliest, and 0
    for those that nothing is predicted near. That is 1 minus the mass of the highest density region that it bounds
    (Hyndman, "Computing and graphing highest density regions", 1996). A colour is no bin: it is as likely as the
    likeliest of the bins no farther from it than their step.

    Args:
        probabilities: of one photo, [Q,h,w].
        ab: colours in CIELAB units, [2,h,w].
    """
    centers = bin_centers()
    flat = probabilities.reshape(len(centers), -1)
    a, b = ab.reshape(2, -1)
    near = (centers[:, :1] - a) ** 2 + (centers[:, 1:] - b) ** 2 <= STEP**2
    likely = np.where(near, flat, -1).max(0)
    ranks: Floats = 100 * np.where(flat <= likely, flat, 0).sum(0).reshape(ab.shape[1:])
    return ranks


def blurred(plane: Floats, radius: int) -> Floats:
    """Average h×w over squares of 2·radius+1 places a side; what lies beyond the border counts as 0."""
    for axis in (0, 1):
        count = plane.shape[axis]
        sums = np.concatenate([np.zeros_like(plane.take([0], axis)), plane.cumsum(axis, np.float64)], axis)
        ends = np.minimum(np.arange(count) + radius + 1, count)
        starts = np.maximum(np.arange(count) - radius, 0)
        plane = (sums.take(ends, axis) - sums.take(starts, axis)) / (2 * radius + 1)
    return plane.astype(np.float32)


def sample(probabilities: NDArray[np.floating], random: np.random.Generator) -> tuple[float, float]:
    """Sample a colour from the probabilities of one place, [Q]; those far out in the tails are left aside.

    This is nucleus sampling: Holtzman et al., "The curious case of neural text degeneration", 2020.

    Returns:
        a, b in CIELAB units.
    """
    order = np.argsort(-probabilities, kind="stable")
    ranked = probabilities[order].astype(np.float64)
    kept = ranked * (np.cumsum(ranked) - ranked < _LIKELY * ranked.sum())
    a, b = bin_centers()[order[random.choice(len(order), p=kept / kept.sum())]].tolist()
    return a, b
