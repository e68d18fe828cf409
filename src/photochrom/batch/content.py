"""What kind of photo a file is by its first bytes, whatever its name says."""

from __future__ import annotations

import stat
from pathlib import Path

from photochrom.io.formats import JPEG, TIFF, usual_suffix

__all__ = ["content_suffix", "kind_of"]

_BYTES = 16  # hold the beginnings of all kinds
_BEGINNINGS = {
    b"\xff\xd8\xff": "jpeg",
    b"\x89PNG\r\n\x1a\n": "png",
    b"GIF87a": "gif",
    b"GIF89a": "gif",
    b"II*\0": "tiff",
    b"MM\0*": "tiff",
    b"II+\0": "tiff",  # BigTIFF
    b"MM\0+": "tiff",
    b"BM": "bmp",
}


def content_suffix(path: Path) -> str | None:
    """Return the usual suffix of what a file holds; None where that is not known, or cannot be read."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # to open a pipe would wait for a writer
            return None
        with path.open("rb", buffering=0) as file:
            begin = file.read(_BYTES)
    except (OSError, ValueError):
        return None  # its line comes when it is read
    kind = _kind(begin)
    return kind and usual_suffix(kind)


def kind_of(suffix: str) -> str:
    """Return one suffix for all that mean the same kind, such as ``.jpg`` for ``.JPEG``."""
    suffix = suffix.lower()
    return ".jpg" if suffix in JPEG else ".tif" if suffix in TIFF else suffix


def _kind(begin: bytes) -> str | None:
    if begin[:4] == b"RIFF" and begin[8:12] == b"WEBP":
        return "webp"
    if begin[4:12] in (b"ftypavif", b"ftypavis"):
        return "avif"
    return next((kind for magic, kind in _BEGINNINGS.items() if begin.startswith(magic)), None)
