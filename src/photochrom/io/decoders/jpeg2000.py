"""JPEG 2000 by OpenJPEG (imagecodecs, of the extra `formats`)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.io.bmff import boxes
from photochrom.io.decoders.extra import imagecodecs
from photochrom.io.decoders.jpeg2000_header import read_colours, read_size
from photochrom.io.metadata.exif import orientation_of
from photochrom.io.raster import Raster
from photochrom.io.scale import scaled
from photochrom.io.source import Source, damaged, first_bytes, open_source, read_all
from photochrom.io.unread import unread

__all__ = ["open_jpeg2000"]

_SRGB, _GREY, _CMYK, _UNSAID = 16, 17, 12, None
_OTHERS = {b"mjp2": "a film (Motion JPEG 2000)", b"jpm ": "a compound document of JPEG 2000 (JPM)"}
_EXIF = b"JpgTiffExif->JP2"
_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_BYTES = 11  # of memory per sample; measured: 6.7 of 8 bits, 9.6 of 16


def open_jpeg2000(source: Source, name: str) -> Raster:
    """Open a JPEG 2000 file or codestream; no more than its header is read.

    Raises:
        PhotoKindError: if the extra is not installed, or the picture is of a rare kind.
        PhotoError: if it is damaged.
    """
    codecs = imagecodecs(name, "JPEG 2000")
    with open_source(source, name) as file:
        size, colours = read_size(file), read_colours(file)
        fields = _metadata(file)
    if size is None and first_bytes(source, name)[20:24] in _OTHERS:
        raise unread(name, _OTHERS[first_bytes(source, name)[20:24]])
    if size is None:
        raise damaged(name, "its header cannot be read")
    if not size.is_plain:
        raise unread(name, "a JPEG 2000 whose channels differ in bits or size, or are signed")
    if colours.space not in (_SRGB, _GREY, _CMYK, _UNSAID):
        raise unread(name, f"a JPEG 2000 in a colour space other than sRGB and grey (number {colours.space})")
    bands = colours.channels if colours.has_palette else size.components
    if colours.space == _CMYK or bands > 4:
        raise unread(name, f"a JPEG 2000 of {bands} channels" if bands > 4 else "a JPEG 2000 in CMYK")
    dtype = np.uint8 if size.bits <= 8 else np.uint16

    def decode() -> NDArray[Any]:
        samples = codecs.jpeg2k_decode(read_all(source, name=name))
        return scaled(samples.reshape(size.height, size.width, bands), size.bits)

    return Raster(
        name,
        ".jp2",
        size.height,
        size.width,
        bands,
        np.dtype(dtype),
        size.height * size.width * bands * _BYTES,
        decode,
        bits=size.bits,
        fields={"icc-profile-data": colours.profile, **fields},
        orientation=orientation_of(fields.get("exif-data")),
    )


def _metadata(file: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    file.seek(0)
    if file.read(4) == b"\xff\x4f\xff\x51":
        return fields
    for box in boxes(file):
        if box.kind != b"uuid":
            continue
        content = box.read(file)
        if content.startswith(_EXIF):
            fields["exif-data"] = content[16:]
        elif content.startswith(_XMP):
            fields["xmp-data"] = content[16:]
    return fields
