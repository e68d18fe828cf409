"""Picture: a photo in memory with everything its file carried; read and write."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from photochrom.color import cielab
from photochrom.color.negative import apply_curves, positive_curves
from photochrom.color.recombine import lightness_of
from photochrom.errors import PhotoError, reason_of
from photochrom.io import vips
from photochrom.io.cached import CachedPhoto
from photochrom.io.formats import usual_suffix
from photochrom.io.metadata.header import Metadata
from photochrom.io.reader import STRIP, PhotoFile
from photochrom.io.writer import Image as EncodedImage
from photochrom.io.writer import check_target, write_image
from photochrom.options import MAX_PIXELS

if TYPE_CHECKING:
    from typing import TypeAlias

    from PIL.Image import Image

    Source: TypeAlias = "str | Path | bytes | NDArray[Any] | Image | Picture | CachedPhoto"

__all__ = ["Picture", "as_photo", "as_picture"]

Pixels = NDArray[Any]
_STRIP = 1 << 19  # pixels that are held as floats at a time


@dataclass(frozen=True, eq=False)
class Picture:
    """A photo in memory.

    Attributes:
        pixels: uint8 0..255 or uint16 0..65535, H×W×1 (grey) or H×W×3 (sRGB), upright.
        alpha: of the same type, H×W, or None.
        source: the file it was read from, or None.
        format: suffix of the kind of file it was read from, such as ``".jpg"``, or None.
        metadata: what the file said besides pixels (EXIF, XMP, IPTC, resolution), which is written again.
    """

    pixels: Pixels
    alpha: Pixels | None = None
    source: Path | None = None
    format: str | None = None
    metadata: Metadata = field(default_factory=Metadata, repr=False)

    @property
    def height(self) -> int:
        """Rows of pixels."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """Columns of pixels."""
        return int(self.pixels.shape[1])

    @property
    def bands(self) -> int:
        """1 (grey) or 3 (sRGB), without alpha."""
        return int(self.pixels.shape[2])

    @property
    def dtype(self) -> np.dtype[Any]:
        """uint8 or uint16."""
        return self.pixels.dtype

    @property
    def has_alpha(self) -> bool:
        """Whether there is alpha."""
        return self.alpha is not None

    @property
    def extra_bands(self) -> int:
        """0: in memory there are colours and alpha only."""
        return 0

    @property
    def orientation(self) -> int:
        """1: pixels are upright."""
        return 1

    @classmethod
    def read(cls, source: str | Path | bytes, *, max_pixels: int = MAX_PIXELS) -> Picture:
        """Read a photo from a file or from a file's bytes, with all its pixels, bits and alpha.

        An EXIF orientation is applied, and the colours are converted to sRGB by the file's ICC profile.

        Raises:
            PhotoError: if it is missing, unreadable, empty, damaged, cut short, or no photo.
        """
        return cls.decode(PhotoFile(source, max_pixels=max_pixels))

    @classmethod
    def decode(cls, photo: PhotoFile) -> Picture:
        """Read an open file, as `read`, with its pixels as they are asked for there.

        Raises:
            PhotoError: if the file turns out to be damaged or cut short.
        """
        decoded = np.empty((photo.height, photo.width, photo.bands + photo.has_alpha), photo.dtype)
        top = 0
        for strip in photo.strips():
            decoded[top : top + len(strip)] = strip
            top += len(strip)
        alpha = np.ascontiguousarray(decoded[..., -1]) if photo.has_alpha else None
        pixels = np.ascontiguousarray(decoded[..., : photo.bands])
        return cls(pixels, alpha, photo.path, photo.format, photo.metadata)

    @classmethod
    def from_array(cls, array: Any) -> Picture:
        """Take an array as a photo.

        Args:
            array: H×W, or H×W×1 to 4 (grey, grey and alpha, sRGB, sRGB and alpha); uint8 0..255, uint16 0..65535,
                or float 0..1, which becomes uint16 so that nothing is lost.

        Raises:
            PhotoError: if the shape, the type or a value is not one of these.
        """
        array = np.asarray(array)
        array = array.astype(array.dtype.newbyteorder("="), copy=False)  # TIFF readers give big-endian ones
        if array.ndim == 2:
            array = array[..., None]
        if array.ndim != 3 or array.shape[2] not in (1, 2, 3, 4):
            raise PhotoError(None, f"an array of shape {array.shape} is no photo", "give H×W or H×W×1 to 4")
        if 0 in array.shape:
            raise PhotoError(None, f"an array of shape {array.shape} holds no pixels", "give at least 1×1")
        if np.issubdtype(array.dtype, np.floating):
            array = _from_float(array)
        elif array.dtype not in (np.uint8, np.uint16):
            raise PhotoError(None, f"an array of {array.dtype} is no photo", "give uint8, uint16, or float 0..1")
        colours = 1 if array.shape[2] < 3 else 3
        alpha = array[..., colours].copy() if array.shape[2] > colours else None
        return cls(array[..., :colours].copy(), alpha)

    @classmethod
    def from_pil(cls, image: Image) -> Picture:
        """Take a Pillow image of any mode as a photo, with its EXIF, ICC profile and resolution.

        Raises:
            PhotoError: if Pillow cannot decode it, or as `from_array`.
        """
        # By way of an uncompressed PNG, which carries what Pillow knows to the one reader there is.
        buffer = BytesIO()
        try:
            image.load()  # before its EXIF is asked for: Pillow turns a TIFF upright, and only then says so
            _in_a_png(image).save(buffer, "PNG", compress_level=0, **_pillow_info(image))
        except (OSError, SyntaxError, ValueError) as error:
            raise PhotoError(
                None, f"the Pillow image cannot be decoded ({reason_of(error)})", "fetch or scan it again"
            ) from error
        suffix = None if image.format is None else usual_suffix(image.format)
        return replace(cls.read(buffer.getvalue()), format=suffix)

    def to_numpy(self) -> Pixels:
        """Return a copy of the pixels: H×W (grey) or H×W×3 (sRGB), and alpha as a further channel."""
        joined = self._joined()
        return joined[..., 0].copy() if joined.shape[2] == 1 else joined.copy()

    def to_pil(self) -> Image:
        """Return a Pillow image; 16 bits become 8, unless it is grey, because Pillow has no 16-bit RGB."""
        from PIL import Image

        array = self.to_numpy()
        if array.dtype == np.uint16 and array.ndim == 3:
            array = ((array.astype(np.uint32) + 128) // 257).astype(np.uint8)
        return Image.fromarray(array)

    def lightness(self, rows: slice = slice(None)) -> NDArray[np.float32]:
        """Return CIELAB lightness, 0..100, H×W; of some rows only, where a whole photo of floats is too much."""
        return lightness_of(self.pixels[rows])

    def with_pixels(self, pixels: Pixels, metadata: Metadata | None = None) -> Picture:
        """Return the same photo, with all that its file carried, with other pixels in the same places."""
        if pixels.shape[:2] != self.pixels.shape[:2]:
            raise ValueError(f"pixels of shape {pixels.shape} are not {self.height}×{self.width}")
        return replace(self, pixels=pixels, metadata=metadata or self.metadata)

    def save(self, path: str | Path, *, quality: int | None = None, overwrite: bool = False) -> Path:
        """Write the photo, all of it or nothing.

        Args:
            path: where to; the suffix says the format: .jpg, .png, .webp, .tif, .avif or .bmp. PNG and TIFF keep
                16 bits and alpha; JPEG keeps neither (alpha is laid over white).
            quality: 1..100 for JPEG, WebP and AVIF.
            overwrite: replace a file that is already there.

        Returns:
            `path`.

        Raises:
            OutputError: if the suffix is unknown, a file is there, or the folder is missing or not writable.
        """
        path = Path(path)
        check_target(path, quality=quality, overwrite=overwrite)
        bands = self.bands + self.has_alpha
        image = EncodedImage(self.height, self.width, bands, self.pixels.dtype, self.metadata)
        write_image(path, image, self.strips(), quality=quality)
        return path

    def strips(self) -> Iterator[Pixels]:
        """Give the pixels from top to bottom, rows×width×bands, alpha as a further band, as `PhotoFile.strips`."""
        step = max(2, STRIP // self.width // 2 * 2)  # two rows may share their colours
        for start in range(0, self.height, step):
            yield self._joined(slice(start, start + step))

    def shrunk(self, height: int, width: int) -> Pixels:
        """Return a copy of another size, as `PhotoFile.shrunk`."""
        image = vips.image_from_array(self._joined())
        return vips.array_from_image(vips.resize(image, height, width), name=str(self.source or "photo"))

    def fitted(self, long_edge: int | None) -> Picture:
        """Return the photo, shrunk to at most so many pixels along its longer side, or as it is for None."""
        scale = 1.0 if long_edge is None else long_edge / max(self.height, self.width)
        if scale >= 1:
            return self
        pixels = self.shrunk(*(max(1, round(side * scale)) for side in (self.height, self.width)))
        return replace(
            self,
            pixels=np.ascontiguousarray(pixels[..., : self.bands]),
            alpha=np.ascontiguousarray(pixels[..., -1]) if self.has_alpha else None,
        )

    def positive(self) -> Picture:
        """Return the positive of a photographed negative, as `PhotoFile.view` does."""
        curves = positive_curves(self._joined(), has_alpha=self.has_alpha)
        return replace(self, pixels=apply_curves(self.pixels, curves))

    def _joined(self, rows: slice = slice(None)) -> Pixels:
        if self.alpha is None:
            return self.pixels[rows]
        return np.concatenate([self.pixels[rows], self.alpha[rows, :, None]], axis=2)


def as_photo(source: Source, *, max_pixels: int = MAX_PIXELS) -> Picture | PhotoFile:
    """Open whatever may stand for a photo, as `as_picture`; of a file no more than the header is read yet."""
    if isinstance(source, str | Path | bytes):
        return PhotoFile(source, max_pixels=max_pixels)
    if isinstance(source, CachedPhoto):
        return source.open(max_pixels=max_pixels)
    return as_picture(source)


def as_picture(source: Source, *, max_pixels: int = MAX_PIXELS) -> Picture:
    """Take whatever may stand for a photo: a path, a file's bytes, a Pillow image, an array, or a `Picture`.

    Raises:
        PhotoError: if it is none of these, or cannot be read.
    """
    if isinstance(source, Picture):
        return source
    if isinstance(source, CachedPhoto):
        source = source.source
    if isinstance(source, str | Path | bytes):
        return Picture.read(source, max_pixels=max_pixels)
    if hasattr(source, "getexif"):  # a Pillow image, without importing Pillow to ask
        return Picture.from_pil(cast("Image", source))
    if isinstance(source, np.ndarray):
        return Picture.from_array(source)
    raise PhotoError(
        None, f"a {type(source).__name__} is no photo", "give a path, bytes, a Pillow image or an array"
    )


def _pillow_info(image: Image) -> dict[str, Any]:
    info = {key: image.info[key] for key in ("dpi", "icc_profile") if image.info.get(key)}
    exif = image.getexif()
    return {**info, "exif": exif.tobytes()} if len(exif) else info


def _in_a_png(image: Image) -> Image:
    """Return an image as it is, or in the mode nearest to its own that a PNG can hold."""
    from PIL import Image as pillow

    if image.mode in ("1", "L", "LA", "P", "RGB", "RGBA"):
        return image
    if image.mode in ("F", "I") or image.mode.startswith("I;16"):
        values = np.asarray(image)
        wide = pillow.fromarray(_from_float(values) if image.mode == "F" else _from_wide(values))
        wide.info = image.info
        return wide
    try:
        return image.convert("RGBA" if image.mode in ("La", "RGBa", "PA") else "RGB")
    except ValueError as error:
        raise PhotoError(
            None, f"a Pillow image of mode {image.mode} cannot be read", "convert it to RGB"
        ) from error


def _from_wide(array: Pixels) -> Pixels:
    """Take the integers of Pillow's modes I and I;16 for the 16-bit grey values that they hold."""
    if array.min() < 0 or array.max() > 65535:
        raise PhotoError(
            None, f"the Pillow image's values go from {array.min()} to {array.max()}", "16 bits hold 0 to 65535"
        )
    return array.astype(np.uint16)


def _from_float(array: Pixels) -> Pixels:
    if not np.isfinite(array).all():
        raise PhotoError(None, "the array holds NaN or infinity", "a photo of floats has values from 0 to 1")
    low, high = float(array.min()), float(array.max())
    if low < 0 or high > 1:
        raise PhotoError(None, f"the array's values go from {low:.4g} to {high:.4g}", "floats go from 0 to 1")
    wide: Pixels = cielab.quantize(array, np.uint16)
    return wide
