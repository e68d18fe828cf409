"""How far hints reach: within their thing, no farther than they are asked to, and never into what is protected."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom.inference.hinted_pixels import HintedPixels
from photochrom.inference.reach import limit_reach, reach_map, shift_colors

REACHES = st.floats(0, 1)


class Area(NamedTuple):
    """What one hint colours."""

    pixels: np.ndarray
    ab: tuple[float, float]
    reach: float = 0.5


def together(areas):
    return HintedPixels(
        np.concatenate([np.empty(0, np.intp), *(area.pixels for area in areas)]),
        np.repeat(np.arange(len(areas)), [len(area.pixels) for area in areas]),
        np.array([area.ab for area in areas], np.float32).reshape(-1, 2),
        np.array([area.reach for area in areas], np.float64),
    )


def square(height, width, top, left, side=3):
    where = np.zeros((height, width), bool)
    where[top : top + side, left : left + side] = True
    return np.flatnonzero(where)


@st.composite
def scenes(draw, most=3):
    """Lightness, answers without and with hints, and the hints: noise, for no answer is excluded."""
    height, width = draw(st.integers(1, 90)), draw(st.integers(1, 90))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    lightness = random.uniform(0, 100, (height, width)).astype(np.float32)
    if draw(st.booleans()):
        lightness = np.repeat(np.repeat(lightness[::16, ::16], 16, 0), 16, 1)[:height, :width]
    base, hinted = random.normal(0, 20, (2, height, width, 2)).astype(np.float32)
    areas = [
        Area(
            square(height, width, int(random.integers(height)), int(random.integers(width))),
            tuple(random.uniform(-60, 60, 2)),
            draw(REACHES),
        )
        for _ in range(draw(st.integers(1, most)))
    ]
    return lightness, base, hinted, areas


def with_reach(area, reach):
    return Area(area.pixels, area.ab, reach)


@settings(max_examples=60, deadline=None)
@given(scenes(), REACHES, st.integers(0, 2))
def test_a_larger_reach_never_shrinks_what_is_changed(scene, other, which):
    lightness, base, hinted, areas = scene
    which %= len(areas)
    low, high = sorted([areas[which].reach, other])
    small, large = (
        limit_reach(
            base,
            hinted,
            lightness,
            together([*areas[:which], with_reach(areas[which], reach), *areas[which + 1 :]]),
        )
        for reach in (low, high)
    )
    # The change itself grows, up to rounding, and so does the area that it covers.
    if high < 1:  # where a network's own answer is not moved any more to what it missed
        assert (np.abs(large - base) >= np.abs(small - base) - 1e-4).all()
    assert not ((small != base).any(2) & ~(large != base).any(2)).any()


@settings(max_examples=40, deadline=None)
@given(scenes())
def test_reach_1_is_the_networks_own_answer(scene):
    lightness, base, hinted, areas = scene
    full = limit_reach(base, hinted, lightness, together([with_reach(areas[0], 1), *areas[1:]]))
    assert np.array_equal(full, hinted)


@settings(max_examples=40, deadline=None)
@given(scenes(), st.floats(0, 1), st.booleans())
def test_what_is_protected_is_as_without_hints_to_the_byte(scene, share, everywhere):
    lightness, base, hinted, areas = scene
    protected = np.random.default_rng(0).random(lightness.shape) < share
    if everywhere:
        areas = [with_reach(area, 1) for area in areas]
    for answer in (
        limit_reach(base, hinted, lightness, together(areas), protected=protected),
        shift_colors(base, lightness, together(areas), protected=protected),
    ):
        assert answer.dtype == np.float32
        assert answer[protected].tobytes() == base[protected].tobytes()


@settings(max_examples=40, deadline=None)
@given(scenes(), st.randoms(use_true_random=False))
def test_the_order_of_hints_does_not_matter(scene, random):
    lightness, base, hinted, areas = scene
    other = list(areas)
    random.shuffle(other)
    one, two = (limit_reach(base, hinted, lightness, together(order)) for order in (areas, other))
    assert np.allclose(one, two, atol=1e-3)
    one, two = (shift_colors(base, lightness, together(order)) for order in (areas, other))
    numbers, counts = np.unique(np.concatenate([area.pixels for area in areas]), return_counts=True)
    apart = np.ones(lightness.size, bool)
    apart[numbers[counts > 1]] = False  # where they overlap, the last one holds
    assert np.allclose(one.reshape(-1, 2)[apart], two.reshape(-1, 2)[apart], atol=1e-3)


@settings(max_examples=40, deadline=None)
@given(scenes(most=1))
def test_reach_0_is_the_hints_own_pixels(scene):
    lightness, base, hinted, areas = scene
    where = np.isin(np.arange(lightness.size), areas[0].pixels).reshape(lightness.shape)
    answer = limit_reach(base, hinted, lightness, together([with_reach(areas[0], 0)]))
    assert np.array_equal(answer[~where], base[~where])
    assert (answer[where] != base[where]).any(1).all()


def test_a_hints_place_gets_its_colour_though_the_network_missed_it():
    lightness, _ = room()
    base = np.zeros((160, 160, 2), np.float32)
    hinted = np.full((160, 160, 2), 12, np.float32)
    pixels = square(160, 160, 80, 60, 5)
    for reach in (0, 0.5, 0.9):
        answer = limit_reach(base, hinted, lightness, together([Area(pixels, (30, 20), reach)]))
        place = answer.reshape(-1, 2)[pixels].mean(0)
        assert np.hypot(*(place - (30, 20))) < 0.25 * np.hypot(18, 8)
    far = limit_reach(base, hinted, lightness, together([Area(pixels, (30, 20), 0.999)]))[5]
    assert np.allclose(far, 12, atol=0.5)


def room():
    """A coat on a wall: 160×160, lightness 30 on 60, both with grain; and the coat's mask."""
    random = np.random.default_rng(1)
    coat = np.zeros((160, 160), bool)
    coat[50:120, 40:100] = True
    lightness = (np.where(coat, 30, 60) + random.normal(0, 2, coat.shape)).astype(np.float32)
    return lightness, coat


