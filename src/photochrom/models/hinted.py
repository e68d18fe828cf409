"""photochrom-1: a distribution over colours for every place, from lightness and what the user says.

A U-Net on an encoder that was trained on ImageNet (`encoder.py`). At a sixteenth of the photo's size every place
attends to every other one, so that a colour point speaks for all that is alike. At a quarter of its size each bin
of `photochrom.color.ab_bins` gets a logit. Vividness 0 is the mean of the distribution, taken back where its hue
is a guess. Vividness 1 has the same hue, as strong as the likely colours are. The colours are then brought to full
size by convex upsampling (Teed and Deng, "RAFT", 2020): each pixel is a weighted mean of the nine places around
it, so that no colour arises that was not predicted.
"""

from __future__ import annotations

import functools
import math
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from photochrom.color.ab_bins import CELL, STEP, SURE_WITHIN, bin_centers
from photochrom.inference.card import Input, Output
from photochrom.models.base import ColorizationNetwork, pad_to_multiple
from photochrom.models.blocks import AttentionBlock, UpBlock
from photochrom.models.encoder import LiteEncoder

__all__ = ["HintedNetwork", "channel_softmax"]

_AB_SCALE = 1 / 50  # brings hints to the size of the encoder's other features
_WIDTHS = (160, 96, 80)  # of the decoder at 1/16, 1/8 and 1/4
_TRUST, _MORE_TRUST = 0.5, 0.6  # in the mean where no hue is known, and more where it is (docs/experiments.md)
_GAIN = 5.6  # of vividness: results are about as colourful as photos then (docs/experiments.md)
_WIDTH = 64.0  # squared CIELAB units by which bins spread even a colour that is certain
_GUIDE = 24  # channels at 1/2, from which the upsampling weights are made
_HINT_SKIP = 8  # channels at 1/4 that bring the hints to the decoder
_ATTENTION_BLOCKS = 4  # at 1/16
_HEADS = 5  # of each
_WAVES = 3  # octaves of a place's position
_POSITION = 4 * _WAVES  # sine and cosine, down and across
_FORMER = {
    "hint_embedding": "hinted", "global_context": "scene", "up_block_16": "up16", "up_block_8": "up8",
    "up_block_4": "up4", "attention": "look", "logits": "scores", "guide_features": "told",
    "upsampling_weights": "weights",
}  # fmt: skip
_FORMER_ATTENTION = {
    "norm1": "before", "qkv": "asked", "proj": "told", "norm2": "between", "fc1": "think", "fc2": "thought"
}  # fmt: skip


