"""How far a distribution over colours is from the truth."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from photochrom.color.ab_bins import bin_centers

__all__ = ["SoftBins"]

_NEIGHBOURS = 5  # bins that a colour is spread over, by a Gaussian of
_SIGMA = 5.0  # CIELAB units: both as in Zhang et al., "Colorful image colorization", 2016
_FINE = 2  # CIELAB units between the colours that are looked up
_REACH = 128
_LEAST = 1e-30  # of a probability, so that its logarithm is a number; all above it have a gradient


class SoftBins:
    """Colours as weights on the bins nearest to them, looked up.

    Args:
        device: where they are needed.
    """

    def __init__(self, device: torch.device) -> None:
        side = 2 * _REACH // _FINE + 1
        axis = np.linspace(-_REACH, _REACH, side)
        grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), -1).reshape(-1, 2)
        squared = ((grid[:, None] - bin_centers()[None]) ** 2).sum(-1)
        nearest = np.argsort(squared, 1)[:, :_NEIGHBOURS]
        weights = np.exp(-np.take_along_axis(squared, nearest, 1) / (2 * _SIGMA**2))
        weights = np.maximum(weights, 1e-30)
        weights /= weights.sum(1, keepdims=True)
        self._side = side
        self._bins = torch.from_numpy(nearest).to(device)
        self._weights = torch.from_numpy(weights).float().to(device)

    def spread(self, ab: Tensor) -> tuple[Tensor, Tensor]:
        """Map a, b [N,2,h,w] to the numbers of five bins and their weights, each [N,5,h,w]."""
        cell = ((ab + _REACH) / _FINE).round().clamp(0, self._side - 1).long()
        number = cell[:, 0] * self._side + cell[:, 1]
        return self._bins[number].permute(0, 3, 1, 2), self._weights[number].permute(0, 3, 1, 2)

    def cross_entropy(self, chance: Tensor, ab: Tensor) -> Tensor:
        """Return the cross entropy of probabilities [N,Q,h,w] with true a, b [N,2,h,w]: nats per place [N,h,w]."""
        bins, weights = self.spread(ab)
        return -(chance.gather(1, bins).clamp(min=_LEAST).log() * weights).sum(1)
