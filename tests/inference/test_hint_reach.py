"""How far hints of all shapes reach, by networks that take hints and by one that does not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom import Colorizer, Hint, Options
from photochrom.inference.forward_passes import Passes
from photochrom.inference.hinted_pixels import HintedPixels
from photochrom.inference.onnx_model import Network

fractions = st.floats(0, 1)
places = st.tuples(fractions, fractions)
colors = st.one_of(st.tuples(st.floats(-80, 80), st.floats(-80, 80)), st.just("none"), st.just("#c03020"))
hints = st.one_of(
    st.builds(Hint, fractions, fractions, colors),
    st.builds(Hint, points=st.lists(places, min_size=1, max_size=3), color=colors),
    st.builds(Hint, stroke=st.lists(places, min_size=1, max_size=4), width=st.floats(0.01, 0.3), color=colors),
    st.builds(Hint, area=st.lists(places, min_size=3, max_size=5), color=colors),
)


@pytest.fixture(scope="module", params=["hinting", "tint"])
def network(request: pytest.FixtureRequest) -> Network:
    return Network(request.getfixturevalue(request.param))


def scene(seed: int) -> np.ndarray:
    """Rooms of different lightness, with grain."""
    random = np.random.default_rng(seed)
    rooms = random.uniform(20, 90, (6, 6)).repeat(12, 0).repeat(12, 1)
    return (rooms + random.normal(0, 1, rooms.shape)).astype(np.float32)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 99), st.lists(hints, min_size=1, max_size=3), fractions, fractions)
def test_what_is_changed_never_shrinks_as_reach_grows(network: Network, seed, given_hints, one, other) -> None:
    passes = Passes(network, scene(seed))
    base = passes.ab(Options())
    few, many = (
        (passes.ab(Options(hints=given_hints, reach=reach)) != base).any(2) for reach in sorted((one, other))
    )
    assert not (few & ~many).any()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 99), st.lists(hints, min_size=1, max_size=3))
def test_reach_1_is_the_networks_own_answer(hinting: Path, seed: int, given_hints: list[Hint]) -> None:
    network, lightness = Network(hinting), scene(seed)
    planes = HintedPixels.of(given_hints, *lightness.shape).planes(*lightness.shape)
    own = network.run(lightness[None, None], planes[None])
    passes = Passes(network, lightness)
    for options in (
        Options(hints=given_hints, reach=1),
        Options(hints=[hint.with_reach(1) for hint in given_hints], reach=0.1),
    ):
        assert np.array_equal(passes.ab(options), own["ab"][0].transpose(1, 2, 0))
        assert np.array_equal(passes.confidence(options), own["confidence"][0, 0])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 99), st.lists(hints, min_size=2, max_size=4), fractions, st.randoms(use_true_random=False))
def test_order_matters_only_where_hints_overlap(network: Network, seed, given_hints, reach, random) -> None:
    lightness = scene(seed)
    taken, apart = np.zeros(lightness.size, int), []
    for hint in given_hints:  # keep those that lie apart
        pixels = hint.shape.pixels(*lightness.shape)
        if not taken[pixels].any():
            taken[pixels] = 1
            apart.append(hint)
    shuffled = list(apart)
    random.shuffle(shuffled)
    one, two = (Passes(network, lightness).ab(Options(hints=order, reach=reach)) for order in (apart, shuffled))
    assert np.allclose(one, two, atol=1e-3)


def test_the_later_of_two_hints_holds_in_its_place(network: Network) -> None:
    passes = Passes(network, np.full((72, 72), 50, np.float32))
    area = Hint(area=[(0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9)], color=(30, 0))
    point = Hint(0.5, 0.5, (0, 40))
    over, under = (passes.ab(Options(hints=order))[36, 36] for order in ((area, point), (point, area)))
    assert under == pytest.approx((30, 0), abs=1e-3)
    if "hints" in network.card.inputs:  # this one averages over 17×17 pixels
        assert over[1] > 0.3
    else:
        assert over == pytest.approx((0, 40), abs=1e-3)


def test_a_hint_changes_its_thing_and_nothing_else(tint: Path) -> None:
    pixels = np.full((120, 120), 200, np.uint8)
    pixels[30:90, 40:80] = 70  # a coat on a wall
    opened = Colorizer(tint).open(pixels)
    before, after = (opened.ab(Options(hints=given)) for given in ((), (Hint(0.5, 0.5, (-40, -20)),)))
    change = np.hypot(*(after - before).transpose(2, 0, 1))
    side = len(change)
    coat = np.s_[side * 35 // 120 : side * 85 // 120, side * 45 // 120 : side * 75 // 120]
    assert change[coat].min() > 20
    assert change[: side * 20 // 120].max() == 0
    assert change[:, : side * 30 // 120].max() == 0


def test_no_colour_is_none(network: Network) -> None:
    passes = Passes(network, scene(1))
    hint = Hint(0.5, 0.5, "none", reach=0.2)
    before, after = (passes.ab(Options(hints=given)).reshape(-1, 2) for given in ((), (hint,)))
    pixels = hint.shape.pixels(72, 72)
    assert np.hypot(*before[pixels].mean(0)) > 10
    assert np.abs(after[pixels].mean(0)).max() < 0.01


def test_how_far_hints_reach_costs_no_pass(hinting: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = []
    run = Network.run
    monkeypatch.setattr(Network, "run", lambda self, *given, **more: runs.append(1) or run(self, *given, **more))
    passes = Passes(Network(hinting), scene(2))
    answers = [passes.ab(Options(hints=(Hint(0.5, 0.5, (40, -40)),), reach=reach)) for reach in (0, 0.3, 0.6)]
    assert len(runs) == 2  # with the hint, and without
    assert not np.array_equal(answers[0], answers[2])
    passes.ab(Options(hints=(Hint(0.5, 0.5, (40, -40), reach=0.8),)))
    passes.ab(Options(hints=(Hint(0.5, 0.5, (40, -40), reach=1),)))
    assert len(runs) == 2
    Passes(Network(hinting), scene(2)).ab(Options(hints=(Hint(0.5, 0.5, (40, -40), reach=1),)))
    assert len(runs) == 3  # at reach 1, the pass without it is of no use


def test_a_hints_own_reach_holds_over_that_of_the_options(network: Network) -> None:
    passes = Passes(network, scene(3))
    own, other = (
        passes.ab(Options(hints=(Hint(0.5, 0.5, (40, -40), reach=0.2),), reach=reach)) for reach in (0.9, 0.1)
    )
    assert np.array_equal(own, other)


def test_likely_colours_heed_hints_only_where_they_reach(hinting: Path) -> None:
    pixels = np.full((64, 64), 20, np.uint8)
    pixels[:, 36:] = 230
    opened = Colorizer(hinting).open(pixels)
    beside = Hint(0.53, 0.5, (60, -60))  # this network would spread it over the edge
    plain, near, all_alike = (
        opened.candidates(0.62, 0.5, Options(hints=given)).suggestions[0]
        for given in ((), (beside.with_reach(0.1),), (beside.with_reach(1),))
    )
    assert near == plain != all_alike


def test_alternatives_reach_as_far_as_the_network_and_suggestions_as_hints_do(hinting: Path) -> None:
    own = Hint(0.9, 0.9, "#204080")
    opened = Colorizer(hinting).open(np.full((64, 64), 180, np.uint8))
    ways = opened.alternatives(3, Options(hints=(own,), reach=0.3))
    assert [way.hints[-1] for way in ways] == [own] * 3
    assert {hint.reach for way in ways for hint in way.hints[:-1]} == {1}
    assert {hint.reach for hint in opened.suggest(3)} == {0.5}
    assert {hint.reach for hint in opened.suggest(3, Options(reach=0.3))} == {0.3}
