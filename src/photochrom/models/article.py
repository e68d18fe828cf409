"""The six autoencoders of "Building an Image Colorization Neural Network, Part 4".

They grow from two plain autoencoders over a U-Net of the same size and a deeper one to dilated convolutions
between encoder and decoder. Input and output are raw, as in the article: lightness 0..100 in, CIELAB a, b out.
One class makes all six; `ARTICLE_SHAPES` holds what tells them apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from photochrom.models.base import ColorizationNetwork

__all__ = ["ARTICLE_SHAPES", "ArticleNetwork", "ArticleShape"]


@dataclass(frozen=True)
class ArticleShape:
    """What tells the six apart.

    Attributes:
        widths: channels after each convolution of the encoder.
        unet: whether the decoder joins the encoder's planes of the same size, and at the end the input itself.
        dilated: number of dilated convolutions between encoder and decoder.
    """

    widths: tuple[int, ...]
    unet: bool = True
    dilated: int = 0


ARTICLE_SHAPES: dict[str, ArticleShape] = {
    "article-1": ArticleShape((32, 64), unet=False),
    "article-2": ArticleShape((32, 64, 128), unet=False),
    "article-3": ArticleShape((32, 64, 128)),
    "article-4": ArticleShape((32, 64, 128, 256)),
    "article-5": ArticleShape((32, 64, 128, 256), dilated=1),
    "article-6": ArticleShape((32, 64, 128, 256), dilated=2),
}


class ArticleNetwork(ColorizationNetwork):
    """One of the article's six networks.

    `article-1` and `article-2` end in a ReLU, as the article has them: they can never propose a negative a or
    b, hence no green, no blue and nothing between. What is left is a warm tint where the mean of the true colours
    is warm, and no colour elsewhere. It is why they stay colourless, and one of the study's findings: keep it.

    The other four end in a 3×3 convolution without activation over the decoder's two planes and the input.

    Args:
        shape: which of the six.
    """

    def __init__(self, shape: ArticleShape) -> None:
        super().__init__()
        widths = shape.widths
        self.unet = shape.unet
        self.multiple = 2 ** len(widths)
        self.encoder = nn.ModuleList(
            _block(nn.Conv2d(before, after, kernel_size=4, stride=2, padding=1))
            for before, after in zip((1, *widths), widths, strict=False)
        )
        self.middle = nn.Sequential(
            *(
                _block(nn.Conv2d(widths[-1], widths[-1], kernel_size=4, padding=3, dilation=2))
                for _ in range(shape.dilated)
            )
        )
        joined = 2 if shape.unet else 1  # a U-Net's planes come twice: from below and from the encoder
        self.decoder = nn.ModuleList(
            _block(_enlarge(widths[level] * (joined if level < len(widths) - 1 else 1), widths[level - 1]))
            for level in range(len(widths) - 1, 0, -1)
        )
        self.last = nn.Sequential(_enlarge(widths[0] * joined, 2), nn.ReLU())
        self.after = nn.Conv2d(3, 2, kernel_size=3, padding=1) if shape.unet else None

    def propose(self, lightness: Tensor, hints: Tensor | None = None, vividness: Tensor | None = None) -> Tensor:
        """See `ColorizationNetwork.propose`."""
        planes = lightness
        encoded: list[Tensor] = []
        for block in self.encoder:
            planes = block(planes)
            encoded.append(planes)
        planes = self.middle(planes)
        for block, same_size in zip(self.decoder, reversed(encoded[:-1]), strict=True):
            planes = block(planes)
            if self.unet:
                planes = torch.cat([planes, same_size], dim=1)
        ab: Tensor = self.last(planes)
        if self.after is not None:
            ab = self.after(torch.cat([ab, lightness], dim=1))
        return ab


def _enlarge(before: int, after: int) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(before, after, kernel_size=4, stride=2, padding=1)


def _block(convolution: nn.Conv2d | nn.ConvTranspose2d) -> nn.Sequential:
    return nn.Sequential(convolution, nn.BatchNorm2d(convolution.out_channels), nn.ReLU())
