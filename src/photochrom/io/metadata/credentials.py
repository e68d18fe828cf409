"""Content Credentials (C2PA): which files hold a signed history of their pixels, which no result can keep.

Where each format has it: https://spec.c2pa.org, "Embedding manifests into assets". JPEG and PNG are read with
their other segments and chunks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from photochrom.io.bmff import Box, boxes
from photochrom.io.metadata import ifd
from photochrom.io.metadata.left_out import CREDENTIALS, JUMBF
from photochrom.io.metadata.tags import CREDENTIALS as TAG

__all__ = ["credentials"]

_BOXES = (
    b"ftyp",
    b"JXL ",
    b"jP  ",
)  # how the files begin that consist of boxes: HEIF and AVIF, JPEG XL, JPEG 2000
_UUID = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_GIF = b"\x21\xff\x0bC2PA_GIF"
_HEAD = 1 << 20  # bytes of a GIF, in which its extensions before the picture fit
_DESCRIBED = 64  # bytes of a box of JUMBF, by which it says what it is


def credentials(file: BinaryIO, directories: Sequence[int] = ()) -> list[str]:
    """Name what a file has of Content Credentials and other JUMBF; empty for JPEG, PNG and what has neither.

    Args:
        file: open for reading.
        directories: of a TIFF's page; empty for the first.
    """
    file.seek(0)
    head = file.read(12)
    if head[4:8] in _BOXES:
        return _in_boxes(file)
    if head[:4] == b"RIFF" and head[8:] == b"WEBP":
        return [CREDENTIALS] if _has_chunk(file, b"C2PA") else []
    if head[:4] == b"GIF8":
        file.seek(0)
        return [CREDENTIALS] if _GIF in file.read(_HEAD) else []
    start = ifd.Layout.of(file)
    if start is None:
        return []
    layout, first = start
    pages = (ifd.read(file, layout, at, only=(TAG,)) for at in directories or (first,))
    return [CREDENTIALS] if any(TAG in page for page in pages) else []


def _in_boxes(file: BinaryIO) -> list[str]:
    found = []
    for box in boxes(file):
        begin = Box(box.kind, box.start, min(box.end, box.start + _DESCRIBED))
        if box.kind == b"uuid" and begin.read(file).startswith(_UUID):
            found.append(CREDENTIALS)
        elif box.kind == b"jumb" or (box.kind == b"brob" and begin.read(file).startswith(b"jumb")):
            found.append(CREDENTIALS if b"c2pa" in begin.read(file) else JUMBF)
    return found


def _has_chunk(file: BinaryIO, wanted: bytes) -> bool:
    file.seek(12)
    while len(head := file.read(8)) == 8:
        if head[:4] == wanted:
            return True
        size = int.from_bytes(head[4:], "little")
        file.seek(size + size % 2, 1)
    return False
