"""What EXIF, XMP and TIFF tags say of the colour space of a photo's numbers, and how that is made true of sRGB."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

from photochrom.io.metadata import ifd
from photochrom.io.metadata.exif import EXIF_HEADER, parse_block
from photochrom.io.metadata.file_metadata import FileMetadata
from photochrom.io.metadata.ifd import EXIF, INTEROP, Directory, Layout, Value
from photochrom.io.metadata.tiff import opened

__all__ = ["ColorTags", "without_color_tags"]

_TRANSFER_FUNCTION, _WHITE, _PRIMARIES, _REFERENCE_BLACK_WHITE = 301, 318, 319, 532  # TIFF 6.0, section 20
_COLOR_SPACE, _GAMMA, _INDEX = 0xA001, 0xA500, 1  # Exif 2.32, tables 8 and 13
_OPTION_FILE = "R03"  # DCF 2.0: "DCF optional file", of Adobe RGB

_XMP_SPACE = re.compile(rb"""(\w:ColorSpace(?:>|\s*=\s*["']))\s*(\d+)""")
_XMP_INDEX = re.compile(rb"""(\w:InteroperabilityIndex(?:>|\s*=\s*["']))\s*R03""")


@dataclass(frozen=True)
class ColorTags:
    """What tags say of a photo's numbers.

    Attributes:
        space: EXIF's ColorSpace: 1 sRGB, 2 Adobe RGB (by custom), 65535 uncalibrated; None if it is not said.
        index: interoperability index, such as ``R98`` (sRGB) or ``R03`` (Adobe RGB), or nothing.
        white: x and y of the white point, or nothing.
        primaries: x and y of red, green and blue, or nothing.
        gamma: the exponent from numbers to light, or None.
        transfer: light 0..65535 of each level, one table or those of red, green and blue, or nothing.
        reference: levels of black and white of each channel, or nothing.
    """

    space: int | None = None
    index: str = ""
    white: tuple[float, ...] = ()
    primaries: tuple[float, ...] = ()
    gamma: float | None = None
    transfer: tuple[int, ...] = ()
    reference: tuple[float, ...] = ()

    @property
    def is_adobe_rgb(self) -> bool:
        """Whether the numbers are Adobe RGB's: DCF's option file, unless it says sRGB at the same time."""
        return self.space == 2 or (self.index == _OPTION_FILE and self.space != 1)

    @classmethod
    def of_metadata(cls, said: FileMetadata) -> ColorTags:
        """Read the tags of an EXIF block, or else what XMP repeats of them."""
        found, order = ({}, "<") if said.exif is None else parse_block(said.exif)
        inner = found.get(EXIF)
        inner = inner if isinstance(inner, dict) else {}
        interop = inner.get(INTEROP, found.get(INTEROP))
        index = interop.get(_INDEX) if isinstance(interop, dict) else None
        tags = replace(
            cls._of(found, order),
            space=next(iter(_numbers(inner, _COLOR_SPACE, order)), None),
            index=index.content.decode("latin-1").strip("\0 ") if isinstance(index, Value) else "",
            gamma=next(iter(_rationals(inner, _GAMMA, order)), None),
        )
        if said.xmp is not None and tags.space is None and not tags.index:
            spaces = _XMP_SPACE.search(said.xmp)
            tags = replace(
                tags,
                space=int(spaces[2]) if spaces else None,
                index=_OPTION_FILE if _XMP_INDEX.search(said.xmp) else "",
            )
        return tags

    @classmethod
    def of_tiff(cls, source: str | Path | bytes, at: int | None = None) -> ColorTags:
        """Read the tags of a TIFF's page that are about its own pixels; the page's directory is at `at`."""
        wanted = (_TRANSFER_FUNCTION, _WHITE, _PRIMARIES, _REFERENCE_BLACK_WHITE)
        try:
            with opened(source if isinstance(source, bytes) else Path(source)) as file:
                start = Layout.of(file)
                if start is None:
                    return cls()
                return cls._of(ifd.read(file, start[0], at or start[1], only=wanted), start[0].order)
        except (OSError, EOFError):
            return cls()

    @classmethod
    def _of(cls, found: Directory, order: str) -> ColorTags:
        white, primaries = (_rationals(found, tag, order) for tag in (_WHITE, _PRIMARIES))
        return cls(
            white=white if len(white) == 2 else (),
            primaries=primaries if len(primaries) == 6 else (),
            transfer=tuple(_numbers(found, _TRANSFER_FUNCTION, order)),
            reference=_rationals(found, _REFERENCE_BLACK_WHITE, order),
        )


def without_color_tags(said: FileMetadata) -> FileMetadata:
    """Take out what is not true of sRGB's numbers: curve, white, primaries, the mark of Adobe RGB."""
    xmp = said.xmp
    if xmp is not None:
        xmp = _XMP_INDEX.sub(rb"\g<1>R98", _XMP_SPACE.sub(rb"\g<1>1", xmp))
    return replace(said, xmp=xmp, exif=None if said.exif is None else _srgb_exif(said.exif))


def _srgb_exif(block: bytes) -> bytes:
    """Do so in a block, in place, for a maker's note must not move."""
    data = bytearray(block.removeprefix(EXIF_HEADER))
    start = Layout.of(BytesIO(data))
    if start is None or start[0].big:
        return block
    layout, at = start
    try:
        _remove(data, layout, at, (_TRANSFER_FUNCTION, _WHITE, _PRIMARIES, _REFERENCE_BLACK_WHITE))
        if inner := _pointer(data, layout, at, EXIF):
            _remove(data, layout, inner, (_GAMMA,))
        interop = _pointer(data, layout, inner, INTEROP) if inner else None
        for tag, _, count, inline, end in layout.entries(BytesIO(data), interop) if interop else ():
            if tag == _INDEX and count <= 4 and inline.startswith(_OPTION_FILE.encode()):
                data[end - 4 : end - 1] = b"R98"
    except (EOFError, struct.error):
        return block
    return EXIF_HEADER + bytes(data)


def _remove(data: bytearray, layout: Layout, at: int, tags: tuple[int, ...]) -> None:
    """Close up a directory over some of its entries; their values remain as gaps."""
    entries = list(layout.entries(BytesIO(data), at))
    kept = [bytes(data[end - 12 : end]) for tag, *_, end in entries if tag not in tags]
    if len(kept) < len(entries):
        after = bytes(data[entries[-1][4] : entries[-1][4] + 4])
        new = struct.pack(layout.number, len(kept)) + b"".join(kept) + after
        data[at : at + len(new)] = new


def _pointer(data: bytearray, layout: Layout, at: int, wanted: int) -> int | None:
    for tag, kind, _, inline, _ in layout.entries(BytesIO(data), at):
        if tag == wanted and kind in (4, 13):
            where: int = struct.unpack(layout.offset, inline)[0]
            return where
    return None


def _numbers(found: Directory, tag: int, order: str) -> list[int]:
    value = found.get(tag)
    return value.numbers(order) if isinstance(value, Value) else []


def _rationals(found: Directory, tag: int, order: str) -> tuple[float, ...]:
    """Read unsigned rationals; nothing if one of them is none."""
    value = found.get(tag)
    if not isinstance(value, Value) or value.kind != 5:
        return ()
    pairs = list(struct.iter_unpack(f"{order}2I", value.content))
    return tuple(over / under for over, under in pairs) if all(under for _, under in pairs) else ()
