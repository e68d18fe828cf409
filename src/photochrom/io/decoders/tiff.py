"""TIFF pages that libvips does not read, by tifffile and imagecodecs (of the extra `formats`)."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.io.decoders.extra import tifffile
from photochrom.io.extra_samples import Samples
from photochrom.io.metadata import ifd
from photochrom.io.raster import Raster
from photochrom.io.scale import scaled
from photochrom.io.source import Source, open_source
from photochrom.io.tiff_pages import TiffPage, TiffPages
from photochrom.io.unread import unread

__all__ = ["open_rare_tiff"]

_BY_LIBVIPS = frozenset([1, 2, 3, 4, 5, 7, 8, 32771, 32773, 32946, 34676, 34677, 50001])
_COMPRESSIONS = {
    6: "old-style JPEG",
    33003: "JPEG 2000",
    33004: "JPEG 2000",
    33005: "JPEG 2000",
    34712: "JPEG 2000",
    34887: "LERC",
    34892: "JPEG",
    34925: "LZMA",
    34926: "ZSTD",
    34927: "WebP",
    34933: "PNG",
    34934: "JPEG XR",
    22610: "JPEG XR",
    50000: "ZSTD",
    50002: "JPEG XL",
    52546: "JPEG XL",
}
_UNSIGNED, _FLOAT = 1, 3
_OLD_JPEG = 6
_LARGEST_TILE = 1 << 16  # pixels to a side; a damaged one asks for all memory
_PROFILE, _XMP = 34675, 700
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _CMYK, _YCBCR = 0, 1, 2, 3, 5, 6
_COLOURS = {_WHITE_IS_ZERO: 1, _BLACK_IS_ZERO: 1, _RGB: 3}  # samples of a colour that transparency may multiply
_JPEGS = (6, 7, 33007, 34892, 33003, 34712, 50002, 52546, 34934)  # whose decoders give RGB for YCbCr
_BYTES = 4.5  # of memory per byte of samples; measured: 1.5 (64-bit floats) to 3.6


def open_rare_tiff(source: Source, name: str, pages: TiffPages, page: TiffPage) -> Raster | None:
    """Open a page of a rare kind, or of a file with one; no more than its header is read.

    A page that libvips cannot decode makes it fail on the others as well.

    Returns:
        None for what libvips reads, or finds damaged.

    Raises:
        PhotoKindError: if the extra is not installed, or nobody here reads the kind.
    """
    others = [_compression(other) for other in (*pages.photos, *pages.others)]
    kind = _rare(page) or next(filter(None, others), None)
    if kind is None or not (page.width and page.height and min(page.bits)):
        return None
    problem = _unreadable(page)
    if problem is not None:
        raise unread(name, problem)
    library = tifffile(name, kind)
    bits = max(page.bits)
    is_float = page.sample_format == _FLOAT
    dtype = np.dtype({16: np.float32, 24: np.float32, 32: np.float32}.get(bits, np.float64))
    if not is_float:
        dtype = np.dtype(np.uint8 if bits <= 8 or page.meaning == _PALETTE else np.uint16)
    bands = 3 if page.meaning == _PALETTE else page.number(277, 1)
    alpha = (
        Samples.associated(page.tags.get(338, []), _COLOURS[page.meaning]) if page.meaning in _COLOURS else None
    )

    def decode() -> NDArray[Any]:
        with open_source(source, name) as file, library.TiffFile(file, name="photo.tif") as tiff:
            found = tiff.pages[page.index]
            found = found if page.subifd is None else found.pages[page.subifd]
            if max(page.number(322), page.number(323)) > _LARGEST_TILE:
                raise ValueError("its tiles are larger than any")
            if page.compression != _OLD_JPEG:  # which keeps its pixels elsewhere
                parts = zip(found.dataoffsets, found.databytecounts, strict=False)
                missing = prod(found.chunked) - sum(bool(at and size) for at, size in parts)
                if missing > 0:  # tifffile would leave them black
                    raise ValueError(f"{missing:,} of its {prod(found.chunked):,} strips or tiles are missing")
            samples = found.asarray(maxworkers=1)
            if page.has_planes and samples.ndim == 3:
                samples = np.moveaxis(samples, 0, -1)
            samples = samples.reshape(page.height, page.width, -1)
            if page.meaning == _PALETTE:
                samples = found.colormap.T[samples[..., 0]] >> 8
            plain = is_float or page.meaning == _PALETTE
            whole = np.require(samples if plain else scaled(samples, bits), dtype, "W")
            if page.meaning == _WHITE_IS_ZERO and not is_float:
                whole[..., 0] = ~whole[..., 0]
            return whole if alpha is None else _divided(whole, _COLOURS[page.meaning], alpha)

    return Raster(
        name,
        ".tif",
        page.height,
        page.width,
        bands,
        dtype,
        page.height * page.width * bands * max(bits / 8, dtype.itemsize) * _BYTES,
        decode,
        bits=8 if dtype == np.uint8 else min(bits, 16),
        interpretation="cmyk" if page.meaning == _CMYK else None,
        fields=_fields(source, name, page),
        orientation=page.number(274, 1),
    )


def _divided(pixels: NDArray[Any], colours: int, alpha: int) -> NDArray[Any]:
    """Divide colours by the transparency that they are multiplied by; where it is none they are black."""
    full = 1.0 if pixels.dtype.kind == "f" else float(np.iinfo(pixels.dtype).max)
    for row in pixels:
        part = row[:, alpha, None] / full
        straight = np.divide(row[:, :colours], part, out=np.zeros(row[:, :colours].shape), where=part > 0)
        row[:, :colours] = np.clip(straight if pixels.dtype.kind == "f" else np.rint(straight), 0, full)
    return pixels


def _rare(page: TiffPage) -> str | None:
    """Say what about a page is not for libvips; None if nothing is."""
    if kind := _compression(page):
        return kind
    if page.meaning < 0:  # which TIFF demands, and some programs leave out
        return "a TIFF that does not say what its samples mean"
    if page.has_planes and page.is_tiled:
        return "a TIFF of tiles with a plane to each channel"
    bits, is_float = max(page.bits), page.sample_format == _FLOAT
    if len(page.bits) > 1 or bits not in ((32,) if is_float else (1, 2, 4, 8, 16)):
        return f"a TIFF of {'floating-point samples of ' if is_float else ''}{bits} bits"
    return None


def _compression(page: TiffPage) -> str | None:
    if page.compression in _BY_LIBVIPS:
        return None
    return f"a TIFF compressed with {_COMPRESSIONS.get(page.compression, f'number {page.compression}')}"


def _unreadable(page: TiffPage) -> str | None:
    """Say what about a page nobody here reads; None if nothing is."""
    if len(page.bits) > 1:
        return f"a TIFF whose channels have different bits ({', '.join(map(str, sorted(page.bits)))})"
    if page.compression not in _BY_LIBVIPS and page.compression not in _COMPRESSIONS:
        return f"a TIFF compressed with number {page.compression}"
    if page.sample_format not in (_UNSIGNED, _FLOAT, 4):
        return "a TIFF of signed or complex samples"
    meaning = page.meaning if page.meaning >= 0 else _BLACK_IS_ZERO
    if meaning not in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _CMYK) and not (
        meaning == _YCBCR and page.compression in _JPEGS
    ):
        return f"a TIFF in a colour space other than grey, RGB and CMYK (number {meaning})"
    if page.meaning == _CMYK and max(page.bits) > 16:
        return f"a TIFF in CMYK of {max(page.bits)} bits"
    if max(page.bits) > 64:
        return f"a TIFF of {max(page.bits)} bits"
    return None


def _fields(source: Source, name: str, page: TiffPage) -> dict[str, Any]:
    with open_source(source, name) as file:
        start = ifd.Layout.of(file)
        found = {} if start is None else ifd.read(file, start[0], page.at, only=(_PROFILE, _XMP))
    blobs = {tag: value.content or None for tag, value in found.items() if isinstance(value, ifd.Value)}
    return {
        "icc-profile-data": blobs.get(_PROFILE),
        "xmp-data": blobs.get(_XMP),
        "tile-width": page.number(322) or None,
        "tile-height": page.number(323) or None,
    }
