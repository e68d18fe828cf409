"""Several TIFFs of one page each become one TIFF of as many pages, copied past, never held."""

from __future__ import annotations

import shutil
import struct
from collections.abc import Sequence
from io import SEEK_END
from pathlib import Path
from typing import BinaryIO

from photochrom.errors import OutputError
from photochrom.io.metadata import ifd
from photochrom.io.metadata.ifd import Directory, Layout, Value

__all__ = ["join_tiffs"]

_KIND, _PAGE_NUMBER = 254, 297
_PAGE_OF_MANY = 2
_PLACES = (273, 324)  # of strips and of tiles
_LARGE = 3_900_000_000  # bytes; a classic TIFF ends at 4 GB


def join_tiffs(paths: Sequence[Path], target: Path) -> None:
    """Write a TIFF whose pages are the first pages of others, in their order; BigTIFF where it has to be.

    Args:
        paths: TIFFs of one byte order, such as libvips has written.
        target: a file to make.

    Raises:
        OutputError: if one of them is no TIFF.
        OSError: if a file cannot be read or written.
    """
    big = sum(path.stat().st_size for path in paths) > _LARGE
    with target.open("wb+") as out:
        pointer = 8 if big else 4  # where the next page's place is to be written
        for number, path in enumerate(paths):
            with path.open("rb") as page:
                start = Layout.of(page)
                if start is None:
                    raise OutputError(path, "is no TIFF, so it cannot become a page of one", "report this")
                layout = Layout(start[0].order, big)
                if not number:
                    out.write(_header(layout))
                content = ifd.read(page, *start)
                moved = _aligned(out)
                page.seek(0)
                shutil.copyfileobj(page, out, 1 << 20)
            pointer = _link(out, layout, _page(content, layout, moved, number, len(paths)), pointer)


def _header(layout: Layout) -> bytes:
    mark = b"II" if layout.order == "<" else b"MM"
    if layout.big:
        return mark + struct.pack(f"{layout.order}HHHQ", 43, 8, 0, 0)
    return mark + struct.pack(f"{layout.order}HI", 42, 0)


def _page(content: Directory, layout: Layout, moved: int, number: int, count: int) -> Directory:
    """Return a page's directory, true of pixels that lie `moved` bytes further on."""
    content = dict(content)
    for tag in _PLACES:
        value = content.get(tag)
        if isinstance(value, Value):
            places = [place + moved for place in value.numbers(layout.order)]
            code, kind = ("Q", 16) if layout.big else ("I", 4)
            content[tag] = Value(kind, struct.pack(f"{layout.order}{len(places)}{code}", *places))
    content[_KIND] = Value(4, struct.pack(f"{layout.order}I", _PAGE_OF_MANY))
    content[_PAGE_NUMBER] = Value(3, struct.pack(f"{layout.order}HH", min(number, 65535), min(count, 65535)))
    return content


def _link(out: BinaryIO, layout: Layout, content: Directory, pointer: int) -> int:
    """Append a directory, and return where the place of the one after it is to be written."""
    at = _aligned(out)
    out.write(ifd.pack(content, layout, at))
    out.seek(pointer)
    out.write(struct.pack(layout.offset, at))
    return at + struct.calcsize(layout.number) + len(content) * struct.calcsize(layout.head)


def _aligned(out: BinaryIO) -> int:
    end = out.seek(0, SEEK_END)
    out.write(b"\0" * (-end % 8))
    return end + -end % 8
