"""Most JPEGs that networks learn from, decoded at one go: sRGB or grey, upright, of moderate size.

libvips takes several times as long over a small photo as libjpeg-turbo takes to decode it, and to collect all that
a file says takes as long again. simplejpeg hands the pixels over in one call, the same to the last bit. What needs
more than that is left to `PhotoFile`: a profile, another orientation or colour space, CMYK, other kinds of JPEG,
and damage.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from photochrom.io import vips
from photochrom.io.metadata.color_tags import ColorTags
from photochrom.io.metadata.exif import is_readable, orientation_of
from photochrom.io.metadata.file_metadata import FileMetadata
from photochrom.io.metadata.jpeg import EXIF, EXTENDED, XMP

__all__ = ["PlainJpeg", "shrink_on_load"]

_MOST_PIXELS = 1 << 24  # of which all are held
_FRAMES = (0xC0, 0xC1, 0xC2)  # baseline, extended and progressive, by Huffman coding
_APP1 = 0xE1


@dataclass(frozen=True, eq=False)
class PlainJpeg:
    """A JPEG whose numbers are sRGB's or grey, and which lies upright.

    Attributes:
        name: what to call it in an error.
        data: the file's bytes.
        height: rows of pixels.
        width: columns of pixels.
        bands: 1 (grey) or 3 (sRGB).
        has_alpha: False.
    """

    name: str
    data: bytes = field(repr=False)
    height: int
    width: int
    bands: int
    has_alpha: ClassVar[bool] = False

    @classmethod
    def open(cls, data: bytes, name: str) -> PlainJpeg | None:
        """Look at a file's segments.

        Args:
            data: the file's bytes.
            name: what to call it in an error.

        Returns:
            None for what only `PhotoFile` reads, and for all where simplejpeg is not installed.
        """
        if not data.startswith(b"\xff\xd8\xff") or _decoder() is None:
            return None
        exif = xmp = frame = None
        at = 2
        while (head := data[at : at + 4])[1:2] != b"\xda":
            if len(head) < 4 or head[0] != 0xFF or head[1] in (0x00, 0xFF, 0xD9):
                return None
            marker, size = struct.unpack(">xBH", head)
            content = data[at + 4 : at + 2 + size]
            if content.startswith((EXTENDED, b"ICC_PROFILE\0")):
                return None
            if marker == _APP1 and content.startswith(EXIF):
                if exif is not None:
                    return None
                exif = content
            elif marker == _APP1 and content.startswith(XMP):
                if xmp is not None:
                    return None
                xmp = content[len(XMP) :]
            elif marker in _FRAMES and len(content) >= 6:
                frame = struct.unpack_from(">BHHB", content)
            at += 2 + size
        if frame is None:
            return None
        bits, height, width, bands = frame
        plain = bits == 8 and bands in (1, 3) and 0 < height * width <= _MOST_PIXELS and _says_nothing(exif, xmp)
        return cls(name, data, height, width, bands) if plain else None

    def shrunk(self, height: int, width: int) -> NDArray[np.uint8]:
        """Decode a copy of another size, as `PhotoFile.shrunk` does.

        Returns:
            uint8 height×width×bands.

        Raises:
            ValueError: if libjpeg complains of anything; what it says of the file, `PhotoFile` says better.
        """
        shrink = shrink_on_load((self.height, self.width), (height, width))
        pixels: NDArray[np.uint8] = _decoder().decode_jpeg(
            self.data,
            "RGB" if self.bands == 3 else "GRAY",
            min_height=-(-self.height // shrink),
            min_width=-(-self.width // shrink),
        )
        if shrink > 1:  # libvips has no row and no column that the file fills in part
            pixels = pixels[: self.height // shrink, : self.width // shrink]
        if pixels.shape[:2] == (height, width):
            return pixels
        image = vips.resize(vips.image_from_array(pixels), height, width)
        # A region is computed by this thread, a whole image by one that libvips would start.
        part = vips.libvips().Region.new(image).fetch(0, 0, width, height)
        return np.frombuffer(part, np.uint8).reshape(height, width, self.bands)


def shrink_on_load(stored: Sequence[int], wanted: Sequence[int]) -> int:
    """Return by how much libjpeg shall shrink while it decodes, 1, 2, 4 or 8.

    The last halving is left to a better filter.

    Args:
        stored: the file's height and width, or in the other order.
        wanted: those of the copy, in the same order.
    """
    room = min(stored[0] / wanted[0], stored[1] / wanted[1]) / 2
    return next(known for known in (8, 4, 2, 1) if known <= max(1.0, room))


@lru_cache(maxsize=1)
def _decoder() -> Any:
    try:
        import simplejpeg
    except ImportError:  # it comes with the extra `train`
        return None
    return simplejpeg


@lru_cache(maxsize=32)
def _says_nothing(exif: bytes | None, xmp: bytes | None) -> bool:
    """Tell whether EXIF and XMP leave the pixels as they are. Those of one set of photos are often the same."""
    if exif is not None and (not is_readable(exif) or orientation_of(exif) != 1):
        return False
    tags = ColorTags.of_metadata(FileMetadata(exif, xmp))
    return not tags.is_adobe_rgb and tags.gamma is None and not tags.primaries
