"""What a viewer would say of vivid answers: how unlike their photos they look, singly and all together."""

from __future__ import annotations

import torch
from torch import Tensor

from photochrom.color import lab_to_linear, linear_to_srgb, rgb_to_lab
from photochrom.evaluation.lpips import Lpips
from photochrom.networks.lite import LiteEncoder, load_imagenet
from photochrom.training.device import autocast

__all__ = ["Viewer", "colorfulness"]

_LPIPS, _ALIKE = 4.0, 16.0  # what these count: a grey answer costs about 1 of each
_ONE, _ALL = 80.0, 10.0  # of colourfulness: a miss by so much in one photo, and in the mean of them, counts 1
_GREYISH = 15.0  # of colourfulness: of photos below, no vividness can be learned


class Viewer:
    """Judges answers as people do, in numbers with gradients.

    The mean of all likely colours is the answer with the least error, and duller than any photo. LPIPS forgives a
    colour that is another one but looks right; it alone is still served best by dull colours. So what a network
    that knows photos (EfficientNet-Lite0) makes of the answers should have the mean and the spread, channel by
    channel, that it has for their photos, and colours should be as strong.

    Args:
        device: where photos are.
        precision: as `autocast` takes.

    Raises:
        MissingExtraError: if the `metrics` extra is not installed, which brings the network behind LPIPS.
    """

    def __init__(self, device: torch.device, precision: torch.dtype = torch.float32) -> None:
        self._lpips = Lpips().to(device)
        self._encoder = LiteEncoder(channels=3)
        load_imagenet(self._encoder)
        self._encoder.to(device).to(memory_format=torch.channels_last).requires_grad_(False)  # type: ignore[call-overload]
        self._device, self._precision = device, precision

    def loss(self, ab: Tensor, rgb: Tensor) -> Tensor:
        """Compare answers with their photos; those of little colour are left out.

        Args:
            ab: answers [N,2,H,W] in CIELAB units.
            rgb: the photos, uint8 [N,3,H,W].

        Returns:
            The loss, one number.
        """
        light = rgb_to_lab(rgb, axis=1)[:, :1]
        shown = linear_to_srgb(lab_to_linear(torch.cat([light, ab], 1), axis=1).clamp(0, 1))
        truth = rgb.float() / 255
        strength = colorfulness(truth)
        kept = strength >= _GREYISH
        if not kept.any():
            return ab.sum() * 0
        shown, truth = shown[kept], truth[kept]
        missed = colorfulness(shown) - strength[kept]
        # One photo's miss may go either way, for nobody can know it; all photos' together must not.
        weaker = (missed.mean() / _ALL).square() + missed.abs().mean() / _ONE
        with autocast(self._device, self._precision):
            unlike = self._lpips.between(shown, truth).mean()
        return unlike * _LPIPS + self._unlike(shown, truth) * _ALIKE + weaker

    def _unlike(self, shown: Tensor, truth: Tensor) -> Tensor:
        """Compare the features of all answers together with those of all photos."""
        missed = []
        for found, wanted in zip(self._features(shown), self._features(truth), strict=True):
            (mean, spread), (true_mean, true_spread) = _moments(found), _moments(wanted)
            unit = true_spread.square() + 1e-3
            missed.append((((mean - true_mean).square() + (spread - true_spread).square()) / unit).mean())
        return torch.stack(missed).mean()

    def _features(self, rgb: Tensor) -> list[Tensor]:
        height, width = (side // 32 * 32 for side in rgb.shape[2:])
        with autocast(self._device, self._precision):
            whole: Tensor = rgb[..., :height, :width] * 100
            return [each.float() for each in self._encoder(whole, torch.zeros((), device=self._device))]


def _moments(features: Tensor) -> tuple[Tensor, Tensor]:
    """Return each channel's mean and standard deviation over all photos and places, each [C]."""
    variance, mean = torch.var_mean(features, (0, 2, 3), correction=0)
    return mean, (variance + 1e-6).sqrt()


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
