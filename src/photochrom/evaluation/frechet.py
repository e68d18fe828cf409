"""The Fréchet distance of two sets of features."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["frechet_distance"]


def frechet_distance(features_1: NDArray[Any], features_2: NDArray[Any]) -> float:
    """Return the squared Fréchet distance of the Gaussians with the mean and covariance of two sets.

    |m1 - m2|² + Tr C1 + Tr C2 - 2 Tr √(C1 C2), Heusel et al., "GANs trained by a two time-scale
    update rule", 2017.
    With X1, X2 the centred sets, each divided by √(n - 1), C = XᵀX; and the eigenvalues of C1 C2 are the squared
    singular values of X1 X2ᵀ, so that the last trace is their sum. No matrix root is taken, which is inexact
    where there are fewer photos than features, and a set of any size will do.

    Args:
        features_1: N1×D.
        features_2: N2×D.

    Raises:
        ValueError: if a set has fewer than two rows, or they differ in D.
    """
    one, other = (np.asarray(features, np.float64) for features in (features_1, features_2))
    if one.ndim != 2 or other.ndim != 2 or one.shape[1] != other.shape[1] or min(len(one), len(other)) < 2:
        raise ValueError(f"features of shapes {one.shape} and {other.shape} have no Fréchet distance")
    apart = one.mean(axis=0) - other.mean(axis=0)
    x, y = (_factor(features) for features in (one, other))
    root = float(np.linalg.svd(x @ y.T, compute_uv=False).sum())
    distance = float(apart @ apart) + float(np.vdot(x, x)) + float(np.vdot(y, y)) - 2 * root
    return max(0.0, distance)  # equal sets differ by rounding


def _factor(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return X with XᵀX the covariance, with no more rows than columns."""
    centred: NDArray[np.float64] = (features - features.mean(axis=0)) / np.sqrt(len(features) - 1)
    if centred.shape[0] <= centred.shape[1]:
        return centred
    triangle: NDArray[np.float64] = np.linalg.qr(centred).R
    return triangle
