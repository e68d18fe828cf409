"""EXIF blocks with only that changed which must change when a photo gets new pixels.

libvips writes EXIF through libexif, which leaves out what it does not know (ratings, the host computer, every
private tag), rewrites camera makers' notes, and drops whole blocks over 64 kB. Here bytes stay where they are: a
maker's note is full of offsets from the block's beginning, so that moving it breaks it.
"""

from __future__ import annotations

import struct
from collections.abc import Container
from io import BytesIO

from photochrom.io.metadata import ifd
from photochrom.io.metadata.exif_corrected import correct_block
from photochrom.io.metadata.ifd import EXIF, Directory, Layout, Value
from photochrom.io.metadata.placement import Placement

__all__ = [
    "EXIF_HEADER",
    "dots_per_inch",
    "edit_exif",
    "is_readable",
    "make_block",
    "orientation_of",
    "parse_block",
    "shortened",
]

EXIF_HEADER = b"Exif\0\0"

_ORIENTATION = 274
_THUMBNAIL, _THUMBNAIL_LENGTH = 513, 514
_X_RESOLUTION, _Y_RESOLUTION, _UNIT = 282, 283, 296


def make_block(directory: Directory, order: str = "<") -> bytes:
    """Lay out a directory, of which all numbers are in the byte order `order`, as an EXIF block."""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return EXIF_HEADER + mark + struct.pack(f"{order}I", 8) + ifd.pack(directory, Layout(order), 8)


def parse_block(block: bytes) -> tuple[Directory, str]:
    """Read an EXIF block, with or without its header: the directory, empty if unreadable, and the byte order."""
    file = BytesIO(block.removeprefix(EXIF_HEADER))
    start = Layout.of(file)
    return ({}, "<") if start is None else (ifd.read(file, *start), start[0].order)


def is_readable(block: bytes) -> bool:
    """Whether a block, with or without its header, begins as EXIF does: with the header of a classic TIFF."""
    start = Layout.of(BytesIO(block.removeprefix(EXIF_HEADER)))
    return start is not None and not start[0].big


def edit_exif(
    block: bytes | None,
    placement: Placement,
    *,
    orientation: int = 1,
    added: Directory | None = None,
    missing: Directory | None = None,
    removed: Container[int] = (),
    thumbnail: bytes | None = None,
) -> tuple[bytes | None, list[str]]:
    """Make an EXIF block true of a photo with new pixels in sRGB.

    What it says of the pixels is corrected, or goes, as `correct_block` does it; the old thumbnail goes. Nothing
    else moves or changes. New tags, and the directory that they need, come after all that was there.

    Args:
        block: as a file carried it, or None.
        placement: where the pixels went.
        orientation: 1..8, how they have to be turned.
        added: further tags of the first directory, numbers in little-endian; they replace those of the block.
        missing: the same, for tags that the block does not have.
        removed: tags of the first directory that go; their values remain as gaps.
        thumbnail: a JPEG to embed, or None for none.

    Returns:
        A block with its header, or None if there is nothing to say, and the names of what the photo's file held
        besides that the result does not. A block that is damaged beyond reading is returned as it is.
    """
    data = bytearray((block or b"").removeprefix(EXIF_HEADER))
    if not data:
        if not added and not missing and thumbnail is None:
            return None, []
        data = bytearray(make_block({})[len(EXIF_HEADER) :])
    start = Layout.of(BytesIO(data))
    if start is None or start[0].big:
        return block, []
    layout, at = start
    try:
        left_out = correct_block(data, layout, at, placement, orientation=orientation, removed=removed)
        entries = list(layout.entries(BytesIO(data), at))
        pointer = entries[-1][4] if entries else at + struct.calcsize(layout.number)
        (second,) = struct.unpack_from(layout.offset, data, pointer)
    except (EOFError, struct.error):
        return block, []
    struct.pack_into(layout.offset, data, pointer, 0)
    _cut_thumbnail(data, layout, second)
    known = {entry[0]: bytes(data[entry[4] - 12 : entry[4]]) for entry in entries}
    new = {**{tag: value for tag, value in (missing or {}).items() if tag not in known}, **(added or {})}
    if new:
        if layout.order == ">":
            new = {tag: value.swapped() if isinstance(value, Value) else value for tag, value in new.items()}
        data += b"\0" * (len(data) % 2)
        struct.pack_into(layout.offset, data, 4, len(data))
        ready = {tag: entry for tag, entry in known.items() if tag not in new}
        pointer = len(data) + struct.calcsize(layout.number) + 12 * len(new | ready)
        data += ifd.pack(new, layout, len(data), ready=ready)
    if thumbnail is not None:
        data += b"\0" * (len(data) % 2)
        struct.pack_into(layout.offset, data, pointer, len(data))
        data += _thumbnail_directory(thumbnail, layout, len(data))
    return EXIF_HEADER + bytes(data), left_out


