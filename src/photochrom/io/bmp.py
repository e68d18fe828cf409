"""BMP, which libvips neither reads nor writes; Pillow does, of all kinds."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.io.raster import Raster
from photochrom.io.source import Source, damaged

__all__ = ["open_bmp", "write_bmp"]

_LONGEST = 10_000_000  # pixels of a side that libvips takes
_BYTES = 12  # of memory per pixel

Dpi = tuple[float, float] | None


def open_bmp(source: Source, name: str) -> Raster:
    """Open a BMP; no more than its header is read.

    Raises:
        PhotoError: if it is damaged.
    """
    with _opened(source, name) as bmp:
        width, height = bmp.size
        bands, dpi = {"L": 1, "RGBA": 4}.get(bmp.mode, 3), bmp.info.get("dpi")

    def decode() -> NDArray[np.uint8]:
        with _opened(source, name) as bmp:
            return np.asarray(bmp if bmp.mode in ("L", "RGB", "RGBA") else bmp.convert("RGB"))

    needed = width * height * _BYTES
    return Raster(name, ".bmp", height, width, bands, np.dtype(np.uint8), needed, decode, dpi=dpi)


def write_bmp(path: Path, pixels: NDArray[np.uint8], dpi: Dpi) -> None:
    """Write uint8 pixels, H×W or H×W×3 or 4, and their resolution; a BMP holds nothing else."""
    from PIL import Image

    Image.fromarray(pixels).save(path, "BMP", **({} if dpi is None else {"dpi": dpi}))


@contextmanager
def _opened(source: str | Path | bytes, name: str) -> Iterator[Any]:
    from PIL import BmpImagePlugin

    try:
        # Not Image.open, whose limit on pixels is lower than an archive's scans.
        with BmpImagePlugin.BmpImageFile(BytesIO(source) if isinstance(source, bytes) else Path(source)) as bmp:
            if not all(0 < side <= _LONGEST for side in bmp.size):
                raise ValueError(f"{bmp.width}×{bmp.height} pixels")
            yield bmp
    except (OSError, SyntaxError, ValueError, OverflowError, struct.error) as error:
        raise damaged(name, error) from error
