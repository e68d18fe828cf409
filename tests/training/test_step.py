"""What one training step does to the weights."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch

from photochrom.data.keyed_random import KeyedRandom
from photochrom.models import create_network
from photochrom.training import Recipe
from photochrom.training.losses import objective_of
from photochrom.training.setup import prepare
from photochrom.training.step import Stepper, learning_rate

PLAIN = Recipe(name="t", network="article-1", size=16, batch=4, learning_rate=1.0, seed=3)
HINTED = Recipe(
    name="t", network="photochrom-1", loss="distribution", size=32, batch=2, optimizer="adamw", no_hint_prob=0.0
)
CPU = torch.device("cpu")


@pytest.fixture
def batch() -> torch.Tensor:
    return torch.randint(256, (4, 3, 16, 16), dtype=torch.uint8, generator=torch.Generator().manual_seed(5))


def moved(recipe: Recipe, batch: torch.Tensor, *, before: int = 0, step: int = 0) -> torch.Tensor:
    """Return all weights' way in one step of plain gradient descent, as one vector."""
    torch.manual_seed(0)
    network = create_network(recipe.network).train()
    start = [parameter.detach().clone() for parameter in network.parameters()]
    optimizer = torch.optim.SGD([{"params": list(network.parameters()), "share": 1.0}])
    Stepper(recipe, network, optimizer, None, CPU, torch.float32)(batch, 1, step, before, 4)
    ways = (parameter.detach() - old for parameter, old in zip(network.parameters(), start, strict=True))
    return torch.cat([way.flatten() for way in ways])


def test_a_gradient_that_is_too_long_is_shortened_and_keeps_its_direction(batch: torch.Tensor) -> None:
    free = moved(PLAIN, batch)
    assert free.norm() > 1
    short = moved(PLAIN.model_copy(update={"grad_clip": 0.5}), batch)
    assert short.norm() == pytest.approx(0.5, rel=1e-4)
    torch.testing.assert_close(short / short.norm(), free / free.norm(), rtol=1e-3, atol=1e-6)
    long = moved(PLAIN.model_copy(update={"grad_clip": 1e6}), batch)
    torch.testing.assert_close(long, free)


def test_the_learning_rate_rises_from_0_over_the_warm_up(batch: torch.Tensor) -> None:
    whole = moved(PLAIN, batch).norm()
    warm = PLAIN.model_copy(update={"warmup": 10})
    for before, share in ((0, 0.1), (4, 0.5), (9, 1.0), (500, 1.0)):
        assert moved(warm, batch, before=before).norm() / whole == pytest.approx(share, rel=1e-3), before


