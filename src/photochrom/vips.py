"""The one place that touches libvips: photo files in, pixel arrays out, every failure a `PhotoError`.

libvips decodes what archives hold (16 bits, CMYK, ICC profiles, tiled TIFF), streams what does not fit into
memory, and shrinks while it decodes. Loaders that libvips itself marks as unsafe for untrusted files are off.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from photochrom.errors import PhotoError

__all__ = ["PHOTO_SUFFIXES", "array_from_image", "image_from_array", "libvips", "open_image", "read_rgb", "to_srgb"]

PHOTO_SUFFIXES = frozenset(
    [".jpg", ".jpeg", ".jpe", ".png", ".webp", ".tif", ".tiff", ".avif", ".gif", ".bmp"]
)  # fmt: skip


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
    label = name if isinstance(source, bytes) else str(source)
    if not isinstance(source, bytes):
        path = Path(source)
        if not path.exists():
            raise PhotoError(f"{label}: there is no such file; check the path")
        if path.is_dir():
            raise PhotoError(f"{label}: is a folder, not a photo")
        if not os.access(path, os.R_OK):
            raise PhotoError(f"{label}: cannot be read; check its permissions")
        if path.stat().st_size == 0:
            raise PhotoError(f"{label}: is empty (0 bytes); fetch or scan it again")
    elif not source:
        raise PhotoError(f"{label}: is empty (0 bytes); fetch or scan it again")
    try:
        if isinstance(source, bytes):
            return vips.Image.new_from_buffer(source, "", fail_on="truncated").autorot()
        return vips.Image.new_from_file(str(source), fail_on="truncated").autorot()
    except vips.Error as error:
        raise PhotoError(f"{label}: is no photo that photochrom can read ({_reason(error)})") from error


def to_srgb(image: Any) -> Any:
    """Convert an image of any colour space to sRGB (or to grey where it has one band), without alpha."""
    if image.hasalpha():
        image = image.flatten(background=255)
    if image.interpretation in ("b-w", "grey16", "srgb", "rgb16", "rgb") and not image.get_typeof("icc-profile-data"):
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
        raise PhotoError(f"{name}: is damaged or cut short ({_reason(error)}); fetch or scan it again") from error
    return pixels[..., None] if pixels.ndim == 2 else pixels


def image_from_array(pixels: np.ndarray[Any, Any]) -> Any:
    """Wrap a uint8 or uint16 array H×W×1 or H×W×3 as an image tagged as grey or sRGB."""
    image = libvips().Image.new_from_array(np.ascontiguousarray(pixels))
    wide = pixels.dtype == np.uint16
    grey = pixels.ndim == 2 or pixels.shape[2] == 1
    return image.copy(interpretation=("grey16" if wide else "b-w") if grey else ("rgb16" if wide else "srgb"))


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
    label = name if isinstance(source, bytes) else str(source)
    options = {"height": size, "crop": "centre", "fail_on": "truncated"}
    try:
        if isinstance(source, bytes):
            image = vips.Image.thumbnail_buffer(source, size, **options)
        else:
            image = vips.Image.thumbnail(str(source), size, **options)
        image = to_srgb(image).colourspace("srgb")
        if image.format != "uchar":
            image = image.cast("uchar")
        return array_from_image(image[0:3] if image.bands > 3 else image, name=label)
    except vips.Error as error:
        raise PhotoError(f"{label}: is damaged or cut short ({_reason(error)})") from error


def _reason(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else "unknown reason"
