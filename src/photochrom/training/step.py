"""One step of training: a batch of photos in, weights that have moved."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from photochrom.data.augment import augment, zoomed
from photochrom.models import ColorizationNetwork
from photochrom.training.device import cudnn_benchmark
from photochrom.training.losses import objective_of
from photochrom.training.recipe import Recipe
from photochrom.training.seeds import mix, seeded_generator

__all__ = ["Stepper", "learning_rate"]


class Stepper:
    """Takes the steps of a run; each is decided by the recipe's seed and the step's number alone.

    Args:
        recipe: of the run.
        network: whose weights move.
        optimizer: that moves them.
        mean: the network of the running mean of the weights, where the run keeps one.
        device: where all of them are.
        precision: that convolutions compute in.

    Attributes:
        objective: what the network is trained for.
    """

    def __init__(
        self,
        recipe: Recipe,
        network: ColorizationNetwork,
        optimizer: torch.optim.Optimizer,
        mean: ColorizationNetwork | None,
        device: torch.device,
        precision: torch.dtype,
    ) -> None:
        self.objective = objective_of(recipe, network, device, precision)
        self._recipe, self._network, self._optimizer, self._mean = recipe, network, optimizer, mean
        self._device = device

    def __call__(self, batch: Tensor, epoch: int, step: int, before: int, steps: int) -> Tensor:
        """Take a step.

        Args:
            batch: uint8 RGB [B,3,S,S], as the photos are held.
            epoch: its number, from 1.
            step: its number in the epoch, from 0.
            before: how many steps the run has behind it.
            steps: how many the epoch has.

        Returns:
            The batch's loss, without its gradient.
        """
        recipe = self._recipe
        torch.manual_seed(mix(recipe.seed, epoch, step))
        rate = learning_rate(recipe, epoch - 1 + step / steps) * _warmth(recipe, before)
        for group in self._optimizer.param_groups:
            group["lr"] = rate * group["share"]
        photos = _augmented(batch, recipe, epoch, step)
        self._optimizer.zero_grad(set_to_none=True)
        # An epoch's last batch may be smaller: a size of its own, which comes too seldom to look for the fastest.
        whole = len(batch) == recipe.phase(epoch).batch
        with cudnn_benchmark(self._device, recipe.cudnn_benchmark if whole else 0):
            loss = self.objective.loss(photos, seeded_generator(recipe.seed, epoch, step, 1))
            loss.backward()  # type: ignore[no-untyped-call]
        if recipe.grad_clip is not None:
            torch.nn.utils.clip_grad_norm_(self._network.parameters(), recipe.grad_clip)
        self._optimizer.step()
        if self._mean is not None:
            _follow(self._mean, self._network, recipe, before)
        return loss.detach()


def learning_rate(recipe: Recipe, epochs: float) -> float:
    """Return the rate after so many epochs, whole and begun: a cosine falls to 0 at the end of the last one."""
    if recipe.schedule == "constant":
        return recipe.learning_rate
    return recipe.learning_rate * (1 + math.cos(math.pi * epochs / recipe.epochs)) / 2


def _augmented(batch: Tensor, recipe: Recipe, epoch: int, step: int) -> Tensor:
    if recipe.crop_from is None and not recipe.flip:
        return batch
    phase, generator = recipe.phase(epoch), seeded_generator(recipe.seed, epoch, step)
    if phase.least_crop is not None:
        return zoomed(batch, phase.size, phase.least_crop, flip=recipe.flip, generator=generator)
    return augment(batch, phase.size, flip=recipe.flip, generator=generator)


@torch.no_grad()
def _follow(mean: ColorizationNetwork, network: ColorizationNetwork, recipe: Recipe, step: int) -> None:
    """Let the running mean of the weights take a step; at first it follows faster, for it has less to keep."""
    assert recipe.ema_decay is not None
    share = 1 - min(recipe.ema_decay, (step + 1) / (step + 10))
    torch._foreach_lerp_(list(mean.parameters()), list(network.parameters()), share)
    for kept, buffer in zip(mean.buffers(), network.buffers(), strict=True):
        kept.copy_(buffer)


def _warmth(recipe: Recipe, step: int) -> float:
    return min(1.0, (step + 1) / recipe.warmup) if recipe.warmup else 1.0
