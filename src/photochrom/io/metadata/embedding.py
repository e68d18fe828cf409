"""What libvips would lose, put into a file that it has written: EXIF, resources, texts and segments."""

from __future__ import annotations

import mmap
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from photochrom.io.metadata import ifd, jpeg, png
from photochrom.io.metadata.exif import EXIF_HEADER, make_block
from photochrom.io.metadata.ifd import Value
from photochrom.io.metadata.tiff import write_tiff_exif

if TYPE_CHECKING:
    from photochrom.io.metadata.file_metadata import FileMetadata

__all__ = ["embed", "room_for"]

_ROOM = b"photochrom: room"


def room_for(exif: bytes) -> bytes:
    """Return the block of EXIF that libvips is given in place of the real one."""
    # libexif would change the block. So libvips gets one that only makes room, of a tag's value that it
    # takes for a maker's note, and `embed` puts the real one there.
    room = (_ROOM * (len(exif) // len(_ROOM) + 1))[: max(len(exif), len(_ROOM))]
    return make_block({ifd.EXIF: {0x927C: Value(7, room)}})


def embed(metadata: FileMetadata, path: Path) -> None:
    """Do what `FileMetadata.embed` says."""
    if metadata.format == "jpg":
        with path.open("rb") as file:
            at = jpeg.segments_end(file)
        _insert(path, at, _jpeg_segments(metadata, jfif=at > 2))
    elif metadata.format == "png":
        exif = b"" if metadata.exif is None else png.chunk(b"eXIf", metadata.exif.removeprefix(EXIF_HEADER))
        texts = (t.raw if t.format == "png" else png.text_chunk(t.keyword, t.text) for t in metadata.texts)
        made_up = None
        if metadata.dpi is None:
            with path.open("rb") as file:
                made_up = png.place_of(file, b"pHYs")
        _insert(path, 33, b"".join([exif, *texts, metadata.segments]), without=made_up)
    elif metadata.format == "tif":
        write_tiff_exif(path, metadata.exif, metadata.resources, resolution=metadata.dpi is not None)
    elif metadata.exif is not None:
        _fill_room(path, metadata.exif.removeprefix(EXIF_HEADER), max(len(metadata.exif), len(_ROOM)))


def _jpeg_segments(metadata: FileMetadata, *, jfif: bool) -> bytes:
    parts = [] if metadata.dpi is None or jfif else [jpeg.jfif_segment(metadata.dpi)]
    if metadata.exif is not None:
        parts.append(jpeg.exif_segment(metadata.exif))
    if metadata.xmp is not None:
        parts.append(jpeg.xmp_segments(metadata.xmp))
    if metadata.resources:
        parts.append(jpeg.resource_segments(metadata.resources))
    for text in metadata.texts:
        said = text.raw if text.format == "jpg" else text.said.encode("utf-8", "replace")
        parts.append(jpeg.comment_segment(said))
    return b"".join([*parts, metadata.segments])


def _insert(path: Path, at: int, content: bytes, *, without: tuple[int, int] | None = None) -> None:
    """Put bytes into a file, and take those of a place behind them out of it."""
    if not content and without is None:
        return
    longer = path.with_name(f"{path.name}.longer")
    try:
        with path.open("rb") as old, longer.open("wb") as new:
            new.write(old.read(at) + content)
            if without is not None:
                new.write(old.read(without[0] - at))  # a header's chunks
                old.seek(without[1])
            shutil.copyfileobj(old, new, 1 << 20)
        longer.replace(path)
    finally:
        longer.unlink(missing_ok=True)


def _fill_room(path: Path, block: bytes, room: int) -> None:
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as content:
        at = content.find(_ROOM)
        start = content.rfind(b"II*\0", max(0, at - 4096), at)
        if min(at, start) < 0:
            raise OSError("libvips left no room for EXIF")
        content[start : at + room] = block.ljust(at + room - start, b"\0")
