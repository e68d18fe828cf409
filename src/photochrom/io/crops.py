"""A photo as a small square of RGB, cropped or resized, as networks are trained and measured on."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import PhotoError
from photochrom.io.plain_jpeg import PlainJpeg
from photochrom.io.reader import PhotoFile

__all__ = ["read_crop", "read_resized"]

Photo = PhotoFile | PlainJpeg

_MOST = 50_000_000  # pixels of which a crop is cut; a line of 3000×1 would become 768,000×256


def read_crop(source: str | Path | bytes, size: int, *, name: str | None = None) -> NDArray[np.uint8]:
    """Read the centre crop of a photo, as for training: shrunk to cover `size`×`size`, then cut in the centre.

    Args:
        source: a path or the file's bytes.
        size: side of the square in pixels.
        name: what to call it in an error, or None for its path.

    Returns:
        uint8 RGB 0..255, size×size×3; what is transparent lies over white.

    Raises:
        PhotoError: as `PhotoFile`, if the file is damaged, or if so much of it lies beside the crop that it
            would have to be enlarged beyond all measure.
    """
    return _read(_crop, source, size, name)


def read_resized(source: str | Path | bytes, size: int, *, name: str | None = None) -> NDArray[np.uint8]:
    """Read a photo as `read_crop` does, but resized to the square as a whole, its aspect lost."""
    return _read(_resized, source, size, name)


def _read(
    cut: Callable[[Photo, int], NDArray[np.uint8]], source: str | Path | bytes, size: int, name: str | None
) -> NDArray[np.uint8]:
    plain = PlainJpeg.open(source, name or "photo") if isinstance(source, bytes) else None
    if plain is not None:
        with suppress(ValueError):  # of a damaged file; perhaps no pixel is lost
            return cut(plain, size)
    return cut(PhotoFile(source, name=name), size)


def _crop(photo: Photo, size: int) -> NDArray[np.uint8]:
    scale = size / min(photo.height, photo.width)
    height, width = (max(size, round(side * scale)) for side in (photo.height, photo.width))
    if height * width > _MOST:
        raise PhotoError(photo.name, f"{photo.width}×{photo.height} pixels are too thin for a square", "cut it")
    pixels = photo.shrunk(height, width)
    top, left = (height - size) // 2, (width - size) // 2
    return _opaque_rgb(pixels[top : top + size, left : left + size], photo.has_alpha)


def _resized(photo: Photo, size: int) -> NDArray[np.uint8]:
    return _opaque_rgb(photo.shrunk(size, size), photo.has_alpha)


def _opaque_rgb(pixels: NDArray[Any], has_alpha: bool) -> NDArray[np.uint8]:
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    if has_alpha:
        opaque = pixels[..., -1:].astype(np.float32) / 255
        pixels = np.round(pixels[..., :-1] * opaque + 255 * (1 - opaque)).astype(np.uint8)
    return np.ascontiguousarray(pixels if pixels.shape[2] == 3 else pixels.repeat(3, axis=2))
