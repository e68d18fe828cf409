"""Recoloured photos: one thing of another colour, its lightness and shading kept, and nothing else touched."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom.color.cielab import lab_to_linear
from photochrom.data.keyed_random import KeyedRandom
from photochrom.data.recolor import recolor


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def photo(height: int = 64, width: int = 64) -> torch.Tensor:
    """A grey wall, too large for a thing, a red ball on it, and a grey band of another lightness below."""
    lab = torch.zeros(1, 3, height, width)
    lab[:, 0] = 70
    lab[:, 0, height * 3 // 4 :] = 25
    y, x = torch.meshgrid(torch.arange(height) / height, torch.arange(width) / width, indexing="ij")
    ball = (x - 0.5).square() + (y - 0.3).square() < 0.03
    lab[:, :, ball] = torch.tensor([50.0, 60.0, 30.0])[:, None]
    return lab


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31), st.integers(2, 70), st.integers(2, 70))
def test_nothing_beyond_the_region_changes(seed: int, height: int, width: int):
    lab = (
        torch.rand(3, 3, height, width, generator=seeded(seed)) * torch.tensor([100.0, 40.0, 40.0])[:, None, None]
    )
    ab, region = recolor(lab, KeyedRandom(seed, range(len(lab))))
    assert ab.shape == (3, 2, height, width)
    assert region.shape == (3, 1, height, width)
    assert set(region.unique().tolist()) <= {0.0, 1.0}
    assert torch.equal(ab * (1 - region), lab[:, 1:] * (1 - region))
    assert ab.isfinite().all()


def test_a_region_is_one_thing_of_one_colour_and_lightness():
    lab = photo().expand(64, -1, -1, -1)
    _, region = recolor(lab, KeyedRandom(1, range(len(lab))))
    found = region.amax((1, 2, 3)) > 0
    assert found.float().mean() > 0.6
    wall, band, ball = (lab[0, :1] == value for value in (70, 25, 50))
    whole = 0
    for mask in region[found]:
        shares = sorted(float(mask[thing].mean()) for thing in (band, ball))
        whole += not mask[wall].any() and shares[0] == 0 and shares[1] > 0.99
    # A place on a border, where smoothing mixes two lightnesses, may grow along it.
    assert whole / int(found.sum()) > 0.85


def test_what_is_too_large_for_a_thing_stays_as_it_is():
    lab = torch.full((8, 3, 48, 48), 50.0)
    ab, region = recolor(lab, KeyedRandom(2, range(len(lab))))
    assert not region.any()
    assert torch.equal(ab, lab[:, 1:])


def test_a_region_ends_where_it_hangs_together_no_longer():
    lab = torch.zeros(40, 3, 64, 64)
    lab[:, 0] = 50
    lab[:, 1] = 60  # a frame of another colour parts two like things
    lab[:, 1, 8:56, 8:24] = lab[:, 1, 8:56, 40:56] = 0
    _, region = recolor(lab, KeyedRandom(3, range(len(lab))))
    left, right = region[..., 8:56, 8:24].mean((1, 2, 3)), region[..., 8:56, 40:56].mean((1, 2, 3))
    assert (left > 0.99).any()
    assert (right > 0.99).any()
    assert not ((left > 0) & (right > 0)).any()


def test_new_colours_differ_and_srgb_has_them():
    lab = photo().expand(200, -1, -1, -1)
    ab, region = recolor(lab, KeyedRandom(4, range(len(lab))))
    inside = region[:, 0].bool()
    hues = []
    for own, light, mask in zip(ab, lab[:, 0], inside, strict=True):
        if not mask.any():
            continue
        color, mean = own[:, mask].mean(1), light[mask].mean()
        assert color.norm() < 66
        linear = lab_to_linear(torch.cat([mean[None], color]))
        assert ((linear > -0.02) & (linear < 1.02)).all()
        hues.append(torch.atan2(color[1], color[0]))
    counts = torch.histc(torch.stack(hues), 6, -torch.pi, torch.pi)
    assert counts.min() > len(hues) / 18


def test_shading_is_kept_in_part():
    lab = photo()
    ripple = torch.arange(64) % 4 / 2 - 0.75
    lab[:, 1] += ripple * (lab[:, 0] == 25)
    ab, region = recolor(lab.expand(60, -1, -1, -1), KeyedRandom(5, range(60)))
    bands = [own for own, mask in zip(ab, region, strict=True) if mask[0, 60, 4]]
    assert bands
    for own in bands:
        row = own[0, 60, 2:10]
        assert torch.allclose(row - row.mean(), 0.6 * (ripple[2:10] - ripple[2:10].mean()), atol=0.05)


def test_the_same_seed_changes_the_same_thing():
    lab = photo().expand(4, -1, -1, -1)
    first, again, other = (recolor(lab, KeyedRandom(seed, range(len(lab))))[0] for seed in (6, 6, 7))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_neither_black_nor_white_has_a_colour_whatever_the_things_is():
    lab = photo().expand(60, -1, -1, -1).clone()
    speck = lab[:, 0] == 50
    speck &= (torch.arange(64) % 8 == 0) & (torch.arange(64)[:, None] % 8 == 0)
    lab[:, 0][speck] = 1.0
    lab[:, 1:] = 0.0
    lab[:, 1][(lab[:, 0] == 50) | speck] = 30.0  # so that what is kept of its variation is none
    ab, region = recolor(lab, KeyedRandom(8, range(len(lab))))
    dark = region[:, 0].bool() & speck
    assert dark.any()
    assert ab.norm(dim=1)[dark].max() < 4
    assert ab.norm(dim=1)[region[:, 0].bool() & (lab[:, 0] == 50)].max() > 30


@pytest.mark.parametrize("light", [5.0, 95.0])
def test_a_dark_or_a_light_thing_gets_no_more_colour_than_srgb_has(light: float):
    lab = photo().expand(60, -1, -1, -1).clone()
    lab[:, 0][lab[:, 0] == 50] = light
    ab, region = recolor(lab, KeyedRandom(8, range(len(lab))))
    ball = (region.bool() & (lab[:, :1] == light))[:, 0]
    assert ball.any()
    colors = torch.cat([lab[:, :1], ab], 1).movedim(1, -1)[ball]
    linear = lab_to_linear(colors)
    assert ((linear > -0.02) & (linear < 1.02)).all()