def shortened(block: bytes, most: int) -> tuple[bytes, list[int]]:
    """Take the largest values out of a block until it has at most `most` bytes.

    The thumbnail goes first. What remains is laid out anew, without the gaps of earlier edits.

    Returns:
        The block, and the tags that are gone.
    """
    directory, order = parse_block(block)
    gone: list[int] = []
    while (excess := len(short := make_block(directory, order)) - most) > 0 and directory:
        inner = directory.get(EXIF)
        tables = [directory, *([inner] if isinstance(inner, dict) else [])]
        sizes = [(len(v.content), t, table) for table in tables for t, v in table.items() if isinstance(v, Value)]
        if not sizes:
            gone.append(directory.popitem()[0])
        for size, tag, table in sorted(sizes, key=lambda found: -found[0]):
            if excess > 0:
                del table[tag]
                gone.append(tag)
                excess -= 12 + (size + size % 2 if size > 4 else 0)
    return short, gone


def orientation_of(block: bytes | None) -> int:
    """Read the orientation that a block says; 1 if it says none."""
    found, order = ({}, "<") if block is None else parse_block(block)
    value = found.get(_ORIENTATION)
    return (value.numbers(order) or [1])[0] if isinstance(value, Value) else 1


def dots_per_inch(directory: Directory, order: str) -> tuple[float, float] | None:
    """Read the resolution that a directory says, across and down; None if it says none, or only a ratio."""
    units = directory.get(_UNIT)
    unit = {2: 1.0, 3: 2.54}.get((units.numbers(order) or [0])[0] if isinstance(units, Value) else 2)
    found = []
    for tag in (_X_RESOLUTION, _Y_RESOLUTION):
        value = directory.get(tag)
        if unit is None or not isinstance(value, Value) or (value.kind, len(value.content)) != (5, 8):
            return None
        over, under = struct.unpack(f"{order}2I", value.content)
        found.append(over / under * unit if under else 0.0)
    return (found[0], found[1]) if min(found) > 0 else None


def _cut_thumbnail(data: bytearray, layout: Layout, at: int) -> None:
    """Overwrite the JPEG that the second directory points to, or cut it off where it comes last."""
    try:
        found = ifd.read(BytesIO(data), layout, at) if at else {}
    except EOFError:
        return
    place = [
        number
        for tag in (_THUMBNAIL, _THUMBNAIL_LENGTH)
        if isinstance(value := found.get(tag), Value)
        for number in value.numbers(layout.order)[:1]
    ]
    if len(place) == 2 and data[place[0] : place[0] + 2] == b"\xff\xd8":
        first, stop = place[0], min(sum(place), len(data))
        if stop >= len(data) - 1:
            del data[first:]
        else:
            data[first:stop] = bytes(stop - first)


def _thumbnail_directory(thumbnail: bytes, layout: Layout, at: int) -> bytes:
    def packed(where: int) -> bytes:
        numbers = {259: 6, _THUMBNAIL: where, _THUMBNAIL_LENGTH: len(thumbnail)}  # 6: JPEG
        values = {tag: Value(4, struct.pack(layout.offset, number)) for tag, number in numbers.items()}
        return ifd.pack({**values, 259: Value(3, struct.pack(f"{layout.order}H", 6))}, layout, at)

    return packed(at + len(packed(0))) + thumbnail
