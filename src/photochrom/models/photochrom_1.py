"""photochrom-1: a distribution over colours for every place, from lightness and what the user says.

A U-Net on an encoder that was trained on ImageNet (`encoder.py`). At a sixteenth of the photo's size every place
attends to every other one, so that a colour point speaks for all that is alike. At a quarter of its size each bin
gets a logit. What follows from these is in `distribution.py`.
"""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from photochrom.color.ab_bins import CELL
from photochrom.inference.card import FEATURE_CELL, Output
from photochrom.models.base import pad_to_multiple
from photochrom.models.blocks import AttentionBlock, UpBlock
from photochrom.models.distribution import DistributionNetwork, channel_softmax
from photochrom.models.encoder import LiteEncoder

__all__ = ["HintedNetwork"]

_AB_SCALE = 1 / 50  # brings hints to the size of the encoder's other features
_WIDTHS = (160, 96, 80)  # of the decoder at 1/16, 1/8 and 1/4
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


class HintedNetwork(DistributionNetwork):
    """The network behind photochrom-1."""

    multiple = 32
    outputs: ClassVar[tuple[Output, ...]] = (*DistributionNetwork.outputs, "features")

    def __init__(self) -> None:
        super().__init__()
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
        self.logits = nn.Conv2d(_WIDTHS[2], len(self.centers), 1)
        self.guide_features = nn.Conv2d(_WIDTHS[2], _GUIDE, 1)
        self.guide = nn.Conv2d(_GUIDE + half, _GUIDE, 3, padding=1)
        self.upsampling_weights = nn.Conv2d(_GUIDE, 9 * 4, 1)
        for layer in (self.hint_embedding, self.global_context):  # begins with what the encoder knows
            nn.init.zeros_(layer.weight)
        nn.init.normal_(self.logits.weight, std=0.02)

    @property
    def pretrained_encoder(self) -> LiteEncoder:
        """See `ColorizationNetwork.pretrained_encoder`."""
        return self.encoder

    def former_key(self, key: str) -> str:
        """See `ColorizationNetwork.former_key`: the names of version 4 and before."""
        room, *rest = key.split(".")
        if room == "attention":
            rest[1] = _FORMER_ATTENTION[rest[1]]
        elif room.startswith("up_block"):
            rest[0] = rest[0].replace("merge", "join")
        return ".".join([_FORMER.get(room, room), *rest])

    def score(self, lightness: Tensor, hints: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """See `DistributionNetwork.score`."""
        logits, weights, _ = self._score(lightness, hints)
        return logits, weights

    def answers(
        self, lightness: Tensor, hints: Tensor | None = None, vividness: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        """See `DistributionNetwork.answers`; and the features [N,168,⌈H/8⌉,⌈W/8⌉], of unit length.

        Places that look alike have features whose inner product is near 1, in other photos as well.
        """
        height, width = lightness.shape[-2:]
        logits, weights, taps = self._score(
            pad_to_multiple(lightness, self.multiple),
            None if hints is None else pad_to_multiple(hints, self.multiple),
        )
        features = _features(*taps)
        rows, columns = ((side + FEATURE_CELL - 1) // FEATURE_CELL for side in (height, width))
        return *self.answers_of(logits, weights, vividness, height, width), features[..., :rows, :columns]

    def _score(self, lightness: Tensor, hints: Tensor | None) -> tuple[Tensor, Tensor, tuple[Tensor, Tensor]]:
        """Return what `score` does, and what the encoder sees at an eighth and a sixteenth of the size."""
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
        return self.logits(x), channel_softmax(weights.unflatten(1, (9, 4))), (eighth, sixteenth)

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


def _features(eighth: Tensor, sixteenth: Tensor) -> Tensor:
    """Put what the encoder sees at two sizes together, each alone of unit length and without its mean."""
    fine = _centered(eighth)
    coarse = functional.interpolate(_centered(sixteenth), scale_factor=2, mode="bilinear")
    both = torch.cat([fine, coarse], 1)
    return both / both.square().sum(1, keepdim=True).clamp(min=1e-12).sqrt()


def _centered(x: Tensor) -> Tensor:
    """Take off what all places share, which tells none of them from another, and scale to unit length."""
    x = x - x.mean((2, 3), keepdim=True)
    return x / x.square().sum(1, keepdim=True).clamp(min=1e-12).sqrt()


def _points(share: Tensor) -> Tensor:
    """Map the means of hints over squares [N,3,h,w] to those over hinted pixels alone, and where there are any.

    A point must not fade where it covers a part of a square.
    """
    there = share[:, 2:]
    return torch.cat([share[:, :2] / there.clamp(min=1e-3), (there > 0).to(there.dtype)], 1)