class HintedNetwork(ColorizationNetwork):
    """The network behind photochrom-1.

    Attributes:
        centers: a, b of the bins, [Q,2].
    """

    multiple = 32
    inputs: ClassVar[tuple[Input, ...]] = ("lightness", "hints", "vividness")
    outputs: ClassVar[tuple[Output, ...]] = ("ab", "confidence", "distribution")
    centers: Tensor

    def __init__(self) -> None:
        super().__init__()
        centers = torch.from_numpy(bin_centers().copy())
        count = len(centers)
        self.register_buffer("centers", centers, persistent=False)
        self.encoder = LiteEncoder()
        half, quarter, eighth, sixteenth, deepest = LiteEncoder.widths
        self.hint_embedding = nn.Conv2d(3, quarter + _HINT_SKIP, 3, padding=1, bias=False)
        self.global_context = nn.Linear(deepest, deepest)
        self.up_block_16 = UpBlock(deepest, sixteenth, _WIDTHS[0])
        self.attention = nn.ModuleList(
            AttentionBlock(_WIDTHS[0], 3 + _POSITION, _HEADS) for _ in range(_ATTENTION_BLOCKS)
        )
        self.up_block_8 = UpBlock(_WIDTHS[0], eighth, _WIDTHS[1])
        self.up_block_4 = UpBlock(_WIDTHS[1], quarter + _HINT_SKIP, _WIDTHS[2])
        self.logits = nn.Conv2d(_WIDTHS[2], count, 1)
        self.guide_features = nn.Conv2d(_WIDTHS[2], _GUIDE, 1)
        self.guide = nn.Conv2d(_GUIDE + half, _GUIDE, 3, padding=1)
        self.upsampling_weights = nn.Conv2d(_GUIDE, 9 * 4, 1)
        for layer in (
            self.hint_embedding,
            self.global_context,
        ):  # begins with what the encoder knows
            nn.init.zeros_(layer.weight)
        nn.init.normal_(self.logits.weight, std=0.02)

    def former_key(self, key: str) -> str:
        """See `ColorizationNetwork.former_key`: the names of version 4 and before."""
        room, *rest = key.split(".")
        if room == "attention":
            rest[1] = _FORMER_ATTENTION[rest[1]]
        elif room.startswith("up_block"):
            rest[0] = rest[0].replace("merge", "join")
        return ".".join([_FORMER.get(room, room), *rest])

    def propose(self, lightness: Tensor, hints: Tensor | None = None, vividness: Tensor | None = None) -> Tensor:
        """See `ColorizationNetwork.propose`."""
        logits, weights = self.score(lightness, hints)
        return self.convex_upsample(self.decide(channel_softmax(logits), vividness), weights)

    def answers(
        self, lightness: Tensor, hints: Tensor | None = None, vividness: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        """Return a, b and how sure they are.

        Args:
            lightness: [N,1,H,W], 0..100, any H and W from 1 up.
            hints: as `forward`.
            vividness: as `forward`.

        Returns:
            a, b [N,2,H,W] in CIELAB units; the confidence [N,1,H,W], 0..1; and the probabilities of the bins
            [N,Q,⌈H/4⌉,⌈W/4⌉], whatever the vividness.
        """
        height, width = lightness.shape[-2:]
        logits, weights = self.score(
            pad_to_multiple(lightness, self.multiple),
            None if hints is None else pad_to_multiple(hints, self.multiple),
        )
        probabilities = channel_softmax(logits)
        ab = self.decide(probabilities, vividness)
        both = torch.cat([ab, self.probability_near(probabilities, ab)], 1)
        planes = self.convex_upsample(both, weights)[..., :height, :width]
        there = probabilities[..., : (height + CELL - 1) // CELL, : (width + CELL - 1) // CELL]
        return planes[:, :2], planes[:, 2:].clamp(0, 1), there

    def score(self, lightness: Tensor, hints: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Map lightness and hints, sides multiples of 32, to what everything else is decided from.

        Returns:
            Logits of the bins [N,Q,H/4,W/4]; and the upsampling weights: for each pixel, in squares of two by two,
            those of the nine places around it [N,9,4,H/2,W/2], which sum to 1.
        """
        if hints is None:
            hints = torch.zeros_like(lightness).repeat(1, 3, 1, 1)
        ab, mask = hints[:, :2] * (hints[:, 2:] * _AB_SCALE), hints[:, 2:]
        hinted = torch.cat([ab, mask], 1)
        hinted = functional.avg_pool2d(hinted, CELL)
        within, skip = self.hint_embedding(_points(hinted)).tensor_split([-_HINT_SKIP], 1)
        half, quarter, eighth, sixteenth, deepest = self.encoder(lightness, within)
        context = self.global_context(deepest.mean((2, 3)))[:, :, None, None]
        x = self._attend(self.up_block_16(deepest + context, sixteenth), functional.avg_pool2d(hinted, 16 // CELL))
        x = self.up_block_8(x, eighth)
        x = self.up_block_4(x, torch.cat([quarter, skip], 1))
        features = functional.interpolate(self.guide_features(x), scale_factor=2, mode="nearest")
        weights = self.upsampling_weights(functional.relu(self.guide(torch.cat([features, half], 1))))
        return self.logits(x), channel_softmax(weights.unflatten(1, (9, 4)))

    def _attend(self, x: Tensor, hinted: Tensor) -> Tensor:
        """Map features at 1/16 [N,C,h,w] to the same, each place knowing of all others and of hints [N,3,h,w]."""
        height, width = x.shape[-2:]
        one = torch.ones_like(x[:, :1])
        place = torch.cat([(one.cumsum(2) - 0.5) / height, (one.cumsum(3) - 0.5) / width], 1)
        waves = [
            wave(place * (math.pi * 2**octave)) for octave in range(_WAVES) for wave in (torch.sin, torch.cos)
        ]
        extra = torch.cat([_points(hinted), *waves], 1).flatten(2).transpose(1, 2)
        tokens = x.flatten(2).transpose(1, 2)
        for block in self.attention:
            tokens = block(tokens, extra)
        return tokens.transpose(1, 2).reshape(x.shape)

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


def _points(share: Tensor) -> Tensor:
    """Map the means of hints over squares [N,3,h,w] to those over hinted pixels alone, and where there are any.

    A point must not fade where it covers a part of a square.
    """
    there = share[:, 2:]
    return torch.cat([share[:, :2] / there.clamp(min=1e-3), (there > 0).to(there.dtype)], 1)


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
