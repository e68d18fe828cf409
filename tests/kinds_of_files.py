"""Small files of rare kinds, made for tests by other programs' libraries."""

from __future__ import annotations

import struct
from io import BytesIO
from typing import Any

import numpy as np
import tifffile

__all__ = ["dng", "picture", "strip_tiff", "tiff_of"]

Pixels = np.ndarray[Any, Any]


def picture(height: int, width: int, bands: int, most: int, dtype: Any = np.uint16, seed: int = 0) -> Pixels:
    """Return a smooth picture with some noise, 0 to `most`, H×W or H×W×bands."""
    rows, columns = np.mgrid[0:height, 0:width]
    noise = np.random.default_rng(seed).random((height, width, bands))
    slope = (rows + 2 * columns)[..., None] / max(1, height + 2 * width) * (1 - np.arange(bands) / 8)
    values = np.rint((0.9 * slope + 0.1 * noise) * most).astype(dtype)
    values.flat[0], values.flat[-1] = 0, most
    return values[..., 0] if bands == 1 else values


def tiff_of(pixels: Pixels, **options: Any) -> bytes:
    """Encode a TIFF as tifffile does."""
    buffer = BytesIO()
    tifffile.imwrite(buffer, pixels, metadata=None, **options)
    return buffer.getvalue()


def dng(
    samples: Pixels,
    *,
    preview: Pixels | None = None,
    order: str = "<",
    orientation: int = 1,
    signed: bytes = b"",
    **tags: str,
) -> bytes:
    """Make a DNG as Adobe's specification has it: a mosaic (H×W), or linear samples (H×W×3).

    Args:
        samples: uint16, of linear light; 65535 is white.
        preview: a picture in the first directory; the samples are then in a SubIFD.
        order: byte order.
        orientation: 1, 3, 6 or 8.
        signed: Content Credentials.
        tags: `artist`, which is a tag of the first directory.
    """
    camera = [
        (50706, 1, 4, (1, 4, 0, 0), True),
        (50707, 1, 4, (1, 1, 0, 0), True),
        (50708, 2, 0, "Test Cam", True),
        (271, 2, 0, "Test", True),
        (272, 2, 0, "Cam", True),
        (274, 3, 1, orientation, True),
        (50721, 10, 9, (1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 1), True),
        (50778, 3, 1, 21, True),
        (50728, 5, 3, (1, 1, 1, 1, 1, 1), True),
        *([(315, 2, 0, tags["artist"], True)] if "artist" in tags else []),
        *([(52545, 7, len(signed), signed, True)] if signed else []),
    ]
    is_mosaic = samples.ndim == 2
    sensor = [(50717, 4, 1, 65535, True)] if is_mosaic else [(50717, 4, 3, (65535,) * 3, True)]
    if is_mosaic:
        sensor += [(33421, 3, 2, (2, 2), True), (33422, 1, 4, (0, 1, 1, 2), True)]
    meaning = 32803 if is_mosaic else 34892
    buffer = BytesIO()
    with tifffile.TiffWriter(buffer, byteorder=order) as file:
        if preview is not None:
            file.write(
                preview, photometric="minisblack", subfiletype=1, subifds=1, extratags=camera, metadata=None
            )
            camera = []
        planes = None if is_mosaic else "contig"
        file.write(
            samples,
            photometric=meaning,
            planarconfig=planes,
            subfiletype=0,
            extratags=camera + sensor,
            metadata=None,
        )
    return buffer.getvalue()


def strip_tiff(
    width: int, height: int, bits: int, data: bytes, *, order: str = "<", compression: int = 1
) -> bytes:
    """Make a grey TIFF of one strip from its bytes."""
    count = 9
    at = 8 + 2 + 12 * count + 4
    entries = [(256, 4, width), (257, 4, height), (258, 3, bits), (259, 3, 1), (262, 3, 1), (273, 4, at)]
    entries += [(277, 3, 1), (278, 4, height), (279, 4, len(data))]
    table = b""
    for tag, kind, value in entries:
        field = struct.pack(f"{order}HH", value, 0) if kind == 3 else struct.pack(f"{order}I", value)
        table += struct.pack(f"{order}HHI", tag, kind, 1) + field
    start = struct.pack(f"{order}2sHIH", b"II" if order == "<" else b"MM", 42, 8, count)
    return start + table + bytes(4) + data
