"""The quality at which a JPEG was saved, as libjpeg counts it, found by its quantization tables (ITU-T T.81)."""

from __future__ import annotations

import struct
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from photochrom.io.metadata.jpeg import read_segments
from photochrom.io.metadata.tiff import opened

__all__ = ["jpeg_quality"]

_TABLES = 0xDB
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # start of frame, of all processes (table B.1)

# Annex K, tables K.1 and K.2, which libjpeg scales by the quality.
_LUMINANCE = """
    16 11 10 16 24 40 51 61  12 12 14 19 26 58 60 55  14 13 16 24 40 57 69 56  14 17 22 29 51 87 80 62
    18 22 37 56 68 109 103 77  24 35 55 64 81 104 113 92  49 64 78 87 103 121 120 101  72 92 95 98 112 100 103 99
"""
_CHROMINANCE = """
    17 18 24 47 99 99 99 99  18 21 26 66 99 99 99 99  24 26 56 99 99 99 99 99  47 66 99 99 99 99 99 99
    99 99 99 99 99 99 99 99  99 99 99 99 99 99 99 99  99 99 99 99 99 99 99 99  99 99 99 99 99 99 99 99
"""


def jpeg_quality(source: str | Path | bytes) -> int | None:
    """Find the quality whose tables are nearest to a JPEG's own.

    Cameras and Photoshop have tables of their own shape. Nearest is the mean distance of the logarithms of their
    steps, for a step twice as large loses twice as much at each frequency.

    Args:
        source: a path or the file's bytes.

    Returns:
        1..100; None if it is no JPEG, or its tables cannot be read.
    """
    with opened(source if isinstance(source, bytes) else Path(source)) as file:
        if file.read(2) != b"\xff\xd8":
            return None
        tables: dict[int, tuple[int, ...]] = {}
        used: list[int] = []
        for marker, content in read_segments(file):
            if marker == _TABLES:
                tables |= _read_tables(content)
            elif marker in _FRAMES and len(content) > 5:
                used = list(content[8 : 6 + 3 * content[5] : 3])
    if not used or used[0] not in tables:
        return None
    # RGB and CMYK have one table for all; only of YCbCr is the second one that of colours.
    of_colours = tables.get(used[1]) if len(used) == 3 and used[1] != used[0] else None
    return _nearest(tables[used[0]], of_colours)


@lru_cache(maxsize=64)
def _nearest(luminance: tuple[int, ...], chrominance: tuple[int, ...] | None) -> int:
    """Find the quality of tables, which an archive's photos often share."""
    known = _known_tables()
    distance = np.abs(known[:, 0] - np.log(luminance)).mean(axis=1)
    if chrominance is not None:
        distance = (distance + np.abs(known[:, 1] - np.log(chrominance)).mean(axis=1)) / 2
    return 100 - int(np.argmin(distance[::-1]))  # the best of those that are as near


def _read_tables(content: bytes) -> dict[int, tuple[int, ...]]:
    """Read the tables of a segment, by their number, in zigzag order; steps of 0, which are none, as 1."""
    found, at = {}, 0
    while at < len(content):
        size, number = content[at] >> 4, content[at] & 15
        end = at + 1 + 64 * (1 + (size > 0))
        if end > len(content):
            break
        steps = struct.unpack_from(">64H" if size else ">64B", content, at + 1)
        found[number] = tuple(max(step, 1) for step in steps)
        at = end
    return found


@lru_cache(maxsize=1)
def _known_tables() -> NDArray[np.float64]:
    """Return the logarithms of libjpeg's tables: quality 1..100 × luminance, chrominance × 64 in zigzag order."""
    places = sorted(range(64), key=lambda n: (n // 8 + n % 8, n // 8 if (n // 8 + n % 8) % 2 else n % 8))
    base = np.array([_LUMINANCE.split(), _CHROMINANCE.split()], np.int64)[:, places]
    quality = np.arange(1, 101)
    scale = np.where(quality < 50, 5000 // quality, 200 - 2 * quality)
    scaled = np.clip((base * scale[:, None, None] + 50) // 100, 1, 255)
    logarithms: NDArray[np.float64] = np.log(scaled)
    return logarithms
