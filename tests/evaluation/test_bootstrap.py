import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom.evaluation.bootstrap import bootstrap_difference, bootstrap_mean


def test_the_interval_is_that_of_the_mean_s_own_spread():
    values = np.random.default_rng(0).normal(20, 3, 400)
    mean, low, high = bootstrap_mean(values)
    assert mean == pytest.approx(values.mean())
    # 1.96 standard errors, to the bootstrap's own noise
    assert low == pytest.approx(mean - 1.96 * 3 / 20, abs=0.03)
    assert high == pytest.approx(mean + 1.96 * 3 / 20, abs=0.03)


def test_it_covers_the_truth_about_as_often_as_it_says():
    random = np.random.default_rng(1)
    held = 0
    for _ in range(200):
        _, low, high = bootstrap_mean(random.normal(5, 1, 80), draws=400)
        held += low <= 5 <= high
    assert 0.89 <= held / 200 <= 0.99


def test_pairs_are_surer_than_two_means():
    random = np.random.default_rng(2)
    photos = random.normal(20, 5, 100)
    one, other = photos + random.normal(0.5, 0.1, 100), photos
    _, low, high = bootstrap_difference(one, other)
    assert 0.4 < low < high < 0.6
    assert bootstrap_mean(one).low < bootstrap_mean(other).high  # apart, they say nothing


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-100, 100), min_size=1, max_size=30))
def test_the_interval_lies_within_the_values(values):
    mean, low, high = bootstrap_mean(values, draws=200)
    assert min(values) - 1e-9 <= low <= mean + 1e-9
    assert mean - 1e-9 <= high <= max(values) + 1e-9


def test_wrong_values():
    with pytest.raises(ValueError, match="no mean"):
        bootstrap_mean([])
    with pytest.raises(ValueError, match="not of the same photos"):
        bootstrap_difference([1.0, 2.0], [1.0])
