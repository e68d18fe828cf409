"""DDColor: a ConvNeXt encoder, a pixel decoder, and a decoder of colour queries that look at the pixels' features.

* Kang, Yang, Ouyang, Ren, Li, Xie: DDColor: Towards Photo-Realistic Image Colorization via Dual Decoders, ICCV
  2023, https://arxiv.org/abs/2212.11613
* Liu, Mao, Wu, Feichtenhofer, Darrell, Xie: A ConvNet for the 2020s, CVPR 2022, https://arxiv.org/abs/2201.03545

Written after the papers and the names of the published weights (https://github.com/piddnad/DDColor, Apache-2.0,
code and weights). Widths, depths and the number of queries are the weights' own.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from photochrom.models.published import BlurredPixelShuffle, LayerMaker, PublishedNet, grey_srgb

__all__ = ["DDColor"]

_HEADS = 8  # of the attention; no weight's shape tells


class DDColor(PublishedNet):
    """DDColor of any size."""

    multiple = 32
    unused = ("encoder.arch.norm.",)  # before ConvNeXt's classifier, which is gone
    mean: Tensor
    std: Tensor

    def build(self, layers: LayerMaker) -> None:
        """Make the layers."""
        self.encoder = nn.ModuleDict({"arch": _ConvNeXt(layers, "encoder.arch")})
        self.decoder = _Decoders(layers, "decoder")
        self.refine_net = nn.Sequential(nn.Sequential(layers.conv("refine_net.0.0")))
        self.register_buffer("mean", torch.empty(1, 3, 1, 1))
        self.register_buffer("std", torch.empty(1, 3, 1, 1))

    def propose(self, lightness: Tensor, hints: Tensor | None = None, vividness: Tensor | None = None) -> Tensor:
        """Do what `forward` does for an H and W that are multiples of 32.

        The authors mix Q colour planes of the queries and three of the photo to a, b. All of this is linear in the
        pixels' features, so the two mixtures are multiplied first: a and b are enlarged, not 256 features.
        """
        x = (grey_srgb(lightness) - self.mean) / self.std
        colours, features = self.decoder(self.encoder["arch"](x))
        mixer: Any = self.refine_net.get_submodule("0.0")
        weight = mixer.weight[:, :, 0, 0]
        of_photo = functional.conv2d(x, weight[:, -3:, None, None], mixer.bias)
        mixture = weight[:, :-3] @ colours  # [N,2,C]
        shuffle = self.decoder.last_shuf
        places = features.unflatten(1, (-1, shuffle.scale**2))
        ab = (mixture @ places.flatten(2)).unflatten(2, (shuffle.scale**2, -1)).flatten(1, 2)
        return shuffle.enlarge(ab.unflatten(2, features.shape[2:])) + of_photo


class _ConvNeXt(nn.Module):
    def __init__(self, layers: LayerMaker, name: str) -> None:
        super().__init__()
        first = f"{name}.downsample_layers.0"
        self.downsample_layers = nn.ModuleList(
            [nn.Sequential(layers.conv(f"{first}.0", stride=4, padding=0), _PlaneNorm(layers, f"{first}.1"))]
        )
        for at in range(1, 4):
            own = f"{name}.downsample_layers.{at}"
            self.downsample_layers.append(
                nn.Sequential(_PlaneNorm(layers, f"{own}.0"), layers.conv(f"{own}.1", stride=2, padding=0))
            )
        self.stages = nn.ModuleList()
        for at in range(4):
            own = f"{name}.stages.{at}"
            self.stages.append(nn.Sequential(*[_Block(layers, f"{own}.{j}") for j in layers.indices(own)]))
            setattr(self, f"norm{at}", _PlaneNorm(layers, f"{name}.norm{at}"))

    def forward(self, x: Tensor) -> list[Tensor]:
        """Map a photo [N,3,H,W] to features of 1/4, 1/8, 1/16 and 1/32 of its size."""
        found = []
        for at, (smaller, stage) in enumerate(zip(self.downsample_layers, self.stages, strict=True)):
            x = stage(smaller(x))
            found.append(getattr(self, f"norm{at}")(x))
        return found


class _PlaneNorm(nn.LayerNorm):
    """Layer norm over the channels of planes."""

    def __init__(self, layers: LayerMaker, name: str) -> None:
        super().__init__(layers.shapes[f"{name}.weight"][0], eps=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        """Normalize each place of [N,C,H,W]."""
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class _Block(nn.Module):
    """ConvNeXt's block: a large depthwise convolution and an MLP for each place, added to what is there."""

    def __init__(self, layers: LayerMaker, name: str) -> None:
        super().__init__()
        self.dwconv = layers.conv(f"{name}.dwconv", depthwise=True)
        self.norm = layers.layer_norm(f"{name}.norm", 1e-6)
        self.pwconv1 = layers.linear(f"{name}.pwconv1")
        self.pwconv2 = layers.linear(f"{name}.pwconv2")
        self.gamma = layers.parameter(f"{name}.gamma")

    def forward(self, x: Tensor) -> Tensor:
        """Map [N,C,H,W] to the same shape."""
        hidden = self.norm(self.dwconv(x).permute(0, 2, 3, 1))
        hidden = self.pwconv2(functional.gelu(self.pwconv1(hidden)))
        result: Tensor = x + (self.gamma * hidden).permute(0, 3, 1, 2)
        return result


