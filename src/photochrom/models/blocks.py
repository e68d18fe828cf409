"""Blocks that networks are built of."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["AttentionBlock", "UpBlock"]


class UpBlock(nn.Module):
    """A step of a U-Net's decoder: features doubled in size, merged with those of the skip connection."""

    def __init__(self, below: int, skip: int, width: int) -> None:
        super().__init__()
        self.merge = nn.Conv2d(below + skip, width, 3, padding=1)
        self.refine = nn.Conv2d(width, width, 3, padding=1)
        nn.init.kaiming_normal_(self.merge.weight, nonlinearity="relu")
        nn.init.kaiming_normal_(self.refine.weight, nonlinearity="relu")
        with torch.no_grad():
            self.refine.weight *= 0.3  # it adds to what is there
        for layer in (self.merge, self.refine):
            assert layer.bias is not None
            nn.init.zeros_(layer.bias)

    def forward(self, below: Tensor, skip: Tensor) -> Tensor:
        """Map features [N,B,h,w] and those of the skip connection [N,S,2h,2w] to [N,W,2h,2w]."""
        x = functional.interpolate(below, scale_factor=2, mode="nearest")
        x = functional.relu(self.merge(torch.cat([x, skip], 1)))
        return functional.relu(x + self.refine(x))


class AttentionBlock(nn.Module):
    """Self-attention and an MLP, each with a residual connection (Vaswani et al., 2017).

    Every place sees every other one: what is alike, and what the user coloured, far apart as well.

    Args:
        width: channels of a place; a multiple of `heads`.
        extra: further channels that queries, keys and values are made of, such as position and hints.
        heads: of the attention.
    """

    def __init__(self, width: int, extra: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1 = nn.LayerNorm(width)
        self.qkv = nn.Linear(width + extra, 3 * width)
        self.proj = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width)
        self.fc1 = nn.Linear(width, 2 * width)
        self.fc2 = nn.Linear(2 * width, width)
        for layer in (self.proj, self.fc2):  # both add to what is there, and begin with next to nothing
            nn.init.normal_(layer.weight, std=0.01)
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor, extra: Tensor) -> Tensor:
        """Map places [N,T,C], and the further channels of each [N,T,E], to [N,T,C]."""
        count, _, width = x.shape
        qkv = self.qkv(torch.cat([self.norm1(x), extra], 2)).view(count, -1, 3, self.heads, width // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        attention: Tensor = torch.softmax(query @ key.transpose(2, 3) * (width // self.heads) ** -0.5, -1)
        x = x + self.proj((attention @ value).transpose(1, 2).reshape(count, -1, width))
        hidden: Tensor = self.fc2(functional.relu(self.fc1(self.norm2(x))))
        return x + hidden
