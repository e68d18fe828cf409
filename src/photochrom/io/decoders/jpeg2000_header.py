"""What the header of a JPEG 2000 file or codestream says (ITU-T T.800, annexes A.5 and I)."""

from __future__ import annotations

import struct
from typing import BinaryIO, NamedTuple

from photochrom.io.bmff import Box, boxes, find_box

__all__ = ["Colours", "Size", "read_colours", "read_size"]

_STREAM = b"\xff\x4f\xff\x51"


class Size(NamedTuple):
    """Size of a picture.

    Attributes:
        width: columns of pixels.
        height: rows of pixels.
        components: channels.
        bits: per channel; the most, where they differ.
        is_plain: whether all channels are unsigned, of the same bits, and have all pixels.
    """

    width: int
    height: int
    components: int
    bits: int
    is_plain: bool


class Colours(NamedTuple):
    """What the samples mean.

    Attributes:
        space: EnumCS, such as 16 for sRGB, 17 for grey, or None.
        profile: an ICC profile, or None.
        has_palette: whether the samples are numbers of colours.
        channels: of the picture, those of a palette counted.
    """

    space: int | None = None
    profile: bytes | None = None
    has_palette: bool = False
    channels: int = 0


def read_size(file: BinaryIO) -> Size | None:
    """Read the SIZ segment; None where there is none."""
    file.seek(0)
    start = 0
    if file.read(4) != _STREAM:
        stream = find_box(file, b"jp2c")
        if stream is None:
            return None
        start = stream.start
    file.seek(start)
    head = file.read(42)
    if len(head) < 42 or head[:4] != _STREAM:
        return None
    right, bottom, left, top = struct.unpack_from(">IIII", head, 8)
    (components,) = struct.unpack_from(">H", head, 40)
    content = file.read(3 * components)
    if not components or len(content) < 3 * components or right <= left or bottom <= top:
        return None
    depths, steps = content[::3], content[1::3] + content[2::3]
    is_plain = len(set(depths)) == 1 and not depths[0] & 0x80 and set(steps) == {1}
    return Size(right - left, bottom - top, components, max((depth & 0x7F) + 1 for depth in depths), is_plain)


def read_colours(file: BinaryIO) -> Colours:
    """Read the boxes about colours; a bare codestream has none."""
    header = find_box(file, b"jp2h")
    if header is None:
        return Colours()
    space = profile = None
    channels, has_palette = 0, False
    for box in boxes(file, header.start, header.end):
        content = Box(box.kind, box.start, box.end).read(file)
        if box.kind == b"pclr" and len(content) > 3:
            has_palette, channels = True, content[2]
        if box.kind != b"colr" or len(content) < 7 or space is not None or profile is not None:
            continue
        if content[0] == 1:
            (space,) = struct.unpack_from(">I", content, 3)
        elif content[0] in (2, 3):
            profile = content[3:]
    return Colours(space, profile, has_palette, channels)
