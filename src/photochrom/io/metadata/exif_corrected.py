"""What an EXIF block says of pixels, made true of new ones in place: sizes, places in the picture, colours."""

from __future__ import annotations

import struct
from collections.abc import Callable, Container
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO

from photochrom.io.metadata.ifd import EXIF, INTEROP, Layout
from photochrom.io.metadata.left_out import CREDENTIALS as SIGNED
from photochrom.io.metadata.left_out import MAP as PLACE
from photochrom.io.metadata.placement import Placement
from photochrom.io.metadata.tags import CREDENTIALS, FALSE, FALSE_IN_EXIF, MAP, PLACES_IN_EXIF
from photochrom.io.metadata.xmp.corrected import subject

__all__ = ["correct_block"]

_SHORT, _LONG, _RATIONAL, _DOUBLE = 3, 4, 5, 12
_CODES = {_SHORT: "H", _LONG: "I", 13: "I", _DOUBLE: "d"}
_WIDTHS = {256, 0x1001, 0xA002}  # of the picture; in the first directory, that of interoperability, that of EXIF
_HEIGHTS = {257, 0x1002, 0xA003}
_ORIENTATION, _YCBCR_POSITIONING, _COLOR_SPACE = 274, 531, 0xA001
_SUBJECT_AREA, _SUBJECT_LOCATION = 0x9214, 0xA214
_FOCAL_PLANE = (0xA20E, 0xA20F)
_PIXEL_SCALE, _TIE_POINTS, _TRANSFORMATION = 33550, 33922, 34264
_INDEX = 1  # of interoperability
_RPC = 50844  # a satellite's geometry, of these very pixels


@dataclass(frozen=True)
class _Entry:
    """An entry of a directory: where its value lies, and how many numbers of which type it is."""

    tag: int
    kind: int
    count: int
    at: int

    def numbers(self, data: bytearray, order: str) -> list[float]:
        """Read its numbers; none where they are of another type, or lie beyond the block."""
        code = _CODES.get(self.kind)
        if code is None or self.at + self.count * struct.calcsize(f"{order}{code}") > len(data):
            return []
        return list(struct.unpack_from(f"{order}{self.count}{code}", data, self.at))

    def write(self, data: bytearray, order: str, numbers: list[float]) -> None:
        """Replace its numbers, all of which fit, by as many."""
        code = _CODES[self.kind]
        whole = [number if code == "d" else round(number) for number in numbers]
        if code == "d" or max(whole) < 1 << (16 if code == "H" else 32):
            struct.pack_into(f"{order}{self.count}{code}", data, self.at, *whole)


def correct_block(
    data: bytearray,
    layout: Layout,
    at: int,
    placement: Placement,
    *,
    orientation: int,
    removed: Container[int] = (),
) -> list[str]:
    """Correct a block in place; nothing in it moves but entries of directories, and what goes leaves a gap.

    Args:
        data: the block without its header, which is a TIFF.
        layout: of it.
        at: where its first directory is.
        placement: where the pixels went.
        orientation: 1..8, how they have to be turned.
        removed: further tags of the first directory that go.

    Returns:
        The names of what the photo's file held besides that the result does not.

    Raises:
        EOFError: if the first directory lies beyond the end.
    """
    told = []
    moves = not placement.alone or placement.turned != 1

    def goes(tag: int) -> bool:
        return (
            tag in removed or tag in FALSE or (tag in MAP and (moves or (tag == _RPC and not placement.is_same)))
        )

    gone = _drop(data, layout, at, goes)
    told += [SIGNED] if CREDENTIALS in gone else []
    told += [PLACE] if gone & MAP else []
    inner = 0
    for entry in _entries(data, layout, at):
        if entry.tag == EXIF and entry.kind in (_LONG, 13):
            (inner,) = map(int, entry.numbers(data, layout.order)[:1] or [0])
        elif entry.tag == _ORIENTATION and entry.kind == _SHORT:
            struct.pack_into(f"{layout.order}H", data, entry.at, orientation)
        elif entry.tag == _YCBCR_POSITIONING:
            _set(data, layout, entry, 1)  # in the middle, where libjpeg has them
        _resize(data, layout, entry, placement.size)
        if not placement.is_same:
            _scale_map(data, layout, entry, placement)
    if inner:
        _correct_inner(data, layout, inner, placement)
    return told


