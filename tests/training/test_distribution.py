"""Training a network for a distribution: what it learns, its phases, and that a stopped run goes on as if not."""

import numpy as np
import pytest
import torch

from photochrom.color.ab_bins import bin_centers
from photochrom.color.cielab import rgb_to_lab
from photochrom.data.augment import zoomed
from photochrom.data.degrade import degraded_lightness
from photochrom.data.keyed_random import KeyedRandom
from photochrom.data.photoset import PhotoSet
from photochrom.errors import RecipeError
from photochrom.training import Recipe, load_checkpoint, load_data, load_recipe, train
from photochrom.training.distribution import SoftBins
from photochrom.training.hinting import simulate_hints
from training_runs import StopAfter, losses

RECIPE = Recipe(
    name="t", network="photochrom-1", loss="distribution", size=64, crop_from=64, least_crop=48, flip=True,
    first_phase={"epochs": 2, "size": 32, "batch": 4, "least_crop": 32}, epochs=4, batch=4, degrade_prob=0.5,
    no_hint_prob=0.4, recolor_prob=0.5, optimizer="adamw", learning_rate=0.001, schedule="cosine", warmup=3,
    encoder_lr_scale=0.5, grad_clip=3.0,
    ema_decay=0.9, drop_path=0.3, pretrained=True, checkpoint_seconds=0, seed=3, inference_size=96,
)  # fmt: skip


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_a_run_is_the_same_whether_it_was_stopped_or_not(photos, tmp_path):
    whole = train(RECIPE, photos, tmp_path / "whole", device="cpu", progress=False)
    loaded = load_data(RECIPE, photos, torch.device("cpu"))
    for batches in (2, 4, 3, 99):  # stopped in either phase
        training = StopAfter(loaded[0], batches)
        parts = train(
            RECIPE,
            photos,
            tmp_path / "parts",
            device="cpu",
            resume=True,
            progress=False,
            photos=(training, loaded[1]),
        )
    assert parts.finished
    assert losses(parts.history) == losses(whole.history)
    one, two = (load_checkpoint(run.checkpoint) for run in (whole, parts))
    for name, tensor in one.network.state_dict().items():
        assert torch.equal(tensor, two.network.state_dict()[name]), name
        assert torch.equal(one.weights[name], two.weights[name]), name


def test_the_mean_of_the_weights_is_what_is_used(photos, tmp_path):
    result = train(RECIPE, photos, tmp_path / "run", device="cpu", progress=False)
    loaded = load_checkpoint(result.checkpoint)
    own = loaded.network.state_dict()
    assert any(not torch.equal(own[name], tensor) for name, tensor in loaded.weights.items())
    assert not torch.equal(own["logits.weight"], torch.zeros_like(own["logits.weight"]))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"loss": "mse"}, "degrade_prob: has no effect with the loss mse"),
        (
            {"loss": "mse", "degrade_prob": "0", "no_hint_prob": "1", "recolor_prob": "0.3"},
            "recolor_prob: has no effect with",
        ),
        ({"epochs": "13"}, "epochs: 13 leaves none after the first 23"),
        ({"least_crop": "300"}, "least_crop: 300 is larger than crop_from, 256"),
        ({"crop_from": "null", "least_crop": "null"}, "crop_from"),
    ],
)
def test_what_cannot_be_is_refused(changes, message):
    with pytest.raises(RecipeError, match=message):
        load_recipe("photochrom-1", changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, "pretrained: article-3 has no encoder"),
        ({"pretrained": False}, "drop_path: article-3 has no encoder"),
        ({"pretrained": False, "drop_path": 0.0}, "encoder_lr_scale: article-3 has no encoder"),
        (
            {"pretrained": False, "drop_path": 0.0, "encoder_lr_scale": 1.0},
            "loss: article-3 gives no distribution",
        ),
    ],
)
def test_a_network_that_cannot_learn_so_is_refused(photos, tmp_path, changes, message):
    with pytest.raises(RecipeError, match=message):
        train(
            RECIPE.model_copy(update={"network": "article-3", **changes}),
            photos,
            tmp_path / "run",
            device="cpu",
            progress=False,
        )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"size": 72, "crop_from": 72},
            "size: photochrom-1 learns at multiples of 32 pixels, and 72 is none; use 96",
        ),
        (
            {"first_phase": RECIPE.first_phase.model_copy(update={"size": 48})},
            "first_phase: .* and 48 is none; use 64",
        ),
    ],
)
def test_a_size_that_cannot_be_learned_at_is_refused_before_photos_are_loaded(tmp_path, changes, message):
    with pytest.raises(RecipeError, match=message):
        train(RECIPE.model_copy(update=changes), tmp_path / "none", tmp_path / "run", device="cpu", progress=False)


