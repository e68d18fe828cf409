"""PhotoFile: a photo's file, decoded a strip at a time, with everything that the file carries."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from photochrom.color.negative import apply_curves, positive_curves
from photochrom.errors import PhotoError
from photochrom.io import vips
from photochrom.io.checks import check_floats, check_size, check_whole, held_bytes
from photochrom.io.color_encoding import ColorEncoding
from photochrom.io.conversion import Conversion
from photochrom.io.damage import past_damage
from photochrom.io.decoders.choose import open_raster
from photochrom.io.extra_samples import Samples
from photochrom.io.formats import RAW, usual_suffix
from photochrom.io.left_out import left_out
from photochrom.io.metadata.color_tags import without_color_tags
from photochrom.io.metadata.credentials import credentials
from photochrom.io.metadata.file_metadata import FileMetadata
from photochrom.io.metadata.header import Metadata
from photochrom.io.plain_jpeg import shrink_on_load
from photochrom.io.previews import begins_with_preview
from photochrom.io.source import first_bytes, open_source, read_all
from photochrom.io.tiff_pages import TiffPage, TiffPages
from photochrom.io.unread import unread
from photochrom.options import MAX_PIXELS
from photochrom.result_notes import Note

if TYPE_CHECKING:
    from typing import Self

__all__ = ["PhotoFile"]

Pixels = NDArray[Any]
_SMALL = 1 << 22  # pixels that are held as a whole while they are shrunk
_NEGATIVE = 512  # pixels of the longer side of the copy that says where a negative is clear and where dense

STRIP = 1 << 18
"""Pixels to a strip: as floats, with what turns them into colours, a strip takes about 10 MB."""

_YCBCR, _JPEGS = 6, (6, 7)  # JPEG's decoder, and no other, gives RGB for YCbCr

_TIFFS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


class PhotoFile:
    """A photo's file, open; only its header is read until strips are asked for.

    Args:
        source: a path or a file's bytes.
        upright: turn the pixels as the EXIF orientation says; else they come as they lie, and `orientation` says
            how to turn them. Turning holds the photo in memory.
        long_edge: shrink to at most so many pixels along the longer side, or None.
        max_pixels: refuse files with more.
        name: what to call it in a message, or None for its path.
        page: number of the page of a TIFF, from 0, of those that are photos; None for the first by itself.

    Attributes:
        name: what to call it in a message.
        path: the file, or None for bytes.
        height: rows of pixels that `strips` gives.
        width: columns of pixels that `strips` gives.
        bands: 1 (grey) or 3 (sRGB), without alpha.
        dtype: uint8 (0..255) or uint16 (0..65535).
        has_alpha: whether strips carry alpha as a further band.
        extra_bands: samples of a pixel that are neither colour nor alpha; see `extra`.
        orientation: EXIF orientation 1..8 that the pixels still need.
        format: usual suffix of the kind of file, such as ``".jpg"``, or None.
        metadata: what the file says besides pixels.
        pages: how many pages it has that are photos.
        notes: what a user should know.

    Raises:
        PhotoError: if it is missing, unreadable, empty, damaged, too large, or no photo.
    """

    def __init__(
        self,
        source: str | Path | bytes,
        *,
        upright: bool = True,
        long_edge: int | None = None,
        max_pixels: int = MAX_PIXELS,
        name: str | None = None,
        page: int | None = None,
    ) -> None:
        self.name = name or ("photo" if isinstance(source, bytes) else str(source))
        self._source = source
        self.path = None if isinstance(source, bytes) else Path(source)
        self.format: str | None = None
        self._options: dict[str, Any] = {}
        self.notes: list[Note] = []
        if first_bytes(source, self.name, 12)[4:] == b"ftypavis":  # whose still picture libvips reads by this name
            content = read_all(source, name=self.name)
            self._source = source = content[:8] + b"avif" + content[12:]
        self._choose_page(page)
        self._raster = open_raster(source, self.name, self._pages, self._page)
        header = self._open_header()
        self._check_header(header, max_pixels)
        if self._raster is not None and not self._raster.is_final:
            self._raster.settle()
            header = self._raster.header()
        orientation = int(header.get("orientation")) if header.get_typeof("orientation") else 1
        self._tagged = orientation if orientation in range(1, 9) else 1
        self._samples = self._read_samples(header)
        self.extra_bands = len(self._samples.extra)
        self.metadata = self._read_metadata(header)
        self._encoding = self._read_encoding(header)
        if self._encoding.profile is not None:
            self.metadata = replace(self.metadata, file=without_color_tags(self.metadata.file))
        self.metadata = replace(self.metadata, profile=self._encoding.stated)
        self._conversion = Conversion(
            self.name, self._samples, self._encoding.profile, self._is_float, self._is_negative
        )
        try:
            image = self._conversion(header)
        except vips.libvips().Error as error:
            raise vips.damaged(self.name, error) from error
        self.has_alpha = bool(image.hasalpha())
        self.bands = image.bands - self.has_alpha
        self.dtype = np.dtype(np.uint16 if image.format == "ushort" else np.uint8)
        self._stored = (image.height, image.width)
        self._held = held_bytes(header, self._raster) > 0
        self._curves: Pixels | None = None  # that make a positive of a negative
        self.notes += self._notes(header, alone=page is None)
        self._arrange(upright, long_edge)

    @property
    def streams(self) -> bool:
        """Whether strips are decoded one by one, so that the photo is at no time in memory as a whole."""
        return not self._held and self._turned == 1

    @property
    def decoded_bytes(self) -> int:
        """Bytes of pixels that are in memory as a whole, for a decoder that gives no strips."""
        return 0 if self._raster is None else self._raster.nbytes

    def view(self, *, upright: bool = True, long_edge: int | None = None, negative: bool = False) -> Self:
        """Return the same open file with its pixels turned or shrunk otherwise; see the class.

        Two views may be decoded in two threads at once.

        Args:
            upright: as the class.
            long_edge: as the class.
            negative: give the positive of the negative that the file holds, by curves that a small copy says.

        Raises:
            PhotoError: if the file of a negative turns out to be damaged.
        """
        other = copy(self)
        other._curves = None
        other._arrange(upright, long_edge)
        if negative:
            scale = min(1.0, _NEGATIVE / max(self._stored))
            small = other.shrunk(*(max(1, round(side * scale)) for side in (other.height, other.width)))
            other._curves = positive_curves(small, has_alpha=other.has_alpha)
        return other

    def _shown(self, pixels: Pixels) -> Pixels:
        return pixels if self._curves is None else apply_curves(pixels, self._curves)

    def _arrange(self, upright: bool, long_edge: int | None) -> None:
        self.orientation = 1 if upright else self._tagged
        self._turned = self._tagged if upright else 1
        self._swapped = self._turned >= 5
        stored = self._stored[1], self._stored[0]
        self.metadata = replace(self.metadata, orientation=self.orientation, stored=stored, turned=self._turned)
        height, width = self._stored[::-1] if self._swapped else self._stored
        scale = 1.0 if long_edge is None else min(1.0, long_edge / max(height, width))
        self.height, self.width = (max(1, round(side * scale)) for side in (height, width))

    def strips(self) -> Iterator[Pixels]:
        """Decode the photo from top to bottom.

        Yields:
            rows×width×bands (and alpha), of `dtype`.

        Raises:
            PhotoError: if the file turns out to be damaged or cut short.
        """
        library = vips.libvips()
        step = max(2, STRIP // self.width // 2 * 2)  # two rows may share their colours
        start = 0
        while start < self.height:
            try:
                image = vips.resize(self._open(), self.height, self.width)  # kept: it holds a BMP's pixels
                region = library.Region.new(image)
                while start < self.height:
                    rows = min(step, self.height - start)
                    strip = np.frombuffer(region.fetch(0, start, self.width, rows), self.dtype)
                    if start + rows == self.height:
                        self._hear_complaints()
                    yield self._shown(strip.reshape(rows, self.width, self.bands + self.has_alpha))
                    start += rows
            except library.Error as error:
                if not self._forgives(error):
                    raise vips.damaged(self.name, error) from error

    def shrunk(self, height: int, width: int) -> Pixels:
        """Decode a copy of another size, in the same orientation as the strips.

        Where there is alpha, each pixel of the copy is the mean of what is opaque.

        Returns:
            height×width×bands (and alpha), of `dtype`.

        Raises:
            PhotoError: as `strips`.
        """
        shrink = 1
        if self.format == ".jpg" and self._raster is None:
            shrink = shrink_on_load(self._stored[::-1] if self._swapped else self._stored, (height, width))
        options: dict[str, Any] = {"shrink": shrink} if shrink > 1 else {}
        if shrink > 1 and self._stored[0] * self._stored[1] <= _SMALL * shrink**2:
            options["access"] = "random"  # held as a whole, it passes faster through the filter
        while True:
            try:
                pixels: Pixels = vips.resize(self._open(**options), height, width).numpy()
                self._hear_complaints()
                return self._shown(pixels.reshape(height, width, self.bands + self.has_alpha))
            except vips.libvips().Error as error:
                if not self._forgives(error):
                    raise vips.damaged(self.name, error) from error

    def _choose_page(self, number: int | None) -> None:
        """Find the page of a TIFF that is the photo."""
        self._pages: TiffPages | None = None
        self._page: TiffPage | None = None
        self.pages = 1
        if first_bytes(self._source, self.name, 4) not in _TIFFS:
            return
        self._pages = TiffPages.read(self._source if isinstance(self._source, bytes) else Path(self._source))
        if self._pages is not None:
            if begins_with_preview(self._source, self.name, self._pages):
                self._pages = self._pages.without_first()
            self.pages = len(self._pages.photos)
            self._page = self._pages.photos[number or 0]
            check_whole(self._source, self.name, self._pages, self._page)

    def _check_header(self, header: Any, max_pixels: int) -> None:
        """Refuse by its header what cannot be decoded, or not truly."""
        raster, page = self._raster, self._page
        loader = str(header.get("vips-loader"))
        self.format = usual_suffix(loader) if raster is None else raster.format
        if self.format == ".heic" and raster is None:  # of which libvips gets those of AV1 alone
            self.format = ".avif"
        check_size(self.name, header, held_bytes(header, raster), max_pixels)
        self._is_float = header.format in ("float", "double")
        meaning = -1 if page is None or self.format != ".tif" else page.meaning
        if meaning == _YCBCR and raster is None and page is not None and page.compression not in _JPEGS:
            raise unread(self.name, "a TIFF of YCbCr colours that are not JPEG's", "save it as RGB")
        # libvips turns negatives, whose 0 is white, but not those of floats.
        self._is_negative = self._is_float and meaning == 0
        if self._is_float:
            check_floats(self.name, *(self._open_file(access="sequential") for _ in range(2)))
        elif header.format not in ("uchar", "ushort") and header.interpretation != "labs":
            kind = "signed" if header.format in ("char", "short", "int") else header.format
            raise unread(
                self.name, f"a photo of {kind} samples", "save it with 8 or 16 bits per channel, unsigned"
            )

    def _read_samples(self, header: Any) -> Samples:
        is_tiff, by_libvips = self.format == ".tif", self._raster is None
        at = None if self._page is None else self._page.at
        return Samples.read(header, self._source, is_tiff=is_tiff, by_libvips=by_libvips, at=at, name=self.name)

    def _read_encoding(self, header: Any) -> ColorEncoding:
        return ColorEncoding.read(
            header,
            self._source,
            # A raw is developed to sRGB, whatever its camera was set to.
            FileMetadata() if self.format in RAW else self.metadata.file,
            format=self.format,
            bands=self._samples.colours,
            at=None if self._page is None else self._page.at,
            name=self.name,
        )

    def _read_metadata(self, header: Any) -> Metadata:
        if self._raster is not None and self._raster.has_own_metadata:
            said = Metadata.read(header, b"")
            with open_source(self._source, self.name) as file:
                signed = tuple(credentials(file))
            return replace(said, file=replace(said.file, turned=self._raster.turned, left_out=signed))
        directories: tuple[int, ...] = ()
        if self._pages is not None and self._page is not None:
            first = next((page for page in self._pages.others if page.index == 0 and page.subifd is None), None)
            # What lies before the photo is a preview of it, and says what is true of both.
            before = first if first is not None and self._page is self._pages.photos[0] else None
            directories = (*([] if before is None else [before.at]), self._page.at)
        said = Metadata.read(header, self._source, directories=directories)
        return said if self._page is None else replace(said, compression=self._page.compression)

    def _open_header(self) -> Any:
        if self._raster is not None:
            return self._raster.header()
        while True:
            try:
                return self._open_file(access="sequential")
            except PhotoError as error:
                if not self._forgives(error.__cause__):  # libvips' own
                    raise

    def _open_file(self, **options: Any) -> Any:
        """Open the file as it is; its pixels are decoded when they are asked for."""
        if self._raster is not None:
            return self._raster.image()
        where = {} if self._page is None else self._page.where
        return vips.open_image(self._source, name=self.name, **where, **self._options, **options)

    def extra(self) -> Any:
        """Plan to decode what is neither colour nor alpha, such as a scanner's infrared.

        Returns:
            A libvips image of `extra_bands` bands of `dtype`, in the size and orientation of the strips, to be
            read once, from top to bottom; None if there are none.
        """
        if not self._samples.extra:
            return None
        joined = self._conversion.extra(self._open_samples())
        return vips.resize(joined.cast("ushort" if self.dtype == np.uint16 else "uchar"), self.height, self.width)

    def _open(self, **options: Any) -> Any:
        """Plan the whole way from the file to upright sRGB."""
        return self._conversion(self._open_samples(**options))

    def _open_samples(self, **options: Any) -> Any:
        """Plan the way from the file to its own samples, upright."""
        if self._turned == 1:  # turning needs the pixels in another order than the file has them
            options.setdefault("access", "sequential")
        vips.complaints()  # of another photo
        image = self._open_file(**options)
        return image if self._turned == 1 else image.autorot()

    def _hear_complaints(self) -> None:
        """Fail by what the decoder said of the last rows, unless it is to be passed over."""
        if self.format != ".jpg" or self._options or self._raster is not None:
            return
        attempts = 0
        while said := vips.complaints():
            if attempts == 3:
                raise vips.libvips().Error(said)
            self._open().avg()  # again, for it may be said of a photo that another thread decodes
            attempts += 1

    def _forgives(self, error: BaseException | None) -> bool:
        """Tell whether no pixel is lost by some damage; the next attempt at decoding then passes over it."""
        if not isinstance(error, vips.libvips().Error):
            return False
        found = past_damage(str(error), self._source, self._options, self.format, name=self.name)
        if found is None:
            return False
        self._source, self._options = found
        note = Note(self.name, f"is slightly damaged ({vips.reason(error)}); look at the result")
        if note not in self.notes:
            self.notes.append(note)
        return True

    def _notes(self, header: Any, *, alone: bool) -> list[Note]:
        if self._raster is None or self._raster.format in (".jpg", ".tif"):
            lines = left_out(self._source, self.name, self.format, header, self._pages, self._page, alone=alone)
        else:
            lines = list(self._raster.notes)
        notes = [Note(self.name, line) for line in lines]
        notes += [Note(self.name, said) for said in self._encoding.notes]
        if self._is_float:
            notes.append(Note(self.name, "has floating-point samples; the result has 16 bits"))
        return notes
