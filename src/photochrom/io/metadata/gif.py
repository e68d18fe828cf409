"""A GIF's comments and XMP, which libvips does not read (GIF89a; XMP Specification Part 3, 1.1.2)."""

from __future__ import annotations

from io import SEEK_CUR
from typing import BinaryIO

__all__ = ["read_gif"]

_EXTENSION, _PICTURE = b"\x21", b"\x2c"
_COMMENT, _APPLICATION = b"\xfe", b"\xff"
_XMP = b"XMP DataXMP"
_TRAILER = bytes([1, *range(255, -1, -1), 0])
"""What stands behind a packet, so that readers of blocks find the end of one that is not in blocks."""

_MOST_BLOCKS = 100_000
_MOST_BYTES = 1 << 26


def read_gif(file: BinaryIO) -> tuple[list[bytes], bytes | None]:
    """Return the comments of a GIF, and its XMP packet or None; what is damaged ends the search.

    Args:
        file: open for reading, a GIF.
    """
    file.seek(10)
    comments: list[bytes] = []
    xmp = None
    _skip_palette(file, file.read(3)[:1])
    for _ in range(_MOST_BLOCKS):
        kind = file.read(1)
        if kind == _PICTURE:
            _skip_palette(file, file.read(9)[8:])
            file.seek(1, SEEK_CUR)
            _blocks(file)
        elif kind == _EXTENSION:
            label = file.read(1)
            at = file.tell()
            if label == _APPLICATION and file.read(12)[1:] == _XMP:
                packet = file.read(_MOST_BYTES)
                end = packet.find(_TRAILER)
                if end < 0:
                    break
                xmp = xmp or packet[:end]
                file.seek(at + 12 + end + len(_TRAILER))
                continue
            file.seek(at)
            content = _blocks(file)
            comments += [content] if label == _COMMENT and content else []
        else:
            break
    return comments, xmp


def _skip_palette(file: BinaryIO, flags: bytes) -> None:
    if flags and flags[0] & 0x80:
        file.seek(3 << ((flags[0] & 7) + 1), SEEK_CUR)


def _blocks(file: BinaryIO) -> bytes:
    content = []
    while length := (file.read(1) or b"\0")[0]:
        content.append(file.read(length))
    return b"".join(content)