def _correct_inner(data: bytearray, layout: Layout, at: int, placement: Placement) -> None:
    """Correct the EXIF directory, and that of interoperability below it."""
    try:
        _drop(
            data, layout, at, lambda tag: tag in FALSE_IN_EXIF or (not placement.alone and tag in PLACES_IN_EXIF)
        )
        entries = {entry.tag: entry for entry in _entries(data, layout, at)}
        for entry in entries.values():
            if entry.tag == _COLOR_SPACE:
                _set(data, layout, entry, 1)
            _resize(data, layout, entry, placement.size)
        if not placement.is_same:
            for tag in (_SUBJECT_AREA, _SUBJECT_LOCATION):
                if tag in entries and len(numbers := entries[tag].numbers(data, layout.order)) >= 2:
                    entries[tag].write(data, layout.order, list(map(float, subject(numbers, placement))))
            _scale_focal_plane(data, layout, [entries.get(tag) for tag in _FOCAL_PLANE], placement)
        pointer = entries[INTEROP].numbers(data, layout.order) if INTEROP in entries else []
        for entry in _entries(data, layout, int(pointer[0])) if pointer else []:
            _resize(data, layout, entry, placement.size)
            if entry.tag == _INDEX and data[entry.at : entry.at + 3] == b"R03":  # which is for Adobe RGB
                data[entry.at : entry.at + 3] = b"R98"
    except (EOFError, struct.error):
        pass


def _entries(data: bytearray, layout: Layout, at: int) -> list[_Entry]:
    found = []
    for tag, kind, count, inline, end in layout.entries(BytesIO(data), at):
        size = count * struct.calcsize({1: "B", 2: "B", 6: "B", 7: "B", 3: "H", 8: "H"}.get(kind, "I"))
        size *= 2 if kind in (_RATIONAL, 10, _DOUBLE) else 1
        (offset,) = struct.unpack(layout.offset, inline)
        found.append(_Entry(tag, kind, count, end - 4 if size <= 4 else offset))
    return found


def _drop(data: bytearray, layout: Layout, at: int, goes: Callable[[int], bool]) -> set[int]:
    """Take entries out of a directory; return their tags."""
    entries = list(layout.entries(BytesIO(data), at))
    gone = {entry[0] for entry in entries if goes(entry[0])}
    if gone:
        kept = b"".join(bytes(data[entry[4] - 12 : entry[4]]) for entry in entries if entry[0] not in gone)
        after = bytes(data[entries[-1][4] : entries[-1][4] + 4]).ljust(4, b"\0")
        room = 12 * len(entries) + 4 if entries[-1][4] + 4 <= len(data) else 12 * len(entries)
        table = (kept + after).ljust(room, b"\0")[:room]
        data[at : at + 2 + room] = struct.pack(layout.number, len(kept) // 12) + table
    return gone


def _set(data: bytearray, layout: Layout, entry: _Entry, number: int) -> None:
    """Write one number where it fits."""
    if entry.count == 1 and (entry.kind == _LONG or (entry.kind == _SHORT and number < 1 << 16)):
        struct.pack_into(f"{layout.order}{_CODES[entry.kind]}", data, entry.at, number)


def _resize(data: bytearray, layout: Layout, entry: _Entry, size: tuple[int, int]) -> None:
    if entry.tag in _WIDTHS | _HEIGHTS:
        _set(data, layout, entry, size[entry.tag in _HEIGHTS])


def _scale_focal_plane(
    data: bytearray, layout: Layout, entries: list[_Entry | None], placement: Placement
) -> None:
    """Scale the pixels that the sensor has to an inch, from which programs know how large it is."""
    found = [entry for entry in entries if entry is not None and (entry.kind, entry.count) == (_RATIONAL, 1)]
    if len(found) < 2:
        return
    pairs = [struct.unpack_from(f"{layout.order}2I", data, entry.at) for entry in found]
    if not all(under for _, under in pairs):
        return
    across, down = (Fraction(*pair) * Fraction(by) for pair, by in zip(pairs, placement.scale, strict=True))
    for entry, ratio in zip(found, (down, across) if placement.swaps else (across, down), strict=True):
        exact = ratio.limit_denominator(1000)
        if exact.numerator < 1 << 32:
            struct.pack_into(f"{layout.order}2I", data, entry.at, exact.numerator, exact.denominator)


def _scale_map(data: bytearray, layout: Layout, entry: _Entry, placement: Placement) -> None:
    """Scale what says how large pixels are in the world, and which lie where (GeoTIFF 1.1)."""
    if entry.kind != _DOUBLE or entry.tag not in (_PIXEL_SCALE, _TIE_POINTS, _TRANSFORMATION):
        return
    numbers = entry.numbers(data, layout.order)
    for n in range(len(numbers)):
        if entry.tag == _PIXEL_SCALE and n < 2:
            numbers[n] /= placement.scale[n]
        elif entry.tag == _TIE_POINTS and n % 6 < 2:
            numbers[n] *= placement.scale[n % 6]
        elif entry.tag == _TRANSFORMATION and n % 4 < 2:
            numbers[n] /= placement.scale[n % 4]
    if numbers:
        entry.write(data, layout.order, numbers)
