"""The networks of Zhang et al.: eccv16 and siggraph17.

* Zhang, Isola, Efros: Colorful Image Colorization, ECCV 2016, https://arxiv.org/abs/1603.08511
* Zhang, Zhu, Isola, Geng, Lin, Yu, Efros: Real-Time User-Guided Image Colorization with Learned Deep Priors,
  SIGGRAPH 2017, https://arxiv.org/abs/1705.02999

Written after the papers and the names of the published weights (https://github.com/richzhang/colorization,
BSD-2-Clause, code and weights).
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from photochrom.inference.card import Input
from photochrom.models.published import LayerMaker, PublishedNet

__all__ = ["ECCV16", "SIGGRAPH17"]

_AB_SCALE = 110.0  # a, b of 1 inside the networks


def _block(layers: LayerMaker, name: str, *, first: int = 0, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    """Convolutions, each with a ReLU, and batch norm at the end where there are weights for it.

    Args:
        layers: makes the layers.
        name: of the block's weights.
        first: index of the first convolution; a ReLU comes before one that is not 0.
        stride: of the last convolution.
        dilation: of all.
    """
    parts: list[nn.Module] = [nn.ReLU()] * first
    last = max(at for at in range(12) if len(layers.shapes.get(f"{name}.{at}.weight", ())) == 4)
    for at in range(first, last + 1, 2):
        parts += [layers.conv(f"{name}.{at}", dilation=dilation, stride=stride if at == last else 1), nn.ReLU()]
    if f"{name}.{last + 2}" in layers:
        parts.append(layers.batch_norm(f"{name}.{last + 2}"))
    return nn.Sequential(*parts)


def _normalized(lightness: Tensor) -> Tensor:
    return (lightness - 50) / 100


class ECCV16(PublishedNet):
    """eccv16: a distribution over 313 colours, whose mean is taken; eight blocks, dilated in the middle."""

    multiple = 8

    def build(self, layers: LayerMaker) -> None:
        """Make the layers."""
        for at in (1, 2, 3):
            setattr(self, f"model{at}", _block(layers, f"model{at}", stride=2))
        for at in (4, 5, 6, 7):
            setattr(self, f"model{at}", _block(layers, f"model{at}", dilation=2 if at in (5, 6) else 1))
        self.model8 = nn.Sequential(
            layers.double("model8.0"), nn.ReLU(),
            layers.conv("model8.2"), nn.ReLU(),
            layers.conv("model8.4"), nn.ReLU(),
            layers.conv("model8.6"),
        )  # fmt: skip
        self.model_out = layers.conv("model_out")

    def propose(self, lightness: Tensor, hints: Tensor | None = None, vividness: Tensor | None = None) -> Tensor:
        """Do what `forward` does for an H and W that are multiples of 8."""
        x = _normalized(lightness)
        for at in range(1, 9):
            x = getattr(self, f"model{at}")(x)
        mean = self.model_out(torch.softmax(x, 1))
        return functional.interpolate(mean, scale_factor=4, mode="bilinear") * _AB_SCALE


class SIGGRAPH17(PublishedNet):
    """siggraph17: a U-Net that takes colour points as well."""

    multiple = 8
    inputs: ClassVar[tuple[Input, ...]] = ("lightness", "hints")
    unused = ("model_class.",)  # the head of a distribution, which training used

    def build(self, layers: LayerMaker) -> None:
        """Make the layers."""
        for at in range(1, 8):
            setattr(self, f"model{at}", _block(layers, f"model{at}", dilation=2 if at in (5, 6) else 1))
        for at, skip in ((8, 3), (9, 2), (10, 1)):
            setattr(self, f"model{at}up", nn.Sequential(layers.double(f"model{at}up.0")))
            setattr(self, f"model{skip}short{at}", nn.Sequential(layers.conv(f"model{skip}short{at}.0")))
        self.model8 = _block(layers, "model8", first=1)
        self.model9 = _block(layers, "model9", first=1)
        self.model10 = nn.Sequential(nn.ReLU(), layers.conv("model10.1"), nn.LeakyReLU(0.2))
        self.model_out = nn.Sequential(layers.conv("model_out.0"), nn.Tanh())

    def propose(self, lightness: Tensor, hints: Tensor | None = None, vividness: Tensor | None = None) -> Tensor:
        """Do what `forward` does for an H and W that are multiples of 8."""
        if hints is None:
            hints = torch.zeros_like(lightness).repeat(1, 3, 1, 1)
        skips = {}
        x = torch.cat([_normalized(lightness), hints[:, :2] / _AB_SCALE, hints[:, 2:]], 1)
        for at in (1, 2, 3):
            skips[at] = getattr(self, f"model{at}")(x)
            x = skips[at][..., ::2, ::2]
        for at in (4, 5, 6, 7):
            x = getattr(self, f"model{at}")(x)
        for at, skip in ((8, 3), (9, 2), (10, 1)):
            up = getattr(self, f"model{at}up")(x) + getattr(self, f"model{skip}short{at}")(skips[skip])
            x = getattr(self, f"model{at}")(up)
        ab: Tensor = self.model_out(x) * _AB_SCALE
        return ab
