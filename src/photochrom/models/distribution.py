"""Networks that give a distribution over colours, and what follows from it: colours, vividness, confidence.

At a quarter of the photo's size each bin of `photochrom.color.ab_bins` has a probability. Vividness 0 is the mean
of the distribution, taken back where its hue is a guess. Vividness 1 has the same hue, as strong as the likely
colours are. The colours are then brought to full size by convex upsampling (Teed and Deng, "RAFT", 2020): each
pixel is a weighted mean of the nine places around it, so that no colour arises that was not predicted.
"""

from __future__ import annotations

import functools
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from photochrom.color.ab_bins import CELL, STEP, SURE_WITHIN, bin_centers
from photochrom.inference.card import Input, Output
from photochrom.models.base import ColorizationNetwork, pad_to_multiple

__all__ = ["DistributionNetwork", "channel_softmax"]

_TRUST, _MORE_TRUST = 0.5, 0.6  # in the mean where no hue is known, and more where it is (docs/experiments.md)
_GAIN = 5.6  # of vividness: results are about as colourful as photos then (docs/experiments.md)
_WIDTH = 64.0  # squared CIELAB units by which bins spread even a colour that is certain


class DistributionNetwork(ColorizationNetwork):
    """A network that gives each bin of `photochrom.color.ab_bins` a probability.

    A family subclasses this and writes `score`. All outputs and the loss `distribution` follow from that.

    Attributes:
        centers: a, b of the bins, [Q,2].
    """

    multiple = CELL
    inputs: ClassVar[tuple[Input, ...]] = ("lightness", "hints", "vividness")
    outputs: ClassVar[tuple[Output, ...]] = ("ab", "confidence", "distribution")
    centers: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("centers", torch.from_numpy(bin_centers().copy()), persistent=False)

    def score(self, lightness: Tensor, hints: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Map lightness and hints, sides multiples of `multiple`, to what everything else is decided from.

        Args:
            lightness: as `forward`.
            hints: as `forward`.

        Returns:
            Logits of the bins [N,Q,H/4,W/4]; and the upsampling weights: for each pixel, in squares of two by two,
            those of the nine places around it [N,9,4,H/2,W/2], which sum to 1.
        """
        raise NotImplementedError

    def propose(self, lightness: Tensor, hints: Tensor | None = None, vividness: Tensor | None = None) -> Tensor:
        """See `ColorizationNetwork.propose`."""
        logits, weights = self.score(lightness, hints)
        return self.convex_upsample(self.decide(channel_softmax(logits), vividness), weights)

    def answers(
        self, lightness: Tensor, hints: Tensor | None = None, vividness: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        """See `ColorizationNetwork.answers`.

        Args:
            lightness: [N,1,H,W], 0..100, any H and W from 1 up.
            hints: as `forward`.
            vividness: as `forward`.

        Returns:
            a, b [N,2,H,W] in CIELAB units; the confidence [N,1,H,W], 0..1; and the probabilities of the bins
            [N,Q,⌈H/4⌉,⌈W/4⌉], whatever the vividness.
        """
        logits, weights = self.score(
            pad_to_multiple(lightness, self.multiple),
            None if hints is None else pad_to_multiple(hints, self.multiple),
        )
        return self.answers_of(logits, weights, vividness, *lightness.shape[-2:])

    def answers_of(
        self, logits: Tensor, weights: Tensor, vividness: Tensor | None, height: int, width: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Map what `score` returns for a padded photo to what `answers` does for one of this size."""
        probabilities = channel_softmax(logits)
        ab = self.decide(probabilities, vividness)
        both = torch.cat([ab, self.probability_near(probabilities, ab)], 1)
        planes = self.convex_upsample(both, weights)[..., :height, :width]
        there = probabilities[..., : (height + CELL - 1) // CELL, : (width + CELL - 1) // CELL]
        return planes[:, :2], planes[:, 2:].clamp(0, 1), there

    def decide(self, probabilities: Tensor, vividness: Tensor | None = None) -> Tensor:
        """Map probabilities [N,Q,h,w] to a, b [N,2,h,w]: the hue of their mean, as strong as asked for.

        The more the likely colours differ, the duller is their mean: duller than they are by a ratio of chroma. A
        ratio of 1 is a colour that is certain, as beside a hint, and stays as it is; near 0 nothing is known of
        the hue. Vividness 0 takes the mean back there, for a photo in which hues are guesses is better off nearly
        grey than wrong. Vividness 1 strengthens what lies between: there a hue is half known, while a guess made
        strong would be a blotch.

        Args:
            probabilities: of the bins.
            vividness: [1], 0..1; None for 0.
        """
        squares = self.centers.square().sum(1, keepdim=True)
        means = functional.conv2d(probabilities, torch.cat([self.centers, squares], 1).T[:, :, None, None])
        mean, likely = means[:, :2], means[:, 2:] - _WIDTH
        own = mean.square().sum(1, keepdim=True)
        ratio = torch.sqrt(own / torch.maximum(likely, own + 1e-6))
        strength = (_TRUST + _MORE_TRUST * ratio).clamp(max=1)
        if vividness is not None:
            strength = strength + vividness * _GAIN * ratio * (1 - ratio)
        return mean * strength

    def mean(self, probabilities: Tensor) -> Tensor:
        """Map probabilities of the bins [N,Q,h,w] to their mean colour [N,2,h,w]."""
        return functional.conv2d(probabilities, self.centers.T[:, :, None, None])

    def probability_near(self, probabilities: Tensor, ab: Tensor) -> Tensor:
        """Map probabilities [N,Q,h,w] and an answer [N,2,h,w] to that of the truth being near it [N,1,h,w]."""
        # |ab − center|² / STEP² as one convolution of a, b and |ab|².
        squares = self.centers.square().sum(1)
        rows = torch.cat([-2 * self.centers, torch.ones_like(squares)[:, None]], 1)[:, :, None, None]
        planes = torch.cat([ab, ab.square().sum(1, keepdim=True)], 1)
        distance = functional.conv2d(planes, rows / STEP**2, squares / STEP**2).clamp(min=0).sqrt()
        # A bin is a square of 10 units, not a point: it counts in part where the circle's edge runs through it.
        return _total(probabilities * (SURE_WITHIN / STEP + 0.5 - distance).clamp(0, 1))

    def convex_upsample(self, planes: Tensor, weights: Tensor) -> Tensor:
        """Upsample planes [N,C,h,w] to [N,C,4h,4w] by weights [N,9,4,2h,2w], as RAFT does."""
        height, width = planes.shape[-2:]
        wide = functional.pad(planes, (1, 1, 1, 1), mode="replicate")
        around = [wide[..., y : y + height, x : x + width] for y in range(3) for x in range(3)]
        parts = (
            functional.interpolate(one, scale_factor=2, mode="nearest")[:, :, None] * weight
            for one, weight in zip(around, torch.chunk(weights, 9, 1), strict=True)
        )
        return functional.pixel_shuffle(functools.reduce(torch.add, parts).flatten(1, 2), 2)


def channel_softmax(x: Tensor) -> Tensor:
    """Turn scores [N,Q,…] into probabilities of the same shape: the softmax over the channels.

    In a file for ONNX Runtime it is written by operators that this is fast at: its own softmax over any axis but
    the last one takes ten times as long, more than all convolutions. In training it is the other way round: one
    fused operator, and one for its gradient.
    """
    if not torch.compiler.is_exporting():
        return torch.softmax(x.movedim(1, -1), -1).movedim(-1, 1)
    powers = torch.exp(x - _largest(x))
    return powers / _total(powers)


# ONNX Runtime's own maximum and sum over channels take several times as long as what these two are made of.
def _largest(planes: Tensor) -> Tensor:
    """Return the largest of the channels of [N,C,…] as [N,1,…]: place by place among nine parts of them first."""
    return functools.reduce(torch.maximum, planes.chunk(9, 1)).amax(1, keepdim=True)


def _total(planes: Tensor) -> Tensor:
    """Add up the channels of [N,C,…] to [N,1,…]: a convolution by ones."""
    rows = planes.flatten(2)
    return functional.conv1d(rows, rows.new_ones(1, rows.shape[1], 1)).reshape(-1, 1, *planes.shape[2:])