class _Decoders(nn.Module):
    def __init__(self, layers: LayerMaker, name: str) -> None:
        super().__init__()
        self.layers = nn.ModuleList(_UpBlock(layers, f"{name}.layers.{at}") for at in range(3))
        self.last_shuf = BlurredPixelShuffle(layers, f"{name}.last_shuf", scale=4)
        self.color_decoder = _ColorDecoder(layers, f"{name}.color_decoder")

    def forward(self, encoded: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Map the encoder's features to colours [N,Q,C] and the pixels' features [N,16C,H/4,W/4] for them."""
        *skips, x = encoded
        scales = []
        for layer, skip in zip(self.layers, reversed(skips), strict=True):
            x = layer(x, skip)
            scales.append(x)
        return self.color_decoder(scales), self.last_shuf.features(x)


class _UpBlock(nn.Module):
    def __init__(self, layers: LayerMaker, name: str) -> None:
        super().__init__()
        self.shuf = BlurredPixelShuffle(layers, f"{name}.shuf")
        self.bn = layers.batch_norm(f"{name}.bn")
        self.conv = nn.Sequential(layers.conv(f"{name}.conv.0"), nn.ReLU(), layers.batch_norm(f"{name}.conv.2"))

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        """Map features [N,B,h,w] and those of the skip connection [N,S,2h,2w] to [N,C,2h,2w]."""
        both: Tensor = self.conv(functional.relu(torch.cat([self.shuf(x), self.bn(skip)], 1)))
        return both


class _ColorDecoder(nn.Module):
    """Queries, one for each colour, that look at features of three scales in turn and at each other."""

    def __init__(self, layers: LayerMaker, name: str) -> None:
        super().__init__()

        def embedding(own: str) -> nn.Embedding:
            count, width = layers.shapes[f"{name}.{own}.weight"]
            return nn.Embedding(count, width)

        self.query_feat = embedding("query_feat")
        self.query_embed = embedding("query_embed")
        self.level_embed = embedding("level_embed")
        self.input_proj = nn.ModuleList(
            layers.conv(f"{name}.input_proj.{at}") for at in layers.indices(f"{name}.input_proj")
        )
        depth = list(layers.indices(f"{name}.transformer_ffn_layers"))

        def attention(kind: str, part: str) -> nn.ModuleList:
            own = f"{name}.transformer_{kind}_attention_layers"
            return nn.ModuleList(_Attention(layers, f"{own}.{at}", part) for at in depth)

        self.transformer_cross_attention_layers = attention("cross", "multihead_attn")
        self.transformer_self_attention_layers = attention("self", "self_attn")
        self.transformer_ffn_layers = nn.ModuleList(
            _FeedForward(layers, f"{name}.transformer_ffn_layers.{at}") for at in depth
        )
        self.decoder_norm = layers.layer_norm(f"{name}.decoder_norm")
        mlp = f"{name}.color_embed.layers"
        self.color_embed = nn.Module()
        self.color_embed.layers = nn.ModuleList(layers.linear(f"{mlp}.{at}") for at in layers.indices(mlp))

    def forward(self, scales: list[Tensor]) -> Tensor:
        """Map features [N,C,h,w] of several sizes to colours [N,Q,C]."""
        count = scales[0].shape[0]
        places, positions = [], []
        for at, features in enumerate(scales):
            projected = self.input_proj[at](features)
            places.append(projected.flatten(2).transpose(1, 2) + self.level_embed.weight[at])
            positions.append(_positions(projected))
        query = self.query_embed.weight
        x = self.query_feat.weight.expand(count, -1, -1)
        for at, (cross, own, feed) in enumerate(
            zip(
                self.transformer_cross_attention_layers, self.transformer_self_attention_layers,
                self.transformer_ffn_layers, strict=True,
            )
        ):  # fmt: skip
            level = at % len(scales)
            x = cross(x, x + query, places[level] + positions[level], places[level])
            x = feed(own(x, x + query, x + query, x))
        x = self.decoder_norm(x)
        *hidden, last = self.color_embed.layers.children()  # type: ignore[union-attr]
        for layer in hidden:
            x = functional.relu(layer(x))
        colours: Tensor = last(x)
        return colours


class _Attention(nn.Module):
    """Multi-head attention added to what is there, then layer norm.

    Args:
        layers: makes the layers.
        name: of this module's weights.
        part: what the attention inside is called.
    """

    def __init__(self, layers: LayerMaker, name: str, part: str) -> None:
        super().__init__()
        self.part = part
        attention = nn.Module()
        attention.in_proj_weight = layers.parameter(f"{name}.{part}.in_proj_weight")
        attention.in_proj_bias = layers.parameter(f"{name}.{part}.in_proj_bias")
        attention.out_proj = layers.linear(f"{name}.{part}.out_proj")
        setattr(self, part, attention)
        self.norm = layers.layer_norm(f"{name}.norm")

    def forward(self, x: Tensor, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Map queries [N,Q,C], and places' keys and values [N,T,C], to [N,Q,C] that is added to x."""
        attention = getattr(self, self.part)
        weights, biases = attention.in_proj_weight.chunk(3), attention.in_proj_bias.chunk(3)
        query, key, value = (
            functional.linear(given, weight, bias).view(*given.shape[:2], _HEADS, -1).transpose(1, 2)
            for given, weight, bias in zip((query, key, value), weights, biases, strict=True)
        )
        found = functional.scaled_dot_product_attention(query, key, value)
        result: Tensor = self.norm(x + attention.out_proj(found.transpose(1, 2).flatten(2)))
        return result


class _FeedForward(nn.Module):
    def __init__(self, layers: LayerMaker, name: str) -> None:
        super().__init__()
        self.linear1 = layers.linear(f"{name}.linear1")
        self.linear2 = layers.linear(f"{name}.linear2")
        self.norm = layers.layer_norm(f"{name}.norm")

    def forward(self, x: Tensor) -> Tensor:
        """Map [N,Q,C] to the same shape."""
        result: Tensor = self.norm(x + self.linear2(functional.relu(self.linear1(x))))
        return result


def _positions(planes: Tensor) -> Tensor:
    """Encode the places of [N,C,h,w] as [hw,C]: sines of row and column (Carion et al., 2020)."""
    width = planes.shape[1] // 2
    at = torch.arange(width, device=planes.device)
    wavelengths = 10_000 ** (2 * (at // 2) / width)
    shift = (at % 2) * (math.pi / 2)  # sines and cosines in turn

    def encode(side: int) -> Tensor:
        place = torch.arange(1, side + 1, device=planes.device) / (side + 1e-6) * (2 * math.pi)
        return torch.sin(place[:, None] / wavelengths + shift)

    height, breadth = planes.shape[2:]
    rows = encode(height)[:, None].expand(-1, breadth, -1)
    columns = encode(breadth)[None].expand(height, -1, -1)
    return torch.cat([rows, columns], 2).flatten(0, 1)