@pytest.mark.parametrize("accumulate", [2, 3, 9])
def test_a_step_in_parts_goes_where_the_whole_step_goes(accumulate: int) -> None:
    recipe = HINTED.model_copy(
        update={
            "batch": 5, "crop_from": 32, "least_crop": 24, "flip": True, "degrade_prob": 0.5, "recolor_prob": 0.5,
            "no_hint_prob": 0.4,
        }
    )  # fmt: skip
    photos = torch.randint(256, (5, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(5))
    whole = moved(recipe, photos)
    torch.testing.assert_close(
        moved(recipe.model_copy(update={"accumulate": accumulate}), photos), whole, rtol=1e-3, atol=1e-6
    )
    assert not torch.allclose(moved(recipe, photos, step=1), whole, rtol=1e-3, atol=1e-6)


def test_a_cosine_falls_step_by_step_to_the_end_of_the_last_epoch() -> None:
    recipe = PLAIN.model_copy(update={"schedule": "cosine", "epochs": 2})
    rates = [learning_rate(recipe, epochs) for epochs in (0, 0.5, 1, 1.5, 2)]
    assert rates == pytest.approx([1, (1 + 0.5**0.5) / 2, 0.5, (1 - 0.5**0.5) / 2, 0])


def test_the_rate_of_a_step_is_that_of_its_place_in_the_epoch(batch: torch.Tensor) -> None:
    whole = moved(PLAIN, batch).norm()
    falling = PLAIN.model_copy(update={"schedule": "cosine", "epochs": 1})
    for step, share in ((0, 1.0), (2, 0.5)):
        assert moved(falling, batch, step=step).norm() / whole == pytest.approx(share, rel=1e-2), step


def test_the_encoder_gets_its_share_of_the_learning_rate(tmp_path: Path) -> None:
    recipe = HINTED.model_copy(update={"encoder_lr_scale": 0.25, "learning_rate": 1e-3})
    torch.manual_seed(0)
    _, network, optimizer, _ = prepare(recipe, tmp_path / "run", CPU, resume=False)
    start = copy.deepcopy(network.state_dict())
    photos = torch.randint(256, (2, 3, 32, 32), dtype=torch.uint8)
    Stepper(recipe, network.train(), optimizer, None, CPU, torch.float32)(photos, 1, 0, 0, 1)
    ways: dict[bool, list[torch.Tensor]] = {True: [], False: []}
    for name, parameter in network.named_parameters():
        ways[name.startswith("encoder.")].append((parameter.detach() - start[name]).abs().flatten())
    # Adam's first step takes every weight that has a gradient as far as the learning rate says.
    assert torch.cat(ways[True]).quantile(0.9) == pytest.approx(0.25e-3, rel=0.05)
    assert torch.cat(ways[False]).quantile(0.9) == pytest.approx(1e-3, rel=0.05)


@pytest.mark.parametrize(("before", "share"), [(0, 0.9), (8, 0.5), (90, 0.09), (100_000, 0.001)])
def test_the_running_mean_follows_faster_at_first(batch: torch.Tensor, before: int, share: float) -> None:
    recipe = PLAIN.model_copy(update={"ema_decay": 0.999, "learning_rate": 0.01})
    network = create_network(recipe.network).train()
    mean = copy.deepcopy(network)
    for parameter in mean.parameters():
        parameter.data.zero_()
    optimizer = torch.optim.SGD([{"params": list(network.parameters()), "share": 1.0}])
    Stepper(recipe, network, optimizer, mean, CPU, torch.float32)(batch, 1, 0, before, 1)
    for name, parameter in network.named_parameters():
        kept = dict(mean.named_parameters())[name]
        torch.testing.assert_close(kept, parameter.detach() * share, rtol=1e-3, atol=1e-7, msg=name)
    for name, buffer in network.named_buffers():  # statistics are no weights: they are taken as they are
        assert torch.equal(dict(mean.named_buffers())[name], buffer), name


@pytest.mark.parametrize(
    ("no_hint_prob", "gain"),
    [
        # 0.3 of the smooth L1 distance: an error four times as large costs four times as much.
        (1.0, lambda error: 0.3 * (error - 0.5)),
        # The logarithm of the squared error, as decibels have it, above one of 4 that nobody sees.
        (0.0, lambda error: torch.log(torch.tensor((error**2 + 4) / 4)).item()),
    ],
)
def test_errors_count_by_units_without_hints_and_by_decibels_with_them(no_hint_prob, gain) -> None:
    recipe = HINTED.model_copy(update={"no_hint_prob": no_hint_prob})
    torch.manual_seed(0)
    network = create_network("photochrom-1").eval()
    photos = torch.full((2, 3, 32, 32), 120, dtype=torch.uint8)  # grey: a and b are 0
    losses = []
    for error in (0.0, 10.0, 40.0):
        network.convex_upsample = lambda ab, weights, error=error: torch.full((2, 2, 32, 32), error)
        objective = objective_of(recipe, network, CPU, torch.float32)
        losses.append(objective.loss(photos, KeyedRandom(1, range(2))).item())
    assert losses[1] - losses[0] == pytest.approx(gain(10.0), rel=0.01)
    assert losses[2] - losses[0] == pytest.approx(gain(40.0), rel=0.01)
