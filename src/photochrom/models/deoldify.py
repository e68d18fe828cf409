"""DeOldify: a U-Net on a ResNet, with self-attention in the middle; grey sRGB in, colours in sRGB out.

Antic: DeOldify, 2018-2019, https://github.com/jantic/DeOldify (MIT, code and weights; there is no paper). It is
fastai's dynamic U-Net, in a deep form on ResNet-34 (artistic) and a wide one on ResNet-101 (stable, video), as

* Zhang, Goodfellow, Metaxas, Odena: Self-Attention Generative Adversarial Networks, 2018,
  https://arxiv.org/abs/1805.08318
* He, Zhang, Ren, Sun: Deep Residual Learning for Image Recognition, 2015, https://arxiv.org/abs/1512.03385

describe its parts. Written after these, the authors' description and the names of the published weights. Widths,
depths and the kind of ResNet are the weights' own.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from photochrom.color.cielab import linear_to_ab, srgb_to_linear
from photochrom.models.published import BlurredPixelShuffle, LayerMaker, PublishedNet, grey_srgb

__all__ = ["DeOldify"]

_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet's, of sRGB 0..1
_LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601, of OpenCV's YUV
_REACH = 3.0  # the last layer's values lie within ±3 standard deviations
_SKIPS = (6, 5, 4, 2)  # stages of the encoder whose features are smaller in the next one, the smallest first


class DeOldify(PublishedNet):
    """DeOldify, deep or wide."""

    multiple = 32

    def build(self, layers: LayerMaker) -> None:
        """Make the layers."""
        self.layers = nn.ModuleList(
            [
                _resnet(layers, "layers.0"),
                layers.batch_norm("layers.1"),
                nn.ReLU(),
                nn.Sequential(_conv(layers, "layers.3.0"), _conv(layers, "layers.3.1")),
                *[_UpBlock(layers, f"layers.{at}") for at in range(4, 8)],
                BlurredPixelShuffle(layers, "layers.8"),
                nn.Identity(),  # the photo joins
                _Residual(layers, "layers.10"),
                nn.Sequential(layers.conv("layers.11.0")),
            ]
        )

    def propose(self, lightness: Tensor, hints: Tensor | None = None, vividness: Tensor | None = None) -> Tensor:
        """Do what `forward` does for an H and W that are multiples of 32.

        The authors take the colours' U and V and the photo's own luma; so colours here are those of the output
        after its luma is made the photo's.
        """
        grey = grey_srgb(lightness)
        rgb = self.rgb(grey)
        luma = sum(share * rgb[:, at : at + 1] for at, share in enumerate(_LUMA))
        ab: Tensor = linear_to_ab(srgb_to_linear((rgb + (grey - luma)).clamp(0, 1)), axis=1)
        return ab

    def rgb(self, grey: Tensor) -> Tensor:
        """Colorize grey sRGB [N,1,H,W], 0..1, as sRGB [N,3,H,W], 0..1, with a luma of its own."""
        photo = torch.cat([(grey - mean) / std for mean, std in zip(_MEAN, _STD, strict=True)], 1)
        encoder, norm, relu, middle, *ups, last_up, _, residual, head = self.layers
        x, skips = photo, {}
        for at, stage in enumerate(encoder.children()):
            x = stage(x)
            skips[at] = x
        x = middle(relu(norm(x)))
        for up, at in zip(ups, _SKIPS, strict=True):
            x = up(x, skips[at])
        x = torch.sigmoid(head(residual(torch.cat([last_up(x), photo], 1)))) * (2 * _REACH) - _REACH
        planes = [x[:, at : at + 1] * _STD[at] + _MEAN[at] for at in range(3)]
        return torch.cat(planes, 1).clamp(0, 1)


def _conv(layers: LayerMaker, name: str) -> nn.Sequential:
    parts: list[nn.Module] = [layers.conv(f"{name}.0"), nn.ReLU()]
    if f"{name}.2" in layers:
        parts.append(layers.batch_norm(f"{name}.2"))
    if f"{name}.3" in layers:
        parts.append(_SelfAttention(layers, f"{name}.3"))
    return nn.Sequential(*parts)


def _resnet(layers: LayerMaker, name: str) -> nn.Sequential:
    """Make the trunk of a ResNet: [N,3,H,W] to features of 1/32 of the size."""
    stages: list[nn.Module] = [
        layers.conv(f"{name}.0", stride=2),
        layers.batch_norm(f"{name}.1"),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2, padding=1),
    ]
    for at in range(4, 8):
        blocks = layers.indices(f"{name}.{at}")
        stages.append(
            nn.Sequential(
                *[_ResNetBlock(layers, f"{name}.{at}.{j}", stride=2 if at > 4 and j == 0 else 1) for j in blocks]
            )
        )
    return nn.Sequential(*stages)


class _ResNetBlock(nn.Module):
    """Two convolutions over 3×3, or three of which the one over 3×3 is in the middle, added to what is there."""

    def __init__(self, layers: LayerMaker, name: str, stride: int) -> None:
        super().__init__()
        self.depth = 3 if f"{name}.conv3" in layers else 2
        strided = self.depth - 1  # the first of two, the second of three
        for at in range(1, self.depth + 1):
            own = stride if at == strided else 1
            setattr(self, f"conv{at}", layers.conv(f"{name}.conv{at}", stride=own))
            setattr(self, f"bn{at}", layers.batch_norm(f"{name}.bn{at}"))
        self.downsample = nn.Sequential()
        if f"{name}.downsample" in layers:
            self.downsample.append(layers.conv(f"{name}.downsample.0", stride=stride))
            self.downsample.append(layers.batch_norm(f"{name}.downsample.1"))

    def forward(self, x: Tensor) -> Tensor:
        """Map [N,B,H,W] to [N,C,H/s,W/s]."""
        hidden = x
        for at in range(1, self.depth + 1):
            hidden = getattr(self, f"bn{at}")(getattr(self, f"conv{at}")(hidden))
            if at < self.depth:
                hidden = functional.relu(hidden)
        result: Tensor = functional.relu(hidden + self.downsample(x))
        return result


class _UpBlock(nn.Module):
    def __init__(self, layers: LayerMaker, name: str) -> None:
        super().__init__()
        self.shuf = BlurredPixelShuffle(layers, f"{name}.shuf")
        self.bn = layers.batch_norm(f"{name}.bn")
        self.names = ("conv",) if f"{name}.conv" in layers else ("conv1", "conv2")  # wide or deep
        for own in self.names:
            setattr(self, own, _conv(layers, f"{name}.{own}"))

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        """Map features [N,B,h,w] and those of the skip connection [N,S,2h,2w] to [N,C,2h,2w]."""
        x = torch.cat([self.shuf(x), self.bn(skip)], 1).relu()
        for own in self.names:
            x = getattr(self, own)(x)
        return x


class _SelfAttention(nn.Module):
    """What a place gets from all others, by how well its query fits their keys, added to what is there."""

    def __init__(self, layers: LayerMaker, name: str) -> None:
        super().__init__()
        self.query = layers.pointwise(f"{name}.query")
        self.key = layers.pointwise(f"{name}.key")
        self.value = layers.pointwise(f"{name}.value")
        self.gamma = layers.parameter(f"{name}.gamma")

    def forward(self, x: Tensor) -> Tensor:
        """Map [N,C,H,W] to the same shape."""
        places = x.flatten(2)
        # The authors' softmax goes over the axis of their queries: it is "key" that asks.
        scores = self.key(places).transpose(1, 2) @ self.query(places)
        found = torch.softmax(scores, 2) @ self.value(places).transpose(1, 2)
        result: Tensor = x + self.gamma * found.transpose(1, 2).unflatten(2, x.shape[2:])
        return result


class _Residual(nn.Module):
    def __init__(self, layers: LayerMaker, name: str) -> None:
        super().__init__()
        self.layers = nn.ModuleList([_conv(layers, f"{name}.layers.{at}") for at in range(2)])

    def forward(self, x: Tensor) -> Tensor:
        """Map [N,C,H,W] to the same shape."""
        result: Tensor = x + self.layers[1](self.layers[0](x))
        return result
