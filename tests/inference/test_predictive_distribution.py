"""What a distribution over colours says of a place."""

from __future__ import annotations

import numpy as np
import pytest

from photochrom.color.ab_bins import bin_centers
from photochrom.inference.predictive_distribution import blurred, mean_colour, sample, variance


def test_variance_is_the_expected_squared_error() -> None:
    centers = bin_centers()
    probabilities = np.zeros((1, len(centers), 1, 2), np.float32)
    probabilities[0, [10, 50], 0, 0] = 0.25, 0.75
    probabilities[0, 20, 0, 1] = 1
    mean = 0.25 * centers[10] + 0.75 * centers[50]
    error = 0.25 * ((centers[10] - mean) ** 2).sum() + 0.75 * ((centers[50] - mean) ** 2).sum()
    assert variance(probabilities)[0, 0] == pytest.approx((error, 0), rel=1e-4, abs=1e-3)
    random = np.random.default_rng(0)
    drawn = {sample(probabilities[0, :, 0, 0], random) for _ in range(20)}
    assert drawn == {tuple(centers[50].tolist())}  # the other one is too unlikely


def test_the_mean_is_weighted_by_the_probabilities() -> None:
    centers = bin_centers()
    probabilities = np.zeros((1, len(centers), 1, 1), np.float32)
    probabilities[0, [10, 50], 0, 0] = 0.25, 0.75
    assert mean_colour(probabilities)[0, :, 0, 0] == pytest.approx(
        0.25 * centers[10] + 0.75 * centers[50], rel=1e-4
    )


def test_blurring_averages_over_a_square_with_nothing_beyond_the_border() -> None:
    plane = np.zeros((7, 9), np.float32)
    plane[3, 4] = 9
    assert blurred(plane, 1) == pytest.approx(np.pad(np.ones((3, 3)), ((2, 2), (3, 3))))
    assert blurred(np.ones((7, 9), np.float32), 1)[0, 0] == pytest.approx(4 / 9)
