"""photochrom-1: a distribution over colours for every place, from lightness and what the user says.

A U-Net on an encoder that knows photos already (`lite.py`). At a quarter of the photo's size it gives each bin of
`photochrom.bins` a score. One set of scores answers every wish: their mean is the faithful answer; sharpened, and
with rare colours put on a par with frequent ones, they give the vivid one. The colours are then led to full size
by weights that the network chooses for each pixel among the nine places around it, so that no colour arises that
was not decided on (as Teed and Deng, "RAFT", 2020, lead motion).
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from photochrom.bins import CELL, bin_centers
from photochrom.network import Input, Output
from photochrom.networks.base import ColorizationNetwork, pad_to_multiple
from photochrom.networks.lite import LiteEncoder

__all__ = ["SURE_WITHIN", "HintedNetwork"]

SURE_WITHIN = 12.0
"""CIELAB units of a, b: the confidence is the probability that the truth lies nearer than this to the answer."""

_AB_SCALE = 1 / 50  # brings hints to the size of the encoder's other features
_WIDTHS = (128, 96, 80)  # of the decoder at 1/16, 1/8 and 1/4
_GUIDE = 24  # channels at 1/2, from which the weights of the enlarging are made


class _Join(nn.Module):
    """Bring what is known at one size together with the features of the next larger one."""

    def __init__(self, below: int, beside: int, width: int) -> None:
        super().__init__()
        self.join = nn.Conv2d(below + beside, width, 3, padding=1)
        self.refine = nn.Conv2d(width, width, 3, padding=1)
        nn.init.kaiming_normal_(self.join.weight, nonlinearity="relu")
        nn.init.kaiming_normal_(self.refine.weight, nonlinearity="relu")
        with torch.no_grad():
            self.refine.weight *= 0.3  # it adds to what is there
        for layer in (self.join, self.refine):
            assert layer.bias is not None
            nn.init.zeros_(layer.bias)

    def forward(self, below: Tensor, beside: Tensor) -> Tensor:
        x = functional.interpolate(below, scale_factor=2, mode="nearest")
        x = functional.relu(self.join(torch.cat([x, beside], 1)))
        return functional.relu(x + self.refine(x))


class HintedNetwork(ColorizationNetwork):
    """The network behind photochrom-1.

    Attributes:
        centers: a, b of the bins, [Q,2].
        prior: share of each bin in the photos it was trained on, [Q].
        vivid: what vividness 1 means: temperature, and the share of `prior` that is taken off.
    """

    multiple = 32
    inputs: ClassVar[tuple[Input, ...]] = ("lightness", "hints", "vividness")
    outputs: ClassVar[tuple[Output, ...]] = ("ab", "confidence", "distribution")
    centers: Tensor
    prior: Tensor
    vivid: Tensor

    def __init__(self) -> None:
        super().__init__()
        centers = torch.from_numpy(bin_centers().copy())
        count = len(centers)
        self.register_buffer("centers", centers, persistent=False)
        self.register_buffer("prior", torch.full((count,), 1 / count))
        self.register_buffer("vivid", torch.tensor([0.4, 0.5]))
        self.encoder = LiteEncoder()
        half, quarter, eighth, sixteenth, deepest = LiteEncoder.widths
        self.hinted = nn.Conv2d(3, self.encoder.stem.out_channels, 4, stride=2, padding=1, bias=False)
        self.scene = nn.Linear(deepest, deepest)
        self.up16 = _Join(deepest, sixteenth, _WIDTHS[0])
        self.up8 = _Join(_WIDTHS[0], eighth, _WIDTHS[1])
        self.up4 = _Join(_WIDTHS[1], quarter + 3, _WIDTHS[2])
        self.scores = nn.Conv2d(_WIDTHS[2], count, 1)
        self.guide = nn.Conv2d(_WIDTHS[2] + half, _GUIDE, 3, padding=1)
        self.weights = nn.Conv2d(_GUIDE, 9 * 4, 1)
        for layer in (self.hinted, self.scene):  # a fresh network begins with what its encoder knows
            nn.init.zeros_(layer.weight)
        nn.init.normal_(self.scores.weight, std=0.02)

    def propose(self, lightness: Tensor, hints: Tensor | None = None, vividness: Tensor | None = None) -> Tensor:
        """See `ColorizationNetwork.propose`."""
        scores, weights = self.score(lightness, hints)
        return self.enlarge(self.decide(scores, vividness), weights)

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
        scores, weights = self.score(
            pad_to_multiple(lightness, self.multiple),
            None if hints is None else pad_to_multiple(hints, self.multiple),
        )
        ab, chance = self.decide(scores, vividness), _softmax(scores)
        planes = self.enlarge(torch.cat([ab, self.probability_near(chance, ab)], 1), weights)[..., :height, :width]
        there = chance[..., : (height + CELL - 1) // CELL, : (width + CELL - 1) // CELL]
        return planes[:, :2], planes[:, 2:].clamp(0, 1), there

    def score(self, lightness: Tensor, hints: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Map lightness and hints, sides multiples of 32, to what everything else is decided from.

        Returns:
            Scores of the bins [N,Q,H/4,W/4], before the softmax; and for each pixel the weights of the nine
            places around it [N,9,H,W], which sum to 1.
        """
        if hints is None:
            hints = torch.zeros_like(lightness).repeat(1, 3, 1, 1)
        ab, mask = hints[:, :2] * (hints[:, 2:] * _AB_SCALE), hints[:, 2:]
        hinted = torch.cat([ab, mask], 1)
        half, quarter, eighth, sixteenth, deepest = self.encoder(lightness, self.hinted(hinted))
        scene = self.scene(deepest.mean((2, 3)))[:, :, None, None]
        x = self.up16(deepest + scene, sixteenth)
        x = self.up8(x, eighth)
        # Of each place the mean over the hinted pixels alone: a point must not fade where it covers a part.
        share = functional.avg_pool2d(hinted, CELL)
        there = share[:, 2:]
        points = torch.cat([share[:, :2] / there.clamp(min=1e-3), (there > 0).to(there.dtype)], 1)
        x = self.up4(x, torch.cat([quarter, points], 1))
        guide = torch.cat([functional.interpolate(x, scale_factor=2, mode="nearest"), half], 1)
        weights = functional.pixel_shuffle(self.weights(functional.relu(self.guide(guide))), 2)
        return self.scores(x), _softmax(weights)

    def decide(self, scores: Tensor, vividness: Tensor | None = None) -> Tensor:
        """Map scores [N,Q,h,w] to a, b [N,2,h,w]: their mean, after making them as vivid as asked for."""
        if vividness is None:
            return self.mean(_softmax(scores))
        temperature = torch.exp(vividness * torch.log(self.vivid[0]))
        rarity = -torch.log(self.prior.clamp(min=1e-5))[None, :, None, None]
        return self.mean(_softmax((scores + vividness * self.vivid[1] * rarity) / temperature))

    def mean(self, chance: Tensor) -> Tensor:
        """Map probabilities of the bins [N,Q,h,w] to their mean colour [N,2,h,w]."""
        return functional.conv2d(chance, self.centers.T[:, :, None, None])

    def probability_near(self, chance: Tensor, ab: Tensor) -> Tensor:
        """Map probabilities [N,Q,h,w] and an answer [N,2,h,w] to that of the truth being near it [N,1,h,w]."""
        squared = (self.centers**2).sum(1)[None, :, None, None] + (ab**2).sum(1, keepdim=True)
        distance = (squared - 2 * functional.conv2d(ab, self.centers[:, :, None, None])).clamp(min=0).sqrt()
        # A bin is a square of 10 units, not a point: it counts in part where the circle's edge runs through it.
        return (chance * ((SURE_WITHIN - distance) / 10 + 0.5).clamp(0, 1)).sum(1, keepdim=True)

    def enlarge(self, planes: Tensor, weights: Tensor) -> Tensor:
        """Lead planes [N,C,h,w] to full size [N,C,4h,4w] by weights [N,9,4h,4w]."""
        height, width = planes.shape[-2:]
        wide = functional.pad(planes, (1, 1, 1, 1), mode="replicate")
        around = [wide[..., y : y + height, x : x + width] for y in range(3) for x in range(3)]
        parts = [
            functional.interpolate(one, scale_factor=CELL, mode="nearest") * weights[:, number : number + 1]
            for number, one in enumerate(around)
        ]
        return torch.stack(parts).sum(0)


def _softmax(x: Tensor) -> Tensor:
    """Do what `torch.softmax` does over the channels, by operators that ONNX Runtime is fast at.

    Its own softmax over any axis but the last one takes ten times as long: more than all convolutions.
    """
    powers = torch.exp(x - x.detach().amax(1, keepdim=True))
    return powers / powers.sum(1, keepdim=True)
