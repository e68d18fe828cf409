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

from photochrom.errors import PhotoError, reason_of

__all__ = ["read_bmp", "read_bmp_header", "write_bmp"]

_LONGEST = 10_000_000  # pixels of a side that libvips takes

Dpi = tuple[float, float] | None


def read_bmp(source: str | Path | bytes, name: str) -> tuple[NDArray[np.uint8], Dpi]:
    """Read the pixels, uint8 H×W or H×W×3 or 4, and the dots per inch, None where it says none.

    Raises:
        PhotoError: if it is damaged; `name` is what to call it.
    """
    with _opened(source, name) as bmp:
        return np.asarray(bmp if bmp.mode in ("L", "RGB", "RGBA") else bmp.convert("RGB")), bmp.info.get("dpi")


def read_bmp_header(source: str | Path | bytes, name: str) -> tuple[int, int, int, Dpi]:
    """Read the width, height and bands that `read_bmp` would give, and the dots per inch.

    Raises:
        PhotoError: as `read_bmp`.
    """
    with _opened(source, name) as bmp:
        return bmp.width, bmp.height, {"L": 1, "RGBA": 4}.get(bmp.mode, 3), bmp.info.get("dpi")


def write_bmp(path: Path, pixels: NDArray[np.uint8], dpi: Dpi) -> None:
    """Write uint8 pixels, as `read_bmp` gives them, and their resolution; a BMP holds nothing else."""
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
        raise PhotoError(
            name, f"is damaged or cut short ({reason_of(error)})", "fetch or scan it again"
        ) from error
