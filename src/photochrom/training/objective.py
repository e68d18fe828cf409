"""What a network is trained for: from a batch of photos to the loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from photochrom.color.ab_bins import CELL
from photochrom.color.cielab import rgb_to_lab
from photochrom.data.degrade import aged_lightness
from photochrom.data.recolor import recolor
from photochrom.errors import RecipeError
from photochrom.models import ColorizationNetwork
from photochrom.models.hinted import HintedNetwork, channel_softmax
from photochrom.training.device import autocast
from photochrom.training.distribution import SoftBins
from photochrom.training.hinting import hints_inside, simulate_hints
from photochrom.training.recipe import Recipe

__all__ = ["Objective", "change_beyond", "objective_of"]

_DISTANCES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "mse": functional.mse_loss,
    "smooth-l1": functional.smooth_l1_loss,
}
_UNSEEN = 4.0  # squared CIELAB units: a photo's error that nobody sees, below which it is not worth work
_UNTOLD = 0.3  # what a CIELAB unit of error counts where no colour is told, beside nats
_ALONE = 0.6  # of the recoloured photos get no other colour points than those of the region
_BEYOND = 0.06  # of the photo's side around a region, where its points may change something: its border is unsure
_LEAK = 0.4  # what a CIELAB unit of change beyond the region counts, beside nats


class Objective(Protocol):
    """How photos become a loss."""

    @property
    def distance(self) -> Callable[[Tensor, Tensor], Tensor]:
        """Between proposed and true a, b: what test photos, and a grey answer, are measured by."""
        ...

    def loss(self, rgb: Tensor, generator: torch.Generator) -> Tensor:
        """Return the loss of a batch.

        Args:
            rgb: uint8 [N,3,H,W].
            generator: where randomness comes from; on the CPU.
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
        forward = torch.compile(network) if recipe.compile else network
        return _Difference(_DISTANCES[recipe.loss], forward, device, precision)
    if not isinstance(network, HintedNetwork):
        raise RecipeError(
            "loss", f"{recipe.network} gives no distribution over colours", "use mse, or network photochrom-1"
        )
    return _Likelihood(recipe, network, device, precision)


class _Difference:
    """Proposed colours against true ones, pixel by pixel."""

    def __init__(
        self,
        distance: Callable[[Tensor, Tensor], Tensor],
        forward: Callable[[Tensor], Tensor] | nn.Module,
        device: torch.device,
        precision: torch.dtype,
    ) -> None:
        self.distance, self._forward = distance, forward
        self._device, self._precision = device, precision

    def loss(self, rgb: Tensor, generator: torch.Generator) -> Tensor:
        lab = rgb_to_lab(rgb, axis=1)
        with autocast(self._device, self._precision):
            ab = self._forward(lab[:, :1])
        return self.distance(ab.float(), lab[:, 1:])


class _Likelihood:
    """How likely the true colours were held to be, and how good the mean of all likely ones is.

    Some photos are aged before the network sees them, and of some it is told a few colours. Of these the mean's
    error counts by its logarithm, photo by photo, as it does in decibels: else a photo with many colour points,
    of which little is left to learn, would count for nothing beside one with few. Of the others the error itself
    counts: its logarithm forgives a large error nearly as easily as a larger one, and grey is safe then.
    """

    def __init__(
        self, recipe: Recipe, network: HintedNetwork, device: torch.device, precision: torch.dtype
    ) -> None:
        self.distance: Callable[[Tensor, Tensor], Tensor] = functional.mse_loss
        self._recipe, self._network = recipe, network
        self._device, self._precision = device, precision
        self._bins = SoftBins(device)

    def loss(self, rgb: Tensor, generator: torch.Generator) -> Tensor:
        rgb = rgb.contiguous()
        lab = rgb_to_lab(rgb, axis=1)
        light = aged_lightness(rgb, generator, share=self._recipe.aged)
        ab, hints, region = self._told(lab, generator)
        with autocast(self._device, self._precision):
            scores, weights = self._network.score(light, hints)
        scores, weights = scores.float(), weights.float()
        chance = channel_softmax(scores)
        unlikely = self._bins.unlikelihood(chance, functional.avg_pool2d(ab, CELL)).mean()
        mean = self._network.convex_upsample(self._network.mean(chance), weights)
        told = hints[:, 2].amax((1, 2)) > 0
        decibels = torch.log((mean - ab).square().mean((1, 2, 3)) + _UNSEEN)
        units = functional.smooth_l1_loss(mean, ab, reduction="none").mean((1, 2, 3)) * _UNTOLD
        loss = unlikely + torch.where(told, decibels, units).mean()
        if len(region):
            loss = loss + self._leak(light[: len(region)], mean[: len(region)], region).sum() / len(rgb)
        return loss

    def _told(self, lab: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Recolour the first photos of a batch [N,3,H,W], the recipe's share of it; draw all photos' hints.

        Returns:
            True a, b [N,2,H,W]; hints [N,3,H,W]; the regions [M,1,H,W] of the first M photos, whose hints are all
            within their region.
        """
        unhinted, ab = self._recipe.unhinted, lab[:, 1:]
        recolored = round(self._recipe.recolor_prob * len(lab))
        if not recolored:
            return ab, simulate_hints(ab, generator, without=unhinted), lab[:0, :1]
        alone = round(_ALONE * recolored)
        changed, region = recolor(lab[:recolored], generator)
        ab = torch.cat([changed, ab[recolored:]])
        inside = hints_inside(changed, region, generator)
        others = simulate_hints(changed[alone:], generator, without=0.0)
        around = torch.cat([torch.zeros_like(inside[:alone]), others])
        hints = torch.where(inside[:, 2:] > 0, inside, around)
        rest = simulate_hints(ab[recolored:], generator, without=unhinted)
        return ab, torch.cat([hints, rest]), region[:alone]

    def _leak(self, light: Tensor, mean: Tensor, region: Tensor) -> Tensor:
        """Measure what hints within a region change beyond it, photo by photo, against the answer without."""
        with torch.no_grad(), autocast(self._device, self._precision):
            logits, weights = self._network.score(light)
        untold = self._network.mean(channel_softmax(logits.float()))
        untold = self._network.convex_upsample(untold, weights.float())
        return change_beyond(region, mean, untold) * _LEAK


def change_beyond(region: Tensor, told: Tensor, untold: Tensor) -> Tensor:
    """Measure how far two answers differ beyond a region and a margin around it.

    Args:
        region: 1 within, else 0 [N,1,H,W].
        told: a, b [N,2,H,W] with hints.
        untold: likewise without.

    Returns:
        The smooth L1 distance [N], as a mean over the whole photo.
    """
    half = round(_BEYOND * min(region.shape[2:]))
    near = functional.max_pool2d(region, (2 * half + 1, 1), stride=1, padding=(half, 0))
    near = functional.max_pool2d(near, (1, 2 * half + 1), stride=1, padding=(0, half))
    return (functional.smooth_l1_loss(told, untold, reduction="none") * (1 - near)).mean((1, 2, 3))
