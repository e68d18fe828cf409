"""What a file can hold besides its picture, and a result does not: found in containers, and named for notes."""

from __future__ import annotations

import struct
from io import SEEK_END
from typing import BinaryIO

__all__ = [
    "CREDENTIALS",
    "DEPTH",
    "GAIN_MAP",
    "JUMBF",
    "MAP",
    "MASK",
    "OTHER_DATA",
    "OTHER_PICTURE",
    "OTHER_VIEW",
    "PANORAMA",
    "REGIONS",
    "VIDEO",
    "named_once",
    "part_of_item",
    "part_of_segment",
    "samsung_parts",
]

GAIN_MAP = "a gain map"
VIDEO = "a video"
SOUND = "a sound"
DEPTH = "a depth map"
MASK = "a mask"
OTHER_VIEW = "another picture of the same shot"
OTHER_PICTURE = "a second picture behind it in the file"
OTHER_DATA = "data behind the picture, of another program or the camera"
CREDENTIALS = "Content Credentials (C2PA), which vouch for the photo as it was"
JUMBF = "a box of JUMBF, which only programs that know it read"
REGIONS = "regions, such as faces, which would lie elsewhere"
PANORAMA = "what made it a panorama"
MAP = "its place on the map (GeoTIFF), which would be another"

_ISO_GAIN_MAP = b"urn:iso:std:iso:ts:21496:-1"
_SEMANTICS = {  # of the items of Google's container, in small letters
    "primary": "",
    "gainmap": GAIN_MAP,
    "recoverymap": GAIN_MAP,  # as it was called in drafts
    "motionphoto": VIDEO,
    "depth": DEPTH,
    "depthmap": DEPTH,
    "confidencemap": DEPTH,
    "audio": SOUND,
}
_SAMSUNG = {  # kinds of entries in the trailer of Samsung's JPEGs
    0x0001: OTHER_VIEW,
    0x0100: SOUND,
    0x0201: VIDEO,
    0x0A20: OTHER_VIEW,
    0x0A30: VIDEO,
    0x0AB1: DEPTH,
    0x0B41: DEPTH,
}
_MOST_ENTRIES = 1000


def named_once(parts: list[str]) -> tuple[str, ...]:
    """Return each name once; a picture whose meaning is known is no "other picture" as well."""
    known = {GAIN_MAP, DEPTH, MASK, OTHER_VIEW}.intersection(parts)
    return tuple(dict.fromkeys(part for part in parts if part != OTHER_PICTURE or not known))


def part_of_segment(marker: int, content: bytes) -> str | None:
    """Name what a segment of a JPEG stands for that no result holds; None if it is none of these."""
    if marker == 0xE2 and content.startswith(_ISO_GAIN_MAP):
        return GAIN_MAP
    if marker == 0xEB and content.startswith(b"HDR_RI"):  # JPEG-HDR
        return GAIN_MAP
    # Each part of a box has its number and the box's head; the first one also says what it is (ISO/IEC 19566-5).
    if marker == 0xEB and content.startswith(b"JP") and content[4:8] == b"\0\0\0\1":
        return CREDENTIALS if b"c2pa" in content[:512] else JUMBF
    return None


def part_of_item(semantic: str) -> str:
    """Name an item of Google's container; nothing for the photo itself."""
    return _SEMANTICS.get(semantic.lower(), OTHER_VIEW)


def samsung_parts(file: BinaryIO) -> list[str]:
    """Name what stands behind the picture in a JPEG from Samsung, by the directory at the file's end."""
    try:
        end = file.seek(0, SEEK_END)
        file.seek(max(0, end - 8))
        length, mark = struct.unpack("<I4s", file.read(8))
        if mark != b"SEFT" or length + 8 > end:
            return []
        file.seek(end - 8 - length)
        directory = file.read(length)
        mark, _, count = struct.unpack_from("<4sII", directory)
        if mark != b"SEFH":
            return []
        kinds = [struct.unpack_from("<H", directory, 14 + 12 * n)[0] for n in range(min(count, _MOST_ENTRIES))]
    except struct.error:
        return []
    return [_SAMSUNG[kind] for kind in kinds if kind in _SAMSUNG]
