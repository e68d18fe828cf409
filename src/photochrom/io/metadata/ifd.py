"""Image file directories, the tables that EXIF blocks and TIFF files are made of, read and written bit for bit.

Pillow's own reader decodes values, and so loses what it cannot put back: text that is not ASCII, rationals such as
0/0, types that it does not expect at a tag. Here a value stays the bytes it is.
"""

from __future__ import annotations

import struct
from collections.abc import Container, Iterator
from dataclasses import dataclass
from io import SEEK_END
from typing import BinaryIO

import numpy as np

__all__ = ["EXIF", "GPS", "INTEROP", "Directory", "Layout", "Value", "pack", "read"]

EXIF, GPS, INTEROP = 0x8769, 0x8825, 0xA005
"""Tags that point to a directory of their own."""

_UNIT = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_RATIONALS = (5, 10)
_MOST_DIRECTORIES = 8  # there should be four
_MOST_BYTES = 1 << 26  # of all values together: a damaged table can name the whole file once per entry


@dataclass(frozen=True)
class Value:
    """A tag's value: its TIFF type and its bytes, numbers in the byte order of the table it was read from."""

    kind: int
    content: bytes

    @property
    def count(self) -> int:
        """How many values of its type it holds."""
        return len(self.content) // _UNIT[self.kind]

    def numbers(self, order: str) -> list[int]:
        """Return unsigned integers in the byte order `order` ("<" or ">"); of other types, nothing."""
        code = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}.get(self.kind)
        return [] if code is None else list(struct.unpack(f"{order}{self.count}{code}", self.content))

    def swapped(self) -> Value:
        """Return the same value in the other byte order; of bytes and text, itself."""
        word = 4 if self.kind in _RATIONALS else _UNIT[self.kind]
        return (
            self if word == 1 else Value(self.kind, np.frombuffer(self.content, f"u{word}").byteswap().tobytes())
        )


Directory = dict[int, "Value | Directory"]
"""Value of each tag; at `EXIF`, `GPS` and `INTEROP` the directory that the tag points to."""


@dataclass(frozen=True)
class Layout:
    """How a file lays its tables out.

    Attributes:
        order: byte order, "<" or ">".
        big: whether it is BigTIFF, with offsets of 8 bytes.
    """

    order: str
    big: bool = False

    @property
    def head(self) -> str:
        """Format of an entry: tag, type, count, and the value or where it is."""
        return f"{self.order}HHQ8s" if self.big else f"{self.order}HHI4s"

    @property
    def offset(self) -> str:
        """Format of an offset."""
        return f"{self.order}Q" if self.big else f"{self.order}I"

    @property
    def number(self) -> str:
        """Format of the number of entries."""
        return f"{self.order}Q" if self.big else f"{self.order}H"

    @classmethod
    def of(cls, file: BinaryIO) -> tuple[Layout, int] | None:
        """Read a TIFF header: the layout, and where the first directory is; None if there is none."""
        file.seek(0)
        header = file.read(16)
        order = {b"II": "<", b"MM": ">"}.get(header[:2])
        if order is None or len(header) < 8:
            return None
        (version,) = struct.unpack_from(f"{order}H", header, 2)
        layout = cls(order, big=version == 43)
        if version not in (42, 43):
            return None
        if layout.big:
            return (layout, struct.unpack_from(f"{order}Q", header, 8)[0]) if len(header) == 16 else None
        return layout, struct.unpack_from(f"{order}I", header, 4)[0]

    def entries(self, file: BinaryIO, at: int) -> Iterator[tuple[int, int, int, bytes, int]]:
        """Give each entry of the directory at `at`: tag, type, count, value field, and where the entry ends."""
        length = struct.calcsize(self.head)
        start = at + struct.calcsize(self.number)
        (number,) = struct.unpack(self.number, _exactly(file, at, struct.calcsize(self.number)))
        for index in range(min(number, 1 << 16)):
            try:
                entry = _exactly(file, start + index * length, length)
            except EOFError:
                return
            yield *struct.unpack(self.head, entry), start + (index + 1) * length

    def after(self, file: BinaryIO, at: int) -> int:
        """Return where the directory after the one at `at` is, 0 if there is none.

        Raises:
            EOFError: if the file ends before it says so.
        """
        (number,) = struct.unpack(self.number, _exactly(file, at, struct.calcsize(self.number)))
        end = at + struct.calcsize(self.number) + number * struct.calcsize(self.head)
        place: int = struct.unpack(self.offset, _exactly(file, end, struct.calcsize(self.offset)))[0]
        return place

    def value(self, file: BinaryIO, kind: int, count: int, inline: bytes) -> Value:
        """Fetch the value of an entry.

        Raises:
            EOFError: if it lies beyond the end of the file.
            KeyError: if the type is unknown, so that nobody knows how long it is.
        """
        size = count * _UNIT[kind]
        if size <= len(inline):
            return Value(kind, inline[:size])
        return Value(kind, _exactly(file, struct.unpack(self.offset, inline)[0], size))


