"""Photos in which one thing takes another colour, so that a colour point cannot speak for the whole photo."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from photochrom.color.cielab import lab_to_linear
from photochrom.data.keyed_random import KeyedRandom

__all__ = ["recolor"]

_TRIES = 5  # places that a region is grown from; the first one whose region is of a thing's size is taken
_AREA = (0.012, 0.35)  # of the photo, that a region may cover
_NEAR_AB = (6.0, 14.0)  # CIELAB units around the place's colour that belong to its region
_NEAR_LIGHT = (10.0, 30.0)  # likewise of lightness, which is smoothed for this: grain and folds do not end a thing
_SMOOTH = 5  # side of the square that smooths it, in pixels of half the photo's size
_ROUNDS = 8  # of growing, each along all rows and then all columns
_CHROMA = (3.0, 65.0)  # of the new colour, as far as its lightness allows
_LEVELS = 32  # of chroma that are tried for what lightness allows
_SHADING = 0.6  # of the region's own variation of colour is kept


@torch.no_grad()
def recolor(lab: Tensor, random: KeyedRandom) -> tuple[Tensor, Tensor]:
    """Give a region of each photo another hue and chroma; its lightness and a part of its shading stay.

    A region grows from a random place over the pixels that hang together with it, near it in colour and in
    smoothed lightness. Colour alone would not find things: grey floods everything.

    Args:
        lab: photos in CIELAB [N,3,H,W].
        random: where the randomness comes from.

    Returns:
        a, b of the changed photos [N,2,H,W], and 1 where the region is, else 0 [N,1,H,W]. A photo in which no
        region of a thing's size was found stays as it is, and its region is empty.
    """
    region = _regions(lab, random)
    light, ab = lab[:, :1], lab[:, 1:]
    pixels = region.sum((2, 3), keepdim=True).clamp(min=1)
    mean = (lab * region).sum((2, 3), keepdim=True) / pixels
    hue, chroma = random.rand(2).T.to(lab.device, non_blocking=True)
    color = _allowed(mean[:, 0, 0, 0], hue * (2 * math.pi), chroma)[:, :, None, None]
    # Neither black nor white has a colour, whatever the thing's.
    room = (torch.minimum(light / 20, (100 - light) / 10)).clamp(0, 1)
    changed = color * room + _SHADING * (ab - mean[:, 1:])
    return torch.where(region > 0, changed, ab), region


def _regions(lab: Tensor, random: KeyedRandom) -> Tensor:
    """Return one region of each photo [N,3,H,W], or none, as [N,1,H,W]: grown at half the size, cut at full."""
    height, width = lab.shape[2:]
    half = functional.avg_pool2d(lab, 2, ceil_mode=True)
    rows, columns = half.shape[-2:]
    light, ab = _smooth(half[:, :1], _SMOOTH), half[:, 1:]
    drawn = random.rand(3, _TRIES).transpose(0, 1)
    places = (drawn[0] * (rows * columns)).long().clamp(max=rows * columns - 1).to(lab.device, non_blocking=True)
    wide, tall = (
        (low + (high - low) * share)[:, :, None, None].to(lab.device, non_blocking=True)
        for (low, high), share in zip((_NEAR_AB, _NEAR_LIGHT), drawn[1:], strict=True)
    )
    looked_at = torch.cat([light, ab], 1)
    seeds = looked_at.flatten(2).gather(2, places[:, None].expand(-1, 3, -1))[..., None, None]  # [N,3,T,1,1]

    def near(light: Tensor, ab: Tensor, seeds: Tensor, wide: Tensor, tall: Tensor) -> Tensor:
        apart = (ab[:, :, None] - seeds[:, 1:]).square().sum(1)
        return (apart < wide.square()) & ((light - seeds[:, 0]).abs() < tall)

    grown = _connected(near(light, ab, seeds, wide, tall), places)
    area = grown.mean((2, 3))
    fits = (area > _AREA[0]) & (area < _AREA[1])
    first = fits.float().argmax(1)[:, None]  # none: the first, which is taken away below

    def pick(values: Tensor) -> Tensor:
        """Take the first fitting try of [N,T,…] as [N,1,…]."""
        index = first.view(-1, 1, *(1 for _ in values.shape[2:])).expand(-1, 1, *values.shape[2:])
        return values.gather(1, index)

    small = pick(grown) * pick(fits)[:, :, None, None]
    small = -_largest(-_largest(small))  # small holes are the thing's as well
    inner, outer = (_enlarged(planes, height, width) for planes in (-_largest(-small), _largest(_largest(small))))
    seed = pick(seeds.movedim(1, 2)).movedim(2, 1)
    # At its border, which smoothing has moved, and half the size does not know to the pixel.
    edge = near(lab[:, :1], lab[:, 1:], seed, pick(wide), pick(tall))
    return torch.maximum(inner, outer * edge)


def _connected(there: Tensor, places: Tensor) -> Tensor:
    """Keep of each mask [N,T,h,w] what hangs together with its place [N,T], a number among h·w, as 0 or 1.

    A mask's runs along rows and along columns are numbered; in turns, each run that is reached anywhere is
    reached as a whole. After a fixed number of rounds a very winding region may not be reached to its end.
    """
    begin = torch.zeros(there.shape, device=there.device).flatten(2).scatter_(2, places[:, :, None], 1.0)
    reached = (begin.view(there.shape) * there).flatten()
    across, down = _runs(there), _runs(there.mT).view(there.mT.shape).mT.flatten()
    for _ in range(_ROUNDS):
        for run in (across, down):
            whole = torch.zeros_like(reached).scatter_reduce_(0, run, reached, "amax")
            reached = whole[run]
    return reached.view(there.shape) * there


def _runs(there: Tensor) -> Tensor:
    """Number the runs along the last axis of a mask, flattened; a cell that is not there is a run of its own."""
    ends = ~there
    begins = ends | ends.roll(1, -1)
    begins[..., 0] = True
    numbers: Tensor = begins.flatten().cumsum(0) - 1
    return numbers


def _allowed(light: Tensor, hue: Tensor, share: Tensor) -> Tensor:
    """Return a, b [N,2] of hues in radians [N], with a share [N] of the chroma that sRGB has at lightness [N]."""
    direction = torch.stack([hue.cos(), hue.sin()], 1)
    levels = torch.linspace(*_CHROMA, _LEVELS, device=light.device)
    colors = direction[:, None] * levels[:, None]
    linear = lab_to_linear(torch.cat([light[:, None, None].expand(-1, _LEVELS, 1), colors], 2))
    shown: Tensor = ((linear >= 0) & (linear <= 1)).all(2)
    most: Tensor = (levels * shown).amax(1).clamp(min=_CHROMA[0])
    allowed: Tensor = direction * (_CHROMA[0] + share * (most - _CHROMA[0]))[:, None]
    return allowed


def _smooth(planes: Tensor, side: int) -> Tensor:
    return functional.avg_pool2d(planes, side, stride=1, padding=side // 2, count_include_pad=False)


def _largest(planes: Tensor) -> Tensor:
    return functional.max_pool2d(planes, 3, stride=1, padding=1)


def _enlarged(planes: Tensor, height: int, width: int) -> Tensor:
    return functional.interpolate(planes, scale_factor=2, mode="nearest")[..., :height, :width]
