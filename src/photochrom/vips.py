"""The one place that touches libvips: photo files in, pixel arrays out, every failure an error of photochrom.

libvips decodes what archives hold (16 bits, CMYK, ICC profiles, tiled TIFF), streams what does not fit into
memory, and shrinks while it decodes. Loaders that libvips itself marks as unsafe for untrusted files are off.
Files are handed over as open descriptors: libvips reads options out of a name such as ``scan[2]`` and takes
no name that is not UTF-8, but it has no quarrel with a descriptor.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from photochrom.errors import OutputError, PhotoError

__all__ = [
    "PHOTO_SUFFIXES",
    "SAVED_SUFFIXES",
    "Metadata",
    "array_from_image",
    "encode_image",
    "image_from_array",
    "libvips",
    "open_image",
    "read_metadata",
    "read_rgb",
    "render_text",
    "resize_array",
    "to_srgb",
    "with_metadata",
]

Metadata = dict[str, tuple[int, Any]]
"""Header fields to write again: libvips' name of each, its GType and value."""

PHOTO_SUFFIXES = frozenset([".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".tif", ".tiff", ".avif", ".gif"])

SAVED_SUFFIXES: dict[str, dict[str, Any]] = {
    ".jpg": {"Q": 92, "optimize_coding": True},
    ".jpeg": {"Q": 92, "optimize_coding": True},
    ".jpe": {"Q": 92, "optimize_coding": True},
    ".jfif": {"Q": 92, "optimize_coding": True},
    ".png": {},
    ".webp": {"Q": 90},
    ".tif": {"compression": "deflate", "predictor": "horizontal"},
    ".tiff": {"compression": "deflate", "predictor": "horizontal"},
    ".avif": {"Q": 75},
}
"""Suffixes that a result can have, and how each is written; those with a ``Q`` have a quality to choose."""

_JPEG = (".jpg", ".jpeg", ".jpe", ".jfif")
_KEPT = ("exif-data", "xmp-data", "iptc-data", "resolution-unit", "gif-comment")


@lru_cache(maxsize=1)
def libvips() -> Any:
    """Import pyvips on first use and switch off what is unsafe for files from strangers."""
    os.environ.setdefault("VIPS_BLOCK_UNTRUSTED", "1")
    import pyvips

    pyvips.block_untrusted_set(True)
    pyvips.cache_set_max(0)  # each photo is read once; a cache of operations would only hold memory
    return pyvips


def open_image(source: str | Path | bytes, *, name: str = "photo") -> Any:
    """Open a photo upright, without decoding more than its header.

    Args:
        source: a path or the file's bytes.
        name: what to call the bytes in an error.

    Returns:
        A `pyvips.Image` whose EXIF orientation was applied.

    Raises:
        PhotoError: if it is missing, unreadable, empty, or no photo.
    """
    vips = libvips()
    with _opened(source, name) as (stream, label):
        try:
            return vips.Image.new_from_source(stream, "", fail_on="truncated").autorot()
        except vips.Error as error:
            if "known format" not in str(error):
                raise _damaged(label, error) from error
            raise PhotoError(f"{label}: is no photo that photochrom can read; save it as PNG or JPEG") from error


def to_srgb(image: Any) -> Any:
    """Convert an image of any colour space to sRGB (or to grey where it has one band), without alpha."""
    if image.hasalpha():
        image = image.flatten(background=255)
    if image.interpretation in ("b-w", "grey16", "srgb", "rgb16", "rgb") and not image.get_typeof(
        "icc-profile-data"
    ):
        return image
    vips = libvips()
    try:
        if image.get_typeof("icc-profile-data"):
            return image.icc_transform("srgb", embedded=True, depth=16 if image.format == "ushort" else 8)
        return image.colourspace("srgb")
    except vips.Error:
        return image.colourspace("srgb")  # a damaged profile: the numbers are still a photo


def array_from_image(image: Any, *, name: str = "photo") -> np.ndarray[Any, Any]:
    """Decode an image into an array H×W×bands.

    Raises:
        PhotoError: if the file turns out to be damaged or cut short.
    """
    try:
        pixels: np.ndarray[Any, Any] = image.numpy()
    except libvips().Error as error:
        raise _damaged(name, error) from error
    return pixels.reshape(image.height, image.width, image.bands)  # pyvips drops a last axis of one


def image_from_array(pixels: np.ndarray[Any, Any]) -> Any:
    """Wrap a uint8 or uint16 array, H×W or H×W×1 to 4, as a grey or sRGB image (2 and 4: with alpha)."""
    image = libvips().Image.new_from_array(np.ascontiguousarray(pixels))
    wide = pixels.dtype == np.uint16
    grey = pixels.ndim == 2 or pixels.shape[2] < 3
    return image.copy(interpretation=("grey16" if wide else "b-w") if grey else ("rgb16" if wide else "srgb"))


def resize_array(array: np.ndarray[Any, Any], height: int, width: int) -> Callable[[int, int], Any]:
    """Plan a smooth change of size; nothing is computed before rows are asked for.

    Shrinking averages with a Lanczos kernel, so that fine texture does not turn into moiré; enlarging is bicubic.

    Args:
        array: h×w×bands, uint8, uint16 or float32.
        height: rows of the result.
        width: columns of the result.

    Returns:
        A function of a first row and one past the last that gives those rows, ×width×bands, in `array`'s type.
    """
    image = libvips().Image.new_from_array(np.ascontiguousarray(array))
    if (image.height, image.width) != (height, width):
        shrinks = height < image.height or width < image.width
        image = image.resize(
            width / image.width, vscale=height / image.height, kernel="lanczos3" if shrinks else "cubic"
        )

    def rows(start: int, stop: int) -> np.ndarray[Any, Any]:
        return array_from_image(image.crop(0, start, width, stop - start))

    return rows


def read_rgb(source: str | Path | bytes, size: int, *, name: str = "photo") -> np.ndarray[Any, Any]:
    """Read a photo as a square for training: shrunk to cover `size`×`size`, then cut in the centre.

    Args:
        source: a path or the file's bytes.
        size: side of the square in pixels.
        name: what to call the bytes in an error.

    Returns:
        uint8 RGB 0..255, size×size×3.

    Raises:
        PhotoError: as `open_image`, or if the file is damaged.
    """
    vips = libvips()
    open_image(source, name=name)
    with _opened(source, name) as (stream, label):
        try:
            image = vips.Image.thumbnail_source(
                stream, size, height=size, crop="centre", option_string="fail_on=truncated"
            )
            image = to_srgb(image).colourspace("srgb")
            if image.format != "uchar":
                image = image.cast("uchar")
            return array_from_image(image[0:3] if image.bands > 3 else image, name=label)
        except vips.Error as error:
            raise _damaged(label, error) from error


def read_metadata(image: Any) -> Metadata:
    """Collect what a file says and a result should say again: EXIF, XMP, IPTC, comments, resolution.

    The ICC profile is not among it, because pixels are kept as sRGB.
    """
    kept: Metadata = {}
    for field in image.get_fields():
        if field in _KEPT or field.startswith(("exif-ifd", "png-comment-")):
            kept[field] = (image.get_typeof(field), image.get(field))
    # 1 pixel per mm is what libvips says where the file says nothing.
    for field in ("xres", "yres"):
        if image.get(field) != 1.0:
            kept[field] = (image.get_typeof(field), image.get(field))
    return kept


def with_metadata(image: Any, metadata: Metadata) -> Any:
    """Give a copy of `image` the header fields that `read_metadata` collected."""
    resolution = {field: metadata[field][1] for field in ("xres", "yres") if field in metadata}
    image = image.copy(**resolution)
    for field, (kind, value) in metadata.items():
        if field not in resolution:
            image.set_type(kind, field, value)
    for stale in ("orientation", "exif-ifd0-Orientation", "jpeg-thumbnail-data"):
        # libvips fills these in from the EXIF block: how the photo lay, and how it looked, before it got here.
        if image.get_typeof(stale):
            image.remove(stale)
    return image


def encode_image(image: Any, suffix: str, *, quality: int | None = None, profile: bool = False) -> bytes:
    """Encode an image as the kind of file that `suffix` names.

    Args:
        image: an image of 8 or 16 bits; formats without 16 bits or alpha get 8 bits, and alpha over white.
        suffix: one of `SAVED_SUFFIXES`.
        quality: 1..100, for the formats that have one.
        profile: embed the sRGB profile.

    Raises:
        OutputError: if the image does not fit the format (65,535 pixels are the most a JPEG's side may have).
    """
    options = dict(SAVED_SUFFIXES[suffix])
    if quality is not None and "Q" in options:
        options["Q"] = quality
    if profile:
        options["profile"] = "srgb"
    vips = libvips()
    try:
        if suffix not in (".png", ".tif", ".tiff"):
            image = image.colourspace("b-w" if image.bands < 3 else "srgb")
        if suffix in _JPEG and image.hasalpha():
            image = image.flatten(background=255)
        encoded: bytes = image.write_to_buffer(".jpg" if suffix in _JPEG else suffix, **options)
    except vips.Error as error:
        raise OutputError(
            f"the photo cannot be written as {suffix} ({_reason(error)}); try .png or .tif"
        ) from error
    return encoded


def render_text(text: str, height: int) -> np.ndarray[Any, Any]:
    """Draw one line of text in the system's fonts, which know more scripts than a bundled one.

    Args:
        text: what to draw, no markup.
        height: of the letters in pixels, roughly.

    Returns:
        uint8 h×w, 0 paper to 255 ink.
    """
    vips = libvips()
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    pixels: np.ndarray[Any, Any] = vips.Image.text(escaped, font=f"sans {height}", dpi=72).numpy()
    return pixels


@contextmanager
def _opened(source: str | Path | bytes, name: str) -> Iterator[tuple[Any, str]]:
    """Give libvips' view of a file or its bytes, and what to call it in an error."""
    vips = libvips()
    if isinstance(source, bytes):
        if not source:
            raise PhotoError(f"{name}: is empty (0 bytes); fetch or scan it again")
        yield vips.Source.new_from_memory(source), name
        return
    path, label = Path(source), str(source)
    try:
        if path.is_dir():
            raise PhotoError(f"{label}: is a folder, not a photo; name the photos inside it")
        if path.exists() and not path.is_file():
            raise PhotoError(f"{label}: is no regular file; copy the photo to a file first")
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size == 0:
                raise PhotoError(f"{label}: is empty (0 bytes); fetch or scan it again")
            stream = vips.Source.new_from_descriptor(file.fileno())  # which keeps a duplicate of its own
    except FileNotFoundError as error:
        raise PhotoError(f"{label}: there is no such file; check the path") from error
    except PermissionError as error:
        raise PhotoError(f"{label}: cannot be read; check its permissions") from error
    except (OSError, ValueError, vips.Error) as error:  # ValueError: a path with a null byte
        raise PhotoError(f"{label}: cannot be read ({getattr(error, 'strerror', None) or error})") from error
    yield stream, label


def _damaged(label: str, error: Exception) -> PhotoError:
    return PhotoError(f"{label}: is damaged or cut short ({_reason(error)}); fetch or scan it again")


def _reason(error: Exception) -> str:
    """Find the line of libvips' message that says something to a person."""
    lines = [line.strip() for line in str(error).splitlines()]
    telling = [line for line in lines if line and not line.startswith("unable to") and "load error" not in line]
    return telling[0].split(": ", 1)[-1] if telling else "its data ends too early"