def read(
    file: BinaryIO, layout: Layout, at: int, *, skip: Container[int] = (), only: Container[int] | None = None
) -> Directory:
    """Read a directory and those that it points to; leave out what is damaged.

    Args:
        file: open for reading.
        layout: of the file.
        at: where the directory is.
        skip: tags of the first directory whose values are not fetched.
        only: the only ones whose values are.
    """
    file.seek(0, SEEK_END)
    left = min(file.tell(), _MOST_BYTES)
    seen: set[int] = set()

    def one(at: int, skip: Container[int] = (), only: Container[int] | None = None) -> Directory:
        nonlocal left
        found: Directory = {}
        if at in seen or len(seen) == _MOST_DIRECTORIES:
            return found
        seen.add(at)
        try:
            for tag, kind, count, inline, _ in layout.entries(file, at):
                if tag in found or tag in skip or (only is not None and tag not in only):
                    continue
                if count * _UNIT.get(kind, 1) > left:
                    continue
                try:
                    value = layout.value(file, kind, count, inline)
                except (EOFError, KeyError):
                    continue
                left -= len(value.content)
                if tag not in (EXIF, GPS, INTEROP):
                    found[tag] = value
                elif (pointed := value.numbers(layout.order)) and (inner := one(pointed[0])):
                    found[tag] = inner
        except EOFError:
            pass
        return found

    return one(at, skip, only)


def pack(
    directory: Directory, layout: Layout, at: int, *, ready: dict[int, bytes] | None = None, after: int = 0
) -> bytes:
    """Lay out a directory, the values that do not fit into its entries, and the directories that it points to.

    Args:
        directory: of which all numbers are in `layout`'s byte order already.
        layout: of the file.
        at: where the result will be; even.
        ready: whole entries, by tag, to take as they are.
        after: where the next directory is, 0 if there is none.

    Raises:
        struct.error: if an offset does not fit into `layout`.
    """
    ready = ready or {}
    room = struct.calcsize(layout.offset)
    length = struct.calcsize(layout.number) + struct.calcsize(layout.head) * len(directory | ready) + room
    table, values = [struct.pack(layout.number, len(directory | ready))], bytearray()
    for tag in sorted(directory | ready):
        if tag in ready:
            table.append(ready[tag])
            continue
        where = at + length + len(values)
        value = directory[tag]
        if isinstance(value, dict):
            values += pack(value, layout, where)
            value = Value(18 if layout.big else 4, struct.pack(layout.offset, where))
            table.append(struct.pack(layout.head, tag, value.kind, 1, value.content))
        elif len(value.content) <= room:
            table.append(struct.pack(layout.head, tag, value.kind, value.count, value.content))
        else:
            table.append(struct.pack(layout.head, tag, value.kind, value.count, struct.pack(layout.offset, where)))
            values += value.content
        values += b"\0" * (len(values) % 2)
    return b"".join([*table, struct.pack(layout.offset, after), values, b"\0" * ((length + len(values)) % 2)])


def _exactly(file: BinaryIO, at: int, size: int) -> bytes:
    try:
        file.seek(at)
        content = file.read(size)
    except (OSError, OverflowError, ValueError) as error:  # a place that no file has
        raise EOFError from error
    if len(content) != size:
        raise EOFError
    return content
