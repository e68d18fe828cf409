"""The definitions of published networks: their authors' own weights' names, and their authors' own results."""

import numpy as np
import pytest
import torch

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
