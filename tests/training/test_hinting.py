"""Colour points for training: true colours, as many as promised, and none where there should be none."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom.data.keyed_random import KeyedRandom
from photochrom.training.hinting import hints_inside, simulate_hints


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 70), st.integers(1, 70), st.sampled_from([0.0, 0.5, 1.0]))
def test_points_tell_true_colours(seed: int, height: int, width: int, without: float):
    ab = torch.rand(3, 2, height, width, generator=seeded(seed)) * 200 - 100
    hints = simulate_hints(ab, KeyedRandom(seed, range(3)), without=without)
    assert hints.shape == (3, 3, height, width)
    there = hints[:, 2:]
    assert set(there.unique().tolist()) <= {0.0, 1.0}
    assert not (hints[:, :2] * (1 - there)).any()
    for photo, planes in zip(ab, hints, strict=True):  # means of the photo's colours, hence within their range
        inside = planes[:2, planes[2] > 0]
        assert (inside <= photo.amax((1, 2))[:, None] + 1e-2).all()
        assert (inside >= photo.amin((1, 2))[:, None] - 1e-2).all()


def test_where_a_photo_is_of_one_colour_every_point_tells_it():
    ab = torch.tensor([30.0, -40.0])[None, :, None, None].expand(16, 2, 48, 64)
    hints = simulate_hints(ab, KeyedRandom(1, range(len(ab))), without=0.0)
    assert (hints[:, 2].amax((1, 2)) == 1).all()
    for plane, value in ((0, 30.0), (1, -40.0)):
        assert torch.allclose(hints[:, plane][hints[:, 2] > 0], torch.tensor(value), atol=1e-2)


def test_points_are_few_as_often_as_many():
    hints = simulate_hints(torch.zeros(400, 2, 64, 64), KeyedRandom(2, range(400)), without=0.25)
    hinted = hints[:, 2].sum((1, 2))
    assert 0.18 < (hinted == 0).float().mean() < 0.32
    one = hinted[hinted > 0].min()  # of a single point that no edge cuts off, or less
    assert 0.3 < (hinted[hinted > 0] <= 12 * one).float().mean() < 0.8


def test_the_same_seed_gives_the_same_points():
    ab = torch.rand(4, 2, 32, 32, generator=seeded(3)) * 50
    assert torch.equal(simulate_hints(ab, KeyedRandom(5, range(4))), simulate_hints(ab, KeyedRandom(5, range(4))))
    assert not torch.equal(
        simulate_hints(ab, KeyedRandom(5, range(4))), simulate_hints(ab, KeyedRandom(6, range(4)))
    )


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 70), st.integers(1, 70))
def test_points_on_a_region_tell_its_colour_alone(seed: int, height: int, width: int):
    region = (torch.rand(4, 1, height, width, generator=seeded(seed)) < 0.3).float()
    region[3] = 0
    ab = torch.where(region > 0, torch.tensor([20.0, -30.0])[:, None, None], 77.0)
    hints = hints_inside(ab, region, KeyedRandom(seed, range(4)))
    assert hints.shape == (4, 3, height, width)
    there = hints[:, 2] > 0
    assert torch.equal(there.any(2).any(1), region.amax((1, 2, 3)) > 0)
    assert not (hints[:, :2] * (hints[:, 2:] == 0)).any()
    for plane, value in ((0, 20.0), (1, -30.0)):
        assert torch.allclose(hints[:, plane][there], torch.tensor(value), atol=1e-2)


def test_points_on_a_region_lie_in_it_and_are_one_to_four():
    region = torch.zeros(300, 1, 96, 96)
    region[..., 20:76, 20:76] = 1
    hints = hints_inside(torch.zeros(300, 2, 96, 96), region, KeyedRandom(4, range(300)))
    there = hints[:, 2]
    assert not there[:, :16].any()  # half a square beyond the region, at most
    assert not there[..., 80:].any()
    hinted = there.sum((1, 2))
    one = hinted.min()
    assert 0.2 < (hinted <= one).float().mean() < 0.6
    assert hinted.max() <= 4 * one
