"""What libvips leaves behind in a TIFF: its descriptive tags, carried as an EXIF block, and a cut-off end.

libvips reads of a TIFF's own tags only a few, and none of its EXIF and GPS directories, and it writes none.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from io import SEEK_END, BytesIO
from pathlib import Path
from typing import BinaryIO

from photochrom.errors import OutputError
from photochrom.io.metadata import ifd
from photochrom.io.metadata.exif import EXIF_HEADER, dots_per_inch, make_block
from photochrom.io.metadata.ifd import Directory, Layout, Value
from photochrom.io.metadata.photoshop import iptc_of, with_iptc
from photochrom.io.metadata.tags import CREDENTIALS, STRUCTURAL

__all__ = [
    "missing_bytes",
    "opened",
    "read_tiff_exif",
    "read_tiff_resolution",
    "read_tiff_resources",
    "resource_tags",
    "write_tiff_exif",
]

_IPTC, _RESOURCES = 33723, 34377
_RESOLUTION = (282, 283, 296)
_DESCRIPTION = 270
_SHAPE = b'{"shape": ['  # how tifffile notes the shape of the array that it wrote, and reads it again

_PLACES = (256, 257, 258, 259, 262, 273, 277, 278, 279, 284, 322, 323, 324, 325)
"""Tags that say where the pixels are, and how many."""


def read_tiff_exif(source: Path | bytes, at: Sequence[int] = ()) -> bytes | None:
    r"""Collect what a TIFF says about a page as an EXIF block, which any other format can carry.

    That is every tag of the page but those about the storage of pixels and those that libvips carries itself (XMP,
    IPTC, Photoshop's resources, ICC profile, resolution), and its EXIF, GPS and interoperability directories.
    Private tags are among it. Classic and BigTIFF of both byte orders are read; the block is in the TIFF's.

    Args:
        source: a path or the file's bytes.
        at: where the page's directory is, behind that of a preview of it if there is one; empty for the first.

    Returns:
        ``Exif\0\0`` and the block, or None if there is nothing to say. Damaged entries are left out.
    """
    try:
        with opened(source) as file:
            layout, found = _read_pages(file, at, skip=STRUCTURAL | {CREDENTIALS})
    except (OSError, EOFError):
        return None
    kept = _converted(found, swap=False)
    description = kept.get(_DESCRIPTION)
    if isinstance(description, Value) and description.content.startswith(_SHAPE):
        del kept[_DESCRIPTION]
    return make_block(kept, layout.order) if kept else None


def read_tiff_resources(source: Path | bytes, at: Sequence[int] = ()) -> bytes | None:
    """Collect Photoshop's image resources of a TIFF's page, with IPTC's record among them.

    libvips takes the record for bytes where most programs wrote numbers of 32 bits, and so keeps a quarter of it.

    Args:
        source: a path or the file's bytes.
        at: where the page's directory is, behind that of a preview of it if there is one; empty for the first.

    Returns:
        What the APP13 segment of a JPEG holds after its name, or None if there is nothing.
    """
    try:
        with opened(source) as file:
            _, found = _read_pages(file, at, only=(_IPTC, _RESOURCES))
    except (OSError, EOFError):
        return None
    resources, iptc = (v.content if isinstance(v := found.get(t), Value) else b"" for t in (_RESOURCES, _IPTC))
    if iptc[3:4] == b"\x1c" != iptc[:1]:  # which every record begins with: written as numbers of the other order
        iptc = b"".join(iptc[n : n + 4][::-1] for n in range(0, len(iptc), 4))
    return (with_iptc(resources, iptc.rstrip(b"\0")) if iptc else resources) or None


def read_tiff_resolution(source: Path | bytes, at: Sequence[int] = ()) -> tuple[float, float] | None:
    """Read the resolution of a TIFF's page in dots per inch, across and down; None if it says none."""
    try:
        with opened(source) as file:
            layout, found = _read_pages(file, at, only=_RESOLUTION)
    except (OSError, EOFError):
        return None
    return dots_per_inch(found, layout.order)


def write_tiff_exif(
    path: Path, exif: bytes | None, resources: bytes | None = None, *, resolution: bool = True
) -> None:
    r"""Add to a TIFF that libvips has just written what an EXIF block says.

    A new first directory is put at the end of the file, and the header then points to it: what is there stays
    where it is, so that a file of gigabytes costs no more than a small one. Tags about the storage of pixels, and
    the further pages, remain libvips' own; all others are the block's. A block that cannot be read adds nothing.

    Args:
        path: a TIFF or BigTIFF of either byte order.
        exif: a block as libvips has it in ``exif-data``, with or without its leading ``Exif\0\0``.
        resources: Photoshop's image resources, with IPTC's record among them, which gets a tag of its own.
        resolution: whether to leave the file its resolution; libvips makes one up where a photo has none.

    Raises:
        OutputError: if the file is no TIFF, or the tags would lie beyond 4 GB in one that is not BigTIFF.
        OSError: if the file cannot be written.
    """
    block = BytesIO((exif or b"").removeprefix(EXIF_HEADER))
    source = Layout.of(block)
    added = {} if source is None else ifd.read(block, *source, skip=STRUCTURAL)
    if not added and not resources and resolution:
        return
    with path.open("r+b") as file:
        target = Layout.of(file)
        if target is None:
            raise OutputError(path, "is no TIFF, so the photo's EXIF cannot be added", "write it as JPEG or PNG")
        layout, at = target
        added = _converted(added, swap=source is not None and source[0].order != layout.order)
        added |= resource_tags(resources or b"")
        ready, after = _entries(file, layout, at)
        taken = {*added, *(() if resolution else _RESOLUTION)}
        ready = {tag: entry for tag, entry in ready.items() if tag not in taken}
        file.seek(0, SEEK_END)
        end = file.tell() + -file.tell() % 8
        try:
            new = ifd.pack(added, layout, end, ready=ready, after=after)
            pointer = struct.pack(layout.offset, end)
        except struct.error as error:
            raise OutputError(path, "is too large to add the photo's EXIF", "write it as BigTIFF") from error
        file.write(b"\0" * (-file.tell() % 8) + new)
        file.flush()
        file.seek(8 if layout.big else 4)
        file.write(pointer)


def missing_bytes(source: Path | bytes, at: int | None = None) -> int:
    """Count the bytes that the strips or tiles of a TIFF's page reach beyond the end of the file.

    libvips reads an uncompressed TIFF that was cut short without a word, and fills up with black.

    Args:
        source: a path or the file's bytes.
        at: where the page's directory is; None for the first.

    Returns:
        0 for a whole file, and for one that is no TIFF or whose directory cannot be read.
    """
    try:
        with opened(source) as file:
            size = file.seek(0, SEEK_END)
            start = Layout.of(file)
            if start is not None and at is not None:
                start = start[0], at
            page = {} if start is None else ifd.read(file, *start, only=_PLACES)
    except (OSError, EOFError):
        return 0
    if start is None:
        return 0

    def numbers(tag: int, default: int | None = None) -> list[int]:
        value = page.get(tag)
        known = value.numbers(start[0].order) if isinstance(value, Value) else []
        return known or ([] if default is None else [default])

    offsets, counts = numbers(324) or numbers(273), numbers(325) or numbers(279)
    needed = _chunk_sizes(numbers, len(offsets)) if numbers(259, 1)[0] == 1 else None
    if needed is None:
        needed = counts
    elif len(counts) == len(offsets):
        needed = [min(pair) for pair in zip(needed, counts, strict=True)]  # a count may be rounded up
    ends = [offset + length for offset, length in zip(offsets, needed, strict=False)]
    return max(0, *ends, size) - size if ends else 0


def _converted(directory: Directory, *, swap: bool) -> Directory:
    """Give a directory the other byte order if asked to, and types that an EXIF block knows."""
    found: Directory = {}
    for tag, value in directory.items():
        if isinstance(value, dict):
            found[tag] = _converted(value, swap=swap)
        elif value.kind not in (13, 16, 17, 18):  # not the directories we do not know, nor numbers of 64 bits
            found[tag] = value.swapped() if swap else value
    return found


def resource_tags(resources: bytes) -> Directory:
    """Return the tags that hold Photoshop's resources and IPTC's record, in TIFF and in any EXIF block."""
    iptc = iptc_of(resources)
    found: Directory = {} if iptc is None else {_IPTC: Value(7, iptc)}
    others = with_iptc(resources, None)
    return {**found, _RESOURCES: Value(1, others)} if others else found


def _entries(file: BinaryIO, layout: Layout, at: int) -> tuple[dict[int, bytes], int]:
    """Read the entries of a directory as they are, and where the next directory is."""
    found = {}
    end = at + struct.calcsize(layout.number)
    for tag, kind, count, inline, after_it in layout.entries(file, at):
        found[tag] = struct.pack(layout.head, tag, kind, count, inline)
        end = after_it
    file.seek(end)
    (after,) = struct.unpack(layout.offset, file.read(struct.calcsize(layout.offset)))
    return found, after


def _chunk_sizes(numbers: Callable[..., list[int]], count: int) -> list[int] | None:
    """Work out how many bytes each of `count` uncompressed strips or tiles needs; None if that is not plain."""
    width, height, tile = numbers(256), numbers(257), numbers(322) + numbers(323)
    if not width or not height or not height[0] or numbers(262, 0)[0] == 6:  # YCbCr may have fewer colours
        return None
    bits = numbers(258, 1)[0] * (numbers(277, 1)[0] if numbers(284, 1)[0] == 1 else 1)
    if len(tile) == 2:
        return [-(-tile[0] * bits // 8) * tile[1]] * count
    rows = min(numbers(278, height[0])[0] or height[0], height[0])
    strips = -(-height[0] // rows)  # of one plane
    return [-(-width[0] * bits // 8) * min(rows, height[0] - n % strips * rows) for n in range(count)]


def _read_pages(
    file: BinaryIO, at: Sequence[int], *, skip: Container[int] = (), only: Container[int] | None = None
) -> tuple[Layout, Directory]:
    """Read directories as one; what a later one says holds. Empty for what is no TIFF."""
    start = Layout.of(file)
    if start is None:
        return Layout("<"), {}
    layout, first = start
    found: Directory = {}
    for place in at or (first,):
        found |= ifd.read(file, layout, place, skip=skip, only=only)
    return layout, found


@contextmanager
def opened(source: Path | bytes) -> Iterator[BinaryIO]:
    """Open a file or its bytes for reading."""
    if isinstance(source, bytes):
        yield BytesIO(source)
    else:
        with source.open("rb") as file:
            yield file
