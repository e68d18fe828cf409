"""A libvips image whose pixels are computed while it is written: strips go in, an encoder takes them out.

libvips pulls an image through its encoders; Python would rather push strips. The bridge is a source that libvips
reads like a file: an uncompressed BigTIFF whose header is made here and whose pixels are the strips. It costs a
copy of each strip and nothing else, holds 1 to 4 bands of 8 or 16 bits, and needs no file on the disk.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["StripSource"]

Pixels = NDArray[Any]
_ROWS = 16  # to a strip of the TIFF; the strips that are pushed may have any height

# TIFF 6.0 and the BigTIFF extension: field types and tags.
_SHORT, _LONG, _LONG8 = 3, 4, 16
_UNASSOCIATED_ALPHA = 2


class StripSource:
    """Strips of pixels as a file that libvips reads from front to back.

    Args:
        strips: arrays rows×width×bands, top to bottom, together `height` rows.
        height: rows of the image.
        width: columns of the image.
        bands: 1 grey, 2 grey and alpha, 3 sRGB, 4 sRGB and alpha.
        dtype: uint8 or uint16.

    Attributes:
        error: what the strips raised, for libvips only knows that its source ended; None if nothing.
    """

    def __init__(self, strips: Iterator[Pixels], height: int, width: int, bands: int, dtype: Any) -> None:
        self._strips = strips
        self._header = _bigtiff_header(height, width, bands, np.dtype(dtype).itemsize)
        self._size = len(self._header) + height * width * bands * np.dtype(dtype).itemsize
        self._shape, self._dtype = (width, bands), np.dtype(dtype)
        self._piece = memoryview(self._header)
        self._begin = 0  # where in the file the piece lies
        self._at = 0
        self.error: BaseException | None = None
        self._source: Any = None

    def open(self, vips: Any) -> Any:
        """Return the image, to be read once, from top to bottom; keep this object until it was."""
        self._source = vips.SourceCustom()  # kept: libvips calls back through it, but does not own it
        self._source.on_read(self._read)
        self._source.on_seek(self._seek)
        return vips.Image.tiffload_source(self._source, access="sequential")

    def close(self) -> None:
        """Let go of the image: libvips' source and this object hold each other, and the strips with them."""
        self._source, self._strips, self._piece = None, iter(()), memoryview(b"")

    def _read(self, count: int) -> bytes | memoryview:
        if self.error is not None:
            return b""
        try:
            while self._at >= self._begin + len(self._piece):
                if self._at >= self._size:
                    return b""
                self._next()
        except BaseException as error:  # it must not unwind through libvips; `error` hands it on
            self.error = error
            return b""
        start = self._at - self._begin
        piece = self._piece[start : start + count]
        self._at += len(piece)
        return piece

    def _next(self) -> None:
        strip = next(self._strips, None)
        if strip is None:
            raise AssertionError("the strips ended before the image did")
        if strip.shape[1:] != self._shape or strip.dtype != self._dtype:
            raise AssertionError(f"a strip of {strip.dtype} {strip.shape} does not fit the image")
        self._begin += len(self._piece)
        self._piece = np.ascontiguousarray(strip).data.cast("B")

    def _seek(self, offset: int, whence: int) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = base + offset
        if self._at < self._begin:
            # libtiff returns to the header before it has asked for pixels, and never afterwards.
            if self._begin > len(self._header):
                return -1
            self._piece, self._begin = memoryview(self._header), 0
        return self._at


def _bigtiff_header(height: int, width: int, bands: int, size: int) -> bytes:
    """Make all of an uncompressed BigTIFF that comes before its pixels."""
    strips = -(-height // _ROWS)
    full = _ROWS * width * bands * size
    counts = np.full(strips, full, "<u8")
    counts[-1] = height * width * bands * size - (strips - 1) * full
    entries: Mapping[int, tuple[int, NDArray[Any]]] = {
        256: (_LONG, np.array([width], "<u4")),
        257: (_LONG, np.array([height], "<u4")),
        258: (_SHORT, np.full(bands, 8 * size, "<u2")),
        259: (_SHORT, np.array([1], "<u2")),  # no compression
        262: (_SHORT, np.array([1 if bands < 3 else 2], "<u2")),  # black is zero, or RGB
        273: (_LONG8, np.zeros(strips, "<u8")),  # where the strips lie: filled in below
        277: (_SHORT, np.array([bands], "<u2")),
        278: (_LONG, np.array([_ROWS], "<u4")),
        279: (_LONG8, counts),
        284: (_SHORT, np.array([1], "<u2")),  # samples of a pixel lie together
        **({338: (_SHORT, np.array([_UNASSOCIATED_ALPHA], "<u2"))} if bands in (2, 4) else {}),
    }
    behind = 16 + 8 + 20 * len(entries) + 8  # values that do not fit an entry's eight bytes lie behind the entries
    begin = behind + sum(values.nbytes for _, values in entries.values() if values.nbytes > 8)
    entries[273][1][:] = begin + np.arange(strips, dtype="<u8") * np.uint64(full)
    table, values = b"", b""
    for tag, (kind, array) in entries.items():
        raw = array.tobytes()
        place = struct.pack("<Q", behind + len(values)) if len(raw) > 8 else raw.ljust(8, b"\0")
        table += struct.pack("<HHQ", tag, kind, len(array)) + place
        values += raw if len(raw) > 8 else b""
    start = struct.pack("<2sHHHQQ", b"II", 43, 8, 0, 16, len(entries))
    return start + table + struct.pack("<Q", 0) + values
