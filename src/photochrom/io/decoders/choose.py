"""Which decoder a file is for, by its content: libvips, or one of those here."""

from __future__ import annotations

from pathlib import Path

from photochrom.io.bmp import open_bmp
from photochrom.io.formats import RAW, kind_of, signed
from photochrom.io.raster import Raster
from photochrom.io.source import Source, first_bytes
from photochrom.io.tiff_pages import TiffPage, TiffPages

__all__ = ["open_raster"]


def open_raster(source: Source, name: str, pages: TiffPages | None, page: TiffPage | None) -> Raster | None:
    """Open a file that libvips does not read; no more than its header is read.

    Args:
        source: a path or the file's bytes.
        name: what to call it; by its suffix, and the path's, a raw is known that begins as a TIFF does.
        pages: of a TIFF.
        page: of these, the photo.

    Returns:
        None for what libvips reads, and what it has to say something of.

    Raises:
        PhotoKindError: if the file is sound, but of a kind that is not read, or not without an extra.
        PhotoError: if it is missing, unreadable, empty or damaged.
    """
    begin = first_bytes(source, name)
    format = signed(begin)
    if pages is not None and page is not None:
        named = _raw_suffix(source, name)
        # A DNG of a scanner may be an ordinary TIFF; other raws are what their names say.
        if pages.is_raw or begin[8:10] == b"CR" or named not in (None, ".dng"):
            from photochrom.io.decoders.raw import open_raw

            return open_raw(source, name, named or ".dng")
        from photochrom.io.decoders.tiff import open_rare_tiff

        return open_rare_tiff(source, name, pages, page)
    if format is None:
        return None
    suffix = format.suffix
    if suffix == ".bmp":
        return open_bmp(source, name)
    if suffix in RAW:
        from photochrom.io.decoders.raw import open_raw

        return open_raw(source, name, suffix)
    if suffix == ".jpg":
        from photochrom.io.decoders.jpeg import open_rare_jpeg

        return open_rare_jpeg(source, name)
    if suffix == ".heic":
        from photochrom.io.decoders.heif import open_heif, reads_heif

        return open_heif(source, name) if reads_heif(source, name) else None
    if suffix == ".jp2":
        from photochrom.io.decoders.jpeg2000 import open_jpeg2000

        return open_jpeg2000(source, name)
    if suffix == ".jxl":
        from photochrom.io.decoders.jpegxl import open_jpegxl

        return open_jpegxl(source, name)
    if suffix in (".pgm", ".pfm"):
        from photochrom.io.decoders.netpbm import open_netpbm

        return open_netpbm(source, name)
    return None


def _raw_suffix(source: Source, name: str) -> str | None:
    suffixes = [Path(name).suffix, "" if isinstance(source, bytes) else Path(source).suffix]
    return next((kind_of(suffix) for suffix in suffixes if suffix.lower() in RAW), None)
