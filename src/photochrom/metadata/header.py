"""What a photo's file says besides its pixels, from the header that was read to the header that is written."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from photochrom.metadata.tiff import read_tiff_exif
from photochrom.metadata.xmp import mark_synthetic
from photochrom.vips import libvips

__all__ = ["Metadata"]

_KEPT = ("exif-data", "xmp-data", "iptc-data", "photoshop-data", "resolution-unit", "gif-comment")
_KEPT_PREFIXES = ("exif-ifd", "png-comment-", "jpeg-comment")
_ORIENTATION = ("orientation", "exif-ifd0-Orientation")


@dataclass(frozen=True)
class Metadata:
    """Header fields that a result says again.

    Attributes:
        fields: EXIF, XMP, IPTC, comments and resolution: libvips' name of each, its GType and value.
        profile: whether the file had an ICC profile; a result then has that of sRGB.
        thumbnail: whether the file had an embedded thumbnail; a result then has one in colour.
        tile: width and height of the tiles of a tiled TIFF, or None.
    """

    fields: dict[str, tuple[int, Any]] = field(default_factory=dict, repr=False)
    profile: bool = False
    thumbnail: bool = False
    tile: tuple[int, int] | None = None

    @classmethod
    def read(cls, header: Any, source: str | Path | bytes, *, keep_orientation: bool = False) -> Metadata:
        """Collect what a file carries.

        Args:
            header: the file as libvips opened it.
            source: the file or its bytes, for what libvips leaves behind.
            keep_orientation: keep the EXIF orientation, for pixels that stay as they lie.
        """
        kept: dict[str, tuple[int, Any]] = {}
        for name in header.get_fields():
            if name in _KEPT or name.startswith(_KEPT_PREFIXES) or (keep_orientation and name in _ORIENTATION):
                kept[name] = (header.get_typeof(name), header.get(name))
        if not keep_orientation:
            kept.pop("exif-ifd0-Orientation", None)
        # 1 pixel per mm is what libvips says where the file says nothing.
        for name in ("xres", "yres"):
            if header.get(name) != 1.0:
                kept[name] = (header.get_typeof(name), header.get(name))
        if str(header.get("vips-loader")).startswith("tiff"):
            exif = read_tiff_exif(source if isinstance(source, bytes) else Path(source))
            if exif is not None:
                kept["exif-data"] = (libvips().GValue.blob_type, exif)
        tile = None
        if header.get_typeof("tile-width"):
            tile = (int(header.get("tile-width")), int(header.get("tile-height")))
        return cls(
            kept,
            profile=bool(header.get_typeof("icc-profile-data")),
            thumbnail=bool(header.get_typeof("jpeg-thumbnail-data")),
            tile=tile,
        )

    @property
    def exif(self) -> bytes | None:
        """The EXIF block, or None."""
        return self.fields["exif-data"][1] if "exif-data" in self.fields else None

    def marked(self, *, network: str, version: str, program: str) -> Metadata:
        """Return the same with a note in the XMP that the colours are synthetic, as `mark_synthetic` writes it."""
        packet = self.fields["xmp-data"][1] if "xmp-data" in self.fields else None
        note = mark_synthetic(packet, network=network, version=version, program=program)
        return replace(self, fields={**self.fields, "xmp-data": (libvips().GValue.blob_type, note)})

    def write(self, image: Any, thumbnail: bytes | None = None) -> Any:
        """Give a copy of an image the fields.

        Args:
            image: of libvips.
            thumbnail: a small JPEG to embed, or None.
        """
        resolution = {name: self.fields[name][1] for name in ("xres", "yres") if name in self.fields}
        image = image.copy(**resolution)
        for name, (kind, value) in self.fields.items():
            if name not in resolution:
                image.set_type(kind, name, value)
        # libvips fills these in from the EXIF block: how the photo lay, and how it looked, before it got here.
        stale = [name for name in _ORIENTATION if name not in self.fields]
        for name in (*stale, "jpeg-thumbnail-data"):
            if image.get_typeof(name):
                image.remove(name)
        if thumbnail is not None and self.thumbnail:
            image.set_type(libvips().GValue.blob_type, "jpeg-thumbnail-data", thumbnail)
        return image
