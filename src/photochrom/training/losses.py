"""What a network is trained for: from a batch of photos to the loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from photochrom.color.ab_bins import CELL
from photochrom.color.cielab import rgb_to_lab
from photochrom.data.degrade import degraded_lightness
from photochrom.data.keyed_random import KeyedRandom
from photochrom.data.recolor import recolor
from photochrom.errors import RecipeError
from photochrom.models import ColorizationNetwork
from photochrom.models.distribution import DistributionNetwork, channel_softmax
from photochrom.training.device import autocast
from photochrom.training.distribution import SoftBins
from photochrom.training.hinting import hints_inside, simulate_hints
from photochrom.training.recipe import Recipe

__all__ = ["Objective", "objective_of"]

_DISTANCES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "mse": functional.mse_loss,
    "smooth-l1": functional.smooth_l1_loss,
}
_UNSEEN = 4.0  # squared CIELAB units: a photo's error that nobody sees, below which it is not worth work
_NO_HINT_WEIGHT = 0.3  # of a CIELAB unit of error in photos without hints, beside nats
_ALONE = 0.6  # of the recoloured photos get no other colour points than those of the region


class Objective(Protocol):
    """How photos become a loss."""

    @property
    def distance(self) -> Callable[[Tensor, Tensor], Tensor]:
        """Between proposed and true a, b: what test photos, and a grey answer, are measured by."""
        ...

    def loss(self, rgb: Tensor, random: KeyedRandom) -> Tensor:
        """Return the loss of a batch.

        Args:
            rgb: uint8 [N,3,H,W].
            random: where randomness comes from, photo by photo.
        """
        ...


def objective_of(
    recipe: Recipe, network: ColorizationNetwork, device: torch.device, precision: torch.dtype
) -> Objective:
    """Return what a recipe trains a network for.

    Raises:
        RecipeError: if the network cannot be trained for it.
    """
    if recipe.loss != "distribution":
        return _Difference(_DISTANCES[recipe.loss], network, device, precision)
    if not isinstance(network, DistributionNetwork):
        raise RecipeError(
            "loss", f"{recipe.network} gives no distribution over colours", "use mse, or network photochrom-1"
        )
    return _Likelihood(recipe, network, device, precision)


class _Difference:
    """Proposed colours against true ones, pixel by pixel."""

    def __init__(
        self,
        distance: Callable[[Tensor, Tensor], Tensor],
        network: ColorizationNetwork,
        device: torch.device,
        precision: torch.dtype,
    ) -> None:
        self.distance, self._network = distance, network
        self._device, self._precision = device, precision

    def loss(self, rgb: Tensor, random: KeyedRandom) -> Tensor:
        lab = rgb_to_lab(rgb, axis=1)
        with autocast(self._device, self._precision):
            ab = self._network(lab[:, :1])
        return self.distance(ab.float(), lab[:, 1:])


class _Likelihood:
    """How likely the true colours were held to be, and how good the mean of all likely ones is.

    Some photos are aged before the network sees them, and some come with a few hints. Of these the mean's
    error counts by its logarithm, photo by photo, as it does in decibels: else a photo with many colour points,
    of which little is left to learn, would count for nothing beside one with few. Of the others the error itself
    counts: its logarithm forgives a large error nearly as easily as a larger one, and grey is safe then.
    """

    def __init__(
        self, recipe: Recipe, network: DistributionNetwork, device: torch.device, precision: torch.dtype
    ) -> None:
        self.distance: Callable[[Tensor, Tensor], Tensor] = functional.mse_loss
        self._recipe, self._network = recipe, network
        self._device, self._precision = device, precision
        self._bins = SoftBins(device)

    def loss(self, rgb: Tensor, random: KeyedRandom) -> Tensor:
        rgb = rgb.contiguous()
        lab = rgb_to_lab(rgb, axis=1)
        light = degraded_lightness(rgb, random.fork(), share=self._recipe.degrade_prob)
        ab, hints = self._with_hints(lab, random.fork())
        with autocast(self._device, self._precision):
            scores, weights = self._network.score(light, hints)
        scores, weights = scores.float(), weights.float()
        chance = channel_softmax(scores)
        cross_entropy = self._bins.cross_entropy(chance, functional.avg_pool2d(ab, CELL)).mean()
        mean = self._network.convex_upsample(self._network.mean(chance), weights)
        hinted = hints[:, 2].amax((1, 2)) > 0
        decibels = torch.log((mean - ab).square().mean((1, 2, 3)) + _UNSEEN)
        units = functional.smooth_l1_loss(mean, ab, reduction="none").mean((1, 2, 3)) * _NO_HINT_WEIGHT
        return cross_entropy + torch.where(hinted, decibels, units).mean()

    def _with_hints(self, lab: Tensor, random: KeyedRandom) -> tuple[Tensor, Tensor]:
        """Recolour some photos of a batch [N,3,H,W], the recipe's share of them; draw all photos' hints.

        Returns:
            True a, b [N,2,H,W]; hints [N,3,H,W].
        """
        ab, unhinted = lab[:, 1:], self._recipe.no_hint_prob
        recolored = random.rand() < self._recipe.recolor_prob
        rows = recolored.nonzero()[:, 0]
        if not len(rows):
            return ab, simulate_hints(ab, random.fork(), without=unhinted)
        everybody, theirs = random.fork(), random[rows]
        rows = rows.to(lab.device, non_blocking=True)
        changed, region = recolor(lab[rows], theirs.fork())
        ab = ab.clone()
        ab[rows] = changed
        hints = simulate_hints(ab, everybody, without=torch.where(recolored, _ALONE, unhinted))
        inside = hints_inside(changed, region, theirs.fork())
        hints[rows] = torch.where(inside[:, 2:] > 0, inside, hints[rows])
        return ab, hints
