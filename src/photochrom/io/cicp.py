"""Coding-independent code points (ITU-T H.273): what PNG's cICP and HEIF's nclx say of a picture's numbers."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from photochrom.io.icc import SRGB, SRGB_CURVE, Chromaticities, gamma_curve
from photochrom.io.metadata.tiff import opened

__all__ = ["CodePoints", "read_nclx"]

_D65, _C = (0.3127, 0.3290), (0.310, 0.316)
_PRIMARIES = {  # table 2
    1: SRGB,
    4: Chromaticities(_C, (0.67, 0.33), (0.21, 0.71), (0.14, 0.08)),
    5: Chromaticities(_D65, (0.64, 0.33), (0.29, 0.60), (0.15, 0.06)),
    6: Chromaticities(_D65, (0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    7: Chromaticities(_D65, (0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    8: Chromaticities(_C, (0.681, 0.319), (0.243, 0.692), (0.145, 0.049)),
    9: Chromaticities(_D65, (0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    10: Chromaticities((1 / 3, 1 / 3), (1.0, 0.0), (0.0, 1.0), (0.0, 0.0)),
    11: Chromaticities((0.314, 0.351), (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    12: Chromaticities(_D65, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    22: Chromaticities(_D65, (0.630, 0.340), (0.295, 0.605), (0.155, 0.077)),
}
_VIDEO = (1, 6, 7, 11, 12, 14, 15)
"""Cameras' curves of television; stills are marked so by encoders of video whose numbers were sRGB's."""

_CURVES = {  # table 3
    4: gamma_curve(2.2),
    5: gamma_curve(2.8),
    8: gamma_curve(1.0),
    **dict.fromkeys((13, *_VIDEO), SRGB_CURVE),
}
_UNSAID = (0, 2, 3)  # reserved, and "unspecified"
_HDR = {16: "PQ", 18: "HLG"}
_MOST_BOXES = 1 << 24  # bytes of a HEIF's description of its items


@dataclass(frozen=True)
class CodePoints:
    """Code points of primaries, transfer characteristics and matrix, and whether numbers have the full range.

    A matrix of 0 is none: what is coded are red, green and blue themselves.
    """

    primaries: int
    transfer: int
    matrix: int = 0
    full_range: bool = True

    @property
    def hdr(self) -> str | None:
        """The name of its curve where that is of high dynamic range: ``PQ`` or ``HLG``."""
        return _HDR.get(self.transfer)

    @property
    def encoding(self) -> tuple[bytes, Chromaticities] | None:
        """The tag of its curve and its chromaticities, those of sRGB where they are not said; None if unknown."""
        curve = SRGB_CURVE if self.transfer in _UNSAID else _CURVES.get(self.transfer)
        primaries = SRGB if self.primaries in _UNSAID else _PRIMARIES.get(self.primaries)
        return None if curve is None or primaries is None else (curve, primaries)


def read_nclx(source: str | Path | bytes) -> CodePoints | None:
    """Read what a HEIF or AVIF says of its primary picture (ISO/IEC 23008-12; ISO/IEC 14496-12, 12.1.5).

    Args:
        source: a path or the file's bytes.

    Returns:
        None if it says nothing, is damaged, or is no HEIF. The range is always full: decoders expand another.
    """
    with opened(source if isinstance(source, bytes) else Path(source)) as file:
        meta = _meta(file)
    try:
        inner = _boxes(meta[4:])
        item = inner[b"pitm"][0]
        primary = int.from_bytes(item[4:6] if item[0] == 0 else item[4:8], "big")
        properties = _boxes(inner[b"iprp"][0])
        colours = [
            (n, content)
            for n, (kind, content) in enumerate(_walk(properties[b"ipco"][0]), 1)
            if kind == b"colr" and content[:4] == b"nclx"
        ]
        associated = {n for table in properties[b"ipma"] for n in _associations(table, primary)}
        for n, content in colours:
            if n in associated:
                return CodePoints(*struct.unpack_from(">HHH", content, 4))
    except (KeyError, IndexError, struct.error):
        pass
    return None


def _meta(file: BinaryIO) -> bytes:
    """Find the box that describes a HEIF's items; nothing if there is none."""
    at = 0
    while len(head := file.read(16)) >= 8:
        size, kind = struct.unpack_from(">I4s", head)
        if at == 0 and kind != b"ftyp":
            break
        length = 8
        if size == 1 and len(head) == 16:
            (size,), length = struct.unpack_from(">Q", head, 8), 16
        if kind == b"meta":
            file.seek(at + length)
            return file.read(min(size - length, _MOST_BOXES) if size else _MOST_BOXES)
        if size < length:
            break
        at = file.seek(at + size)
    return b""


def _walk(content: bytes) -> list[tuple[bytes, bytes]]:
    """Give the kind and the contents of each box."""
    found, at = [], 0
    while at + 8 <= len(content):
        size, kind = struct.unpack_from(">I4s", content, at)
        if size < 8:
            break
        found.append((kind, content[at + 8 : at + size]))
        at += size
    return found


def _boxes(content: bytes) -> dict[bytes, list[bytes]]:
    found: dict[bytes, list[bytes]] = {}
    for kind, inner in _walk(content):
        found.setdefault(kind, []).append(inner)
    return found


def _associations(table: bytes, item: int) -> list[int]:
    """Read an ``ipma``: the numbers of an item's properties, from 1."""
    wide_items, wide = table[0] > 0, table[3] & 1
    (count,) = struct.unpack_from(">I", table, 4)
    at = 8
    for _ in range(min(count, len(table))):
        (one,) = struct.unpack_from(">I" if wide_items else ">H", table, at)
        at += 4 if wide_items else 2
        number = table[at]
        at += 1
        if one == item:
            size = 2 if wide else 1
            numbers = (int.from_bytes(table[at + size * n : at + size * n + size], "big") for n in range(number))
            return [n & (0x7FFF if wide else 0x7F) for n in numbers]
        at += number * (2 if wide else 1)
    return []
