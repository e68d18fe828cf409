import importlib
import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom.evaluation.frechet import frechet_distance


def needed(module):
    """Import what CI installs: there, its absence is a failure and not a skip."""
    return importlib.import_module(module) if os.environ.get("CI") else pytest.importorskip(module)


@pytest.mark.parametrize(("n1", "n2", "d"), [(300, 200, 20), (30, 40, 64)])
def test_it_is_torchmetrics_s(n1, n2, d):
    fid = needed("torchmetrics.image.fid")
    import torch

    class Extractor(torch.nn.Module):
        num_features = d

        def forward(self, pictures: torch.Tensor) -> torch.Tensor:
            return pictures.flatten(1).double()

    random = np.random.default_rng(0)
    one, other = random.normal(0, 1, (n1, d)), random.normal(0.3, 1.5, (n2, d)) @ random.normal(0, 1, (d, d))
    theirs = fid.FrechetInceptionDistance(feature=Extractor(), normalize=True).set_dtype(torch.float64)
    theirs.inception.forward = lambda pictures: pictures.flatten(1)
    theirs.update(torch.tensor(one), real=True)
    theirs.update(torch.tensor(other), real=False)
    assert frechet_distance(one, other) == pytest.approx(float(theirs.compute()), rel=1e-3)


def test_equal_sets_are_0_apart():
    features = np.random.default_rng(0).normal(size=(50, 200))
    assert frechet_distance(features, features[::-1]) == pytest.approx(0, abs=1e-8)


def test_one_dimension_by_hand():
    # Means 1 and 4, variances 2 and 8: 9 + 2 + 8 - 2·√16
    assert frechet_distance(np.array([[0.0], [2.0]]), np.array([[2.0], [6.0]])) == pytest.approx(9 + 10 - 8)


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 30), st.integers(1, 40), st.floats(-5, 5))
def test_a_shifted_set_is_the_shift_s_square_apart(n, d, shift):
    features = np.random.default_rng(n).normal(size=(n, d))
    assert frechet_distance(features, features + shift) == pytest.approx(d * shift**2, abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 20), st.integers(2, 20), st.integers(1, 30))
def test_the_order_does_not_matter(n1, n2, d):
    random = np.random.default_rng(n1 * 31 + n2)
    one, other = random.normal(size=(n1, d)), random.normal(2, 3, size=(n2, d))
    distance = frechet_distance(one, other)
    assert distance == pytest.approx(frechet_distance(other[::-1], one))
    assert distance >= 0


def test_a_single_photo_has_no_distance():
    with pytest.raises(ValueError, match="no Fréchet distance"):
        frechet_distance(np.zeros((1, 4)), np.zeros((5, 4)))
