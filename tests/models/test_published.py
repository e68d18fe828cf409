"""The definitions of published networks: their authors' own weights' names, and their authors' own results."""

import numpy as np
import pytest
import torch

from photochrom.errors import NetworkError
from photochrom.inference.published.checkpoint import Weight
from photochrom.inference.published.fold import fold_norms
from photochrom.models.registry import load_published
from published_weights import ARCHITECTURES, RECORDS, a_lightness, random_weights, recorded_shapes, some_hints

LARGE = ("ddcolor-large", "deoldify-stable")


def folded(architecture, arrays=None):
    arrays = random_weights(recorded_shapes(architecture)) if arrays is None else arrays
    return fold_norms({name: Weight(array.shape, array.copy) for name, array in arrays.items()})


def ab_of(network, height, width):
    hints = torch.from_numpy(some_hints(height, width)) if "hints" in network.inputs else None
    with torch.no_grad():
        return network(torch.from_numpy(a_lightness(height, width)), hints).numpy()


@pytest.mark.parametrize(
    "architecture",
    [pytest.param(name, marks=[pytest.mark.slow] if name in LARGE else []) for name in ARCHITECTURES],
)
def test_results_are_the_originals(architecture):
    recorded = np.load(RECORDS / f"{architecture}.npz")["ab"]
    assert recorded.std() > 10
    ab = ab_of(load_published(folded(architecture)), 64, 96)
    np.testing.assert_allclose(ab[..., ::3, ::3], recorded, atol=1e-3, rtol=0)


@pytest.mark.parametrize("architecture", ["eccv16", "siggraph17"])
def test_any_size_is_answered(architecture):
    network = load_published(folded(architecture))
    for height, width in ((1, 1), (9, 23)):
        assert ab_of(network, height, width).shape == (1, 2, height, width)


@pytest.mark.parametrize(
    "change",
    [{"model5.2.weight": None}, {"model5.9.weight": np.ones(3, np.float32)}],
    ids=["missing", "left over"],
)
def test_weights_that_do_not_fit_are_refused(change):
    arrays = random_weights(recorded_shapes("eccv16")) | change
    with pytest.raises(NetworkError, match="not those of a ECCV16"):
        load_published(folded("eccv16", {name: array for name, array in arrays.items() if array is not None}))


def test_weights_of_nothing_known_are_refused():
    with pytest.raises(NetworkError, match="no network that is known"):
        load_published({"conv.weight": Weight((3,), lambda: np.ones(3, np.float32))})
