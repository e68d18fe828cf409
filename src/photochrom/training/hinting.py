"""Colour points as a user would set them, drawn from the photos that a network is trained on."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["simulate_hints"]

_MOST = 128  # points on one photo
_SIDES = (1, 3, 5, 7, 9)  # of the square that a point colours, in pixels


def simulate_hints(ab: Tensor, generator: torch.Generator, *, without: float = 0.4) -> Tensor:
    """Reveal the true colours of some points, and of none on some photos.

    The number of points is drawn evenly on a logarithmic scale from 1 to 128, for people set few, and those with
    patience many.

    Args:
        ab: true a, b [N,2,H,W] in CIELAB units.
        generator: where the randomness comes from; on the CPU.
        without: share of photos that get no point.

    Returns:
        [N,3,H,W]: a, b of the points' squares, each of one colour, and 1 where a point is, else 0.
    """
    count, _, height, width = ab.shape
    hints = ab.new_zeros(count, 3, height, width)
    told = (torch.rand(count, generator=generator) >= without).nonzero()[:, 0]
    if not len(told):
        return hints
    side = _SIDES[int(torch.randint(len(_SIDES), (), generator=generator))]
    side = min(side, (min(height, width) - 1) // 2 * 2 + 1)
    points = torch.exp(torch.rand(len(told), generator=generator) * math.log(_MOST + 0.999)).long()
    places = torch.randint(height * width, (len(told), _MOST), generator=generator)
    places = places.to(ab.device, non_blocking=True)
    used = (torch.arange(_MOST) < points[:, None]).to(ab.device, non_blocking=True)
    told = told.to(ab.device, non_blocking=True)
    seeds = ab.new_zeros(len(told), 3, height * width)
    seeds[:, 2].scatter_reduce_(1, places, used.to(ab.dtype), "amax")
    seeds[:, :2] = _around(ab[told], side).flatten(2) * seeds[:, 2:]
    # Where squares overlap, the mean of their colours.
    grown = _around(seeds.view(-1, 3, height, width), side)
    there = grown[:, 2:] > 0.5 / side**2
    hints[told] = torch.cat([grown[:, :2] / grown[:, 2:].clamp(min=1e-6) * there, there.to(ab.dtype)], 1)
    return hints


def _around(planes: Tensor, side: int) -> Tensor:
    """Give each pixel the mean of the square around it, as far as that lies in the photo: down, then across."""
    half = side // 2
    down = functional.avg_pool2d(planes, (side, 1), stride=1, padding=(half, 0), count_include_pad=False)
    return functional.avg_pool2d(down, (1, side), stride=1, padding=(0, half), count_include_pad=False)
