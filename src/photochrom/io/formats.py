"""Kinds of photo files: what their names end with, and how each is written."""

from __future__ import annotations

from typing import Any

__all__ = ["JPEG", "PHOTO_SUFFIXES", "SAVED_SUFFIXES", "TIFF", "WIDE", "usual_suffix"]

JPEG = frozenset([".jpg", ".jpeg", ".jpe", ".jfif"])
TIFF = frozenset([".tif", ".tiff"])
WIDE = frozenset([".png", ".avif", *TIFF])
"""Formats that hold more than 8 bits: 16, and AVIF 12."""

PHOTO_SUFFIXES = frozenset([*JPEG, *TIFF, ".png", ".webp", ".avif", ".gif", ".bmp"])
"""Names of files that are taken for photos where a folder is searched; a file named by the user may have any."""

SAVED_SUFFIXES: dict[str, dict[str, Any]] = {
    **{suffix: {"Q": 92} for suffix in sorted(JPEG)},
    ".png": {},
    ".webp": {"Q": 90},
    **{suffix: {"compression": "deflate", "predictor": "horizontal"} for suffix in sorted(TIFF)},
    ".avif": {"Q": 75},
    ".bmp": {},
}
"""Suffixes that a result can have, and libvips' options for each; those with a ``Q`` have a quality to choose.

GIF is not among them: its 256 colours are too few for a photo, so a GIF's result is a PNG.
"""

_USUAL = {
    "jpeg": ".jpg",
    "png": ".png",
    "webp": ".webp",
    "tiff": ".tif",
    "heif": ".avif",
    "avif": ".avif",
    "gif": ".gif",
    "bmp": ".bmp",
}


def usual_suffix(kind: str) -> str | None:
    """Name the usual suffix of a libvips loader (``jpegload_source``) or a Pillow format (``JPEG``)."""
    return _USUAL.get(kind.lower().split("load")[0])
