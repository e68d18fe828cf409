"""What a viewer would say of a vivid answer: how unlike the photo it looks, and how much less colourful."""

from __future__ import annotations

import torch
from torch import Tensor

from photochrom.color import lab_to_linear, linear_to_srgb, rgb_to_lab
from photochrom.evaluation.lpips import Lpips

__all__ = ["Viewer", "colorfulness"]

_UNIT = 20.0  # of colourfulness: a miss by so much counts about as much as all of LPIPS


class Viewer:
    """Judges answers as people do, in numbers with gradients.

    The mean of all likely colours is the answer with the least error, and duller than any photo. LPIPS forgives a
    colour that is another one but looks right; it alone is still served best by dull colours, so their strength is
    held against the photo's.

    Args:
        device: where photos are.

    Raises:
        MissingExtraError: if the `metrics` extra is not installed, which brings the network behind LPIPS.
    """

    def __init__(self, device: torch.device) -> None:
        self._lpips = Lpips().to(device)

    def loss(self, ab: Tensor, rgb: Tensor) -> Tensor:
        """Compare answers with their photos.

        Args:
            ab: answers [N,2,H,W] in CIELAB units.
            rgb: the photos, uint8 [N,3,H,W].

        Returns:
            The loss, one number.
        """
        light = rgb_to_lab(rgb, axis=1)[:, :1]
        shown = linear_to_srgb(lab_to_linear(torch.cat([light, ab], 1), axis=1).clamp(0, 1))
        truth = rgb.float() / 255
        missed = (colorfulness(shown) - colorfulness(truth)) / _UNIT
        # One photo's miss may go either way, for nobody can know it; all photos' together must not.
        together = missed.mean().square() + 0.25 * missed.abs().mean()
        return self._lpips.between(shown, truth).mean() * 4 + together


def colorfulness(rgb: Tensor) -> Tensor:
    """Return how colourful photos are: `photochrom.evaluation.metrics.colorfulness`, unsigned, with gradients.

    Args:
        rgb: 0..1, [N,3,H,W].

    Returns:
        [N].
    """
    red, green, blue = (rgb * 255).unbind(1)
    opponents = torch.stack([(red - green).abs(), ((red + green) / 2 - blue).abs()], 1).flatten(2)
    spread = (opponents.var(2, correction=0).sum(1) + 1e-4).sqrt()
    return spread + 0.3 * (opponents.mean(2).square().sum(1) + 1e-4).sqrt()
