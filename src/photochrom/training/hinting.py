"""Colour points as a user would set them, drawn from the photos that a network is trained on."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from photochrom.data.keyed_random import KeyedRandom

__all__ = ["hints_inside", "simulate_hints"]

_MOST = 128  # points on one photo
_SIDES = (1, 3, 5, 7, 9)  # of the square that a point colours, in pixels
_MOST_INSIDE = 4  # points on one region


def simulate_hints(ab: Tensor, random: KeyedRandom, *, without: float | Tensor = 0.4) -> Tensor:
    """Reveal the true colours of some points, and of none on some photos.

    The number of points is drawn evenly on a logarithmic scale from 1 to 128, for people set few, and those with
    patience many.

    Args:
        ab: true a, b [N,2,H,W] in CIELAB units.
        random: where the randomness comes from.
        without: share of photos that get no point; one for all, or [N].

    Returns:
        [N,3,H,W]: a, b of the points' squares, each of one colour, and 1 where a point is, else 0.
    """
    count, _, height, width = ab.shape
    hints = ab.new_zeros(count, 3, height, width)
    hinted = (random.rand() >= without).nonzero()[:, 0]
    if not len(hinted):
        return hints
    random = random[hinted]
    side = _side(height, width, random)
    points = torch.exp(random.rand() * math.log(_MOST + 0.999)).long()
    places = random.randint(height * width, _MOST).to(ab.device, non_blocking=True)
    used = (torch.arange(_MOST) < points[:, None]).to(ab.device, non_blocking=True)
    hinted = hinted.to(ab.device, non_blocking=True)
    seeds = ab.new_zeros(len(hinted), 3, height * width)
    seeds[:, 2].scatter_reduce_(1, places, used.to(ab.dtype), "amax")
    seeds[:, :2] = _around(ab[hinted], side).flatten(2) * seeds[:, 2:]
    hints[hinted] = _squares(seeds.view(-1, 3, height, width), side)
    return hints


def hints_inside(ab: Tensor, region: Tensor, random: KeyedRandom) -> Tensor:
    """Reveal the true colours of a few points within a region of each photo: one of half of them, up to four.

    Args:
        ab: true a, b [N,2,H,W] in CIELAB units.
        region: 1 where the region is, else 0 [N,1,H,W]; where it is empty there is no point.
        random: where the randomness comes from.

    Returns:
        [N,3,H,W], as `simulate_hints`. A point's colour is the mean of its square's part within the region.
    """
    count, _, height, width = ab.shape
    side = _side(height, width, random)
    points = torch.exp(random.rand() * math.log(_MOST_INSIDE)).round().long()
    used = (torch.arange(_MOST_INSIDE) < points[:, None]).to(ab.device, non_blocking=True)
    noise = random.planes(ab.device, *region.shape[1:])
    drawn, places = (noise * region).flatten(1).topk(min(_MOST_INSIDE, height * width))
    means = _around(torch.cat([ab * region, region], 1), side).flatten(2)
    means = means.gather(2, places[:, None].expand(-1, 3, -1))
    seeds = ab.new_zeros(count, 3, height * width)
    there = (used[:, : places.shape[1]] & (drawn > 0)).to(ab.dtype)
    seeds[:, 2].scatter_(1, places, there)
    for plane in (0, 1):
        seeds[:, plane].scatter_(1, places, means[:, plane] / means[:, 2].clamp(min=1e-6) * there)
    return _squares(seeds.view(-1, 3, height, width), side)


def _side(height: int, width: int, random: KeyedRandom) -> int:
    side = _SIDES[random.once(0, len(_SIDES))]
    return min(side, (min(height, width) - 1) // 2 * 2 + 1)


def _squares(seeds: Tensor, side: int) -> Tensor:
    """Let each point of [N,3,H,W], its a, b and a 1, colour a square; where squares overlap, the mean of them."""
    grown = _around(seeds, side)
    there = grown[:, 2:] > 0.5 / side**2
    return torch.cat([grown[:, :2] / grown[:, 2:].clamp(min=1e-6) * there, there.to(seeds.dtype)], 1)


def _around(planes: Tensor, side: int) -> Tensor:
    """Give each pixel the mean of the square around it, as far as that lies in the photo: down, then across."""
    half = side // 2
    down = functional.avg_pool2d(planes, (side, 1), stride=1, padding=(half, 0), count_include_pad=False)
    return functional.avg_pool2d(down, (1, side), stride=1, padding=(0, half), count_include_pad=False)
