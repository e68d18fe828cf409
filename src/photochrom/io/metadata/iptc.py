"""IPTC's record (IIM 4.2), with what it says of the old picture left out or corrected."""

from __future__ import annotations

import struct

from photochrom.io.metadata.placement import Placement

__all__ = ["true_record"]

_APPLICATION, _NEWS_PHOTO = 2, 3
_IMAGE_TYPE, _IMAGE_ORIENTATION = 130, 131  # such as "1W", of one black-and-white component; "L", "P" or "S"
_PREVIEWS = (200, 201, 202)
_OBJECT_DATA = (7, 8, 9)  # records that hold a picture itself


def true_record(record: bytes, placement: Placement, orientation: int) -> bytes:
    """Make a record true of a photo with new pixels; a record that is damaged keeps what comes after the damage.

    Args:
        record: data sets, each of a mark, two numbers, a length and data.
        placement: where the pixels went.
        orientation: 1..8, how they have to be turned.
    """
    parts: list[bytes] = []
    at = 0
    while record[at : at + 1] == b"\x1c" and at + 5 <= len(record):
        kind, number, length = struct.unpack_from(">BBH", record, at + 1)
        start = at + 5
        if length & 0x8000:  # so many bytes of length follow
            count = length & 0x7FFF
            length = int.from_bytes(record[start : start + count], "big")
            start += count
        stop = start + length
        if stop > len(record):
            break
        whole, at = record[at:stop], stop
        if kind == _NEWS_PHOTO or kind in _OBJECT_DATA:  # size, colours and compression; a preview
            continue
        if kind == _APPLICATION and (number == _IMAGE_TYPE or number in _PREVIEWS):
            continue
        if (kind, number, length) == (_APPLICATION, _IMAGE_ORIENTATION, 1):
            whole = whole[:-1] + _shape(placement, orientation)
        parts.append(whole)
    return b"".join([*parts, record[at:]])


def _shape(placement: Placement, orientation: int) -> bytes:
    width, height = placement.size[::-1] if orientation >= 5 else placement.size
    return b"S" if width == height else b"L" if width > height else b"P"
