"""Colour points as a user would set them, drawn from the photos that a network is trained on."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["simulate_hints"]

_MOST = 128  # points on one photo
_SIDES = (1, 3, 5, 7, 9)  # of the square that a point colours, in pixels
_SPREAD = 0.15  # of the distance of a photo's points from their common middle, where they lie together


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
    device = ab.device
    side = _SIDES[int(torch.randint(len(_SIDES), (), generator=generator))]
    side = min(side, (min(height, width) - 1) // 2 * 2 + 1)
    points = torch.exp(torch.rand(count, generator=generator) * torch.log(torch.tensor(_MOST + 0.999))).long()
    points[torch.rand(count, generator=generator) < without] = 0
    rows = torch.randint(height, (count, _MOST), generator=generator)
    columns = torch.randint(width, (count, _MOST), generator=generator)
    used = (torch.arange(_MOST) < points[:, None]).to(device)
    places = (rows * width + columns).to(device)
    mean = functional.avg_pool2d(ab, side, stride=1, padding=side // 2, count_include_pad=False)
    seeds = ab.new_zeros(count, 3, height * width)
    seeds[:, 2].scatter_reduce_(1, places, used.to(ab.dtype), "amax")
    seeds[:, :2] = mean.flatten(2) * seeds[:, 2:]
    grown = functional.avg_pool2d(seeds.view(count, 3, height, width), side, stride=1, padding=side // 2)
    grown = grown * side**2  # where squares overlap, the mean of their colours
    there = grown[:, 2:]
    return torch.cat([grown[:, :2] / there.clamp(min=1), (there > 0.5).to(ab.dtype)], 1)
