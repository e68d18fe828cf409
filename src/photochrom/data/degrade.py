"""What age and old cameras do to a photograph, done to the lightness that a network is shown."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from photochrom.color import lightness, srgb_to_linear

__all__ = ["aged_lightness"]


def aged_lightness(rgb: Tensor, generator: torch.Generator, *, share: float = 0.5) -> Tensor:
    """Return the lightness of photos, of some of them as if they were old.

    An aged photo may have been taken on film that is blind to red, be faded, blurred, grainy, scratched, or saved
    as a poor JPEG; each with its own chance and strength. The true colours stay what they are.

    Args:
        rgb: uint8 [N,3,H,W].
        generator: where the randomness comes from; on the CPU.
        share: of the photos that age at all.

    Returns:
        float32 [N,1,H,W], 0..100.
    """
    count, _, height, width = rgb.shape
    device = rgb.device

    def draw(low: float, high: float, chance: float, otherwise: float) -> Tensor:
        """One number for each photo, as [N,1,1,1]."""
        value = low + (high - low) * torch.rand(count, generator=generator)
        value[torch.rand(count, generator=generator) >= chance] = otherwise
        return torch.where(aged, value, torch.full_like(value, otherwise)).to(device)[:, None, None, None]

    aged = torch.rand(count, generator=generator) < share
    light = lightness(rgb, axis=1)[:, None]
    blind = draw(0.2, 1.0, 0.35, 0.0)
    if bool((blind > 0).any()):
        linear = srgb_to_linear(rgb)
        film = 0.03 * linear[:, :1] + 0.47 * linear[:, 1:2] + 0.50 * linear[:, 2:]  # orthochromatic
        film = 116 * film.clamp(min=0.008856) ** (1 / 3) - 16
        light = light + blind * (film - light)
    blurred = functional.avg_pool2d(functional.pad(light, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    light = light + draw(0.3, 1.0, 0.3, 0.0) * (blurred - light)
    light = 100 * (light.clamp(0, 100) / 100) ** draw(0.7, 1.4, 0.4, 1.0)
    contrast, middle = draw(0.6, 1.0, 0.4, 1.0), draw(40.0, 65.0, 1.0, 50.0)
    light = middle + contrast * (light - middle)
    noise = torch.randn(count, 1, height, width, generator=generator).to(device)
    coarse = functional.avg_pool2d(functional.pad(noise, (1, 1, 1, 1), mode="replicate"), 3, stride=1) * 2
    clumped = (torch.rand(count, generator=generator) < 0.5).to(device)[:, None, None, None]
    light = light + draw(1.0, 7.0, 0.4, 0.0) * torch.where(clumped, coarse, noise)
    light = _scratched(light, aged, generator)
    return light.clamp(0, 100)


def _scratched(light: Tensor, aged: Tensor, generator: torch.Generator) -> Tensor:
    """Draw up to six thin lines, light or dark, over one aged photo in five."""
    count, _, height, width = light.shape
    hurt = aged & (torch.rand(count, generator=generator) < 0.2)
    y = torch.arange(height)[:, None] / height - 0.5
    x = torch.arange(width)[None, :] / width - 0.5
    for number in torch.nonzero(hurt).flatten().tolist():
        for _ in range(1 + int(torch.randint(6, (), generator=generator))):
            place, angle, tone = torch.rand(3, generator=generator).tolist()
            angle = (angle - 0.5) * math.pi / (6 if place < 0.3 else 1)  # most of them upright
            away = (x - (place - 0.5)) * math.cos(angle) + y * math.sin(angle)
            line = (away.abs() < 0.7 / max(height, width)).to(light.device)
            light[number, 0][line] = 100 * tone
    return light
