"""How many epochs a given time holds: a few steps are taken by the clock before the first one that counts."""

from __future__ import annotations

import copy
import math
import time
from statistics import median

import torch

from photochrom.errors import TrainingError
from photochrom.models import ColorizationNetwork
from photochrom.training.deadline import TESTING
from photochrom.training.distributed import Ranks
from photochrom.training.recipe import Recipe
from photochrom.training.step import Stepper

__all__ = ["fit_epochs"]

_WARM_UP, _TIMED = 2, 3  # steps; in the first ones memory is fetched, and CUDA looks for its fastest ways
_FEW = 8  # photos that are timed on the CPU, where a step takes as long as its photos do
_ALONE = Ranks()
_MARGIN = 0.05  # of the time is kept for checkpoints and for a machine that slows down


def fit_epochs(
    recipe: Recipe,
    network: ColorizationNetwork,
    photos: int,
    test_photos: int,
    seconds: float,
    device: torch.device,
    precision: torch.dtype,
    ranks: Ranks = _ALONE,
) -> Recipe:
    """Return the recipe with as many epochs as a time holds, those of its first phase in proportion.

    The steps alone are timed: where photos are decoded ahead, and slower than that, a run takes longer.

    Args:
        recipe: of a run that has not begun.
        network: on the device; it is left as it is.
        photos: that an epoch trains on.
        test_photos: that are measured after each epoch.
        seconds: from now on.
        device: where training runs.
        precision: that convolutions compute in.
        ranks: the processes that train together; all of them find the same number.

    Raises:
        TrainingError: if the time holds not one epoch, or not one of each phase.
    """
    began = time.perf_counter()
    early = 0 if recipe.first_phase is None else recipe.first_phase.epochs
    phases = [(recipe.epochs, recipe.epochs - early)]  # an epoch of each, and how many it has
    if early:
        phases.insert(0, (1, early))
    paces = [_pace(recipe, network, epoch, device, precision, ranks) for epoch, _ in phases]
    testing = test_photos * paces[-1] * TESTING
    costs = [photos * pace + testing for pace in paces]
    left = seconds * (1 - _MARGIN) - ranks.highest(time.perf_counter() - began)
    if left < sum(costs):
        raise TrainingError(
            None,
            f"{'an epoch' if recipe.first_phase is None else 'an epoch of either size'} of {photos} photos takes "
            f"{sum(costs) / 60:.1f} minutes, and {max(left, 0) / 60:.1f} are left",
            "give more time, or fewer photos (--set photos=N)",
        )
    planned = sum(epochs * cost for (_, epochs), cost in zip(phases, costs, strict=True))
    counts = [max(1, math.floor(epochs * left / planned)) for _, epochs in phases]
    if recipe.first_phase is None:
        return recipe.model_copy(update={"epochs": counts[0]})
    counts[0] = min(counts[0], math.floor((left - costs[1]) / costs[0]))
    counts[1] = math.floor((left - counts[0] * costs[0]) / costs[1])  # what rounding has left over
    first = recipe.first_phase.model_copy(update={"epochs": counts[0]})
    return recipe.model_copy(update={"epochs": sum(counts), "first_phase": first})


def _pace(
    recipe: Recipe,
    network: ColorizationNetwork,
    epoch: int,
    device: torch.device,
    precision: torch.dtype,
    ranks: Ranks,
) -> float:
    """Return the seconds that a photo takes in an epoch, by steps of a copy of the network on noise."""
    phase, probe = recipe.phase(epoch), copy.deepcopy(network)
    groups = [{"params": list(probe.parameters()), "share": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=0.0, fused=True)
    mean = None if recipe.ema_decay is None else copy.deepcopy(network)
    take_step = Stepper(recipe, probe, optimizer, mean, device, precision, ranks)
    total = phase.batch if device.type == "cuda" else min(phase.batch, _FEW * ranks.count)
    count = max(1, len(ranks.own(range(total))))
    side = recipe.crop_from or phase.size
    # Noise, for a GPU is faster on zeros, which cost it less power, than it will be on photos.
    batch = torch.randint(256, (count, side, side, 3), dtype=torch.uint8, device=device).permute(0, 3, 1, 2)
    taken = []
    for step in range(_WARM_UP + _TIMED):
        began = time.perf_counter()
        loss = take_step(batch, epoch, step, step, _WARM_UP + _TIMED, total=total)
        float(loss)  # waits for the device
        taken.append(time.perf_counter() - began)
    return ranks.highest(median(taken[_WARM_UP:]) / total)
