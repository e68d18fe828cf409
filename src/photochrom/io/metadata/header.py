"""Metadata: what a photo's file says besides its pixels, and what of it a result says again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any

from photochrom.io.cicp import read_nclx
from photochrom.io.jpeg_quality import jpeg_quality
from photochrom.io.metadata.file_metadata import FileMetadata
from photochrom.io.metadata.placement import Placement
from photochrom.io.metadata.xmp.added import mark_synthetic

__all__ = ["Metadata"]


@dataclass(frozen=True)
class Metadata:
    """What a photo's file says besides its pixels.

    Attributes:
        file: EXIF, XMP, IPTC, comments, resolution.
        profile: whether the file says what its numbers are; a result then has an ICC profile of sRGB.
        thumbnail: whether the file had an embedded thumbnail; a result then has one in colour.
        orientation: EXIF orientation 1..8 that the pixels still need.
        stored: width and height of the pixels as the file stores them, or None of what is no file.
        turned: EXIF orientation 1..8 by which they have been turned.
        alone: whether they are all of the picture, not so where a result stands beside its photo.
        tile: width and height of the tiles of a tiled TIFF, or None.
        compression: of a TIFF, by its number there, or None.
        bits: per channel of the file.
        lossless: whether it is a WebP or AVIF without loss.
        quality: at which a JPEG was saved, 1..100, or None.
    """

    file: FileMetadata = field(default_factory=FileMetadata, repr=False)
    profile: bool = False
    thumbnail: bool = False
    orientation: int = 1
    stored: tuple[int, int] | None = None
    turned: int = 1
    alone: bool = True
    tile: tuple[int, int] | None = None
    compression: int | None = None
    bits: int = 8
    lossless: bool = False
    quality: int | None = None

    @classmethod
    def read(
        cls,
        header: Any,
        source: str | Path | bytes,
        *,
        orientation: int = 1,
        directories: Sequence[int] = (),
    ) -> Metadata:
        """Collect what a file says.

        Args:
            header: the file as libvips opened it.
            source: the file or its bytes, for what libvips does not read.
            orientation: that the pixels still need.
            directories: of a TIFF's page, as `read_tiff_exif` takes them.
        """

        def known(name: str) -> Any:
            return header.get(name) if header.get_typeof(name) else None

        said = FileMetadata.read(
            source if isinstance(source, bytes) else Path(source),
            exif=known("exif-data"),
            xmp=known("xmp-data"),
            directories=directories,
        )
        # libvips makes up a resolution of 1 pixel per mm where the file says none. Only of a BMP does it, by way
        # of Pillow, know one that is not read elsewhere.
        if said.dpi is None and known("vips-loader") == "bmpload" and header.xres != 1.0:
            said = replace(said, dpi=(header.xres * 25.4, header.yres * 25.4))
        return cls(
            said,
            profile=known("icc-profile-data") is not None,
            thumbnail=known("jpeg-thumbnail-data") is not None,
            orientation=orientation,
            tile=(known("tile-width"), known("tile-height"))
            if known("tile-width") and known("tile-height")
            else None,
            bits=int(known("bits-per-sample") or 8),
            lossless=_is_lossless(source, str(known("vips-loader"))),
            quality=jpeg_quality(source),
        )

    def fitted(self, format: str, size: tuple[int, int], thumbnail: bytes | None = None) -> FileMetadata:
        """Return what the file of a result says, as `FileMetadata.adapt`.

        Args:
            format: a key of `KEEP`, or another, of which only what is left out is of use.
            size: width and height of the result's pixels as they are stored.
            thumbnail: a small JPEG to embed, or None.
        """
        stored, turned = self.stored or size, self.turned
        if self.file.turned != 1:  # by the decoder, which leaves nothing to turn
            turned = self.file.turned
            stored = stored[::-1] if turned >= 5 else stored
        placement = Placement(stored, size, turned, self.alone)
        return self.file.adapt(
            format, size=size, orientation=self.orientation, placement=placement, thumbnail=thumbnail
        )

    def marked(self, *, network: str, version: str, program: str) -> Metadata:
        """Return the same with a note in the XMP that the colours are synthetic, as `mark_synthetic` writes it."""
        xmp = mark_synthetic(self.file.xmp, network=network, version=version, program=program)
        return replace(self, file=replace(self.file, xmp=xmp))


def _is_lossless(source: str | Path | bytes, loader: str) -> bool:
    """Tell whether pixels are stored without loss.

    In WebP that is a chunk ``VP8L`` (RFC 9649). In AVIF it is red, green and blue that are coded as they are,
    which encoders do for no other purpose; of grey without loss, nothing tells.
    """
    if loader.startswith("heifload"):
        points = read_nclx(source)
        return points is not None and points.matrix == 0
    if not loader.startswith("webpload"):
        return False
    with BytesIO(source) if isinstance(source, bytes) else Path(source).open("rb") as file:
        file.seek(12)
        while len(head := file.read(8)) == 8:
            if head[:4] in (b"VP8L", b"VP8 "):
                return head[:4] == b"VP8L"
            if head[:4] == b"ANMF":  # a frame of an animation, whose chunks lie behind 16 bytes about it
                file.seek(16, 1)
                continue
            size = int.from_bytes(head[4:], "little")
            file.seek(size + size % 2, 1)
    return False
