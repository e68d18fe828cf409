"""Photoshop's image resources, which carry IPTC's captions and keywords in JPEG and TIFF.

A resource is ``8BIM``, a number, a name, and data; JPEG has them in APP13 segments, TIFF in the tag 34377, with
IPTC's record in one of its own.
"""

from __future__ import annotations

import struct

from photochrom.io.metadata.iptc import true_record
from photochrom.io.metadata.placement import Placement

__all__ = ["iptc_of", "true_resources", "with_iptc"]

_IPTC, _IPTC_DIGEST, _RESOLUTION = 0x0404, 0x0425, 0x03ED
_FALSE = frozenset(
    [
        *(0x03E8, 0x03EB),  # size and mode, palette, of Photoshop 2
        *(0x0409, 0x040C),  # thumbnails
        *(0x040F, 0x0411),  # ICC profile, and that there is none
        *(0x0422, 0x0423, 0x0424),  # copies of EXIF and XMP
        *(0x0400, 0x0402, 0x0406, 0x0410, 0x042D, 0x0430),  # layers, and the quality of the JPEG
        *(0x03EE, 0x0415, 0x041D, 0x0435),  # alpha channels, and how they are shown
        *range(0x03F3, 0x03FE),  # how to print its greys: halftones, transfer functions, duotone
    ]
)
_PLACES = frozenset([0x0408, 0x041A, 0x0432])
"""Guides, slices, and how long a pixel is, which go where pixels do not stay in their places."""

_PATHS = range(0x07D0, 0x0BB8)
"""Paths in fractions of width and height, which go where pixels are turned, or stand beside others."""
_MARKS = (b"8BIM", b"MeSa", b"PHUT", b"AgHg", b"DCSR")


def iptc_of(resources: bytes) -> bytes | None:
    """Return IPTC's record, or None if there is none."""
    return next((data for number, _, data in _split(resources) if number == _IPTC), None)


def with_iptc(resources: bytes, iptc: bytes | None) -> bytes:
    """Replace IPTC's record by another, or with None by none."""
    new = (
        b""
        if iptc is None
        else b"8BIM" + struct.pack(">HHI", _IPTC, 0, len(iptc)) + iptc + b"\0" * (len(iptc) % 2)
    )
    return new + b"".join(raw for number, raw, _ in _split(resources) if number != _IPTC)


def true_resources(resources: bytes, placement: Placement, orientation: int = 1) -> bytes:
    """Make resources true of a photo with new pixels; what is not true of them is left out.

    Args:
        resources: as a file has them.
        placement: where the pixels went.
        orientation: 1..8, how they have to be turned.
    """
    stays = placement.alone and placement.turned == 1
    parts = []
    record = iptc_of(resources)
    corrected = None if record is None else true_record(record, placement, orientation)
    for number, raw, data in _split(resources):
        if number in _FALSE or (number in _PLACES and not placement.is_same) or (number in _PATHS and not stays):
            continue
        if number == _IPTC_DIGEST and corrected != record:
            continue
        if number == _IPTC and corrected is not None:
            raw = with_iptc(b"", corrected) if data != corrected else raw
        if number == _RESOLUTION and placement.swaps and len(data) >= 16:
            raw = raw.replace(data, data[8:16] + data[:8] + data[16:])
        parts.append(raw)
    return b"".join(parts)


def _split(resources: bytes) -> list[tuple[int, bytes, bytes]]:
    """Part resources into number, bytes as they are, and data; what comes after damage is one of the number -1."""
    found = []
    at = 0
    while at < len(resources):
        name = at + 6
        length = resources[name] if name < len(resources) else 0
        head = name + length + 1 + (length + 1) % 2 + 4
        if resources[at : at + 4] not in _MARKS or head > len(resources):
            break
        (number,) = struct.unpack_from(">H", resources, at + 4)
        (size,) = struct.unpack_from(">I", resources, head - 4)
        stop = head + size + size % 2
        if stop > len(resources) + 1:
            break
        found.append((number, resources[at:stop].ljust(stop - at, b"\0"), resources[head : head + size]))
        at = stop
    return [*found, (-1, resources[at:], b"")] if at < len(resources) else found
