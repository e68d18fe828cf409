"""Whether a network knows where it is wrong: how sure it says it is, against its errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.color.ab_bins import SURE_WITHIN

__all__ = ["summarize_calibration", "tally_calibration"]

_BINS = 10  # of the confidence, equally wide

Floats = NDArray[np.floating[Any]]


def tally_calibration(confidence: Floats, error: Floats) -> dict[str, list[float]]:
    """Count what one photo says.

    Args:
        confidence: of each pixel, 0..1: the probability that the truth is nearer than `SURE_WITHIN`.
        error: distance of proposed and true a, b in CIELAB units, of the same shape.

    Returns:
        For each of ten equal ranges of confidence, ``"pixels"``, the sum of their ``"confidence"``, and how many
        are ``"right"``; and the ``"moments"`` that a correlation is computed from.
    """
    sure, wrong = confidence.astype(np.float64).ravel(), error.astype(np.float64).ravel()
    place = np.minimum((sure * _BINS).astype(np.int64), _BINS - 1)
    return {
        "pixels": np.bincount(place, minlength=_BINS).astype(float).tolist(),
        "confidence": np.bincount(place, sure, _BINS).tolist(),
        "right": np.bincount(place, wrong < SURE_WITHIN, _BINS).tolist(),
        "moments": [sure.sum(), wrong.sum(), sure @ sure, wrong @ wrong, sure @ wrong],
    }


def summarize_calibration(tallies: Sequence[dict[str, list[float]]]) -> dict[str, Any]:
    """Put the photos' counts together.

    Returns:
        ``"ranges"``: for each range that holds pixels, their share, mean confidence and share that is right.
        ``"gap"``: the mean difference of the last two over pixels (expected calibration error; Naeini et al.,
        "Obtaining well calibrated probabilities using Bayesian binning", 2015). ``"correlation"``: Pearson's, of
        confidence and error over all pixels; None where one of them never varies.
    """
    sums = {key: np.sum([tally[key] for tally in tallies], axis=0) for key in tallies[0]}
    count = sums["pixels"].sum()
    there = sums["pixels"] > 0
    shares, pixels = sums["pixels"][there] / count, sums["pixels"][there]
    said, right = sums["confidence"][there] / pixels, sums["right"][there] / pixels
    sure, wrong, sure_2, wrong_2, both = sums["moments"] / count
    spread = (sure_2 - sure**2) * (wrong_2 - wrong**2)
    return {
        "ranges": [
            {"share": share, "confidence": one, "right": other}
            for share, one, other in zip(shares.tolist(), said.tolist(), right.tolist(), strict=True)
        ],
        "gap": float((shares * np.abs(said - right)).sum()),
        "correlation": float((both - sure * wrong) / np.sqrt(spread)) if spread > 1e-9 else None,
    }
