"""Places found again in another photo: where they are, and not where nothing is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom import Colorizer
from photochrom.errors import CapabilityError
from photochrom.inference.matching import Features, likeness, match_places
from two_views import SHIFT, grey_of, two_views


def features(random: np.random.Generator, rows: int = 24, columns: int = 24) -> np.ndarray:
    vectors = random.normal(size=(rows, columns, 48)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=2, keepdims=True)


def of(vectors: np.ndarray) -> Features:
    return Features(vectors, vectors.shape[0] * 8, vectors.shape[1] * 8)


@pytest.fixture(scope="module")
def colorizer() -> Colorizer:
    return Colorizer(threads=1)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 9), st.integers(-5, 5), st.integers(-5, 5))
def test_a_shift_is_found_and_nothing_beyond_the_border(seed: int, down: int, right: int) -> None:
    scene = features(np.random.default_rng(seed), 40, 40)
    one, other = (of(scene[8 + y : 32 + y, 8 + x : 32 + x]) for y, x in ((0, 0), (down, right)))
    matches = match_places(one, other)
    moved = matches.places * 24 - matches.found * 24
    assert np.abs(moved - [right, down]).max() < 0.1
    inside = (24 - abs(down)) * (24 - abs(right))
    assert 0.9 * inside <= len(matches) <= inside
    assert matches.likeness.min() > 0.99


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 999))
def test_strangers_have_nothing_in_common(seed: int) -> None:
    random = np.random.default_rng(seed)
    assert len(match_places(of(features(random)), of(features(random)))) == 0


@pytest.mark.parametrize("shape", [(1, 1), (1, 20), (2, 3)])
def test_photos_too_small_to_be_sure_of_match_nowhere(shape: tuple[int, int]) -> None:
    small = of(features(np.random.default_rng(0), *shape))
    assert len(match_places(small, small)) == 0
    assert likeness(small.summary(), [small.summary()] * 2) == pytest.approx([1, 1])


def test_the_bundled_network_finds_places_again(colorizer: Colorizer) -> None:
    one, other = two_views()
    seen = [colorizer.open(each).exemplar().features for each in (one, other)]
    matches = match_places(*seen)
    pixels = (matches.places - matches.found)[:, 0] * one.shape[1]
    assert len(matches) > 0.6 * seen[0].rows.shape[0]
    assert abs(np.median(pixels) - SHIFT) < 6  # half a place
    assert np.mean(np.abs(pixels - SHIFT) < 16) > 0.9
    stranger = colorizer.open(grey_of("coffee.jpg")[..., None]).exemplar().features
    assert len(match_places(seen[0], stranger)) == 0
    same, other = likeness(seen[0].summary(), [seen[1].summary(), stranger.summary()])
    assert same > other + 0.1
    assert likeness(stranger.summary(), [seen[0].summary()]) == pytest.approx([other])
    assert len(likeness(stranger.summary(), [])) == 0


def test_a_network_without_features_says_so() -> None:
    prediction = Colorizer("article-6", threads=1).open(two_views()[0])
    with pytest.raises(CapabilityError, match="gives no features; use a network that does"):
        prediction.exemplar()
