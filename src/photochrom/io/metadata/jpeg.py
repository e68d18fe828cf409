"""A JPEG's segments besides its pixels, as they are, and into a file that libvips has written.

libvips reads some of them and writes fewer: no comments, and nothing that takes more than one segment.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import BinaryIO

from photochrom.io.metadata.left_out import part_of_segment
from photochrom.io.metadata.xmp.extended import split_packet

__all__ = [
    "EXIF",
    "EXTENDED",
    "MPF",
    "RESOURCES",
    "XMP",
    "comment_segment",
    "exif_segment",
    "is_kept",
    "is_preview",
    "jfif_segment",
    "join_extension",
    "read_segments",
    "resource_segments",
    "segment",
    "segments_end",
    "xmp_segments",
]

EXIF = b"Exif\0\0"
XMP = b"http://ns.adobe.com/xap/1.0/\0"
RESOURCES = b"Photoshop 3.0\0"
MPF = b"MPF\0"
EXTENDED = b"http://ns.adobe.com/xmp/extension/\0"

_OF_OLD_PIXELS = (b"FPXR\0", b"SCALADO\0", b"Ducky")
"""FlashPix's previews, an index of the coded blocks, and the quality that Photoshop saved for the web at."""

_PREVIEW = re.compile(rb"(?:QVGA\0|BGTH|\0\0)?\xff\xd8\xff")
_NAMED = re.compile(rb"[\w:/. -]{3,}\0")  # as segments of other kinds begin

_MOST = 65533  # bytes that a segment holds
_MOST_BYTES = 1 << 26  # of all segments together
_PART = 65400  # of extended XMP per segment
_APP0, _APP1, _APP2, _APP5, _APP8, _APP11 = 0xE0, 0xE1, 0xE2, 0xE5, 0xE8, 0xEB
_APP13, _APP14, _APP15, _COM = 0xED, 0xEE, 0xEF, 0xFE


def read_segments(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Give the second byte of each marker before the pixels, and what its segment holds; stop at damage."""
    file.seek(2)
    while file.tell() < _MOST_BYTES:
        marker = file.read(2)
        while marker[:1] == b"\xff" == marker[1:]:  # fill bytes
            marker = b"\xff" + file.read(1)
        if len(marker) < 2 or marker[0] != 0xFF or marker[1] in (0x00, 0xD9, 0xDA):
            return
        length = file.read(2)
        size = struct.unpack(">H", length)[0] - 2 if len(length) == 2 else -1
        content = file.read(size) if size >= 0 else b""
        if len(content) != size:
            return
        yield marker[1], content


def is_kept(marker: int, content: bytes) -> bool:
    """Whether a segment stays true of a photo with new pixels, and only a copy of it can keep what it says.

    Not so for what libvips or photochrom write anew (EXIF, XMP, Photoshop's resources, ICC profile), what says how
    the pixels are coded, previews, gain maps, and signed histories (C2PA), which are of the old pixels.
    """
    if marker in (_APP0, _APP11, _APP13, _APP14) or not _APP0 < marker <= _APP15:
        return marker == _APP13 and not content.startswith(RESOURCES)
    if marker == _APP1:
        return not content.startswith((EXIF, XMP, EXTENDED))
    if part_of_segment(marker, content) or (marker == _APP8 and content.startswith(b"SPIFF\0")):
        return False
    if content.startswith(_OF_OLD_PIXELS):
        return False
    return not (marker == _APP2 and content.startswith((b"ICC_PROFILE\0", MPF)))


def is_preview(marker: int, content: bytes, *, goes_on: bool) -> bool:
    """Whether a segment holds a preview as a JPEG of its own, as of Samsung, HP and BenQ, or goes on with one.

    Args:
        marker: second byte of the segment's marker.
        content: of the segment.
        goes_on: whether the segment before was one of a preview.
    """
    if not _APP2 <= marker <= _APP5:
        return False
    return bool(_PREVIEW.match(content)) or (goes_on and not _NAMED.match(content))


def segment(marker: int, content: bytes) -> bytes:
    """Write a segment; `content` has 65,533 bytes at most."""
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def jfif_segment(dpi: tuple[float, float]) -> bytes:
    """Write JFIF's segment with a resolution in whole dots per inch; libvips writes none. It goes first."""
    x, y = (min(max(1, round(number)), 0xFFFF) for number in dpi)
    return segment(_APP0, b"JFIF\0" + struct.pack(">HBHHBB", 0x0102, 1, x, y, 0, 0))


def exif_segment(block: bytes) -> bytes:
    """Write an EXIF block of 65,533 bytes at most, its header included."""
    return segment(_APP1, block)


def comment_segment(comment: bytes) -> bytes:
    """Write a comment; what does not fit into one segment goes into the next."""
    return b"".join(segment(_COM, comment[n : n + _MOST]) for n in range(0, max(1, len(comment)), _MOST))


def resource_segments(resources: bytes) -> bytes:
    """Write Photoshop's resources in as many segments as they need; readers put them together again."""
    room = _MOST - len(RESOURCES)
    return b"".join(segment(_APP13, RESOURCES + resources[n : n + room]) for n in range(0, len(resources), room))


def xmp_segments(packet: bytes) -> bytes:
    """Write an XMP packet, in Adobe's extended form if one segment does not hold it."""
    if len(packet) <= _MOST - len(XMP):
        return segment(_APP1, XMP + packet)
    short, extension, digest = split_packet(packet)
    parts = [segment(_APP1, XMP + short)]
    for n in range(0, len(extension), _PART):
        head = EXTENDED + digest + struct.pack(">II", len(extension), n)
        parts.append(segment(_APP1, head + extension[n : n + _PART]))
    return b"".join(parts)


def join_extension(parts: list[bytes]) -> bytes | None:
    """Put the contents of extended XMP's segments together; None if some are missing or there are none."""
    found: dict[bytes, dict[int, bytes]] = {}
    for part in parts:
        head = len(EXTENDED) + 40
        if len(part) >= head:
            size, offset = struct.unpack_from(">II", part, head - 8)
            found.setdefault(part[head - 40 : head - 8] + struct.pack(">I", size), {})[offset] = part[head:]
    for key, pieces in found.items():
        whole = b"".join(piece for _, piece in sorted(pieces.items()))
        if len(whole) == struct.unpack(">I", key[32:])[0]:
            return whole
    return None


def segments_end(file: BinaryIO) -> int:
    """Return where new segments go: after the first marker and JFIF's, which has to be the first segment."""
    file.seek(2)
    head = file.read(4)
    return 2 + 2 + struct.unpack(">H", head[2:])[0] if head[:2] == b"\xff\xe0" else 2
