"""What JPEG's segments, PNG's chunks and a block of EXIF say, as `FileMetadata`."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from photochrom.io.metadata import jpeg, png
from photochrom.io.metadata.behind_jpeg import parts_behind
from photochrom.io.metadata.exif import EXIF_HEADER, dots_per_inch, parse_block
from photochrom.io.metadata.ifd import Value
from photochrom.io.metadata.left_out import CREDENTIALS, GAIN_MAP, OTHER_PICTURE, part_of_segment, samsung_parts
from photochrom.io.metadata.photoshop import with_iptc
from photochrom.io.metadata.texts import Text
from photochrom.io.metadata.xmp.extended import joined_packet

if TYPE_CHECKING:
    from photochrom.io.metadata.file_metadata import FileMetadata

__all__ = ["read_jpeg", "read_png", "with_what_exif_says"]

_MADE_UP = (1000 * 0.0254, 1000 * 0.0254)

_JFIF_UNITS = {1: 1.0, 2: 2.54}

_PNG_PARTS = {b"caBX": CREDENTIALS, b"gmAP": GAIN_MAP}
"""Chunks that are not copied, and what they are."""

_MOST_TEXT = 1 << 26  # bytes of a PNG's texts, which may be compressed a thousandfold


def read_jpeg(metadata: FileMetadata, file: BinaryIO) -> FileMetadata:
    """Collect what the segments of a JPEG say."""
    exif, xmp, texts, dpi = metadata.exif, metadata.xmp, list(metadata.texts), None
    resources: list[bytes] = []
    extended: list[bytes] = []
    segments: list[bytes] = []
    left_out: list[str] = []
    listed = previews = False  # whether the file lists its pictures, and whether a preview goes on
    for marker, content in jpeg.read_segments(file):
        listed |= marker == 0xE2 and content.startswith(jpeg.MPF)
        previews = jpeg.is_preview(marker, content, goes_on=previews)
        if previews:
            continue
        left_out += filter(None, [part_of_segment(marker, content)])
        if marker == 0xFE:
            try:
                said = content.decode()
            except UnicodeDecodeError:
                said = content.decode("latin-1")
            texts.append(Text("jpg", content, "", said.rstrip("\0")))
        elif marker == 0xE0 and content.startswith(b"JFIF\0") and len(content) >= 12:
            unit, x, y = struct.unpack_from(">BHH", content, 7)
            dpi = (x * _JFIF_UNITS[unit], y * _JFIF_UNITS[unit]) if unit in _JFIF_UNITS and x and y else None
        elif marker == 0xED and content.startswith(jpeg.RESOURCES):
            resources.append(content.removeprefix(jpeg.RESOURCES))
        elif marker == 0xE1 and content.startswith(jpeg.EXIF):
            exif = exif or content
        elif marker == 0xE1 and content.startswith(jpeg.XMP):
            xmp = xmp or content.removeprefix(jpeg.XMP)
        elif marker == 0xE1 and content.startswith(jpeg.EXTENDED):
            extended.append(content)
        elif jpeg.is_kept(marker, content):
            segments.append(jpeg.segment(marker, content))
    extension = jpeg.join_extension(extended)
    whole = joined_packet(xmp, extension) if xmp is not None and extension is not None else None
    if whole is not None:
        xmp = whole
    else:
        segments += [jpeg.segment(0xE1, content) for content in extended]
    left_out += samsung_parts(file)
    left_out += [part for part in parts_behind(file) if part != OTHER_PICTURE or not listed]
    return replace(
        metadata,
        exif=exif,
        xmp=xmp,
        resources=b"".join(resources) or None,
        texts=tuple(texts),
        segments=b"".join(segments),
        dpi=dpi,
        format="jpg",
        left_out=tuple(left_out),
    )


def read_png(metadata: FileMetadata, file: BinaryIO) -> FileMetadata:
    """Collect what the chunks of a PNG say."""
    exif, xmp, resources, texts, dpi = metadata.exif, metadata.xmp, b"", list(metadata.texts), None
    segments: list[bytes] = []
    left_out: list[str] = []
    lost: list[str] = []
    left = _MOST_TEXT
    for kind, content in png.read_chunks(file):
        if kind in _PNG_PARTS:
            left_out.append(_PNG_PARTS[kind])
        if kind == b"pHYs" and len(content) == 9 and content[8] == 1:
            x, y = struct.unpack_from(">II", content)
            dpi = (x * 0.0254, y * 0.0254) if x and y else None
        if not png.is_kept(kind, content):
            continue
        read = png.text_of(kind, content, left)
        if read is None and kind in png.TEXTS:
            lost.append("a text, which is damaged")
            continue
        if read is None:
            segments.append(png.chunk(kind, content))
            continue
        left -= len(read[1])
        name, block = png.raw_profile(*read) or ("", b"")
        if name in ("exif", "app1") and block.startswith(EXIF_HEADER):
            exif = exif or block
            continue
        if name in ("xmp", "app1"):
            xmp = xmp or block.removeprefix(jpeg.XMP)
            continue
        if name in ("icc", "icm"):
            continue
        if name in ("iptc", "8bim"):
            resources = resources or (with_iptc(b"", block) if block[:1] == b"\x1c" else block)
        texts.append(Text("png", png.chunk(kind, content), *read))
    return replace(
        metadata,
        exif=exif,
        xmp=xmp,
        resources=resources or None,
        texts=tuple(texts),
        segments=b"".join(segments),
        dpi=dpi,
        format="png",
        left_out=tuple(left_out),
        lost=tuple(dict.fromkeys(lost)),
    )


def with_what_exif_says(metadata: FileMetadata) -> FileMetadata:
    """Take from the block the resources that `FileMetadata.adapt` may have put there, and the resolution.

    Where the file itself says another resolution, that holds: many programs put 72 dots per inch into each block.
    But not one pixel per millimetre, which libvips puts into each PNG.
    """
    found, order = ({}, "<") if metadata.exif is None else parse_block(metadata.exif)
    dpi = dots_per_inch(found, order)
    iptc, others = (v.content if isinstance(v := found.get(tag), Value) else None for tag in (33723, 34377))
    resources = with_iptc(others or b"", iptc) if iptc else others
    own = metadata.dpi
    if dpi is None or (own is not None and own != _MADE_UP and abs(np.subtract(dpi, own)).max() >= 1):
        dpi = own  # a smaller difference is a rounding of the file's
    return replace(metadata, dpi=dpi, resources=metadata.resources or resources or None)
