"""What age and old cameras do to a photograph, done to the lightness that a network is shown."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from photochrom.color.cielab import lightness, srgb_to_linear
from photochrom.data.keyed_random import KeyedRandom

__all__ = ["degraded_lightness"]

_SCRATCHES = 6  # on a photo at most


def degraded_lightness(rgb: Tensor, random: KeyedRandom, *, share: float = 0.5) -> Tensor:
    """Return the lightness of photos, of some of them as if they were old.

    An aged photo may have been taken on film that is blind to red, be faded, blurred, grainy, scratched, or saved
    as a poor JPEG; each with its own probability and strength. The true colours stay what they are.

    Args:
        rgb: uint8 [N,3,H,W].
        random: where the randomness comes from.
        share: of the photos that age at all.

    Returns:
        float32 [N,1,H,W], 0..100.
    """
    light: Tensor = lightness(rgb, axis=1)[:, None]
    aged = (random.rand() < share).nonzero()[:, 0]
    if len(aged):
        draws = random[aged]
        aged = aged.to(rgb.device, non_blocking=True)
        light[aged] = _aged(rgb[aged], light[aged], draws).clamp(0, 100)
    return light


def _aged(rgb: Tensor, light: Tensor, random: KeyedRandom) -> Tensor:
    """Age the lightness [N,1,H,W] of photos [N,3,H,W]."""

    def draw(low: float, high: float, probability: float, otherwise: float) -> Tensor:
        """One number for each photo, as [N,1,1,1]."""
        value = low + (high - low) * random.rand()
        value[random.rand() >= probability] = otherwise
        return value.to(light.device, non_blocking=True)[:, None, None, None]

    linear = srgb_to_linear(rgb)
    film = 0.03 * linear[:, :1] + 0.47 * linear[:, 1:2] + 0.50 * linear[:, 2:]  # orthochromatic
    film = 116 * film.clamp(min=0.008856) ** (1 / 3) - 16
    light = light + draw(0.2, 1.0, 0.35, 0.0) * (film - light)
    light = light + draw(0.3, 1.0, 0.3, 0.0) * (_blurred(light) - light)
    light = 100 * (light.clamp(0, 100) / 100) ** draw(0.7, 1.4, 0.4, 1.0)
    contrast, middle = draw(0.6, 1.0, 0.4, 1.0), draw(40.0, 65.0, 1.0, 50.0)
    light = middle + contrast * (light - middle)
    noise = random.planes(light.device, *light.shape[1:], normal=True)
    noise = torch.where(draw(1.0, 1.0, 0.5, 0.0) > 0, 2 * _blurred(noise), noise)  # of half of them it is coarse
    return _scratched(light + draw(1.0, 7.0, 0.4, 0.0) * noise, random)


def _blurred(planes: Tensor) -> Tensor:
    return functional.avg_pool2d(functional.pad(planes, (1, 1, 1, 1), mode="replicate"), 3, stride=1)


def _scratched(light: Tensor, random: KeyedRandom) -> Tensor:
    """Draw up to six thin lines, light or dark, over one photo in five."""
    height, width = light.shape[2:]
    place, angle, tone = random.rand(3, _SCRATCHES).unbind(1)
    angle = (angle - 0.5) * math.pi / torch.where(place < 0.3, 1.0, 6.0)  # most of them upright
    lines = torch.where(random.rand(1) < 0.2, 1 + random.randint(_SCRATCHES, 1), 0)
    there = (torch.arange(_SCRATCHES) < lines).float()
    drawn = torch.stack([place - 0.5, angle.cos(), angle.sin(), 100 * tone, there])
    middle, cosine, sine, tone, there = drawn.to(light.device, non_blocking=True)[..., None, None]
    y = torch.arange(height, device=light.device)[:, None] / height - 0.5
    x = torch.arange(width, device=light.device) / width - 0.5
    away = ((x - middle) * cosine + y * sine).abs()  # [N,6,H,W]
    line = (away < 0.7 / max(height, width)) & (there > 0)
    for number in range(_SCRATCHES):
        light = torch.where(line[:, number : number + 1], tone[:, number : number + 1], light)
    return light
