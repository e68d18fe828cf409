"""Picture: a photo in memory with everything its file carried; read and write."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from photochrom import color, vips
from photochrom.errors import OutputError, PhotoError
from photochrom.files import replace_file

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["Picture"]

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
        metadata: header fields that are written again (EXIF, XMP, IPTC, resolution), as libvips names them.
        profile: whether the file carried an ICC profile; the result then carries that of sRGB.
    """

    pixels: Pixels
    alpha: Pixels | None = None
    source: Path | None = None
    format: str | None = None
    metadata: vips.Metadata = field(default_factory=dict, repr=False)
    profile: bool = False

    @property
    def height(self) -> int:
        """Rows of pixels."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """Columns of pixels."""
        return int(self.pixels.shape[1])

    @classmethod
    def read(cls, source: str | Path | bytes) -> Picture:
        """Read a photo from a file or from a file's bytes, with all its pixels, bits and alpha.

        An EXIF orientation is applied, and the colours are converted to sRGB by the file's ICC profile.

        Raises:
            PhotoError: if it is missing, unreadable, empty, damaged, cut short, or no photo.
        """
        name = "photo" if isinstance(source, bytes) else str(source)
        image = vips.open_image(source, name=name)
        metadata = vips.read_metadata(image)
        profile = bool(image.get_typeof("icc-profile-data"))
        suffix = _suffix_of(str(image.get("vips-loader")))
        colours = image.bands - 1 if image.hasalpha() else image.bands
        decoded = vips.array_from_image(image, name=name)  # once: alpha and colours come from the same memory
        if decoded.dtype not in (np.uint8, np.uint16):
            raise PhotoError(f"{name}: has {decoded.dtype} samples; save it with 8 or 16 bits per channel")
        alpha = np.ascontiguousarray(decoded[..., colours]) if image.hasalpha() else None
        if image.interpretation not in ("b-w", "grey16", "srgb", "rgb16") or profile:
            decoded = vips.array_from_image(vips.to_srgb(_colours_only(image, decoded, colours)), name=name)
        pixels = np.ascontiguousarray(decoded[..., : 1 if decoded.shape[2] < 3 else 3])
        path = None if isinstance(source, bytes) else Path(source)
        return cls(pixels, alpha, path, suffix, metadata, profile)

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
            raise PhotoError(f"an array of shape {array.shape} is no photo; give H×W or H×W×1 to 4")
        if 0 in array.shape:
            raise PhotoError(f"an array of shape {array.shape} holds no pixels; give at least 1×1")
        if np.issubdtype(array.dtype, np.floating):
            array = _from_float(array)
        elif array.dtype not in (np.uint8, np.uint16):
            raise PhotoError(f"an array of {array.dtype} is no photo; give uint8, uint16, or float 0..1")
        colours = 1 if array.shape[2] < 3 else 3
        alpha = array[..., colours].copy() if array.shape[2] > colours else None
        return cls(array[..., :colours].copy(), alpha)

    @classmethod
    def from_pil(cls, image: Image) -> Picture:
        """Take a Pillow image of any mode as a photo, with its EXIF, ICC profile and resolution.

        Raises:
            PhotoError: if Pillow cannot decode it, or as `from_array`.
        """
        if image.mode == "F":
            return cls.from_array(np.asarray(image))
        if image.mode == "I" or image.mode.startswith("I;16"):
            return cls.from_array(_from_wide(np.asarray(image)))
        if image.mode not in ("1", "L", "LA", "P", "RGB", "RGBA"):
            try:
                image = image.convert("RGBA" if image.mode in ("La", "RGBa", "PA") else "RGB")
            except ValueError as error:
                raise PhotoError(
                    f"a Pillow image of mode {image.mode} cannot be read; convert it to RGB"
                ) from error
        # By way of an uncompressed PNG, which carries what Pillow knows to the one reader there is.
        buffer = BytesIO()
        try:
            image.save(buffer, "PNG", compress_level=0, **_pillow_info(image))
        except (OSError, SyntaxError, ValueError) as error:
            raise PhotoError(f"the Pillow image cannot be decoded ({error}); fetch or scan it again") from error
        suffix = None if image.format is None else _suffix_of(image.format)
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
        pixels = self.pixels[rows]
        if pixels.shape[2] == 1:
            return _grey_lightness(pixels.dtype.name)[pixels[..., 0]]
        out = np.empty(pixels.shape[:2], np.float32)
        step = max(1, _STRIP // self.width)
        for start in range(0, len(out), step):
            out[start : start + step] = color.lightness(pixels[start : start + step])
        return out

    def with_pixels(self, pixels: Pixels) -> Picture:
        """Return the same photo, with all that its file carried, with other pixels in the same places."""
        if pixels.shape[:2] != self.pixels.shape[:2]:
            raise ValueError(f"pixels of shape {pixels.shape} are not {self.height}×{self.width}")
        return replace(self, pixels=pixels)

    def save(self, path: str | Path, *, quality: int | None = None, overwrite: bool = False) -> Path:
        """Write the photo, all of it or nothing.

        Args:
            path: where to; the suffix says the format: .jpg, .png, .webp, .tif or .avif. PNG and TIFF keep 16 bits
                and alpha; JPEG keeps neither (alpha is laid over white).
            quality: 1..100 for JPEG, WebP and AVIF.
            overwrite: replace a file that is already there.

        Returns:
            `path`.

        Raises:
            OutputError: if the suffix is unknown, a file is there, or the folder is missing or not writable.
        """
        path = Path(path)
        suffix = path.suffix.lower()
        if suffix not in vips.SAVED_SUFFIXES:
            raise OutputError(
                f"{path}: cannot write {suffix or 'a name without suffix'}; use .jpg, .png, .webp or .tif"
            )
        if quality is not None and not 1 <= quality <= 100:
            raise OutputError(f"{path}: a quality of {quality} is out of range; use 1 to 100")
        _check_target(path, overwrite=overwrite)
        image = vips.with_metadata(vips.image_from_array(self._joined()), self.metadata)
        try:
            encoded = vips.encode_image(
                image, suffix, quality=quality, profile=self.profile and self.pixels.shape[2] == 3
            )
        except OutputError as error:
            raise OutputError(f"{path}: {error}") from error
        _write(path, encoded)
        return path

    def _joined(self) -> Pixels:
        return self.pixels if self.alpha is None else np.concatenate([self.pixels, self.alpha[..., None]], axis=2)


def _colours_only(image: Any, decoded: Pixels, colours: int) -> Any:
    """Put decoded samples without alpha back under the header that says their colour space."""
    plain = vips.libvips().Image.new_from_array(np.ascontiguousarray(decoded[..., :colours]))
    plain = plain.copy(interpretation=image.interpretation)
    if image.get_typeof("icc-profile-data"):
        plain = plain.copy()
        plain.set_type(image.get_typeof("icc-profile-data"), "icc-profile-data", image.get("icc-profile-data"))
    return plain


def _suffix_of(kind: str) -> str | None:
    """Name the usual suffix of a libvips loader (``jpegload_source``) or a Pillow format (``JPEG``)."""
    usual = {"jpeg": ".jpg", "png": ".png", "webp": ".webp", "tiff": ".tif", "heif": ".avif", "avif": ".avif"}
    return usual.get(kind.lower().split("load")[0])


def _pillow_info(image: Image) -> dict[str, Any]:
    info = {key: image.info[key] for key in ("dpi", "icc_profile") if image.info.get(key)}
    exif = image.getexif()
    return {**info, "exif": exif.tobytes()} if len(exif) else info


def _from_wide(array: Pixels) -> Pixels:
    """Take the integers of Pillow's modes I and I;16 for the 16-bit grey values that they hold."""
    if array.min() < 0 or array.max() > 65535:
        raise PhotoError(
            f"the Pillow image's values go from {array.min()} to {array.max()}; 16 bits hold 0 to 65535"
        )
    return array.astype(np.uint16)


