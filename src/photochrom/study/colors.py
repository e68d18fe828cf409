"""How colourful a network's proposals are, and how far from the truth, photo by photo."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from photochrom.color.cielab import lab_to_rgb, quantize, rgb_to_lab
from photochrom.data.photoset import PhotoSet
from photochrom.models import ColorizationNetwork

__all__ = ["BATCH", "Colours", "Sample", "measure_colours", "propose_samples"]

BATCH = 8  # photos at a time; the answer does not depend on it, the memory does


@dataclass(frozen=True)
class Colours:
    """Proposed and true colours of a set of photos, over all of their pixels, in CIELAB units.

    Attributes:
        photos: how many.
        chroma: mean proposed chroma, √(a² + b²).
        true_chroma: mean true chroma.
        least_a: smallest a that was proposed.
        least_b: smallest b that was proposed.
        mse: mean squared error of a and b, in squared units.
        grey_mse: that of an answer without colour.
        out_of_reach: share of pixels whose true a or b is negative, which a final ReLU cannot give.
    """

    photos: int
    chroma: float
    true_chroma: float
    least_a: float
    least_b: float
    mse: float
    grey_mse: float
    out_of_reach: float

    @property
    def share(self) -> float:
        """Proposed chroma as a share of the true one."""
        return self.chroma / self.true_chroma if self.true_chroma else math.nan


@dataclass(frozen=True)
class Sample:
    """One photo as a network sees, should answer, and does answer; each uint8 RGB 0..255, H×W×3.

    Attributes:
        key: of the photo.
        grey: its lightness alone.
        actual: the photo.
        predicted: its lightness with the proposed colours.
        mse: of the proposed a and b, in squared CIELAB units.
    """

    key: str
    grey: NDArray[np.uint8]
    actual: NDArray[np.uint8]
    predicted: NDArray[np.uint8]
    mse: float


def measure_colours(network: ColorizationNetwork, photos: PhotoSet, device: torch.device) -> Colours:
    """Measure a network on all photos of a set, in float32 and evaluation mode."""
    chroma = true_chroma = mse = grey = negative = 0.0
    least = torch.full((2,), math.inf)
    for lab, ab in _answers(network, photos, range(len(photos)), device):
        true, count = lab[:, 1:], len(lab)
        chroma += float(ab.norm(dim=1).mean()) * count
        true_chroma += float(true.norm(dim=1).mean()) * count
        mse += float((ab - true).square().mean()) * count
        grey += float(true.square().mean()) * count
        negative += float((true < 0).any(dim=1).float().mean()) * count
        least = torch.minimum(least, ab.amin(dim=(0, 2, 3)).cpu())
    n = len(photos)
    return Colours(
        n, chroma / n, true_chroma / n, float(least[0]), float(least[1]), mse / n, grey / n, negative / n
    )  # fmt: skip


def propose_samples(
    network: ColorizationNetwork, photos: PhotoSet, indices: list[int], device: torch.device
) -> list[Sample]:
    """Colorize a few photos of a set, in float32 and evaluation mode."""
    samples: list[Sample] = []
    for lab, ab in _answers(network, photos, indices, device):
        for one, proposed in zip(lab.cpu(), ab.cpu(), strict=True):
            key = photos.keys[indices[len(samples)]]
            grey = _picture(torch.cat([one[:1], torch.zeros_like(proposed)]))
            predicted = _picture(torch.cat([one[:1], proposed]))
            mse = float((proposed - one[1:]).square().mean())
            samples.append(Sample(key, grey, _picture(one), predicted, mse))
    return samples


@torch.no_grad()
def _answers(
    network: ColorizationNetwork, photos: PhotoSet, order: range | list[int], device: torch.device
) -> Iterator[tuple[Tensor, Tensor]]:
    network = network.to(device).eval()
    try:
        for batch in photos.batches(order, BATCH):
            lab = rgb_to_lab(batch, axis=1)
            yield lab, network(lab[:, :1]).float()
    finally:
        network.to("cpu")


def _picture(lab: Tensor) -> NDArray[np.uint8]:
    rgb: NDArray[Any] = lab_to_rgb(lab.permute(1, 2, 0).double().numpy())
    pixels: NDArray[np.uint8] = quantize(rgb, np.uint8)
    return pixels
