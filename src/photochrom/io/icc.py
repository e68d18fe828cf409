"""ICC profiles (ICC.1:2022): those of curves evaluated exactly, and new ones made of a curve and chromaticities.

Little CMS resamples a profile's way through its connection space on a coarse grid. That is wrong by 5 L* where the
curve of a grey profile is linear, and by 0.6 L* for 16 bits of Adobe RGB. Curves need no grid: a table with an
entry for each level is the curve itself.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.color import cielab

__all__ = [
    "SRGB",
    "SRGB_CURVE",
    "Chromaticities",
    "color_space",
    "gamma_curve",
    "grey_table",
    "is_complete",
    "make_profile",
    "matrix_tables",
    "table_curve",
]

Floats = NDArray[np.float64]
Curve = Callable[[Floats], Floats]

_D50 = np.array([0.9642, 1.0, 0.8249])  # 7.2.16
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])  # Annex E
_DELTA = 6 / 29  # CIE 15:2004
_MOST_TAGS = 100


@dataclass(frozen=True)
class Chromaticities:
    """Where a colour space's white and primaries lie: x and y of CIE 1931, each 0..1."""

    white: tuple[float, float]
    red: tuple[float, float]
    green: tuple[float, float]
    blue: tuple[float, float]

    def to_d50(self) -> Floats | None:
        """Return the 3×3 matrix from linear RGB to XYZ, adapted to D50; None if they span no colour space."""
        points = np.array([(x, y, 1 - x - y) for x, y in (self.red, self.green, self.blue)], np.float64).T
        # Some spaces have primaries that no light has, but none so far away.
        if not 0 < self.white[1] <= 1 or abs(points).max() > 3 or abs(np.linalg.det(points)) < 1e-4:
            return None
        white = np.array([self.white[0], self.white[1], 1 - sum(self.white)]) / self.white[1]
        shares = np.linalg.solve(points, white)
        if min(shares) <= 0:  # white outside the triangle
            return None
        gain = (_BRADFORD @ _D50) / (_BRADFORD @ white)
        adapted: Floats = np.linalg.inv(_BRADFORD) @ (gain[:, None] * _BRADFORD) @ (points * shares)
        return adapted if np.isfinite(adapted).all() and abs(adapted).max() < 4 else None

    def is_near(self, other: Chromaticities, tolerance: float = 2e-3) -> bool:
        """Whether all points are those of the other, within rounding of what files say."""
        mine, others = (np.array([each.white, each.red, each.green, each.blue]) for each in (self, other))
        return bool(np.abs(mine - others).max() <= tolerance)


