"""The table of formats: what names and first bytes each has, and how it is read and written."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = [
    "FORMATS",
    "JPEG",
    "MEDIA_TYPES",
    "PHOTO_SUFFIXES",
    "SAVED_SUFFIXES",
    "TIFF",
    "WIDE",
    "Format",
    "content_suffix",
    "kind_of",
    "result_suffix",
    "usual_suffix",
]


@dataclass(frozen=True)
class Format:
    """A kind of file.

    Attributes:
        names: by which libvips and Pillow know it, in small letters.
        suffixes: that a file of it may have, the usual one first.
        media_type: for HTTP.
        signatures: what a file of it may begin with; each a place and the bytes there, or several of these.
        loader: class of libvips' loader; None for what Pillow reads.
        options: of libvips' saver, where a ``Q`` is a quality to choose; None for what results are not written as.
        is_wide: whether it holds more than 8 bits: 16, and AVIF 12.
    """

    names: tuple[str, ...]
    suffixes: tuple[str, ...]
    media_type: str
    signatures: tuple[tuple[tuple[int, bytes], ...], ...]
    loader: str | None
    options: dict[str, Any] | None = None
    is_wide: bool = False

    @property
    def suffix(self) -> str:
        """The usual suffix."""
        return self.suffixes[0]


def _begins(*signatures: bytes) -> tuple[tuple[tuple[int, bytes], ...], ...]:
    return tuple(((0, signature),) for signature in signatures)


_JPEG = Format(
    ("jpeg",), (".jpg", ".jpeg", ".jpe", ".jfif"), "image/jpeg", _begins(b"\xff\xd8\xff"), "Jpeg", {"Q": 92}
)
_TIFF = Format(
    ("tiff",),
    (".tif", ".tiff"),
    "image/tiff",
    _begins(b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),  # the latter two are BigTIFF's
    "Tiff",
    {"compression": "deflate", "predictor": "horizontal"},
    is_wide=True,
)
FORMATS = (
    _JPEG,
    Format(("png",), (".png",), "image/png", _begins(b"\x89PNG\r\n\x1a\n"), "Png", {}, is_wide=True),
    Format(("webp",), (".webp",), "image/webp", (((0, b"RIFF"), (8, b"WEBP")),), "Webp", {"Q": 90}),
    _TIFF,
    Format(
        ("avif",),
        (".avif",),
        "image/avif",
        (((4, b"ftypavif"),), ((4, b"ftypavis"),)),
        "Heif",
        {"Q": 75},
        is_wide=True,
    ),
    # GIF's 256 colours are too few for a photo, so a GIF's result is a PNG.
    Format(("gif",), (".gif",), "image/gif", _begins(b"GIF87a", b"GIF89a"), "Nsgif"),
    # Two letters are too few to tell a BMP from a text, so its reserved bytes count too.
    Format(("bmp",), (".bmp",), "image/bmp", (((0, b"BM"), (6, bytes(4))),), None, {}),
)
"""All formats that photos are read from."""

JPEG = frozenset(_JPEG.suffixes)
TIFF = frozenset(_TIFF.suffixes)
WIDE = frozenset(suffix for format in FORMATS if format.is_wide for suffix in format.suffixes)
"""Suffixes of formats that hold more than 8 bits."""

PHOTO_SUFFIXES = frozenset(suffix for format in FORMATS for suffix in format.suffixes)
"""Names of files that are taken for photos where a folder is searched; a file named by the user may have any."""

SAVED_SUFFIXES: dict[str, dict[str, Any]] = {
    suffix: format.options for format in FORMATS if format.options is not None for suffix in format.suffixes
}
"""Suffixes that a result can have, and libvips' options for each."""

MEDIA_TYPES = {format.suffix: format.media_type for format in FORMATS if format.options is not None}
"""Of results, by usual suffix."""

_BYTES = max(at + len(part) for each in FORMATS for signature in each.signatures for at, part in signature)


def usual_suffix(name: str, compression: str | None = None) -> str | None:
    """Name the usual suffix of a libvips loader or of a Pillow format.

    Args:
        name: such as ``jpegload_source``, or ``JPEG``.
        compression: what libvips says of a HEIF file: ``av1``, which makes it AVIF, or another.
    """
    known = name.lower().split("load")[0]
    if known == "heif":
        return ".avif" if compression == "av1" else ".heif"
    return next((format.suffix for format in FORMATS if known in format.names), None)


def kind_of(suffix: str) -> str:
    """Return one suffix for all that mean the same kind, such as ``.jpg`` for ``.JPEG``."""
    suffix = suffix.lower()
    return next((format.suffix for format in FORMATS if suffix in format.suffixes), suffix)


def result_suffix(suffix: str) -> str:
    """Return the suffix of a result: the photo's own, or PNG where that kind cannot be written or hold colour."""
    return suffix if suffix.lower() in SAVED_SUFFIXES else ".png"


def content_suffix(path: Path) -> str | None:
    """Return the usual suffix of what a file holds, whatever its name says.

    Returns:
        None where that is not known, or the file cannot be read, of which its own line comes when it is.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # to open a pipe would wait for a writer
            return None
        with path.open("rb", buffering=0) as file:
            begin = file.read(_BYTES)
    except (OSError, ValueError):
        return None
    for format in FORMATS:
        for signature in format.signatures:
            if all(begin[at:].startswith(part) for at, part in signature):
                return format.suffix
    return None
