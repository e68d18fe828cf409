"""A PNG's chunks besides its pixels, as they are, and into a file that libvips has written.

libvips writes all text as if it were Latin-1, and cuts keywords at the first space.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from io import SEEK_CUR
from typing import BinaryIO

__all__ = [
    "RAW_PROFILE",
    "TEXTS",
    "chunk",
    "is_kept",
    "place_of",
    "raw_profile",
    "raw_profile_chunk",
    "read_chunks",
    "text_chunk",
    "text_of",
    "without_page",
]

TEXTS = (b"tEXt", b"zTXt", b"iTXt")
_PIXELS = (b"IDAT", b"fdAT")
_WRITTEN = (b"eXIf", b"pHYs")  # anew
_ON_A_PAGE = (b"oFFs", b"caNv", b"vpAg")  # where ImageMagick cut the picture out of a larger one, in pixels
_XMP = b"XML:com.adobe.xmp\0"
_MOST_BYTES = 1 << 26

RAW_PROFILE = "Raw profile type "
"""How the keyword of a text begins that is a block of another kind in hexadecimal."""


def read_chunks(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Give the kind and the contents of each chunk but the pixels; stop at the end of the PNG or at damage."""
    file.seek(8)
    left = _MOST_BYTES
    while len(head := file.read(8)) == 8:
        size, kind = struct.unpack(">I4s", head)
        if kind == b"IEND":  # what lies behind it is no part of the PNG, whatever it looks like
            return
        if kind in _PIXELS or size > left:
            file.seek(size + 4, SEEK_CUR)
            continue
        content = file.read(size)
        if len(content) != size or len(file.read(4)) != 4:
            return
        left -= size
        yield kind, content


def place_of(file: BinaryIO, wanted: bytes) -> tuple[int, int] | None:
    """Find a chunk before the pixels: where it begins and ends; None if there is none."""
    at = 8
    file.seek(at)
    while len(head := file.read(8)) == 8:
        size, kind = struct.unpack(">I4s", head)
        if kind == wanted:
            return at, at + size + 12
        if kind in (*_PIXELS, b"IEND"):
            return None
        at = file.seek(size + 4, SEEK_CUR)
    return None


def is_kept(kind: bytes, content: bytes) -> bool:
    """Whether a chunk may be left out and stays true of other pixels, as its letters say, and is not written anew.

    A kind that is no name of four letters, or is critical and unknown, makes programs refuse the whole file.
    """
    named = kind.isalpha() and kind[:1].islower() and kind[3:].islower()
    return named and kind not in _WRITTEN and not content.startswith(_XMP)


def without_page(chunks: bytes) -> bytes:
    """Leave out of whole chunks those that say where on a larger page the pixels lie."""
    kept, at = [], 0
    while at < len(chunks):
        end = at + 12 + int.from_bytes(chunks[at : at + 4], "big")
        kept += [] if chunks[at + 4 : at + 8] in _ON_A_PAGE else [chunks[at:end]]
        at = end
    return b"".join(kept)


def chunk(kind: bytes, content: bytes) -> bytes:
    """Write a chunk."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def text_chunk(keyword: str, text: str) -> bytes:
    """Write text in UTF-8; a keyword that PNG does not allow becomes ``Comment``."""
    key = keyword.encode("latin-1", "ignore")
    if not 1 <= len(key) <= 79 or not keyword.isprintable():
        key = b"Comment"
    return chunk(b"iTXt", key + b"\0\0\0\0\0" + text.encode("utf-8", "replace").replace(b"\0", b""))


def text_of(kind: bytes, content: bytes, most: int = _MOST_BYTES) -> tuple[str, str] | None:
    """Read keyword and text of a chunk, of compressed text at most `most` bytes.

    Returns:
        None if the chunk is no text, or one that is damaged or compressed by another method than PNG has.
    """
    keyword, _, rest = content.partition(b"\0")
    if kind not in TEXTS:
        return None
    encoding = "latin-1"
    try:
        method = {b"zTXt": rest[:1], b"iTXt": rest[1:2] if rest[:1] == b"\1" else b"\0"}.get(kind, b"\0")
        if method != b"\0":  # such a chunk has some readers refuse the whole file
            return None
        if kind == b"zTXt":
            rest = _inflated(rest[1:], most)
        elif kind == b"iTXt":
            encoding = "utf-8"
            text = rest[2:].split(b"\0", 2)[-1]  # after the language and the translated keyword
            rest = _inflated(text, most) if rest[:1] == b"\1" else text
    except zlib.error:
        return None
    return keyword.decode("latin-1"), rest.decode(encoding, "replace")


def raw_profile(keyword: str, text: str) -> tuple[str, bytes] | None:
    """Read a block that ImageMagick and others write as text in hexadecimal: its name, as ``iptc``, and bytes."""
    if not keyword.startswith(RAW_PROFILE):
        return None
    with suppress(ValueError, IndexError):
        return keyword.removeprefix(RAW_PROFILE).lower(), bytes.fromhex(text.split("\n", 3)[3])
    return None


def raw_profile_chunk(keyword: str, block: bytes) -> bytes:
    """Write a block as ImageMagick does, under a keyword such as ``Raw profile type iptc``."""
    name = keyword.removeprefix(RAW_PROFILE)
    lines = (block.hex()[n : n + 72] for n in range(0, 2 * len(block), 72))
    text = "\n".join([f"\n{name}", f"{len(block):8d}", *lines, ""])
    return chunk(b"zTXt", keyword.encode("latin-1") + b"\0\0" + zlib.compress(text.encode()))


def _inflated(data: bytes, most: int) -> bytes:
    return zlib.decompressobj().decompress(data, max(1, most))
