"""One step of training: a batch of photos in, weights that have moved."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from warnings import catch_warnings, simplefilter

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from photochrom.data.augment import augment, zoomed
from photochrom.data.keyed_random import KeyedRandom, mix
from photochrom.models import ColorizationNetwork
from photochrom.training.batch_norm import BatchNormOverRanks
from photochrom.training.device import cudnn_benchmark
from photochrom.training.distributed import Ranks
from photochrom.training.losses import Objective, objective_of
from photochrom.training.recipe import Recipe

__all__ = ["Stepper", "learning_rate"]

_ALONE = Ranks()


class Stepper:
    """Takes the steps of a run; each is decided by the recipe's seed, the step's number and its photos alone.

    Args:
        recipe: of the run.
        network: whose weights move.
        optimizer: that moves them.
        mean: the network of the running mean of the weights, where the run keeps one.
        device: where all of them are.
        precision: that convolutions compute in.
        ranks: the processes that train together; each takes every step with its own part of the photos.

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
        ranks: Ranks = _ALONE,
    ) -> None:
        self.objective = objective_of(recipe, network, device, precision)
        self._recipe, self._network, self._optimizer, self._mean = recipe, network, optimizer, mean
        self._device, self._ranks = device, ranks
        self._loss: Callable[[Tensor, KeyedRandom], Tensor] = self.objective.loss
        self._ranked: DistributedDataParallel | None = None
        self._norms: list[BatchNormOverRanks] = []
        if ranks.count > 1:
            self._norms = BatchNormOverRanks.replace_all(network)
            passes = _Loss(network, self.objective)
            with catch_warnings():
                simplefilter("ignore", FutureWarning)  # of a newer name, which PyTorch 2.11 does not know
                self._loss = self._ranked = DistributedDataParallel(passes, broadcast_buffers=False)

    def __call__(
        self,
        batch: Tensor,
        epoch: int,
        step: int,
        before: int,
        steps: int,
        *,
        photos: Sequence[int] | None = None,
        total: int | None = None,
    ) -> Tensor:
        """Take a step.

        Args:
            batch: uint8 RGB [B,3,S,S], as the photos are held: those of this process. Where there is none for it,
                any one photo, which then does not count.
            epoch: its number, from 1.
            step: its number in the epoch, from 0.
            before: how many steps the run has behind it.
            steps: how many the epoch has.
            photos: the numbers of its photos, which decide what each of them draws; 0, 1 … if None.
            total: how many photos the step has in all processes together; B if None.

        Returns:
            The mean loss of all its photos, without its gradient.
        """
        recipe, ranks = self._recipe, self._ranks
        total = len(batch) if total is None else total
        photos = range(len(batch)) if photos is None else photos
        torch.manual_seed(mix(recipe.seed, epoch, step, *(() if ranks.main else (ranks.rank,))))
        rate = learning_rate(recipe, epoch - 1 + step / steps) * _warmth(recipe, before)
        for group in self._optimizer.param_groups:
            group["lr"] = rate * group["share"]
        self._optimizer.zero_grad(set_to_none=True)
        # An epoch's last batch may be smaller: a size of its own, which comes too seldom to look for the fastest.
        whole = total == recipe.phase(epoch).batch
        own = len(ranks.own(range(total)))
        size = -(-ranks.most(total) // recipe.accumulate)
        starts = range(0, ranks.most(total), size)
        loss = torch.zeros((), device=self._device)
        with cudnn_benchmark(self._device, recipe.cudnn_benchmark if whole else 0):
            for start in starts:
                count = len(range(start, min(start + size, own)))
                rows = slice(start, start + count) if count else slice(0, 1)
                random = KeyedRandom(mix(recipe.seed, epoch), photos[rows], mix(recipe.seed, epoch, step))
                with self._summing_up(last=start == starts[-1]):
                    loss += self._pass(batch[rows], random, epoch, count, total)
        if recipe.grad_clip is not None:
            torch.nn.utils.clip_grad_norm_(self._network.parameters(), recipe.grad_clip)
        self._optimizer.step()
        if self._mean is not None:
            _follow(self._mean, self._network, recipe, before)
        return ranks.total(loss)

    def _pass(self, batch: Tensor, random: KeyedRandom, epoch: int, count: int, total: int) -> Tensor:
        """Pass some of a step's photos through the network and back; return their part of its mean loss."""
        for norm in self._norms:
            norm.counts = count > 0
        encoder = self._network.pretrained_encoder
        if self._recipe.drop_path and encoder is not None:
            draws = random.fork()
            encoder.draw_drops(lambda blocks: draws.rand(blocks))
        photos = _augmented(batch, self._recipe, epoch, random.fork())
        loss = self._loss(photos, random.fork()) * (count / total)
        (loss * self._ranks.count).backward()  # type: ignore[no-untyped-call] # DDP takes the processes' mean
        return loss.detach()

    def _summing_up(self, *, last: bool) -> AbstractContextManager[None]:
        """Give a context in which gradients are summed up here; for a step's last part over all processes too."""
        if last or self._ranked is None:
            return nullcontext()
        return self._ranked.no_sync()


class _Loss(nn.Module):
    """The way from photos to the loss as one module, which is what DDP watches over."""

    def __init__(self, network: ColorizationNetwork, objective: Objective) -> None:
        super().__init__()
        self.network = network
        self._objective = objective

    def forward(self, rgb: Tensor, random: KeyedRandom) -> Tensor:
        return self._objective.loss(rgb, random)


def learning_rate(recipe: Recipe, epochs: float) -> float:
    """Return the rate after so many epochs, whole and begun: a cosine falls to 0 at the end of the last one."""
    if recipe.schedule == "constant":
        return recipe.learning_rate
    return recipe.learning_rate * (1 + math.cos(math.pi * epochs / recipe.epochs)) / 2


def _augmented(batch: Tensor, recipe: Recipe, epoch: int, random: KeyedRandom) -> Tensor:
    if recipe.crop_from is None and not recipe.flip:
        return batch
    phase = recipe.phase(epoch)
    if phase.least_crop is not None:
        return zoomed(batch, phase.size, phase.least_crop, flip=recipe.flip, random=random)
    return augment(batch, phase.size, flip=recipe.flip, random=random)


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
