"""Hints that a palette or chance adds to a user's own keep away from these, which hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom import Hint, Options
from photochrom.color.ab_bins import bin_centers
from photochrom.inference.alternatives import AlternativeSearch
from photochrom.inference.forward_passes import Passes
from photochrom.inference.hint_locations import least_certain, place_of
from photochrom.inference.hinted_pixels import HintedPixels
from photochrom.inference.onnx_model import Network
from photochrom.inference.palette import palette_hints
from photochrom.inference.predictive_distribution import mean_colour, variance

fractions = st.floats(0, 1)
points = st.lists(st.builds(Hint, fractions, fractions, st.just((40.0, -40.0))), max_size=8)
seeds = st.integers(0, 2**32 - 1)


def distribution(seed: int, rows: int, columns: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    found = rng.dirichlet(np.full(len(bin_centers()), 0.05), (rows, columns))
    return found.transpose(2, 0, 1).astype(np.float32)


def apart(one: Hint, hints: tuple[Hint, ...] | list[Hint], lightness: np.ndarray) -> float:
    """How many places one hint is from the nearest of others."""
    y, x = place_of(one, lightness)
    return min((np.hypot(y - v, x - u) for v, u in (place_of(hint, lightness) for hint in hints)), default=np.inf)


@given(seeds, points)
@settings(deadline=None, max_examples=30)
def test_a_palettes_anchors_are_where_it_is_sure_and_not_beside_a_users_hints(
    seed: int, hints: list[Hint]
) -> None:
    lightness = np.full((64, 100), 50, np.float32)
    probabilities = distribution(seed, 16, 25)
    everywhere = palette_hints(probabilities, (), lightness)
    assert len(everywhere) == 6 * 9  # fields of 16·25 / 48 places
    side = np.sqrt(16 * 25 / 48)
    colours = mean_colour(probabilities[None])[0]
    spread = variance(probabilities[None])[0]
    for number, anchor in enumerate(everywhere):
        y, x = place_of(anchor, lightness)
        assert anchor.ab == pytest.approx(colours[:, y, x], abs=0.01)
        row, column = divmod(number, 9)
        rows = np.array_split(np.arange(16), 6)[row]
        columns = np.array_split(np.arange(25), 9)[column]
        assert spread[y, x] == spread[np.ix_(rows, columns)].min()
    kept = palette_hints(probabilities, hints, lightness)
    assert kept == tuple(anchor for anchor in everywhere if apart(anchor, hints, lightness) >= side)


@given(seeds, points, st.integers(1, 40))
@settings(deadline=None, max_examples=30)
def test_what_is_least_certain_is_sought_apart_from_all_hints(seed: int, hints: list[Hint], count: int) -> None:
    lightness = np.full((64, 96), 50, np.float32)
    count = max(count, len(hints) + 1)
    place = least_certain(distribution(seed, 16, 24), hints, lightness, count)
    assert place is not None
    here = Hint((place[1] * 4 + 2) / 96, (place[0] * 4 + 2) / 64, (0, 0))
    assert apart(here, hints, lightness) >= np.sqrt(16 * 24) * min(1 / 6, 0.5 / np.sqrt(count)) - 1e-9


def test_a_users_hint_holds_beside_a_palette(hinting: Path) -> None:
    passes = Passes(Network(hinting), np.full((128, 128), 60, np.float32))
    own = Options(hints=(Hint(0.5, 0.5, (40, -40)),), palette=((-30, 20), (10, 40)))
    assert passes.ab(own)[64, 64] == pytest.approx((40, -40), abs=0.01)
    plain = passes.ab(Options(palette=own.palette))
    assert np.hypot(*(plain[64, 64] - (40, -40))) > 20
    far = np.ones((128, 128), bool)
    far[32:96, 32:96] = False
    assert (
        np.abs(passes.ab(own) - passes.ab(Options(hints=own.hints)))[far].max() > 5
    )  # elsewhere it is the palette's


def test_a_users_hints_hold_over_colours_that_are_drawn(hinting: Path) -> None:
    # So many that those drawn between them overlap with them.
    places = np.random.default_rng(0).random((800, 2)).round(4)[500:].tolist()
    hints = tuple(Hint(x, y, (8.0, 16.0)) for x, y in places)
    passes = Passes(Network(hinting), np.full((128, 128), 90, np.float32))
    first, *others = AlternativeSearch(passes, Options(hints=hints), seed=1).first(3)

    def drawn_planes(hints: tuple[Hint, ...]) -> np.ndarray:
        return HintedPixels.of(hints, 128, 128).planes(128, 128)

    own = drawn_planes(hints)
    assert first == hints
    overlaps = 0
    for found in others:
        drawn = found[: -len(hints)]
        assert found[-len(hints) :] == hints
        assert drawn
        overlaps += int((drawn_planes(drawn)[2] * own[2]).sum())
        planes = drawn_planes(found)
        assert np.array_equal(planes[:, own[2] > 0], own[:, own[2] > 0])
    assert overlaps
