"""What a JPEG's frame header says (ITU-T T.81, B.2.2; T.87 for JPEG-LS): the kind of coding, bits and size."""

from __future__ import annotations

import struct
from typing import BinaryIO, NamedTuple

from photochrom.io.metadata.jpeg import read_segments

__all__ = ["Frame", "profile_of", "read_frame"]

_FRAMES = frozenset([*range(0xC0, 0xD0), 0xF7]) - {0xC4, 0xC8, 0xCC}
_ICC = b"ICC_PROFILE\0"


class Frame(NamedTuple):
    """A frame header.

    Attributes:
        kind: the marker's second byte: 0xC0 baseline, 0xC3 lossless, 0xF7 JPEG-LS.
        bits: of a sample.
        height: rows of pixels.
        width: columns of pixels.
        components: channels.
    """

    kind: int
    bits: int
    height: int
    width: int
    components: int


def read_frame(file: BinaryIO) -> Frame | None:
    """Read the frame header of a JPEG or JPEG-LS; None where there is none."""
    for marker, content in read_segments(file):
        if marker in _FRAMES:
            return Frame(marker, *struct.unpack_from(">BHHB", content)) if len(content) >= 6 else None
    return None


def profile_of(file: BinaryIO) -> bytes | None:
    """Join a JPEG's ICC profile (ICC.1, B.4); None where it has none, or not all of its parts."""
    parts: dict[int, bytes] = {}
    count = 0
    for marker, content in read_segments(file):
        if marker == 0xE2 and content.startswith(_ICC) and len(content) > 14:
            parts[content[12]], count = content[14:], content[13]
    whole = [parts[number] for number in range(1, count + 1) if number in parts]
    return b"".join(whole) if whole and len(whole) == count else None
