"""The boxes that HEIF, CR3, JPEG 2000 and JPEG XL files are made of (ISO/IEC 14496-12, 15444-1, 18181-2)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

__all__ = ["Box", "boxes", "find_box", "frames_of_sequence", "item_kinds", "luma_bits"]

_MOST_BOXES = 10_000
_MOST_BYTES = 1 << 24  # of a box whose content is read


class Box(NamedTuple):
    """A box: its kind, and where its content begins and ends in the file."""

    kind: bytes
    start: int
    end: int

    def read(self, file: BinaryIO) -> bytes:
        """Return its content; of one that claims to be huge, nothing."""
        if self.end - self.start > _MOST_BYTES:
            return b""
        file.seek(self.start)
        return file.read(self.end - self.start)


def boxes(file: BinaryIO, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """Yield the boxes that lie one behind the other between two places of a file, the last one cut at `end`."""
    if end is None:
        end = file.seek(0, 2)
    for _ in range(_MOST_BOXES):
        if start + 8 > end:
            return
        file.seek(start)
        head = file.read(16)
        if len(head) < 8:
            return
        size, kind = struct.unpack_from(">I4s", head)
        inner = start + 8
        if size == 1 and len(head) == 16:
            size, inner = struct.unpack_from(">Q", head, 8)[0], start + 16
        stop = end if size == 0 else start + size
        if stop < inner:
            return
        yield Box(kind, inner, min(stop, end))
        start = stop


def find_box(file: BinaryIO, *kinds: bytes, within: Box | None = None) -> Box | None:
    """Find a box by the kinds of those around it and its own, such as ``b"moov", b"trak"``; None if there is none.

    Full boxes, such as ``meta``, are stepped into as well.
    """
    box = within
    for kind in kinds:
        inside = boxes(file) if box is None else _inside(file, box)
        box = next((one for one in inside if one.kind == kind), None)
        if box is None:
            return None
    return box


def item_kinds(file: BinaryIO) -> set[bytes]:
    """Return the kinds of a HEIF's items, such as ``hvc1`` and ``grid``; empty where it has none."""
    items = find_box(file, b"meta", b"iinf")
    if items is None:
        return set()
    content = Box(items.kind, items.start, items.start + 1).read(file)
    skipped = 6 if content == b"\0" else 8  # version, flags and a count
    kinds = set()
    for box in boxes(file, items.start + skipped, items.end):
        entry = box.read(file)
        if box.kind == b"infe" and len(entry) >= 12 and entry[0] >= 2:
            kinds.add(entry[8:12] if entry[0] == 2 else entry[10:14])
    return kinds


def luma_bits(file: BinaryIO) -> int:
    """Return the most bits per channel that a HEIF's properties speak of; 8 where they speak of none."""
    properties = find_box(file, b"meta", b"iprp", b"ipco")
    most = 8
    for box in boxes(file, properties.start, properties.end) if properties is not None else ():
        if box.kind == b"hvcC" and len(content := box.read(file)) > 17:
            most = max(most, 8 + (content[17] & 7))
        elif box.kind == b"pixi" and len(content := box.read(file)) > 5:
            most = max(most, *content[5 : 5 + content[4]], 0)
    return most


def frames_of_sequence(file: BinaryIO) -> int:
    """Count the pictures of a HEIF's sequence, 0 where it has none."""
    film = find_box(file, b"moov")
    counts = []
    for track in boxes(file, film.start, film.end) if film is not None else ():
        handler = find_box(file, b"mdia", b"hdlr", within=track) if track.kind == b"trak" else None
        sizes = find_box(file, b"mdia", b"minf", b"stbl", b"stsz", within=track) if handler else None
        if handler is None or sizes is None or handler.read(file)[8:12] != b"pict":
            continue
        content = Box(sizes.kind, sizes.start, min(sizes.end, sizes.start + 12)).read(file)
        if len(content) == 12:
            counts.append(struct.unpack_from(">I", content, 8)[0])
    return max(counts, default=0)


def _inside(file: BinaryIO, box: Box) -> Iterator[Box]:
    skipped = 0
    if box.kind == b"meta":
        file.seek(box.start + 4)
        skipped = 0 if file.read(4) in (b"hdlr", b"iinf") else 4  # QuickTime's has no version
    return boxes(file, box.start + skipped, box.end)
