"""From a file's own samples to sRGB or grey."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from photochrom.errors import PhotoError
from photochrom.io.color_encoding import to_srgb
from photochrom.io.extra_samples import Samples

__all__ = ["Conversion"]


@dataclass(frozen=True)
class Conversion:
    """How a file's samples become pixels; nothing is computed before they are asked for.

    Attributes:
        name: what to call the file in an error.
        samples: which of a pixel's are colours and which alpha.
        profile: as `to_srgb` takes it.
        is_float: whether samples are floats, 0..1.
        is_negative: whether 0 is white; libvips turns that of integers by itself.
    """

    name: str
    samples: Samples
    profile: bytes | None
    is_float: bool
    is_negative: bool

    def __call__(self, image: Any) -> Any:
        """Plan the way from samples to sRGB or grey of 8 or 16 bits, alpha behind.

        Raises:
            PhotoError: if the samples are no colours that are known.
        """
        image = self._as_integers(image)
        samples = self.samples
        alpha = None if samples.alpha is None else samples.band(image, samples.alpha)
        colours = image[: samples.colours] if samples.colours < image.bands else image
        if colours.bands not in (1, 3, 4):
            raise PhotoError(self.name, f"has {image.bands} channels", "save it as grey or RGB")
        colours = to_srgb(colours, self.profile)
        if colours.bands == 4:
            raise PhotoError(self.name, "has 4 channels that are no CMYK", "save it as RGB")
        return colours if alpha is None else colours.bandjoin(alpha.cast(colours.format))

    def extra(self, image: Any) -> Any:
        """Plan the way from samples to those that are neither colour nor alpha, as bands."""
        image = self._as_integers(image)
        bands = [self.samples.band(image, n) for n in self.samples.extra]
        return bands[0].bandjoin(bands[1:]).copy(interpretation="multiband")

    def _as_integers(self, image: Any) -> Any:
        """Plan to make 16 bits of floats."""
        if not self.is_float:
            return image
        grey = self.samples.colours == 1
        image = image.linear(-1, 1) if self.is_negative else image
        return image.linear(65535, 0.5).cast("ushort").copy(interpretation="grey16" if grey else "rgb16")
