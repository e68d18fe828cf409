"""Colorizer: Picture -> Picture; here the lightness of a photo and the a, b of a network are joined."""

from __future__ import annotations

from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from photochrom import color, vips
from photochrom.errors import NetworkError, OutputError, PhotoError
from photochrom.network import DEFAULT_NETWORK, Card, Device, Network
from photochrom.options import Options
from photochrom.picture import Picture
from photochrom.upsample import enlarge_ab

if TYPE_CHECKING:
    from PIL.Image import Image

    Source = str | Path | bytes | NDArray[Any] | Image | Picture

__all__ = ["Colorizer", "colorize"]

_SIZES = range(8, 4097)


class Colorizer:
    """Colorizes photos, one after the other, with one network.

    The lightness of a result is that of the photo, pixel by pixel; a photo that has colours, or a sepia scan, is
    read as lightness alone. Every result has the size, bit depth, alpha and metadata of its photo.

    Args:
        network: name of a bundled network, path of a network file, or an open `Network`.
        device: ``"auto"``, ``"cpu"`` or ``"cuda"``; of no effect on a network that is open already.
        size: side in pixels of the square whose area the network works at, 8 to 4096; None for what its card
            says, which is what it was trained at.

    Raises:
        NetworkError: as `Network`, or if `size` is out of range.
    """

    def __init__(
        self, network: str | Path | Network = DEFAULT_NETWORK, *, device: Device = "auto", size: int | None = None
    ) -> None:
        self._network = network if isinstance(network, Network) else Network(network, device=device)
        self.size = self.card.input_size if size is None else size
        if self.size not in _SIZES:
            raise NetworkError(f"a size of {size} is out of range; use {_SIZES[0]} to {_SIZES[-1]}")

    @property
    def card(self) -> Card:
        """What the network file says about itself."""
        return self._network.card

    def __call__(self, source: Source) -> Picture:
        """Colorize one photo.

        Args:
            source: a path, a file's bytes, a Pillow image, an array as `Picture.from_array` takes, or a `Picture`.

        Returns:
            The photo in colour, H×W×3; 16 bits where the source had 16.

        Raises:
            PhotoError: if the source cannot be read.
            NetworkError: if the network fails on it.
        """
        picture = _as_picture(source)
        ab = self.propose(picture)
        pixels = np.empty((picture.height, picture.width, 3), picture.pixels.dtype)
        # In strips: a float copy of the photo and the intermediates of CIELAB would be twenty times its bytes.
        for rows, strip in enlarge_ab(ab, picture.height, picture.width):
            lab = color.join_lab(picture.lightness(rows), strip)
            pixels[rows] = color.quantize(color.lab_to_rgb(lab), pixels.dtype)
        return picture.with_pixels(pixels)

    def write(
        self,
        source: str | Path | bytes,
        target: str | Path,
        options: Options = Options(),  # noqa: B008 (frozen)
        *,
        overwrite: bool = False,
    ) -> list[str]:
        """Colorize a photo from file to file, strip by strip, so that its size does not matter.

        Args:
            source: the photo's file, or its bytes.
            target: file of the result; the suffix says its format.
            options: wishes.
            overwrite: replace a file that is already there.

        Returns:
            What the user should know, a line each, such as pages that were left out.

        Raises:
            PhotoError: if the source cannot be read.
            NetworkError: if the network fails on it.
            OutputError: if the result cannot be written; nothing half-written stays.
        """
        picture = _as_picture(source)
        self(picture).save(target, quality=options.quality, overwrite=overwrite)
        return []

    def propose(self, picture: Picture) -> NDArray[np.float32]:
        """Return the network's own a, b for a photo: float32 h×w×2, CIELAB units, at network size."""
        height, width = network_size(picture.height, picture.width, self.size)
        # Shrunk as sRGB, before lightness is taken: so are the photos a network is trained on.
        small = vips.resize_array(picture.pixels, height, width)(0, height)
        lightness = Picture(small).lightness()
        return np.ascontiguousarray(self._network.run(lightness[None, None])[0].transpose(1, 2, 0))


def colorize(
    source: Source,
    *,
    network: str | Path | Network = DEFAULT_NETWORK,
    output: str | Path | None = None,
    device: Device = "auto",
    size: int | None = None,
    quality: int | None = None,
    overwrite: bool = False,
) -> Picture:
    """Colorize one photo, and write it where `output` is given; make a `Colorizer` to colorize many.

    Args:
        source: as `Colorizer` takes.
        network: as `Colorizer` takes.
        output: path of the result, or None to write nothing.
        device: as `Colorizer` takes.
        size: as `Colorizer` takes.
        quality: as `Picture.save` takes.
        overwrite: as `Picture.save` takes.

    Returns:
        The photo in colour.

    Raises:
        PhotoError: if the source cannot be read.
        NetworkError: if the network cannot be opened or fails.
        OutputError: if the result cannot be written; the source itself is never overwritten.
    """
    if output is not None and isinstance(source, str | Path) and _same_file(source, output):
        raise OutputError(f"{output}: is the photo itself; give the result another name")
    result = Colorizer(network, device=device, size=size)(source)
    if output is not None:
        result.save(output, quality=quality, overwrite=overwrite)
    return result


def network_size(height: int, width: int, size: int) -> tuple[int, int]:
    """Choose the height and width that a network sees of a photo.

    The aspect is kept and the area is that of the square the network was trained on, also where the photo is
    smaller: a network knows faces and leaves at the scale it met them, and its colours suffer at any other. It
    costs little, since the area is the same for every photo.
    """
    scale = size / sqrt(height * width)
    # The longer side is bounded, for the shorter one of a strip of pixels cannot shrink below 1.
    return tuple(min(max(1, round(side * scale)), size * size) for side in (height, width))  # type: ignore[return-value]


def _as_picture(source: Source) -> Picture:
    if isinstance(source, Picture):
        return source
    if isinstance(source, str | Path | bytes):
        return Picture.read(source)
    if hasattr(source, "getexif"):  # a Pillow image, without importing Pillow to ask
        return Picture.from_pil(cast("Image", source))
    if isinstance(source, np.ndarray):
        return Picture.from_array(source)
    raise PhotoError(f"a {type(source).__name__} is no photo; give a path, bytes, a Pillow image or an array")


def _same_file(one: str | Path, other: str | Path) -> bool:
    try:
        return Path(one).samefile(other)
    except (OSError, ValueError):
        return False
