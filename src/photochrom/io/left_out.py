"""The pictures of a file that no result has: further pages, frames, views and smaller copies."""

from __future__ import annotations

import struct
from typing import Any, BinaryIO

from photochrom.io import bmff
from photochrom.io.metadata.jpeg import read_segments
from photochrom.io.source import Source, open_source
from photochrom.io.tiff_pages import TiffPage, TiffPages

__all__ = ["left_out"]

_MPF = b"MPF\0"
_COPIES = (0x010001, 0x010002)  # of an MPO: the same picture for a screen
_GAIN_MAPS = (b"hdrgm:", b"urn:iso:std:iso:ts:21496:-1", b"HDRGainMap")


def left_out(
    source: Source,
    name: str,
    format: str | None,
    header: Any,
    pages: TiffPages | None,
    page: TiffPage | None,
    *,
    alone: bool,
) -> list[str]:
    """Say which pictures of a file no result has, a line each.

    Args:
        source: a path or the file's bytes.
        name: what to call it in an error.
        format: usual suffix of its kind.
        header: as libvips opened it.
        pages: of a TIFF.
        page: of these, the one that is colorized.
        alone: whether no other page is.
    """
    if pages is not None and page is not None:
        return _of_tiff(pages, page, alone=alone)
    with open_source(source, name) as file:
        if format == ".jpg":
            return _said(_views(file), "picture")
        if format == ".png":
            return _of_png(file)
        if format == ".avif" and (frames := bmff.frames_of_sequence(file)) > 1:
            return [f"has a sequence of {frames} frames, which is left out; its still picture is colorized"]
    count = int(header.get("n-pages")) if header.get_typeof("n-pages") else 1
    return _said(count, "frame" if format in (".gif", ".webp") else "picture")


def _of_tiff(pages: TiffPages, page: TiffPage, *, alone: bool) -> list[str]:
    notes = []
    number = page.index + 1
    if alone and len(pages.photos) > 1:
        others = [other.index + 1 for other in pages.photos if other is not page]
        which = f"page {others[0]} is" if len(others) == 1 else f"pages {others[0]} to {others[-1]} are"
        chosen = "the first" if page is pages.photos[0] and number == 1 else f"page {number}"
        notes.append(
            f"has {len(pages.photos)} pages; {chosen} is colorized, {which} left out (--pages all colorizes each)"
        )
    copies = sum(not other.is_mask for other in pages.others)
    masks = sum(other.is_mask for other in pages.others)
    if copies and (number > 1 or page.subifd is not None) and page is pages.photos[0]:
        notes.append("begins with a smaller copy of itself; the full-size picture is colorized")
    elif copies and page is pages.photos[0]:
        what = "a smaller copy" if copies == 1 else f"{copies} smaller copies"
        notes.append(f"has {what} of itself, left out")
    if masks and page is pages.photos[0]:
        notes.append(f"has {masks} mask{'s' if masks > 1 else ''} or maps of depth, left out")
    return notes


def _said(count: int, what: str) -> list[str]:
    if count < 2:
        return []
    others = f"{what} 2 is" if count == 2 else f"{what}s 2 to {count} are"
    return [f"has {count} {what}s; the first is colorized, {others} left out"]


def _views(file: BinaryIO) -> int:
    """Count the pictures of an MPO (CIPA DC-007); a gain map is no picture, and one for a screen is a copy."""
    gain_map = False
    count = 1
    for marker, content in read_segments(file):
        gain_map |= any(sign in content for sign in _GAIN_MAPS)
        if marker == 0xE2 and content.startswith(_MPF):
            count = max(count, _listed(content[4:]))
    return 1 if gain_map else count


def _listed(block: bytes) -> int:
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None or len(block) < 10:
        return 1
    (at,) = struct.unpack_from(f"{order}I", block, 4)
    try:
        (number,) = struct.unpack_from(f"{order}H", block, at)
        for index in range(number):
            tag, _, length, place = struct.unpack_from(f"{order}HHII", block, at + 2 + 12 * index)
            if tag == 0xB002:
                kinds = [
                    struct.unpack_from(f"{order}I", block, place + 16 * entry)[0] & 0xFFFFFF
                    for entry in range(min(length // 16, 1000))
                ]
                return 1 + sum(kind not in _COPIES for kind in kinds[1:])
    except struct.error:
        pass
    return 1


def _of_png(file: BinaryIO) -> list[str]:
    """Count the frames of an APNG; its still picture may be none of them (PNG, third edition, 11.3.6)."""
    file.seek(8)
    frames, is_frame = 0, False
    while len(head := file.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        if kind == b"acTL" and length >= 4:
            frames = int.from_bytes(file.read(4), "big")
            length -= 4
        is_frame |= kind == b"fcTL"
        if kind in (b"IDAT", b"IEND"):
            break
        file.seek(length + 4, 1)
    if frames > 1 and is_frame:
        return _said(frames, "frame")
    if frames and not is_frame:
        return [f"has an animation of {frames} frames, which is left out; its still picture is colorized"]
    return []
