"""What a file holds, by a look at its header, whatever its name says; and so what its result is called."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import BinaryIO

from photochrom.io import bmff
from photochrom.io.decoders.jpeg2000_header import read_size
from photochrom.io.decoders.jpeg_frame import read_frame
from photochrom.io.decoders.jpegxl_header import read_header
from photochrom.io.formats import SIGNATURE_BYTES, kind_of, result_suffix, signed

__all__ = ["content_suffix", "default_suffix"]


def content_suffix(path: Path) -> str | None:
    """Return the usual suffix of what a file holds, whatever its name says.

    Returns:
        None where that is not known, or the file cannot be read, of which its own line comes when it is.
    """
    found = _look(path)
    return None if found is None else found[0]


def default_suffix(path: Path) -> str:
    """Return the suffix of a photo's result, unless its user says another: by content where that is known."""
    found = _look(path)
    if found is None:
        return result_suffix(path.suffix)
    content, wide = found
    named = path.suffix.lower()
    # A raw begins as a TIFF does, and becomes one.
    return result_suffix(path.suffix if content == kind_of(named) else content, wide=wide)


def _look(path: Path) -> tuple[str, bool] | None:
    """Return a file's kind, and whether it has more than 8 bits where that matters for its result's."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # to open a pipe would wait for a writer
            return None
        with path.open("rb") as file:
            format = signed(file.read(SIGNATURE_BYTES))
            return None if format is None else _depth(file, format.suffix)
    except (OSError, ValueError):
        return None


def _depth(file: BinaryIO, suffix: str) -> tuple[str, bool]:
    if suffix == ".heic":
        if bmff.item_kinds(file) & {b"av01"}:
            return ".avif", False
        return suffix, bmff.luma_bits(file) > 8
    if suffix == ".jpg":
        frame = read_frame(file)
        if frame is not None:
            return (".jls" if frame.kind == 0xF7 else suffix), frame.bits > 8
    if suffix in (".jp2", ".jxl"):
        header = (read_size if suffix == ".jp2" else read_header)(file)
        return suffix, header is not None and header.bits > 8
    return suffix, False