def _from_float(array: Pixels) -> Pixels:
    if not np.isfinite(array).all():
        raise PhotoError("the array holds NaN or infinity; a photo of floats has values from 0 to 1")
    low, high = float(array.min()), float(array.max())
    if low < 0 or high > 1:
        raise PhotoError(f"the array's values go from {low:.4g} to {high:.4g}; floats go from 0 to 1")
    wide: Pixels = color.quantize(array, np.uint16)
    return wide


@lru_cache(maxsize=2)
def _grey_lightness(dtype: str) -> NDArray[np.float32]:
    """Lightness of every grey value; a look-up costs far less than a cube root per pixel."""
    values = np.arange(np.iinfo(dtype).max + 1, dtype=dtype)
    return np.asarray(color.lightness(np.stack([values] * 3, axis=-1)), dtype=np.float32)


def _check_target(path: Path, *, overwrite: bool) -> None:
    try:
        if not path.parent.is_dir():
            raise OutputError(f"{path}: the folder {path.parent} does not exist; make it first")
        if path.is_dir():
            raise OutputError(f"{path}: is a folder; give the file a name")
        if path.exists() and not overwrite:
            raise OutputError(f"{path}: is already there; choose another name or allow overwriting")
    except (OSError, ValueError) as error:
        raise OutputError(f"{path}: cannot be written ({getattr(error, 'strerror', None) or error})") from error


def _write(path: Path, content: bytes) -> None:
    try:
        with replace_file(path) as temporary:
            temporary.write_bytes(content)
    except (OSError, ValueError) as error:  # ValueError: a name with a null byte
        reason = getattr(error, "strerror", None) or error
        raise OutputError(f"{path}: cannot be written ({reason}); check the folder and its disk") from error