def test_a_surprising_colour_stays_on_its_thing():
    lightness, coat = room()
    base, hinted = np.zeros((160, 160, 2), np.float32), np.full((160, 160, 2), 40, np.float32)
    kept = reach_map(base, lightness, together([Area(square(160, 160, 80, 60, 5), (40, 30))]))
    inner = coat & np.roll(coat, 8, 0) & np.roll(coat, -8, 0) & np.roll(coat, 8, 1) & np.roll(coat, -8, 1)
    assert kept[inner].min() > 0.9
    outer = np.ones_like(coat)
    outer[42:128, 32:108] = False
    assert kept[outer].max() == 0
    answer = limit_reach(base, hinted, lightness, together([Area(square(160, 160, 80, 60, 5), (40, 30))]))
    assert np.array_equal(answer[outer], base[outer])


def test_an_expected_colour_speaks_of_the_whole_photo():
    lightness, _ = room()
    base = np.full((160, 160, 2), 10, np.float32)
    kept = reach_map(base, lightness, together([Area(square(160, 160, 80, 60, 5), (12, 14))]))
    assert kept.min() == 1


def test_each_place_of_one_colour_reaches_its_own_thing():
    lightness, _ = room()
    base = np.zeros((160, 160, 2), np.float32)
    both = np.concatenate([square(160, 160, 80, 60), square(160, 160, 10, 10)])
    kept = reach_map(base, lightness, together([Area(both, (40, 30))]))
    assert kept[80, 90] > 0.9
    assert kept[10, 150] > 0.9


def test_a_network_without_hints_is_moved_by_the_difference():
    lightness, coat = room()
    base = np.where(coat[..., None], np.float32([4, 8]), np.float32([1, 2]))
    base[60:70, 50:60] += 3  # the coat's own variation stays
    area = Area(square(160, 160, 80, 60), (44, 28))
    answer = shift_colors(base, lightness, together([area]))
    assert np.allclose(answer.reshape(-1, 2)[area.pixels], (44, 28), atol=1e-3)
    assert np.allclose(answer[65, 55], (47, 31), atol=1e-3)
    assert np.array_equal(answer[10], base[10])


def test_a_colour_may_be_none():
    lightness, _ = room()
    base = np.full((160, 160, 2), 30, np.float32)
    answer = shift_colors(base, lightness, together([Area(square(160, 160, 80, 60), (0, 0), 0.2)]))
    assert np.abs(answer[81, 61]).max() < 1e-3


def test_two_hints_mix_where_both_reach():
    lightness = np.full((60, 60), 50, np.float32)
    base = np.zeros((60, 60, 2), np.float32)
    areas = [Area(square(60, 60, 5, 5), (40, 0)), Area(square(60, 60, 50, 50), (0, 40))]
    assert np.allclose(shift_colors(base, lightness, together(areas))[30, 30], (20, 20), atol=1e-3)


def test_no_hints_change_nothing():
    lightness, _ = room()
    base = np.random.default_rng(2).normal(0, 9, (160, 160, 2)).astype(np.float32)
    assert np.array_equal(shift_colors(base, lightness, together([])), base)
    assert np.array_equal(limit_reach(base, base + 9, lightness, together([])), base)


@pytest.mark.parametrize(
    ("area", "message"),
    [
        (Area(np.array([], np.intp), (1, 2)), "must have pixels"),
        (Area(np.array([160 * 160]), (1, 2)), "within"),
        (Area(square(160, 160, 1, 1), (1, 2), 1.5), "reach of 1.5"),
        (Area(square(160, 160, 1, 1), (1, 2), float("nan")), "reach of nan"),
    ],
)
def test_what_cannot_be_is_refused(area, message):
    lightness, _ = room()
    with pytest.raises(ValueError, match=message):
        reach_map(np.zeros((160, 160, 2), np.float32), lightness, together([area]))
