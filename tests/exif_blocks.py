"""EXIF blocks such as cameras write, for what is said of them and what is done to them."""

from __future__ import annotations

import struct

from photochrom.io.metadata.exif import make_block
from photochrom.io.metadata.ifd import EXIF, GPS, INTEROP, Directory, Value

OLD = b"\xff\xd8\xff grey thumbnail \xff\xd9"
NEW = b"\xff\xd8\xff colour thumbnail, longer \xff\xd9"


def turned(directory: Directory) -> Directory:
    return {tag: turned(v) if isinstance(v, dict) else v.swapped() for tag, v in directory.items()}


def photo_directory(order: str) -> Directory:
    """What a camera may write, with a maker's note whose offsets count from the block's beginning."""
    note = struct.pack(f"{order}HHHI4sI", 1, 6, 2, 20, struct.pack(f"{order}I", 999), 0) + bytes(range(200))
    numbers: Directory = {
        270: Value(2, "Grüße".encode() + b"\0"),
        274: Value(3, struct.pack("<H", 6)),
        282: Value(5, struct.pack("<2I", 300, 1)),
        316: Value(2, b"host computer\0"),
        0x4746: Value(3, struct.pack("<H", 4)),
        65000: Value(12, struct.pack("<2d", 1.5, float("nan"))),
        EXIF: {
            33434: Value(5, struct.pack("<2I", 0, 0)),
            0xA001: Value(3, struct.pack("<H", 65535)),
            0xA002: Value(4, struct.pack("<I", 64)),
            0xA003: Value(3, struct.pack("<H", 48)),
            65100: Value(2, b"private\0"),
            INTEROP: {1: Value(2, b"R98\0")},
        },
        GPS: {2: Value(5, struct.pack("<6I", 48, 1, 30, 1, 1, 3)), 99: Value(2, b"unknown\0")},
    }
    inner = numbers[EXIF]
    assert isinstance(inner, dict)
    inner[0x927C] = Value(7, note)
    return numbers if order == "<" else turned(numbers)


def block_of(order: str, thumbnail: bytes = OLD, behind: bytes = b"") -> bytes:
    """Lay out a block with a thumbnail, and what some cameras put behind it."""
    block = bytearray(make_block(photo_directory(order), order))
    (count,) = struct.unpack_from(f"{order}H", block, 14)
    at = len(block) - 6
    struct.pack_into(f"{order}I", block, 16 + 12 * count, at)
    where = at + 2 + 3 * 12 + 4
    block += struct.pack(f"{order}H", 3) + struct.pack(f"{order}HHIHH", 259, 3, 1, 6, 0)
    block += struct.pack(f"{order}HHII", 513, 4, 1, where) + struct.pack(f"{order}HHII", 514, 4, 1, len(thumbnail))
    return bytes(block) + struct.pack(f"{order}I", 0) + thumbnail + behind
