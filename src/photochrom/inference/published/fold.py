"""Weights as they are used: what was learned in two parts, a direction and a length, becomes one array."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.inference.published.checkpoint import Weight

__all__ = ["fold_norms"]

# What PyTorch calls the parts: its hooks of old, and its parametrizations since version 1.9 and 2.0.
_SPECTRAL = (
    ("weight_orig", "weight_u", "weight_v"),
    ("parametrizations.weight.original", "parametrizations.weight.0._u", "parametrizations.weight.0._v"),
)
_WEIGHT_NORM = (
    ("weight_g", "weight_v"),
    ("parametrizations.weight.original0", "parametrizations.weight.original1"),
)


def fold_norms(weights: Mapping[str, Weight]) -> dict[str, Weight]:
    """Fold spectral norm (Miyato et al., 2018) and weight norm (Salimans, Kingma, 2016) into the weights.

    Counters of batch norm, which only training needs, are left out. An array is folded when it is read.

    Args:
        weights: by name, such as ``"layers.3.0.0.weight_orig"``, as `read_weights` finds them.

    Returns:
        The same by the names of plain layers, such as ``"layers.3.0.0.weight"``.
    """
    folded = {name: weight for name, weight in weights.items() if not name.endswith("num_batches_tracked")}
    for parts, fold in [(p, _spectral) for p in _SPECTRAL] + [(p, _weight_norm) for p in _WEIGHT_NORM]:
        for name in [name for name in folded if name.endswith(f".{parts[0]}")]:
            layer = name.removesuffix(parts[0])
            if all(layer + part in folded for part in parts):
                given = [folded.pop(layer + part) for part in parts]
                shape = given[0 if fold is _spectral else 1].shape
                folded[f"{layer}weight"] = Weight(shape, partial(fold, given))
    return folded


def _spectral(given: list[Weight]) -> NDArray[Any]:
    """Divide by the largest singular value, u·Wv: u and v are the singular vectors as training left them."""
    weight, u, v = (part.read() for part in given)
    folded: NDArray[Any] = weight / np.dot(u, weight.reshape(len(u), -1) @ v)
    return folded


def _weight_norm(given: list[Weight]) -> NDArray[Any]:
    """Give each output's filter `v` the length `g`."""
    length, direction = (part.read() for part in given)
    norm = np.sqrt(np.square(direction).sum(axis=tuple(range(1, direction.ndim)), keepdims=True))
    folded: NDArray[Any] = direction * (length / norm)
    return folded
