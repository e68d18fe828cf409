"""Confidence against errors: who is as sure as right has no gap; who knows where it errs correlates with it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom.color.ab_bins import SURE_WITHIN
from photochrom.evaluation.calibration import summarize_calibration, tally_calibration


def measured(sure, seed=0, pixels=40_000):
    """A photo on which a network of confidence `sure(c)` is right with the probability c."""
    rng = np.random.default_rng(seed)
    truly = rng.random(pixels)
    error = np.where(rng.random(pixels) < truly, 5.0, 30.0)
    return tally_calibration(sure(truly), error)


def test_who_is_as_sure_as_right_has_no_gap():
    honest = summarize_calibration([measured(lambda c: c, seed) for seed in range(3)])
    assert honest["gap"] < 0.01
    assert honest["correlation"] < -0.5
    assert sum(one["share"] for one in honest["ranges"]) == pytest.approx(1)


def test_who_boasts_has_a_gap():
    boasting = summarize_calibration([measured(lambda c: 0.5 + c / 2)])
    assert boasting["gap"] == pytest.approx(0.25, abs=0.01)
    assert all(one["right"] < one["confidence"] + 0.02 for one in boasting["ranges"])


def test_no_correlation_where_nothing_varies():
    flat = summarize_calibration([tally_calibration(np.full((4, 4), 0.7), np.zeros((4, 4)))])
    assert flat["correlation"] is None
    assert flat["gap"] == pytest.approx(0.3)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 100)), min_size=4, max_size=60))
def test_photos_add_up(pixels):
    """The figures of two halves together are those of the whole."""
    sure, error = (np.array(values) for values in zip(*pixels, strict=True))
    half = len(pixels) // 2
    whole = summarize_calibration([tally_calibration(sure, error)])
    parts = summarize_calibration(
        [tally_calibration(sure[:half], error[:half]), tally_calibration(sure[half:], error[half:])]
    )
    assert parts["gap"] == pytest.approx(whole["gap"], abs=1e-9)
    right = sum(one["right"] * one["share"] for one in whole["ranges"])
    assert right == pytest.approx(np.mean(error < SURE_WITHIN))
