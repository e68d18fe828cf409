"""What the tables of a HEIF or AVIF file say: what is in it besides the photo, and how decoders turn it.

The tables are ISO/IEC 14496-12's and 23008-12's boxes.
"""

from __future__ import annotations

import re
from typing import BinaryIO

from photochrom.io.bmff import boxes
from photochrom.io.metadata.left_out import DEPTH, GAIN_MAP, MASK, VIDEO

__all__ = ["decoder_turn", "heif_parts"]

_AUXILIARIES = (  # of HEIF, by their names
    (re.compile(rb"hdrgainmap|urn:iso:std:iso:ts:21496:-1"), GAIN_MAP),
    (re.compile(rb"auxid:2\0|auxiliary:depth|aux:disparity|aux:depth"), DEPTH),
    (re.compile(rb"aux:(?:portraiteffectsmatte|semantic)"), MASK),
)
_HEIF_HEAD = 1 << 18  # bytes, in which a photo's tables of items fit
_TURNS = {  # EXIF orientation, by quarters anticlockwise and then a mirror image (0 upside down, 1 left to right)
    (0, 1): 2,
    (0, 0): 4,
    (1, None): 8,
    (1, 0): 5,
    (1, 1): 7,
    (2, None): 3,
    (2, 0): 2,
    (2, 1): 4,
    (3, None): 6,
    (3, 0): 7,
    (3, 1): 5,
}


def heif_parts(file: BinaryIO) -> list[str]:
    """Name the auxiliary pictures of a HEIF or AVIF file, which its tables at the beginning describe."""
    file.seek(0)
    head = file.read(_HEIF_HEAD)
    size = int.from_bytes(head[:4], "big")
    parts = [GAIN_MAP] if b"tmap" in head[8 : min(size, 1024)] else []
    parts += [VIDEO] if any(box.kind == b"mpvd" for box in boxes(file)) else []  # motion photos
    return parts + [name for pattern, name in _AUXILIARIES if name not in parts and pattern.search(head)]


def decoder_turn(file: BinaryIO) -> int:
    """Tell how decoders turn the photo of a file, which they do by its boxes alone, whatever EXIF says.

    Returns:
        The EXIF orientation 1..8 by which the decoded pixels have been turned.
    """
    file.seek(0)
    head = file.read(_HEIF_HEAD)
    turn, mirror = (re.search(rb"\0\0\0\x09" + kind + rb"(.)", head, re.DOTALL) for kind in (b"irot", b"imir"))
    quarters = 0 if turn is None else turn[1][0] & 3
    return _TURNS.get((quarters, None if mirror is None else mirror[1][0] & 1), 1)
