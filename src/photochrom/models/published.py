"""What the published families share: layers as wide as the weights say, grey sRGB, and blurred pixel shuffle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from photochrom.color.cielab import linear_to_srgb
from photochrom.inference.published.checkpoint import Weight
from photochrom.models.base import ColorizationNetwork

__all__ = ["BlurredPixelShuffle", "LayerMaker", "PublishedNet", "grey_srgb"]


class LayerMaker:
    """Makes a network's layers as wide as the weights under their names are.

    Args:
        shapes: of the folded weights, by the names that their authors gave them.
    """

    def __init__(self, shapes: Mapping[str, Sequence[int]]) -> None:
        self.shapes = shapes

    def __contains__(self, name: str) -> bool:
        return any(key.startswith(f"{name}.") for key in self.shapes)

    def indices(self, name: str) -> Iterator[int]:
        """Count the children of a list of layers: 0, 1, ... as far as there are weights."""
        index = 0
        while f"{name}.{index}" in self:
            yield index
            index += 1

    def conv(
        self, name: str, *, stride: int = 1, dilation: int = 1, padding: int | None = None, depthwise: bool = False
    ) -> nn.Conv2d:
        """A convolution over a square; by default padded so that a stride of 1 keeps the size."""
        width, below, side = self.shapes[f"{name}.weight"][:3]
        padding = side // 2 * dilation if padding is None else padding
        return nn.Conv2d(
            width if depthwise else below, width, side, stride=stride, padding=padding, dilation=dilation,
            groups=width if depthwise else 1, bias=f"{name}.bias" in self.shapes,
        )  # fmt: skip

    def pointwise(self, name: str) -> nn.Conv1d:
        """A convolution over single places of a sequence."""
        width, below, _ = self.shapes[f"{name}.weight"]
        return nn.Conv1d(below, width, 1, bias=f"{name}.bias" in self.shapes)

    def double(self, name: str) -> nn.ConvTranspose2d:
        """A transposed convolution that doubles the size."""
        below, width, side, _ = self.shapes[f"{name}.weight"]
        return nn.ConvTranspose2d(below, width, side, stride=2, padding=side // 2 - 1)

    def linear(self, name: str) -> nn.Linear:
        """A linear layer."""
        width, below = self.shapes[f"{name}.weight"]
        return nn.Linear(below, width)

    def batch_norm(self, name: str) -> nn.BatchNorm2d:
        """Batch norm over the channels of planes."""
        return nn.BatchNorm2d(self.shapes[f"{name}.weight"][0])

    def layer_norm(self, name: str, eps: float = 1e-5) -> nn.LayerNorm:
        """Layer norm over the last axis."""
        return nn.LayerNorm(self.shapes[f"{name}.weight"][0], eps)

    def parameter(self, name: str) -> nn.Parameter:
        """A parameter by itself."""
        return nn.Parameter(torch.empty(*self.shapes[name]))


class PublishedNet(ColorizationNetwork):
    """A network that others published: it is made from the shapes of their weights.

    Attributes:
        unused: beginnings of the names of weights that were published and that colorizing does not need.
    """

    unused: ClassVar[tuple[str, ...]] = ()

    def __init__(self, shapes: Mapping[str, Sequence[int]]) -> None:
        super().__init__()
        self.build(LayerMaker(shapes))

    def build(self, layers: LayerMaker) -> None:
        """Make the layers."""
        raise NotImplementedError

    @classmethod
    def load(cls, weights: Mapping[str, Weight]) -> PublishedNet:
        """Make the network that folded weights belong to.

        Args:
            weights: from `photochrom.inference.published.fold.fold_norms`.

        Raises:
            KeyError: if a weight is missing that tells a width.
            RuntimeError: if a weight is missing or left over.
        """
        weights = {name: weight for name, weight in weights.items() if not name.startswith(cls.unused or " ")}
        with torch.device("meta"):  # no time goes into fresh weights
            network = cls({name: weight.shape for name, weight in weights.items()})
        counters = {name for name, _ in network.named_buffers() if name.endswith("num_batches_tracked")}
        state = {name: torch.from_numpy(weight.read()) for name, weight in weights.items()}
        state |= {name: torch.zeros((), dtype=torch.int64) for name in counters}
        network.load_state_dict(state, assign=True)
        return network.requires_grad_(False).eval()


class BlurredPixelShuffle(nn.Module):
    """Planes enlarged by rearranging channels, then blurred over 2×2 pixels.

    Sugawara, Shiota, Kiya: Super-Resolution using Convolutional Neural Networks without Any Checkerboard
    Artifacts, 2018, https://arxiv.org/abs/1806.02658, as fastai has it, which both DeOldify and DDColor build on.

    Args:
        layers: makes the convolution, and batch norm where there are weights for it.
        name: of this module's weights.
        scale: how many times larger.
    """

    def __init__(self, layers: LayerMaker, name: str, scale: int = 2) -> None:
        super().__init__()
        parts: list[nn.Module] = [layers.conv(f"{name}.conv.0")]
        if f"{name}.conv.1" in layers:
            parts.append(layers.batch_norm(f"{name}.conv.1"))
        self.conv = nn.Sequential(*parts)
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        """Map [N,C,H,W] to [N,D,sH,sW]."""
        return self.enlarge(self.features(x))

    def features(self, x: Tensor) -> Tensor:
        """Map [N,C,H,W] to [N,Dss,H,W]: what `enlarge` rearranges."""
        return functional.relu(self.conv(x))

    def enlarge(self, features: Tensor) -> Tensor:
        """Map [N,Dss,H,W] to [N,D,sH,sW]."""
        x = functional.pixel_shuffle(features, self.scale)
        blurred: Tensor = functional.avg_pool2d(functional.pad(x, (1, 0, 1, 0), mode="replicate"), 2, stride=1)
        return blurred


def grey_srgb(lightness: Tensor) -> Tensor:
    """Turn lightness 0..100 of any shape into the sRGB value, 0..1, that all three channels of that grey have."""
    f = (lightness + 16) / 116
    luminance = torch.where(lightness > 8, f * f * f, lightness * (27 / 24389))  # CIE 15:2004
    grey: Tensor = linear_to_srgb(luminance).clamp(0, 1)
    return grey
