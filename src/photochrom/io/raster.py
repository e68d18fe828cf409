"""Raster: a picture in a file that libvips does not read, its header known and its pixels decoded on demand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import PhotochromError
from photochrom.io import vips
from photochrom.io.source import damaged

__all__ = ["Raster"]

Pixels = NDArray[Any]
_FORMATS = {"uint8": "uchar", "uint16": "ushort", "float32": "float", "float64": "double"}
_LONGEST = 10_000_000  # pixels of a side that libvips takes
_MOST_DOTS = 1e5
"""Pixels per mm of the finest resolution that is believed; libvips prints complaints of one beyond 1e6."""


@dataclass(eq=False)
class Raster:
    """A picture as another library than libvips decodes it; the pixels are decoded once, and stay.

    Attributes:
        name: what to call the file in a message.
        format: usual suffix of the kind of file.
        height: rows of pixels.
        width: columns of pixels.
        bands: channels, alpha among them.
        dtype: uint8 (0..255), uint16 (0..65535), float32 or float64 (0..1).
        needed: bytes of memory that decoding takes, with its result.
        decode: gives the pixels, height×width×bands; it may raise anything.
        bits: per channel of the file.
        interpretation: libvips' name of the colours, or None for grey or sRGB by the number of bands.
        fields: further ones of the header as libvips would have it, such as ``exif-data``.
        orientation: EXIF orientation 1..8 that the pixels still need.
        turned: EXIF orientation 1..8 by which the decoder turns them.
        dpi: dots per inch across and down, or None.
        has_own_metadata: whether `fields` have all metadata, so that none are read from the file.
        is_final: whether height and width are sure before the pixels are decoded.
        notes: what a user should know, without the file's name.

    Raises:
        PhotoError: if a side is none, or longer than anything can be.
    """

    name: str
    format: str
    height: int
    width: int
    bands: int
    dtype: Any
    needed: float
    decode: Callable[[], Pixels]
    bits: int = 8
    interpretation: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    orientation: int = 1
    turned: int = 1
    dpi: tuple[float, float] | None = None
    has_own_metadata: bool = False
    is_final: bool = True
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not all(0 < side <= _LONGEST for side in (self.height, self.width)):
            raise damaged(self.name, f"{self.width}×{self.height} pixels")
        self._lock = Lock()
        self._pixels: Pixels | None = None

    @property
    def nbytes(self) -> int:
        """Bytes of the pixels that are in memory."""
        return 0 if self._pixels is None else self._pixels.nbytes

    def settle(self) -> None:
        """Decode now where only the pixels say how many there are.

        Raises:
            PhotoError: as `image`.
        """
        if not self.is_final:
            self._decoded()

    def header(self) -> Any:
        """Return a `pyvips.Image` of the same size and kind, black, with the header's fields."""
        black = vips.libvips().Image.black(self.width, self.height, bands=self.bands)
        return self._described(black.cast(_FORMATS[str(np.dtype(self.dtype))]))

    def image(self) -> Any:
        """Return the picture as a `pyvips.Image`.

        Raises:
            PhotoError: if the file turns out to be damaged or cut short.
        """
        return self._described(vips.libvips().Image.new_from_array(self._decoded()))

    def _decoded(self) -> Pixels:
        with self._lock:
            if self._pixels is None:
                self._pixels = np.ascontiguousarray(self._tried())
            return self._pixels

    def _tried(self) -> Pixels:
        try:
            pixels = self.decode()
        except (PhotochromError, MemoryError):
            raise
        except Exception as error:  # each library has errors of its own, and a damaged file may raise any
            raise damaged(self.name, error) from error
        if pixels.shape[:2] == (self.height, self.width) and pixels.ndim == 2:
            pixels = pixels[..., None]
        if not self.is_final:
            self.height, self.width = pixels.shape[:2]
        if pixels.shape != (self.height, self.width, self.bands) or pixels.dtype != self.dtype:
            shape = "×".join(map(str, pixels.shape))
            raise damaged(self.name, f"its pixels are {shape}, not {self.height}×{self.width}×{self.bands}")
        return pixels

    def _described(self, image: Any) -> Any:
        wide = self.dtype == np.uint16
        colours = self.interpretation
        if colours is None:
            colours = ("grey16" if wide else "b-w") if self.bands < 3 else ("rgb16" if wide else "srgb")
        image = image.copy(interpretation=colours)
        if self.dpi and all(0 < dots / 25.4 < _MOST_DOTS for dots in self.dpi):
            image = image.copy(xres=self.dpi[0] / 25.4, yres=self.dpi[1] / 25.4)
        types = vips.libvips().GValue
        kinds = {int: types.gint_type, str: types.gstr_type, bytes: types.blob_type}
        known = {"vips-loader": f"{self.format[1:]}load", "bits-per-sample": self.bits, **self.fields}
        for name, content in known.items():
            if content is not None and (not isinstance(content, int) or abs(content) < 1 << 31):
                image.set_type(kinds[type(content)], name, content)
        # Not what a block of EXIF says: most of these decoders turn the picture.
        image.set_type(types.gint_type, "orientation", self.orientation)
        return image
