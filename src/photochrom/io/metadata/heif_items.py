"""What the tables of a HEIF or AVIF file say: what is in it besides the photo, and how decoders turn it.

The tables are ISO/IEC 14496-12's and 23008-12's boxes.
"""

from __future__ import annotations

import re
from typing import BinaryIO

from photochrom.io.metadata.left_out import DEPTH, GAIN_MAP, MASK

__all__ = ["decoder_turn", "heif_parts"]

_AUXILIARIES = (  # of HEIF, by their names
    (re.compile(rb"hdrgainmap|urn:iso:std:iso:ts:21496:-1"), GAIN_MAP),
    (re.compile(rb"auxid:2\0|auxiliary:depth|aux:disparity|aux:depth"), DEPTH),
    (re.compile(rb"aux:(?:portraiteffectsmatte|semantic)"), MASK),
)
_HEIF_HEAD = 1 << 18  # bytes, in which a photo's tables of items fit
_TURNS = {1: 8, 2: 3, 3: 6}  # quarters anticlockwise, as EXIF orientations


def heif_parts(file: BinaryIO) -> list[str]:
    """Name the auxiliary pictures of a HEIF or AVIF file, which its tables at the beginning describe."""
    file.seek(0)
    head = file.read(_HEIF_HEAD)
    size = int.from_bytes(head[:4], "big")
    parts = [GAIN_MAP] if b"tmap" in head[8 : min(size, 1024)] else []
    return parts + [name for pattern, name in _AUXILIARIES if name not in parts and pattern.search(head)]


def decoder_turn(file: BinaryIO, orientation: int) -> int:
    """Tell how decoders turn the photo of a file, which they do by its boxes alone.

    Args:
        file: open for reading.
        orientation: EXIF's, which says the same in more detail where it is there.

    Returns:
        The EXIF orientation 1..8 by which the decoded pixels have been turned.
    """
    file.seek(0)
    head = file.read(_HEIF_HEAD)
    turn = re.search(rb"\0\0\0\x09irot(.)", head, re.DOTALL)
    if turn is None and b"\0\0\0\x09imir" not in head:
        return 1
    if orientation in range(2, 9):
        return orientation
    return 1 if turn is None else _TURNS.get(turn[1][0] & 3, 1)
