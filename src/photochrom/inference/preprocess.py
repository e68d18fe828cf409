"""From a photo to what a network is given, and from what it predicts back to the photo."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import sqrt
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from photochrom.color.cielab import rgb_to_lab
from photochrom.color.lut import MOST_CHROMA
from photochrom.color.own_colors import has_colors
from photochrom.color.recombine import lightness_of
from photochrom.result_notes import Note

__all__ = [
    "NetworkInput",
    "Photo",
    "PhotoInfo",
    "bounded",
    "network_shape",
    "opaque_lightness",
    "stretched",
    "turned",
    "turned_back",
]

Floats = NDArray[np.float32]

_CONTRAST = 95.0  # units of lightness between the 1st and the 99th percentile; photos have 90 in the median


class Photo(Protocol):
    """What `PhotoFile` and `Picture` have in common: a photo that gives its pixels in strips."""

    @property
    def height(self) -> int:
        """Rows of pixels."""

    @property
    def width(self) -> int:
        """Columns of pixels."""

    @property
    def bands(self) -> int:
        """1 (grey) or 3 (sRGB), without alpha."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """uint8 or uint16."""

    @property
    def has_alpha(self) -> bool:
        """Whether there is alpha."""

    @property
    def orientation(self) -> int:
        """EXIF orientation 1..8 that the pixels still need."""

    def strips(self) -> Iterator[NDArray[Any]]:
        """Give the pixels from top to bottom, rows×width×bands, alpha as a further band."""

    def shrunk(self, height: int, width: int) -> NDArray[Any]:
        """Return a copy of another size."""


@dataclass(frozen=True)
class PhotoInfo:
    """What a photo is.

    Attributes:
        width: columns of the upright photo.
        height: rows of the upright photo.
        bits: per channel of its file.
        format: kind of file, such as ``"jpg"``; empty for a photo that is no file.
        is_grey: whether it has no colours of its own, though it may be toned or stained.
        notes: what a user should know of it.
    """

    width: int
    height: int
    bits: int
    format: str
    is_grey: bool
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class NetworkInput:
    """The small copy of a photo that a network is given.

    Attributes:
        pixels: uint8 or uint16, h×w×bands (and alpha), as the photo's own pixels lie.
        has_alpha: whether there is alpha.
        orientation: EXIF orientation 1..8 that the photo's pixels still need.
    """

    pixels: NDArray[Any]
    has_alpha: bool
    orientation: int

    @classmethod
    def of(cls, photo: Photo, height: int, width: int) -> NetworkInput:
        """Preprocess a photo for a network, at a size from `network_shape`."""
        return cls(photo.shrunk(height, width), photo.has_alpha, photo.orientation)

    @cached_property
    def lightness(self) -> Floats:
        """The photo's lightness: float32 h×w, 0..100, as its pixels lie."""
        return opaque_lightness(self.pixels, self.has_alpha)

    @cached_property
    def upright(self) -> Floats:
        """What the network gets: the lightness turned upright, its contrast stretched."""
        return np.ascontiguousarray(turned(stretched(self.lightness), self.orientation))

    @property
    def upright_lightness(self) -> Floats:
        """The lightness turned upright, its contrast the photo's own."""
        return turned(self.lightness, self.orientation)

    @property
    def own_ab(self) -> Floats:
        """The colours that the photo has already: float32 h×w×2, CIELAB units, upright; 0 for a grey one."""
        if self.pixels.shape[2] - self.has_alpha == 1:
            return np.zeros((*self.upright.shape, 2), np.float32)
        lab = rgb_to_lab(self.pixels[..., :3]).astype(np.float32)
        return np.stack([turned(lab[..., plane], self.orientation) for plane in (1, 2)], 2)

    @cached_property
    def is_grey(self) -> bool:
        """Whether the photo has no colours of its own, though it may be toned or stained."""
        grey = self.pixels.shape[2] - self.has_alpha == 1
        return grey or not has_colors(self.pixels, has_alpha=self.has_alpha)

    def laid(self, planes: Floats) -> Floats:
        """Turn h×w×C that belongs to `upright` to where the photo's own pixels lie."""
        return np.ascontiguousarray(turned_back(planes, self.orientation))


def network_shape(height: int, width: int, size: int) -> tuple[int, int]:
    """Choose the height and width at which a network is given a photo.

    The aspect is kept and the area is that of the square the network was trained on, also where the photo is
    smaller: a network knows faces and leaves at the scale it met them, and its colours suffer at any other. It
    costs little, since the area is the same for every photo.
    """
    scale = size / sqrt(height * width)
    # The longer side is bounded, for the shorter one of a strip of pixels cannot shrink below 1.
    return tuple(min(max(1, round(side * scale)), size * size) for side in (height, width))  # type: ignore[return-value]


def opaque_lightness(pixels: NDArray[Any], has_alpha: bool) -> Floats:
    """Take the lightness of a small copy; what cannot be seen is as light as the rest is on average."""
    if not has_alpha:
        return lightness_of(pixels)
    lightness = lightness_of(np.ascontiguousarray(pixels[..., :-1]))
    alpha = pixels[..., -1].astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)
    mean = np.float32((lightness * alpha).sum() / max(float(alpha.sum()), 1e-6))
    return mean + (lightness - mean) * alpha


def stretched(lightness: Floats) -> Floats:
    """Give the network's copy of a faded photo the contrast of the photos that the network was trained on.

    Its 1st to 99th percentile become at least 95 units, stretched threefold at most; the more it is stretched, the
    nearer its middle comes to 50. It lowers the error of faded photos' colours, and leaves others as they are:
    docs/upsampling.md.
    """
    low, high = np.percentile(lightness, (1, 99))
    gain = min(max(_CONTRAST / max(high - low, 1e-6), 1.0), 3.0)
    middle = (low + high) / 2
    moved = middle + (50 - middle) * (1 - 1 / gain)
    result: Floats = np.clip((lightness - middle) * gain + moved, 0, 100).astype(np.float32)
    return result


def turned(plane: Floats, orientation: int) -> Floats:
    """Turn h×w as an EXIF orientation 1..8 says."""
    if orientation >= 5:
        plane = plane.T
    across, down = {2: (1, 0), 3: (1, 1), 4: (0, 1), 6: (1, 0), 7: (1, 1), 8: (0, 1)}.get(orientation, (0, 0))
    return plane[:: -1 if down else 1, :: -1 if across else 1]


def turned_back(ab: Floats, orientation: int) -> Floats:
    """Undo `turned` for each plane of h×w×C."""
    undo = {6: 8, 8: 6}.get(orientation, orientation)
    return np.stack([turned(ab[..., plane], undo) for plane in range(ab.shape[2])], axis=2)


def bounded(ab: Floats) -> Floats:
    """Bring a, b that no display can show to a chroma that is beyond sRGB too; `recombine` takes away the rest."""
    chroma = np.hypot(ab[..., :1], ab[..., 1:])
    result: Floats = ab * np.minimum(1, MOST_CHROMA / np.maximum(chroma, 1e-6))
    return result.astype(np.float32)
