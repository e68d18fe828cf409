"""What stands behind a JPEG's end, which decoders pass over: a video, another picture, another program's data.

A motion photo and a picture taken twice say so in XMP or in a list of pictures (MPF); some lost that, or never
had it.
"""

from __future__ import annotations

import re
from io import SEEK_CUR, SEEK_END
from typing import BinaryIO

from photochrom.io.metadata.left_out import OTHER_DATA, OTHER_PICTURE, VIDEO

__all__ = ["parts_behind"]

_BLOCK = 1 << 20
_PADDING = re.compile(rb"(?:[\0\s]|\xff(?!\xd8))*", re.DOTALL)  # of zeros, spaces or ones; a JPEG begins otherwise
_LEAST = 64  # bytes that are worth a word
_MOST_PICTURES = 100


def parts_behind(file: BinaryIO) -> list[str]:
    """Name what stands behind the picture of a JPEG; empty where there is nothing, or only Samsung's trailer.

    Args:
        file: open for reading, a JPEG.
    """
    found: list[str] = []
    size = file.seek(0, SEEK_END)
    end = _end_of_jpeg(file, 0)
    while end is not None and len(found) < _MOST_PICTURES:
        at = _padded(file, end)
        if size - at < _LEAST:
            break
        file.seek(at)
        begin = file.read(12)
        if not begin.startswith(b"\xff\xd8\xff"):
            file.seek(size - 4)
            if b"ftyp" in begin[:8]:  # behind its length, of whose bytes the first are 0
                found.append(VIDEO)
            elif file.read(4) != b"SEFT":  # whose entries are known one by one
                found.append(OTHER_DATA)
            break
        found.append(OTHER_PICTURE)
        end = _end_of_jpeg(file, at)
    return list(dict.fromkeys(found))


def _end_of_jpeg(file: BinaryIO, start: int) -> int | None:
    """Return where the JPEG that begins at a place ends; None if its end is not marked."""
    file.seek(start + 2)
    while True:
        marker = file.read(2)
        while marker[:1] == b"\xff" == marker[1:]:  # fill bytes
            marker = b"\xff" + file.read(1)
        if len(marker) < 2 or marker[0] != 0xFF:
            return None
        if marker[1] == 0xDA:
            break
        file.seek(max(0, int.from_bytes(file.read(2), "big") - 2), SEEK_CUR)
    before = b""
    while block := file.read(_BLOCK):  # in codes of pixels a 0 follows each 0xFF, so that no mark is among them
        place = (before + block).find(b"\xff\xd9")
        if place >= 0:
            return file.tell() - len(block) - len(before) + place + 2
        before = block[-1:]
    return None


def _padded(file: BinaryIO, at: int) -> int:
    """Return where padding that begins at a place ends."""
    file.seek(at)
    while block := file.read(_BLOCK):
        match = _PADDING.match(block)
        length = match.end() if match else 0
        at += length
        if length < len(block):
            break
    return at
