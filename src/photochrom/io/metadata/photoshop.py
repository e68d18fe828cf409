"""Photoshop's image resources, which carry IPTC's captions and keywords in JPEG and TIFF.

A resource is ``8BIM``, a number, a name, and data; JPEG has them in APP13 segments, TIFF in the tag 34377, with
IPTC's record in one of its own.
"""

from __future__ import annotations

import struct

__all__ = ["iptc_of", "with_iptc", "without_thumbnails"]

_IPTC = 0x0404
_THUMBNAILS = (0x0409, 0x040C)
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


def without_thumbnails(resources: bytes) -> bytes:
    """Leave out Photoshop's thumbnails, which show the photo as it was."""
    return b"".join(raw for number, raw, _ in _split(resources) if number not in _THUMBNAILS)


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
