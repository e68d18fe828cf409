"""What a photo's file says besides pixels, from any format to any other, past libvips where that would lose it.

`FileMetadata.read` collects it from a file. `FileMetadata.adapt` turns it into what a format has room for. libvips
then writes pixels, profile and the fields of `FileMetadata.header`. `FileMetadata.embed` puts the rest in.
"""

from __future__ import annotations

import mmap
import shutil
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import numpy as np

from photochrom.io.formats import MEDIA_TYPES
from photochrom.io.metadata import ifd, jpeg, png
from photochrom.io.metadata.credentials import credentials
from photochrom.io.metadata.exif import (
    EXIF_HEADER,
    dots_per_inch,
    edit_exif,
    is_readable,
    make_block,
    parse_block,
    shortened,
)
from photochrom.io.metadata.heif_items import decoder_turn, heif_parts
from photochrom.io.metadata.ifd import Directory, Value
from photochrom.io.metadata.left_out import CREDENTIALS, GAIN_MAP, part_of_segment, samsung_parts
from photochrom.io.metadata.photoshop import iptc_of, true_resources, with_iptc
from photochrom.io.metadata.placement import Placement
from photochrom.io.metadata.tiff import (
    opened,
    read_tiff_exif,
    read_tiff_resolution,
    read_tiff_resources,
    resource_tags,
    write_tiff_exif,
)
from photochrom.io.metadata.xmp import with_comments
from photochrom.io.metadata.xmp_corrected import true_of_pixels
from photochrom.io.metadata.xmp_extended import joined_packet

__all__ = ["KEEP", "FileMetadata", "Text"]

KEEP = {"jpg": "icc", "png": "icc|xmp", "tif": "icc|xmp", "webp": "icc|xmp|exif", "avif": "icc|xmp|exif"}
"""libvips' option ``keep``, by the name of a format: what it shall write by itself."""

_MOST_EXIF = {"jpg": 65533, "webp": 65000, "avif": 65000}
"""Bytes of EXIF that a segment holds, or that libvips passes on."""

_MADE_UP = (1000 * 0.0254, 1000 * 0.0254)

_JFIF_UNITS = {1: 1.0, 2: 2.54}

_ROOM = b"photochrom: room"

_PNG_PARTS = {b"caBX": CREDENTIALS, b"gmAP": GAIN_MAP}
"""Chunks that are not copied, and what they are."""

_MOST_TEXT = 1 << 26  # bytes of a PNG's texts, which may be compressed a thousandfold


@dataclass(frozen=True)
class Text:
    """A comment: the format that it is from, its bytes there, its keyword or nothing, and what it says."""

    format: str
    raw: bytes
    keyword: str
    text: str

    @property
    def said(self) -> str:
        """The text, after its keyword if it has one."""
        return f"{self.keyword}: {self.text}" if self.keyword else self.text


