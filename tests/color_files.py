"""Files that say what their numbers mean, made byte by byte, and closed formulas of what these mean."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

import numpy as np
import PIL.Image
from numpy.typing import NDArray

D50 = (0.9642, 1.0, 0.8249)


def srgb(linear: Any) -> NDArray[np.float64]:
    """IEC 61966-2-1: from light to numbers, both 0..1."""
    linear = np.clip(np.asarray(linear, np.float64), 0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def lightness(linear: Any) -> NDArray[np.float64]:
    """CIE 15:2004: L* of a luminance 0..1."""
    return np.where(linear > 216 / 24389, 116 * np.cbrt(linear) - 16, np.asarray(linear) * 24389 / 27)


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(pixels: NDArray[Any], *chunks: bytes) -> bytes:
    """Encode uint8 or uint16, grey or RGB, with chunks behind the header."""
    height, width = pixels.shape[:2]
    bits, kind = 8 * pixels.itemsize, 0 if pixels.ndim == 2 else 2
    rows = pixels.astype(pixels.dtype.newbyteorder(">")).reshape(height, -1)
    data = b"".join(b"\0" + row.tobytes() for row in rows)
    head = chunk(b"IHDR", struct.pack(">2I5B", width, height, bits, kind, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")
    )


def gama(gamma: float) -> bytes:
    return chunk(b"gAMA", struct.pack(">I", round(100_000 / gamma)))


def chrm(white: Any, red: Any, green: Any, blue: Any) -> bytes:
    numbers = [round(100_000 * number) for point in (white, red, green, blue) for number in point]
    return chunk(b"cHRM", struct.pack(">8I", *numbers))


def cicp(primaries: int, transfer: int, matrix: int = 0, full_range: int = 1) -> bytes:
    return chunk(b"cICP", bytes([primaries, transfer, matrix, full_range]))


def iccp(profile: bytes) -> bytes:
    return chunk(b"iCCP", b"profile\0\0" + zlib.compress(profile))


def curv(*values: int) -> bytes:
    """A curve of ICC.1, 10.6: none values for the identity, one for a gamma in 1/256, more for a table."""
    return b"curv\0\0\0\0" + struct.pack(f">I{len(values)}H", len(values), *values)


def para(kind: int, *values: float) -> bytes:
    """A parametric curve of ICC.1, 10.18."""
    return b"para\0\0\0\0" + struct.pack(f">H2x{len(values)}i", kind, *(round(value * 65536) for value in values))


def grey_icc(curve: bytes, *, connection: bytes = b"XYZ ", version: int = 2, **tags: bytes) -> bytes:
    """A grey profile."""
    white = b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in D50))
    if version == 2:
        name = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"grey\0" + bytes(78)
        rights = b"text\0\0\0\0none\0"
    else:
        name = rights = (
            b"mluc\0\0\0\0" + struct.pack(">II2s2sII", 1, 12, b"en", b"US", 8, 28) + "grey".encode("utf-16-be")
        )
    content = {b"desc": name, b"cprt": rights, b"wtpt": white, b"kTRC": curve}
    content |= {tag.encode(): value for tag, value in tags.items()}
    table, body, start = b"", b"", 132 + 12 * len(content)
    for tag, value in content.items():
        table += tag + struct.pack(">II", start + len(body), len(value))
        body += value + bytes(-len(value) % 4)
    head = struct.pack(
        ">I4xI4s4s4s12x4s28x", start + len(body), version << 24, b"mntr", b"GRAY", connection, b"acsp"
    )
    return (head + white[8:]).ljust(128, b"\0") + struct.pack(">I", len(content)) + table + body


def ramp(dtype: Any, levels: int = 256) -> NDArray[Any]:
    """Grey levels from black to white, in 16 rows."""
    top = np.iinfo(dtype).max
    return np.tile(np.linspace(0, top, levels).round().astype(dtype), (16, 1))


def colours(dtype: Any) -> NDArray[Any]:
    """A cube of 6×6×6 colours, H×W×3."""
    steps = np.linspace(0, np.iinfo(dtype).max, 6).round().astype(dtype)
    return np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(18, 12, 3)


def encoded(pixels: NDArray[Any], format: str, **options: Any) -> bytes:
    """Encode with Pillow."""
    buffer = BytesIO()
    PIL.Image.fromarray(pixels).save(buffer, format, **options)
    return buffer.getvalue()
