"""What a photo's file says besides pixels, from any format to any other, past libvips where that would lose it.

`FileMetadata.read` collects it from a file. `FileMetadata.adapt` turns it into what a format has room for. libvips
then writes pixels, profile and the fields of `FileMetadata.header`. `FileMetadata.embed` puts the rest in.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from photochrom.io.formats import MEDIA_TYPES
from photochrom.io.metadata import png
from photochrom.io.metadata.credentials import credentials
from photochrom.io.metadata.embedding import embed, room_for
from photochrom.io.metadata.exif import EXIF_HEADER, edit_exif, is_readable, shortened
from photochrom.io.metadata.gif import read_gif
from photochrom.io.metadata.heif_items import decoder_turn, heif_parts
from photochrom.io.metadata.ifd import Directory, Value
from photochrom.io.metadata.left_out import named_once
from photochrom.io.metadata.photoshop import true_resources
from photochrom.io.metadata.placement import Placement
from photochrom.io.metadata.reading import read_jpeg, read_png, with_what_exif_says
from photochrom.io.metadata.texts import Text, fitted_texts
from photochrom.io.metadata.tiff import (
    opened,
    read_tiff_exif,
    read_tiff_resolution,
    read_tiff_resources,
    resource_tags,
)
from photochrom.io.metadata.xmp.added import with_comments
from photochrom.io.metadata.xmp.corrected import true_of_pixels

__all__ = ["KEEP", "FileMetadata"]

KEEP = {"jpg": "icc", "png": "icc|xmp", "tif": "icc|xmp", "webp": "icc|xmp|exif", "avif": "icc|xmp|exif"}
"""libvips' option ``keep``, by the name of a format: what it shall write by itself."""

_MOST_EXIF = {"jpg": 65533, "webp": 65000, "avif": 65000}
"""Bytes of EXIF that a segment holds, or that libvips passes on."""


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
        directories: Sequence[int] = (),
    ) -> FileMetadata:
        """Collect what a file says.

        Args:
            source: a path or the file's bytes; damage loses only what is damaged.
            exif: libvips' field ``exif-data``, or None.
            xmp: libvips' field ``xmp-data``, or None.
            directories: of a TIFF's page, as `read_tiff_exif` takes them.
        """
        exif = None if exif is None else EXIF_HEADER + exif.removeprefix(EXIF_HEADER)
        metadata = cls(exif, xmp)
        try:
            with opened(source) as file:
                head = file.read(8)
                if head.startswith(b"\xff\xd8"):
                    metadata = read_jpeg(metadata, file)
                elif head == b"\x89PNG\r\n\x1a\n":
                    metadata = read_png(metadata, file)
                elif head.startswith(b"GIF8"):
                    comments, packet = read_gif(file)
                    texts = tuple(Text("gif", b"", "", comment.decode("utf-8", "replace")) for comment in comments)
                    metadata = replace(metadata, xmp=packet, texts=texts, left_out=tuple(credentials(file)))
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
        return with_what_exif_says(metadata)

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
        texts = tuple(each for text in self.texts for each in fitted_texts(text, format, resources or b""))
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
        if format == "png" and not placement.is_same:
            segments = png.without_page(segments)
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
            left_out=named_once(left_out),
        )

    @property
    def keep(self) -> str:
        """What libvips shall ``keep``, once it is `fitted`: no EXIF where there is none, or it makes one up."""
        return KEEP[self.format] if self.exif is not None else KEEP[self.format].replace("|exif", "")

    def header(self) -> dict[str, bytes]:
        """Return the fields that libvips has to be given before it writes, once it is `fitted`."""
        fields = {} if self.xmp is None or self.format == "jpg" else {"xmp-data": self.xmp}
        if self.exif is not None and self.format in ("webp", "avif"):
            fields["exif-data"] = room_for(self.exif)
        return fields

    def embed(self, path: Path) -> None:
        """Put into a file that libvips has written what libvips would lose, once it is `fitted`.

        The file is copied past, never held: it may be large.

        Raises:
            OutputError: if a TIFF has no room left.
            OSError: if the file cannot be written.
        """
        embed(self, path)


def _fraction(number: float) -> tuple[int, int]:
    return Fraction(max(0.0, min(number, 1e6))).limit_denominator(4000).as_integer_ratio()