@dataclass(frozen=True)
class FileMetadata:
    """What a file says besides pixels.

    Attributes:
        exif: a block with its header ``Exif`` and two zero bytes, or None.
        xmp: a packet, or None.
        resources: Photoshop's image resources, IPTC's record among them, or None.
        texts: comments.
        segments: what only the format that it is from has a place for: whole segments of a JPEG, chunks of a PNG.
        dpi: resolution across and down, in dots per inch, or None if the file says none, where libvips would make
            one up; of WebP and AVIF it reads none.
        format: "jpg", "png", "tif", or "" for others.
        lost: a line for each thing that the format has no room for, once it is `fitted`.
        turned: EXIF orientation by which decoders have turned the pixels before anybody sees them.
        left_out: names of what the file holds besides its picture that no result holds, such as a gain map.
    """

    exif: bytes | None = None
    xmp: bytes | None = None
    resources: bytes | None = None
    texts: tuple[Text, ...] = ()
    segments: bytes = b""
    dpi: tuple[float, float] | None = None
    format: str = ""
    lost: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    turned: int = 1

    @classmethod
    def read(
        cls,
        source: Path | bytes,
        *,
        exif: bytes | None = None,
        xmp: bytes | None = None,
        comments: Iterable[str] = (),
        directories: Sequence[int] = (),
    ) -> FileMetadata:
        """Collect what a file says.

        Args:
            source: a path or the file's bytes; damage loses only what is damaged.
            exif: libvips' field ``exif-data``, or None.
            xmp: libvips' field ``xmp-data``, or None.
            comments: libvips' fields ``gif-comment``.
            directories: of a TIFF's page, as `read_tiff_exif` takes them.
        """
        texts = tuple(Text("gif", b"", "", comment) for comment in comments)
        exif = None if exif is None else EXIF_HEADER + exif.removeprefix(EXIF_HEADER)
        metadata = cls(exif, xmp, texts=texts)
        try:
            with opened(source) as file:
                head = file.read(8)
                if head.startswith(b"\xff\xd8"):
                    metadata = _read_jpeg(metadata, file)
                elif head == b"\x89PNG\r\n\x1a\n":
                    metadata = _read_png(metadata, file)
                elif head[4:] == b"ftyp":
                    parts = (*heif_parts(file), *credentials(file))
                    metadata = replace(metadata, turned=decoder_turn(file), left_out=parts)
                else:
                    metadata = replace(metadata, left_out=tuple(credentials(file, directories)))
        except OSError:
            return metadata
        if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
            return replace(
                metadata,
                exif=read_tiff_exif(source, directories),
                resources=read_tiff_resources(source, directories),
                dpi=read_tiff_resolution(source, directories),
                format="tif",
            )
        return _with_what_exif_says(metadata)

    def adapt(
        self,
        format: str,
        *,
        size: tuple[int, int],
        orientation: int = 1,
        placement: Placement | None = None,
        thumbnail: bytes | None = None,
    ) -> FileMetadata:
        """Make it true of a photo with new pixels, and of a form that a format has a place for.

        Args:
            format: a key of `KEEP`, or another, of which only `left_out` is of use.
            size: width and height of the pixels as they are stored.
            orientation: 1..8, how they have to be turned.
            placement: where the photo's pixels went; None if they are where they were.
            thumbnail: a small JPEG to embed, or None.
        """
        lost, left_out = list(self.lost), list(self.left_out)
        placement = placement or Placement(size, size)
        resources = true_resources(self.resources, placement, orientation) if self.resources else None
        xmp = self.xmp
        if xmp is not None:
            media_type = MEDIA_TYPES.get(f".{format}")
            xmp, told = true_of_pixels(xmp, placement, orientation=orientation, media_type=media_type)
            left_out += told
        raw = format == "png" and any(text.keyword.startswith(png.RAW_PROFILE) for text in self.texts)
        texts = tuple(each for text in self.texts for each in _fitted_texts(text, format, resources or b""))
        if format not in ("jpg", "png") and texts:
            xmp = with_comments(xmp, [text.said for text in texts])
        added: Directory = {}
        if format not in ("jpg", "tif") and resources and not raw:
            added = resource_tags(resources)
        missing: Directory = {} if orientation == 1 else {274: Value(3, struct.pack("<H", orientation))}
        dpi = self.dpi[::-1] if self.dpi is not None and placement.swaps else self.dpi
        if dpi is not None and format != "tif":
            x, y = (Value(5, struct.pack("<2I", *_fraction(number))) for number in dpi)
            (added if dpi != self.dpi else missing).update({282: x, 283: y, 296: Value(3, b"\2\0")})
        exif = self.exif
        if exif is not None and format in ("webp", "avif") and not is_readable(exif):
            exif = None  # libavif refuses a whole file for it, and nobody else can read it
            lost.append(f"EXIF, which is damaged so that {format} cannot hold it")
        exif, named = edit_exif(
            exif,
            placement,
            orientation=orientation,
            added=added,
            missing=missing,
            # From a format that has no other place for them; a JPEG that has them twice keeps both.
            removed=(33723, 34377) if format == "jpg" != self.format and resources else (),
            thumbnail=None if format == "tif" else thumbnail,
        )
        left_out += named
        most = _MOST_EXIF.get(format)
        if exif is not None and most is not None and len(exif) > most:
            exif, tags = shortened(exif, most)
            lost += [f"EXIF tag {tag}, for which {format} has no room" for tag in tags]
        segments = self.segments if format == self.format else b""
        return replace(
            self,
            exif=exif,
            xmp=xmp,
            resources=resources,
            texts=texts,
            segments=segments,
            dpi=dpi,
            format=format,
            lost=tuple(lost),
            left_out=tuple(dict.fromkeys(left_out)),
        )

    @property
    def keep(self) -> str:
        """What libvips shall ``keep``, once it is `fitted`: no EXIF where there is none, or it makes one up."""
        return KEEP[self.format] if self.exif is not None else KEEP[self.format].replace("|exif", "")

    def header(self) -> dict[str, bytes]:
        """Return the fields that libvips has to be given before it writes, once it is `fitted`."""
        fields = {} if self.xmp is None or self.format == "jpg" else {"xmp-data": self.xmp}
        if self.exif is not None and self.format in ("webp", "avif"):
            # libexif would change the block. So libvips gets one that only makes room, of a tag's value that it
            # takes for a maker's note, and `finish` puts the real one there.
            room = (_ROOM * (len(self.exif) // len(_ROOM) + 1))[: max(len(self.exif), len(_ROOM))]
            fields["exif-data"] = make_block({ifd.EXIF: {0x927C: Value(7, room)}})
        return fields

    def embed(self, path: Path) -> None:
        """Put into a file that libvips has written what libvips would lose, once it is `fitted`.

        The file is copied past, never held: it may be large.

        Raises:
            OutputError: if a TIFF has no room left.
            OSError: if the file cannot be written.
        """
        if self.format == "jpg":
            with path.open("rb") as file:
                at = jpeg.segments_end(file)
            _insert(path, at, self._jpeg_segments(jfif=at > 2))
        elif self.format == "png":
            exif = b"" if self.exif is None else png.chunk(b"eXIf", self.exif.removeprefix(EXIF_HEADER))
            texts = (t.raw if t.format == "png" else png.text_chunk(t.keyword, t.text) for t in self.texts)
            made_up = None
            if self.dpi is None:
                with path.open("rb") as file:
                    made_up = png.place_of(file, b"pHYs")
            _insert(path, 33, b"".join([exif, *texts, self.segments]), without=made_up)
        elif self.format == "tif":
            write_tiff_exif(path, self.exif, self.resources, resolution=self.dpi is not None)
        elif self.exif is not None:
            _fill_room(path, self.exif.removeprefix(EXIF_HEADER), max(len(self.exif), len(_ROOM)))

    def _jpeg_segments(self, *, jfif: bool) -> bytes:
        parts = [] if self.dpi is None or jfif else [jpeg.jfif_segment(self.dpi)]
        if self.exif is not None:
            parts.append(jpeg.exif_segment(self.exif))
        if self.xmp is not None:
            parts.append(jpeg.xmp_segments(self.xmp))
        if self.resources:
            parts.append(jpeg.resource_segments(self.resources))
        for text in self.texts:
            said = text.raw if text.format == "jpg" else text.said.encode("utf-8", "replace")
            parts.append(jpeg.comment_segment(said))
        return b"".join([*parts, self.segments])


def _read_jpeg(metadata: FileMetadata, file: BinaryIO) -> FileMetadata:
    exif, xmp, texts, dpi = metadata.exif, metadata.xmp, list(metadata.texts), None
    resources: list[bytes] = []
    extended: list[bytes] = []
    segments: list[bytes] = []
    left_out: list[str] = []
    for marker, content in jpeg.read_segments(file):
        left_out += filter(None, [part_of_segment(marker, content)])
        if marker == 0xFE:
            try:
                said = content.decode()
            except UnicodeDecodeError:
                said = content.decode("latin-1")
            texts.append(Text("jpg", content, "", said.rstrip("\0")))
        elif marker == 0xE0 and content.startswith(b"JFIF\0") and len(content) >= 12:
            unit, x, y = struct.unpack_from(">BHH", content, 7)
            dpi = (x * _JFIF_UNITS[unit], y * _JFIF_UNITS[unit]) if unit in _JFIF_UNITS and x and y else None
        elif marker == 0xED and content.startswith(jpeg.RESOURCES):
            resources.append(content.removeprefix(jpeg.RESOURCES))
        elif marker == 0xE1 and content.startswith(jpeg.EXIF):
            exif = exif or content
        elif marker == 0xE1 and content.startswith(jpeg.XMP):
            xmp = xmp or content.removeprefix(jpeg.XMP)
        elif marker == 0xE1 and content.startswith(jpeg.EXTENDED):
            extended.append(content)
        elif jpeg.is_kept(marker, content):
            segments.append(jpeg.segment(marker, content))
    extension = jpeg.join_extension(extended)
    whole = joined_packet(xmp, extension) if xmp is not None and extension is not None else None
    if whole is not None:
        xmp = whole
    else:
        segments += [jpeg.segment(0xE1, content) for content in extended]
    left_out += samsung_parts(file)
    metadata = FileMetadata(exif, xmp, b"".join(resources) or None, tuple(texts), b"".join(segments), dpi, "jpg")
    return replace(metadata, left_out=tuple(left_out))


def _read_png(metadata: FileMetadata, file: BinaryIO) -> FileMetadata:
    exif, xmp, resources, texts, dpi = metadata.exif, metadata.xmp, b"", list(metadata.texts), None
    segments: list[bytes] = []
    left_out: list[str] = []
    lost: list[str] = []
    left = _MOST_TEXT
    for kind, content in png.read_chunks(file):
        if kind in _PNG_PARTS:
            left_out.append(_PNG_PARTS[kind])
        if kind == b"pHYs" and len(content) == 9 and content[8] == 1:
            x, y = struct.unpack_from(">II", content)
            dpi = (x * 0.0254, y * 0.0254) if x and y else None
        if not png.is_kept(kind, content):
            continue
        read = png.text_of(kind, content, left)
        if read is None and kind in png.TEXTS:
            lost.append("a text, which is damaged")
            continue
        if read is None:
            segments.append(png.chunk(kind, content))
            continue
        left -= len(read[1])
        name, block = png.raw_profile(*read) or ("", b"")
        if name in ("exif", "app1") and block.startswith(EXIF_HEADER):
            exif = exif or block
            continue
        if name in ("xmp", "app1"):
            xmp = xmp or block.removeprefix(jpeg.XMP)
            continue
        if name in ("icc", "icm"):
            continue
        if name in ("iptc", "8bim"):
            resources = resources or (with_iptc(b"", block) if block[:1] == b"\x1c" else block)
        texts.append(Text("png", png.chunk(kind, content), *read))
    said = FileMetadata(exif, xmp, resources or None, tuple(texts), b"".join(segments), dpi, "png")
    return replace(said, left_out=tuple(left_out), lost=tuple(dict.fromkeys(lost)))


def _fitted_texts(text: Text, format: str, resources: bytes) -> list[Text]:
    """Return a text as a format gets it; IPTC's record and Photoshop's resources in hexadecimal are no text."""
    name, block = png.raw_profile(text.keyword, text.text) or ("", b"")
    if name not in ("iptc", "8bim"):
        return [text]
    right = iptc_of(resources) or b"" if block[:1] == b"\x1c" else resources
    if format != "png" or not right:
        return []
    return [text if right == block else replace(text, raw=png.raw_profile_chunk(text.keyword, right))]


def _with_what_exif_says(metadata: FileMetadata) -> FileMetadata:
    """Take from the block the resources that `FileMetadata.adapt` may have put there, and the resolution.

    Where the file itself says another resolution, that holds: many programs put 72 dots per inch into each block.
    But not one pixel per millimetre, which libvips puts into each PNG.
    """
    found, order = ({}, "<") if metadata.exif is None else parse_block(metadata.exif)
    dpi = dots_per_inch(found, order)
    iptc, others = (v.content if isinstance(v := found.get(tag), Value) else None for tag in (33723, 34377))
    resources = with_iptc(others or b"", iptc) if iptc else others
    own = metadata.dpi
    if dpi is None or (own is not None and own != _MADE_UP and abs(np.subtract(dpi, own)).max() >= 1):
        dpi = own  # a smaller difference is a rounding of the file's
    return replace(metadata, dpi=dpi, resources=metadata.resources or resources or None)


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


def _fraction(number: float) -> tuple[int, int]:
    return Fraction(max(0.0, min(number, 1e6))).limit_denominator(4000).as_integer_ratio()
