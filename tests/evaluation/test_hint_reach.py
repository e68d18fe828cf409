"""The measure of how far one hint of another colour reaches, on photos made up of a thing and the rest."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from photochrom.color.cielab import lab_to_rgb, quantize, rgb_to_lab
from photochrom.evaluation import hint_reach
from photochrom.evaluation.hint_reach import REACH_METRICS, find_trial
from photochrom.evaluation.measure import Measurer
from photochrom.evaluation.methods import list_methods
from photochrom.evaluation.runner import evaluate


def scene() -> tuple[np.ndarray, np.ndarray]:
    """A coat on a wall as uint8 RGB, 128×128, and the coat's mask."""
    coat = np.zeros((128, 128), bool)
    coat[30:90, 40:100] = True
    lab = np.where(coat[..., None], (45.0, 20, 10), (60.0, -15, 20))
    return quantize(lab_to_rgb(lab), np.uint8), coat


def shifted(rgb: np.ndarray, where: np.ndarray, ab: tuple[float, float]) -> np.ndarray:
    lab = rgb_to_lab(rgb).astype(np.float64)
    lab[where, 1:] += ab
    return quantize(lab_to_rgb(lab), np.uint8)


@pytest.fixture(scope="module")
def trial():
    rgb, coat = scene()
    found = (find_trial(rgb_to_lab(rgb), str(number)) for number in range(50))
    return next(one for one in found if one is not None and coat[one.row, one.column])


def test_a_thing_is_what_hangs_together_at_one_colour(trial):
    _, coat = scene()
    assert np.array_equal(trial.thing, coat)
    assert np.hypot(*trial.ab) == pytest.approx(40)
    assert (trial.hint.shape.pixels(128, 128) == trial.row * 128 + trial.column).any()


def test_what_changes_inside_is_no_leak(trial):
    rgb, coat = scene()
    figures = trial.figures(rgb, shifted(rgb, coat, (-20, 0)))
    assert figures["hint_inside"] == pytest.approx(20, abs=0.5)
    assert figures["hint_outside"] == figures["hint_leak"] == figures["hint_area"] == 0


def test_what_changes_far_outside_is(trial):
    rgb, coat = scene()
    far = np.zeros_like(coat)
    far[:20] = True
    figures = trial.figures(rgb, shifted(rgb, coat | far, (-12, 0)))
    outside = ~ndimage.binary_dilation(coat, iterations=6)
    assert figures["hint_area"] == pytest.approx(far.sum() / outside.sum())
    assert figures["hint_leak"] == pytest.approx(far.sum() / (far | coat).sum(), abs=0.03)
    assert figures["hint_outside"] == pytest.approx(12 * far.sum() / outside.sum(), abs=0.2)


def test_a_miss_is_how_far_the_place_is_from_the_hint(trial):
    rgb, _ = scene()
    lab = rgb_to_lab(rgb)
    away = np.hypot(*(lab[trial.row, trial.column, 1:] - trial.ab))
    assert trial.figures(rgb, rgb)["hint_miss"] == pytest.approx(away)


def test_a_photo_without_a_thing_is_left_out():
    noise = np.random.default_rng(0).uniform((20, -60, -60), (90, 60, 60), (64, 64, 3))
    assert find_trial(noise, "noise") is None
    assert find_trial(np.broadcast_to((50.0, 5, 5), (64, 64, 3)), "flat") is None  # all of it is one


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 999), st.integers(3, 40), st.integers(3, 40))
def test_the_pieces_are_those_of_scipy(seed, height, width):
    random = np.random.default_rng(seed)
    plane, mask = random.uniform(0, 100, (height, width)), random.random((height, width)) < 0.6
    row, column = int(random.integers(height)), int(random.integers(width))
    labels, _ = ndimage.label(mask)
    expected = (labels == labels[row, column]) & mask[row, column]
    assert np.array_equal(hint_reach._connected(mask, row, column), expected)
    assert np.array_equal(hint_reach._grown(mask, 6), ndimage.binary_dilation(mask, iterations=6))
    if min(height, width) > 8:
        assert np.allclose(hint_reach._mean_around(plane, 15), ndimage.uniform_filter(plane, 15))


def test_it_is_measured_for_each_network_and_shown(hinting, tint, photos, tmp_path):
    rgb, _ = scene()
    measured = Measurer(list_methods([hinting, tint]), (0, 0), hints=[0, 1])(rgb, "3")
    assert measured.reach.keys() == {"hinting", "tint"}
    assert measured.reach["tint"].keys() == REACH_METRICS.keys()
    assert measured.reach["tint"]["hint_miss"] < 12
    assert Measurer(list_methods([tint]), (0, 0))(rgb, "3").reach == {}
    results = evaluate([tint], photos, tmp_path / "out", fast=True)
    assert not any(metric["group"] == "hints" for metric in results["metrics"])
