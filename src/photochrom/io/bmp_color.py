"""What a BMP of version 4 or 5 says of its colours, which Pillow leaves out (Microsoft's BITMAPV5HEADER)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from photochrom.io.icc import Chromaticities
from photochrom.io.metadata.tiff import opened

__all__ = ["BmpColor", "read_bmp_color"]

_CALIBRATED, _LINKED, _EMBEDDED = b"\0\0\0\0", b"KNIL", b"DEBM"
_V4, _V5 = 108, 124
_MOST_BYTES = 1 << 26
_D65 = (0.3127, 0.3290)  # a BMP does not say its white


@dataclass(frozen=True)
class BmpColor:
    """What a BMP says of its colours.

    Attributes:
        profile: an ICC profile, or None.
        linked: whether its ICC profile is in another file.
        gammas: exponents of red, green and blue from numbers to light, or nothing.
        chromaticities: of its primaries, or None.
    """

    profile: bytes | None = None
    linked: bool = False
    gammas: tuple[float, ...] = ()
    chromaticities: Chromaticities | None = None


def read_bmp_color(source: str | Path | bytes) -> BmpColor:
    """Read a BMP's colour space; one that says nothing, or sRGB, has none of the attributes."""
    with opened(source if isinstance(source, bytes) else Path(source)) as file:
        head = file.read(14 + _V5)
        (size,) = struct.unpack_from("<I", head, 14) if len(head) >= 18 else (0,)
        if size < _V4 or len(head) < 14 + min(size, _V5):
            return BmpColor()
        kind = head[70:74]
        if kind == _LINKED:
            return BmpColor(linked=True)
        if kind == _EMBEDDED and size >= _V5:
            at, length = struct.unpack_from("<II", head, 126)
            file.seek(14 + at)
            profile = file.read(min(length, _MOST_BYTES))
            return BmpColor(profile if len(profile) == length else None)
    if kind != _CALIBRATED:
        return BmpColor()
    gammas = tuple(number / 65536 for number in struct.unpack_from("<3I", head, 110))
    if not all(0.1 <= gamma <= 10 for gamma in gammas):  # most programs leave them 0
        return BmpColor()
    points = [struct.unpack_from("<3I", head, 74 + 12 * n) for n in range(3)]
    red, green, blue = (
        (x / sum((x, y, z)), y / sum((x, y, z))) if x + y + z else (0.0, 0.0) for x, y, z in points
    )
    chromaticities = Chromaticities(_D65, red, green, blue)
    # An exponent below 1 is that from light to numbers.
    gammas = tuple(1 / gamma if gamma < 1 else gamma for gamma in gammas)
    return BmpColor(gammas=gammas, chromaticities=chromaticities if chromaticities.to_d50() is not None else None)
