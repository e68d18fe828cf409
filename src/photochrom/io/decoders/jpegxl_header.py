"""What the header of a JPEG XL codestream says (ISO/IEC 18181-1, annexes C to E): size, bits and colours."""

from __future__ import annotations

from typing import BinaryIO, NamedTuple

from photochrom.io.bmff import boxes

__all__ = ["Header", "read_header"]

_BEGIN = b"\xff\x0a"
_ENOUGH = 4096  # bytes of a codestream that hold its header
_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_NAMES = 1 << 10  # most letters of a channel's name that are stepped over
_CURVES = {1: "BT.709", 8: "linear", 13: "sRGB", 16: "PQ", 17: "DCI", 18: "HLG"}


class Header(NamedTuple):
    """A codestream's header.

    Attributes:
        width: columns of pixels, once they are upright.
        height: rows of pixels, once they are upright.
        bits: of a sample.
        is_float: whether samples are floating-point numbers.
        channels: of colours: 1 or 3.
        extra: kinds of further channels; 0 is alpha.
        is_animation: whether there may be further frames.
        curve: name of the transfer function, ``"sRGB"`` among them; None where an ICC profile says it.
        primaries: 1 sRGB, 11 P3, 9 BT.2100, 2 others.
        is_xyb: whether the decoder chooses the colours, and so gives sRGB for an ICC profile.
    """

    width: int
    height: int
    bits: int
    is_float: bool
    channels: int
    extra: tuple[int, ...]
    is_animation: bool
    curve: str | None
    primaries: int
    is_xyb: bool


class _Bits:
    def __init__(self, content: bytes) -> None:
        self._number, self._left = int.from_bytes(content, "little"), 8 * len(content)

    def take(self, count: int) -> int:
        if count > self._left:
            raise ValueError("the header is cut short")
        taken = self._number & ((1 << count) - 1)
        self._number >>= count
        self._left -= count
        return taken

    def flag(self) -> bool:
        return bool(self.take(1))

    def choose(self, *ways: tuple[int, int]) -> int:
        """Read a U32: two bits choose a base and how many bits are added to it."""
        base, count = ways[self.take(2)]
        return base + self.take(count)

    def enum(self) -> int:
        return self.choose((0, 0), (1, 0), (2, 4), (18, 6))


def read_header(file: BinaryIO) -> Header | None:
    """Read the header; None where there is none that can be understood."""
    try:
        return _parse(_Bits(_codestream(file)))
    except ValueError:
        return None


def _codestream(file: BinaryIO) -> bytes:
    file.seek(0)
    begin = file.read(_ENOUGH)
    if begin.startswith(_BEGIN):
        return begin[2:]
    content = b""
    for box in boxes(file):
        if box.kind in (b"jxlc", b"jxlp") and len(content) < _ENOUGH:
            skipped = 4 if box.kind == b"jxlp" else 0  # a part's number
            file.seek(box.start + skipped)
            content += file.read(max(0, min(_ENOUGH, box.end - box.start - skipped)))
    if not content.startswith(_BEGIN):
        raise ValueError("there is no codestream")
    return content[2:]


def _parse(bits: _Bits) -> Header:
    width, height = _size(bits)
    orientation, depth, is_float = 1, 8, False
    extra: list[int] = []
    curve: str | None = "sRGB"
    is_animation, is_xyb, channels, primaries = False, True, 3, 1
    if not bits.flag():
        if bits.flag():
            orientation = 1 + bits.take(3)
            if bits.flag():
                _size(bits)  # at which it is meant to be shown
            if bits.flag():
                _preview(bits)
            is_animation = bits.flag()
            if is_animation:
                _animation(bits)
        depth, is_float = _depth(bits)
        bits.flag()
        extra = [_extra(bits) for _ in range(bits.choose((0, 0), (1, 0), (2, 4), (1, 12)))]
        is_xyb = bits.flag()
        channels, curve, primaries = _colours(bits)
    if orientation > 4:
        width, height = height, width
    return Header(width, height, depth, is_float, channels, tuple(extra), is_animation, curve, primaries, is_xyb)


def _size(bits: _Bits) -> tuple[int, int]:
    small = bits.flag()

    def side() -> int:
        if small:
            return 8 * (1 + bits.take(5))
        return bits.choose((1, 9), (1, 13), (1, 18), (1, 30))

    height = side()
    ratio = bits.take(3)
    if not ratio:
        return side(), height
    across, down = _RATIOS[ratio - 1]
    return height * across // down, height


def _preview(bits: _Bits) -> None:
    by_eight = bits.flag()

    def side() -> None:
        if by_eight:
            bits.choose((16, 0), (32, 0), (1, 5), (33, 9))
        else:
            bits.choose((1, 6), (65, 8), (321, 10), (1345, 12))

    side()
    if not bits.take(3):
        side()


def _animation(bits: _Bits) -> None:
    bits.choose((100, 0), (1000, 0), (1, 10), (1, 30))
    bits.choose((1, 0), (1001, 0), (1, 8), (1, 10))
    bits.choose((0, 0), (0, 3), (0, 16), (0, 32))
    bits.flag()


def _depth(bits: _Bits) -> tuple[int, bool]:
    if bits.flag():
        depth = bits.choose((32, 0), (16, 0), (24, 0), (1, 6))
        bits.take(4)
        return depth, True
    return bits.choose((8, 0), (10, 0), (12, 0), (1, 6)), False


def _extra(bits: _Bits) -> int:
    if bits.flag():
        return 0  # alpha of 8 bits
    kind = bits.enum()
    _depth(bits)
    bits.choose((0, 0), (3, 0), (4, 0), (1, 3))  # by how much it is smaller
    for _ in range(min(_NAMES, bits.choose((0, 0), (0, 4), (16, 5), (48, 10)))):
        bits.take(8)
    if kind == 0:
        bits.flag()  # whether colours are multiplied by it
    elif kind == 2:  # a spot colour
        bits.take(64)
    elif kind == 5:
        bits.choose((1, 0), (0, 2), (3, 4), (19, 8))
    return kind


def _colours(bits: _Bits) -> tuple[int, str | None, int]:
    if bits.flag():
        return 3, "sRGB", 1
    has_profile = bits.flag()
    space = bits.enum()  # 0 RGB, 1 grey, 2 XYB
    channels = 1 if space == 1 else 3
    if has_profile:
        return channels, None, 2
    primaries, white = 1, 1
    if space != 2:
        white = bits.enum()
        if white == 2:
            _point(bits)
        if space != 1:
            primaries = bits.enum()
            if primaries == 2:
                for _ in range(3):
                    _point(bits)
    if space == 2:
        return channels, "sRGB", 1
    if bits.flag():
        curve = f"gamma {bits.take(24) / 1e7:.3g}"
    else:
        number = bits.enum()
        curve = _CURVES.get(number, f"transfer function {number}")
    return channels, curve, primaries if white == 1 else 2


def _point(bits: _Bits) -> None:
    for _ in range(2):
        bits.choose((0, 19), (524288, 19), (1048576, 20), (2097152, 21))