def test_spread_colours_have_their_own_mean():
    """On the grid between bins the five weights lean to the right side; far out, to the nearest bin."""
    ab = torch.rand(1, 2, 16, 16, generator=generator()) * 80 - 40
    bins, weights = SoftBins(torch.device("cpu")).spread(ab)
    assert torch.allclose(weights.sum(1), torch.ones(1, 16, 16), atol=1e-5)
    centers = torch.from_numpy(bin_centers().copy())
    mean = (centers[bins] * weights[..., None]).sum(1).permute(0, 3, 1, 2)
    assert (mean - ab).abs().max() < 6
    assert (mean - ab).abs().mean() < 2


def test_cross_entropy_is_least_for_the_truth():
    ab = torch.rand(2, 2, 8, 8, generator=generator()) * 60 - 30
    soft = SoftBins(torch.device("cpu"))
    bins, weights = soft.spread(ab)
    truth = torch.full((2, len(bin_centers()), 8, 8), 1e-9).scatter(1, bins, weights).log()
    least = soft.cross_entropy(truth.softmax(1), ab)
    for seed in range(3):
        other = truth + torch.randn(truth.shape, generator=generator(seed))
        assert (soft.cross_entropy(other.softmax(1), ab) > least).all()


def test_a_truth_that_was_held_impossible_is_still_learned():
    scores = torch.zeros(1, len(bin_centers()), 1, 1)
    scores[:, int(np.linalg.norm(bin_centers(), axis=1).argmax())] = 50.0
    scores.requires_grad_()
    ab = torch.zeros(1, 2, 1, 1)
    soft = SoftBins(torch.device("cpu"))
    soft.cross_entropy(scores.softmax(1), ab).sum().backward()
    bins, weights = soft.spread(ab)
    assert torch.allclose(scores.grad.gather(1, bins), -weights, atol=1e-4)


def test_hints_tell_the_truth():
    ab = torch.rand(6, 2, 40, 56, generator=generator()) * 40
    hints = simulate_hints(ab, KeyedRandom(1, range(6)), without=0.3)
    mask = hints[:, 2:]
    assert set(mask.unique().tolist()) == {0.0, 1.0}
    assert (hints[:, :2] * (1 - mask) == 0).all()
    flat = torch.tensor([12.0, -30.0])[None, :, None, None].expand(6, 2, 40, 56)
    hints = simulate_hints(flat, KeyedRandom(1, range(6)), without=0.3)
    assert torch.allclose(hints[:, :2], flat * hints[:, 2:], atol=1e-4)
    assert simulate_hints(ab, KeyedRandom(1, range(6)), without=1.0).abs().max() == 0


def test_ageing_keeps_some_photos_as_they_are():
    rgb = torch.randint(256, (8, 3, 32, 32), generator=generator(), dtype=torch.uint8)
    light = rgb_to_lab(rgb, axis=1)[:, :1]
    assert torch.allclose(degraded_lightness(rgb, KeyedRandom(0, range(8)), share=0.0), light, atol=1e-3)
    aged = degraded_lightness(rgb, KeyedRandom(0, range(8)), share=0.5)
    same = [torch.allclose(one, other, atol=1e-3) for one, other in zip(aged, light, strict=True)]
    assert any(same)
    assert not all(same)
    assert aged.min() >= 0
    assert aged.max() <= 100
    assert torch.equal(aged, degraded_lightness(rgb, KeyedRandom(0, range(8)), share=0.5))
    assert not torch.equal(aged, degraded_lightness(rgb, KeyedRandom(7, range(8)), share=0.5))


def test_zoomed_squares_hold_the_photos_own_pixels():
    batch = torch.arange(64, dtype=torch.uint8).expand(2, 3, 64, 64)
    out = zoomed(batch, 48, 32, flip=False, random=KeyedRandom(4, range(2)))
    assert out.shape == (2, 3, 48, 48)
    steps = out[:, :, :, 1:].int() - out[:, :, :, :-1].int()
    assert steps.min() >= 0  # a slope stays one
    assert 32 * 48 / 64 - 2 <= out.int().amax() - out.int().amin() <= 64
    assert torch.equal(zoomed(batch, 64, 64, flip=False, random=KeyedRandom(0, range(2))), batch)


def test_photo_sets_are_held_at_the_side_that_is_cut_from(photos):
    training, _ = load_data(RECIPE, photos, torch.device("cpu"))
    assert isinstance(training, PhotoSet)
    assert np.shape(training.photo(0)) == (64, 64, 3)
