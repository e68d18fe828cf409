"""What is found out about a photo before its pixels are decoded: too large, cut short, floats that are no sRGB."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

from photochrom.errors import PhotoError, PixelLimitError, TooLargeError
from photochrom.io import vips
from photochrom.io.metadata import ifd
from photochrom.io.metadata.tiff import missing_bytes, opened
from photochrom.io.raster import Raster
from photochrom.io.source import Source
from photochrom.io.tiff_pages import TiffPage, TiffPages

__all__ = ["check_floats", "check_size", "check_whole", "held_bytes", "usable_memory"]

_LONGEST_SIDE = 1_000_000
"""Pixels; of wider photos even a few rows, which decoders and filters hold, are gigabytes."""

_MOST_CHANNELS = 256
"""No photo has more, and libvips takes a step for each of them."""

_ROUNDING = 1e-3  # how far beyond 0 and 1 floats may be by their arithmetic; they are clipped
_TILE_OFFSETS = 324


def check_size(name: str, header: Any, held: float, max_pixels: int) -> None:
    """Refuse a photo of too many pixels, or one that has to be held as a whole and does not fit.

    Args:
        name: what to call it.
        header: as libvips opened it.
        held: bytes of memory that decoding takes, as `held_bytes` says.
        max_pixels: that are allowed.

    Raises:
        PhotoError: if it has too many channels.
        TooLargeError: if it is too large.
    """
    width, height = header.width, header.height
    if header.bands > _MOST_CHANNELS:
        raise PhotoError(name, f"has {header.bands:,} channels", "save it as grey or RGB")
    megapixels = f"{width}×{height} are {width * height:,} pixels"
    if width * height > max_pixels:
        raise PixelLimitError(
            name,
            f"{megapixels}, more than the {max_pixels:,} that are allowed",
            "if you trust the file, raise --max-pixels",
        )
    if max(width, height) > _LONGEST_SIDE:
        raise TooLargeError(
            name,
            f"{width}×{height} pixels are more than {_LONGEST_SIDE:,} to a side",
            "cut it into pieces",
        )
    if held > usable_memory() / 2:
        raise TooLargeError(
            name,
            f"{megapixels} that can only be decoded as a whole, in {held / 1e9:,.1f} GB of this computer's "
            f"{usable_memory() / 1e9:,.1f} GB of memory",
            "save it as baseline JPEG or as TIFF",
        )


def held_bytes(header: Any, raster: Raster | None) -> float:
    """Say about how much memory decoding takes where the format makes a decoder hold all pixels.

    The factors are what was measured, and a little more.
    """
    if raster is not None:
        return raster.needed
    loader = str(header.get("vips-loader"))
    pixels = float(header.width * header.height)
    samples = pixels * header.bands
    if loader.startswith("jpeg"):
        return samples * 2.6 if _flag(header, "jpeg-multiscan") else 0
    if loader.startswith("png"):
        return samples * (2 if header.format == "ushort" else 1) * 1.6 if _flag(header, "interlaced") else 0
    if loader.startswith("tiff"):
        return 0
    return pixels * {"webp": 13, "heif": 27, "gif": 10}[loader.split("load")[0]]


def check_whole(source: Source, name: str, pages: TiffPages, page: TiffPage) -> None:
    """Refuse a TIFF that is cut short, whose missing rows and tiles libvips would read as black.

    Raises:
        PhotoError: if bytes or tiles are missing.
    """
    place = source if isinstance(source, bytes) else Path(source)
    for each in (page, *(other for other in pages.others if other.is_of_a_sensor)):
        if missing := missing_bytes(place, each.at):
            raise PhotoError(
                name, f"is cut short, {missing:,} bytes of its pixels are missing", "fetch or scan it again"
            )
    width, height = page.number(322), page.number(323)
    if width and height:
        planes = page.number(277, 1) if page.has_planes else 1
        tiles = -(-page.width // width) * -(-page.height // height) * planes
        with opened(place) as file:
            start = ifd.Layout.of(file)
            value = (
                None
                if start is None
                else ifd.read(file, start[0], page.at, only=(_TILE_OFFSETS,)).get(_TILE_OFFSETS)
            )
        count = value.count if isinstance(value, ifd.Value) else 0
        if missing := tiles - min(tiles, count):
            raise PhotoError(
                name, f"is damaged, {missing:,} of its {tiles:,} tiles are missing", "fetch or scan it again"
            )


def check_floats(name: str, image: Any, again: Any) -> None:
    """Make sure that a file of floats holds sRGB or grey 0..1, which 16 bits can keep.

    Args:
        name: what to call it.
        image: its samples.
        again: the same, opened a second time, for they are read from top to bottom.

    Raises:
        PhotoError: if it does not, or is damaged.
    """
    try:
        # NaN alone differs from itself; minimum and maximum pass over it.
        if (image != image).max() > 0:
            raise PhotoError(name, "holds NaN, which is no number", "repair it or scan it again")
        stats = again.stats()
        low, high = stats(0, 0)[0], stats(1, 0)[0]
    except vips.libvips().Error as error:
        raise vips.damaged(name, error) from error
    if not (low >= -_ROUNDING and high <= 1 + _ROUNDING):
        raise PhotoError(name, f"its values go from {low:.4g} to {high:.4g}", "scale floats to go from 0 to 1")


@lru_cache(maxsize=1)
def usable_memory() -> float:
    """Bytes of memory that this computer has, or that its container may use; a common amount where none says."""
    known = [8e9]
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        known = [float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))]
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            known.append(float(Path(limit).read_text()))
        except (OSError, ValueError):  # no container, or "max"
            continue
    return min(known)


def _flag(header: Any, field: str) -> bool:
    return bool(header.get_typeof(field)) and bool(header.get(field))