SRGB = Chromaticities((0.3127, 0.3290), (0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
"""Of sRGB, which are those of ITU-R BT.709."""


def color_space(profile: bytes) -> bytes:
    """Return the four letters of a profile's colour space, as ``b"GRAY"``; nothing if it is no profile (7.2)."""
    return profile[16:20] if len(profile) >= 132 and profile[36:40] == b"acsp" else b""


def is_complete(profile: bytes) -> bool:
    """Tell whether a profile has what converts its colours: a table of them, or else curves and a matrix (8.3)."""
    tags = _tags(profile)
    if any(name[:3] in (b"A2B", b"D2B") for name in tags):
        return True
    if color_space(profile) == b"GRAY":
        return _curve(tags.get(b"kTRC", b"")) is not None
    return color_space(profile) == b"RGB " and matrix_tables(profile, 256) is not None


@lru_cache(maxsize=2)
def grey_table(profile: bytes, levels: int) -> NDArray[Any] | None:
    """Work out the sRGB value of each grey level of a profile with a tone curve.

    The curve gives Y of XYZ, or L* where the connection space is CIELAB (8.3.4, 8.4.4).

    Args:
        profile: of the colour space ``GRAY``.
        levels: 256 or 65536.

    Returns:
        uint8 or uint16 of `levels` entries; None if it has no curve, a damaged one, or one beside a table of
        colours (``A2B0``), which then holds.
    """
    tags = _tags(profile)
    curve = None if b"A2B0" in tags else _curve(tags.get(b"kTRC", b""))
    if curve is None:
        return None
    values = curve(np.linspace(0, 1, levels))
    if not np.isfinite(values).all():
        return None
    if profile[20:24] == b"Lab ":
        f = (100 * values + 16) / 116
        values = np.where(f > _DELTA, f**3, 3 * _DELTA**2 * (f - 4 / 29))
    encoded: Floats = cielab.linear_to_srgb(np.clip(values, 0, 1))
    return np.rint(encoded * (levels - 1)).astype(np.uint8 if levels == 256 else np.uint16)


@lru_cache(maxsize=2)
def matrix_tables(profile: bytes, levels: int) -> tuple[NDArray[np.float32], Floats] | None:
    """Work out what a profile of three curves and a matrix does (F.3).

    Args:
        profile: of the colour space ``RGB``.
        levels: 256 or 65536.

    Returns:
        float32 `levels`×3, the light 0..1 of each level of red, green and blue; and the 3×3 matrix from there to
        linear sRGB. None if it is of another kind, or damaged.
    """
    tags = _tags(profile)
    columns = [tags.get(name + b"XYZ", b"") for name in (b"r", b"g", b"b")]
    curves = [_curve(tags.get(name + b"TRC", b"")) for name in (b"r", b"g", b"b")]
    if b"A2B0" in tags or profile[20:24] != b"XYZ " or any(len(column) < 20 for column in columns):
        return None
    steps = np.linspace(0, 1, levels)
    light = [np.clip(curve(steps), 0, 1) for curve in curves if curve is not None]
    if len(light) < 3 or not np.isfinite(light).all():
        return None
    matrix = np.array([struct.unpack_from(">3i", column, 8) for column in columns]).T / 65536
    return np.stack(light, axis=1).astype(np.float32), _from_d50() @ matrix


def gamma_curve(gamma: float) -> bytes:
    """Return the tag of a power as a curve, of an exponent up to 30,000 (10.18)."""
    return b"para\0\0\0\0\0\0\0\0" + _fixed(gamma)


SRGB_CURVE = b"para\0\0\0\0\0\3\0\0" + b"".join(
    struct.pack(">i", round(value * 65536)) for value in (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
)
"""The tag of the transfer curve of IEC 61966-2-1."""


def table_curve(values: Sequence[int]) -> bytes:
    """Return the tag of a curve of two or more values 0..65535, the first that of black (10.6)."""
    return b"curv\0\0\0\0" + struct.pack(f">I{len(values)}H", len(values), *values)


def make_profile(curves: Sequence[bytes], chromaticities: Chromaticities | None = None) -> bytes | None:
    """Make a display profile of version 4.

    Args:
        curves: tags that `gamma_curve` and its like give: one for all channels, or three.
        chromaticities: for RGB; without them, the profile is of grey.

    Returns:
        The profile; None if the chromaticities span no colour space.
    """
    tags = {b"desc": _text("photochrom"), b"cprt": _text("CC0"), b"wtpt": _xyz(_D50)}
    if chromaticities is None:
        tags[b"kTRC"] = curves[0]
    else:
        matrix = chromaticities.to_d50()
        if matrix is None:
            return None
        for n, name in enumerate((b"r", b"g", b"b")):
            tags[name + b"XYZ"] = _xyz(matrix[:, n])
            tags[name + b"TRC"] = curves[n % len(curves)]
    table, body, start = b"", b"", 132 + 12 * len(tags)
    for name, content in tags.items():
        table += name + struct.pack(">II", start + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    head = struct.pack(
        ">I4xI4s4s4s12x4s28x",
        start + len(body),
        0x04300000,
        b"mntr",
        b"GRAY" if chromaticities is None else b"RGB ",
        b"XYZ ",
        b"acsp",
    )
    return (head + _xyz(_D50)[8:]).ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


@lru_cache(maxsize=1)
def _from_d50() -> Floats:
    """Return the matrix from XYZ of D50 to linear sRGB."""
    matrix = SRGB.to_d50()
    assert matrix is not None
    return np.linalg.inv(matrix).astype(np.float64)


def _tags(profile: bytes) -> dict[bytes, bytes]:
    """Read a profile's tags; those that lie beyond its end are left out."""
    if not color_space(profile):
        return {}
    (count,) = struct.unpack_from(">I", profile, 128)
    found = {}
    for n in range(min(count, _MOST_TAGS, (len(profile) - 132) // 12)):
        name, at, size = struct.unpack_from(">4sII", profile, 132 + 12 * n)
        if at + size <= len(profile):
            found[name] = profile[at : at + size]
    return found


def _curve(tag: bytes) -> Curve | None:
    """Read a tone curve, 0..1 to 0..1; None if it is damaged or of an unknown kind."""
    if tag[:4] == b"curv" and len(tag) >= 12:
        (count,) = struct.unpack_from(">I", tag, 8)
        if len(tag) < 12 + 2 * count:
            return None
        values = np.frombuffer(tag, ">u2", count, 12)
        if count == 0:
            return lambda x: x
        if count == 1:
            return _parametric(0, [float(values[0]) / 256])
        return lambda x: np.interp(x, np.linspace(0, 1, count), values / 65535)
    if tag[:4] == b"para" and len(tag) >= 12:
        (kind,) = struct.unpack_from(">H", tag, 8)
        count = {0: 1, 1: 3, 2: 4, 3: 5, 4: 7}.get(kind, 0)
        if count and len(tag) >= 12 + 4 * count:
            return _parametric(kind, [number / 65536 for number in struct.unpack_from(f">{count}i", tag, 12)])
    return None


def _parametric(kind: int, numbers: Sequence[float]) -> Curve | None:
    """Make a curve of table 70 of ICC.1:2022."""
    g, a, b, c, d, e, f = (*numbers, *[0.0] * (7 - len(numbers)))
    if kind == 0:
        a, d = 1.0, 0.0
    elif kind in (1, 2):
        if not a:
            return None
        d, e, f, c = -b / a, c, c, 0.0

    def curve(x: Any) -> Floats:
        above: Floats = np.maximum(a * x + b, 0) ** g + e
        return np.where(x >= d, above, c * x + f)

    return None if g <= 0 else curve


def _fixed(number: float) -> bytes:
    return struct.pack(">i", round(number * 65536))


def _xyz(values: Any) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(_fixed(float(value)) for value in values)


def _text(text: str) -> bytes:
    content = text.encode("utf-16-be")
    return b"mluc\0\0\0\0" + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(content), 28) + content
