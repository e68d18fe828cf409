"""PhotoFile: a photo's file, decoded a strip at a time, with everything that the file carries."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import PhotoError, PixelLimitError, TooLargeError
from photochrom.io import vips
from photochrom.io.color_encoding import ColorEncoding, to_srgb
from photochrom.io.extra_samples import Samples
from photochrom.io.formats import usual_suffix
from photochrom.io.metadata import ifd
from photochrom.io.metadata.color_tags import without_color_tags
from photochrom.io.metadata.header import Metadata
from photochrom.io.metadata.tiff import missing_bytes, opened
from photochrom.options import MAX_PIXELS
from photochrom.result_notes import Note

if TYPE_CHECKING:
    from typing import Self

__all__ = ["PhotoFile", "usable_memory"]

Pixels = NDArray[Any]
_LONGEST_SIDE = 1_000_000
"""Pixels; of wider photos even a few rows, which decoders and filters hold, are gigabytes."""

_SMALL = 1 << 22  # pixels that are held as a whole while they are shrunk

STRIP = 1 << 18
"""Pixels to a strip: as floats, with what turns them into colours, a strip takes about 10 MB."""

_HARMLESS = re.compile(
    r"\b(1[0-6]|[1-9]) extraneous bytes|extraneous bytes before marker 0x(c[012]|db|dd|e.|fe)"
    "|Inconsistent progression|Adobe color|JFIF revision|Invalid SOS"
    '|Bad value .* for "(Orientation|ResolutionUnit|XResolution|YResolution|Threshholding)" tag'
)
"""Complaints of libjpeg and libtiff after which every pixel is still there.

A few extraneous bytes are padding, and so are many before a segment of the header; others were codes of pixels.
"""

_ROUNDING = 1e-3  # how far beyond 0 and 1 floats may be by their arithmetic; they are clipped

_TILE_OFFSETS, _MEANING_OF_SAMPLES, _COMPRESSION = 324, 262, 259  # TIFF 6.0
_YCBCR, _JPEGS = [6], ([6], [7])  # JPEG's decoder, and no other, gives RGB for YCbCr

_UNENDED = "premature end of JPEG image"


class PhotoFile:
    """A photo's file, open; only its header is read until strips are asked for.

    Args:
        source: a path or a file's bytes.
        upright: turn the pixels as the EXIF orientation says; else they come as they lie, and `orientation` says
            how to turn them. Turning holds the photo in memory.
        long_edge: shrink to at most so many pixels along the longer side, or None.
        max_pixels: refuse files with more.
        name: what to call it in a message, or None for its path.

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
    ) -> None:
        self.name = name or ("photo" if isinstance(source, bytes) else str(source))
        self._source = source
        self.path = None if isinstance(source, bytes) else Path(source)
        self.format: str | None = None
        self._options: dict[str, Any] = {}
        self.notes: list[Note] = []
        header = self._open_header()
        loader = str(header.get("vips-loader"))
        compression = header.get("heif-compression") if header.get_typeof("heif-compression") else None
        self.format = usual_suffix(loader, compression)
        self._check_size(header, max_pixels)
        self._check_whole(header)
        self._is_float = header.format in ("float", "double")
        meaning = _tag(source, _MEANING_OF_SAMPLES) if self.format == ".tif" else []
        if meaning == _YCBCR and _tag(source, _COMPRESSION) not in _JPEGS:
            raise PhotoError(self.name, "has YCbCr colours that are not JPEG's", "save it as RGB")
        # libvips turns negatives, whose 0 is white, but not those of floats.
        self._is_negative = self._is_float and meaning == [0]
        if self._is_float:
            self._check_floats()
        elif header.format not in ("uchar", "ushort") and header.interpretation != "labs":
            raise PhotoError(self.name, f"has {header.format} samples", "save it with 8 or 16 bits per channel")
        orientation = int(header.get("orientation")) if header.get_typeof("orientation") else 1
        self._tagged = orientation if orientation in range(1, 9) else 1
        self._samples = Samples.read(header, source, is_tiff=self.format == ".tif", name=self.name)
        self.extra_bands = len(self._samples.extra)
        self.metadata = Metadata.read(header, source)
        self._encoding = ColorEncoding.read(
            header, source, self.metadata.file, format=self.format, bands=self._samples.colours, name=self.name
        )
        if self._encoding.profile is not None:
            self.metadata = replace(self.metadata, file=without_color_tags(self.metadata.file))
        self.metadata = replace(self.metadata, profile=self._encoding.stated)
        try:
            image = self._prepare(header)
        except vips.libvips().Error as error:
            raise vips.damaged(self.name, error) from error
        self.has_alpha = bool(image.hasalpha())
        self.bands = image.bands - self.has_alpha
        self.dtype = np.dtype(np.uint16 if image.format == "ushort" else np.uint8)
        self._stored = (image.height, image.width)
        self._held = _held_bytes(header) > 0
        self.notes += self._notes(header)
        self._arrange(upright, long_edge)

    @property
    def streams(self) -> bool:
        """Whether strips are decoded one by one, so that the photo is at no time in memory as a whole."""
        return not self._held and self._turned == 1

    def view(self, *, upright: bool = True, long_edge: int | None = None) -> Self:
        """Return the same open file with its pixels turned or shrunk otherwise; see the class.

        Two views may be decoded in two threads at once.
        """
        other = copy(self)
        other._arrange(upright, long_edge)
        return other

    def _arrange(self, upright: bool, long_edge: int | None) -> None:
        self.orientation = 1 if upright else self._tagged
        self._turned = self._tagged if upright else 1
        self._swapped = self._turned >= 5
        self.metadata = replace(self.metadata, orientation=self.orientation)
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
                    yield strip.reshape(rows, self.width, self.bands + self.has_alpha)
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
        if self.format == ".jpg":
            # libjpeg shrinks by halves while it decodes; the last halving is left to a better filter.
            rows, columns = self._stored[::-1] if self._swapped else self._stored
            room = min(rows / height, columns / width) / 2
            shrink = next(known for known in (8, 4, 2, 1) if known <= max(1.0, room))
        options: dict[str, Any] = {"shrink": shrink} if shrink > 1 else {}
        if shrink > 1 and self._stored[0] * self._stored[1] <= _SMALL * shrink**2:
            options["access"] = "random"  # held as a whole, it passes faster through the filter
        while True:
            try:
                pixels: Pixels = vips.resize(self._open(**options), height, width).numpy()
                self._hear_complaints()
                return pixels.reshape(height, width, self.bands + self.has_alpha)
            except vips.libvips().Error as error:
                if not self._forgives(error):
                    raise vips.damaged(self.name, error) from error

    def _open_header(self) -> Any:
        while True:
            try:
                return vips.open_header(self._source, name=self.name, **self._options)
            except PhotoError as error:
                if not self._forgives(error.__cause__):  # libvips' own
                    raise

    def extra(self) -> Any:
        """Plan to decode what is neither colour nor alpha, such as a scanner's infrared.

        Returns:
            A libvips image of `extra_bands` bands of `dtype`, in the size and orientation of the strips, to be
            read once, from top to bottom; None if there are none.
        """
        if not self._samples.extra:
            return None
        image = self._as_integers(self._open_samples())
        bands = [self._samples.band(image, n) for n in self._samples.extra]
        joined = bands[0].bandjoin(bands[1:]).copy(interpretation="multiband")
        return vips.resize(joined.cast("ushort" if self.dtype == np.uint16 else "uchar"), self.height, self.width)

    def _open(self, **options: Any) -> Any:
        """Plan the whole way from the file to upright sRGB."""
        return self._prepare(self._open_samples(**options))

    def _open_samples(self, **options: Any) -> Any:
        """Plan the way from the file to its own samples, upright."""
        if self._turned == 1:  # turning needs the pixels in another order than the file has them
            options.setdefault("access", "sequential")
        vips.complaints()  # of another photo
        image = vips.open_image(self._source, name=self.name, **self._options, **options)
        return image if self._turned == 1 else image.autorot()

    def _hear_complaints(self) -> None:
        """Fail by what the decoder said of the last rows, unless it is to be passed over."""
        if self.format != ".jpg" or self._options:
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
        if self.format == ".jpg" and _UNENDED in str(error) and not isinstance(self._source, _Ended):
            # Perhaps nothing is missing but the mark of the end; with one, any lack of pixels shows.
            self._source = _Ended(vips.read_all(self._source, name=self.name) + b"\xff\xd9")
        elif _HARMLESS.search(str(error)) and not self._options:
            self._options = {"fail_on": "truncated"}
        else:
            return False
        note = Note(self.name, f"is slightly damaged ({vips.reason(error)}); look at the result")
        if note not in self.notes:
            self.notes.append(note)
        return True

    def _prepare(self, image: Any) -> Any:
        """Plan the way from a file's samples to sRGB or grey of 8 or 16 bits, alpha behind."""
        image = self._as_integers(image)
        samples = self._samples
        alpha = None if samples.alpha is None else samples.band(image, samples.alpha)
        colours = image[: samples.colours] if samples.colours < image.bands else image
        if colours.bands not in (1, 3, 4):
            raise PhotoError(self.name, f"has {image.bands} channels", "save it as grey or RGB")
        colours = to_srgb(colours, self._encoding.profile)
        if colours.bands == 4:
            raise PhotoError(self.name, "has 4 channels that are no CMYK", "save it as RGB")
        return colours if alpha is None else colours.bandjoin(alpha.cast(colours.format))

    def _as_integers(self, image: Any) -> Any:
        """Plan to make 16 bits of floats."""
        if not self._is_float:
            return image
        grey = self._samples.colours == 1
        image = image.linear(-1, 1) if self._is_negative else image
        return image.linear(65535, 0.5).cast("ushort").copy(interpretation="grey16" if grey else "rgb16")

    def _check_size(self, header: Any, max_pixels: int) -> None:
        pixels = header.width * header.height
        megapixels = f"{header.width}×{header.height} are {pixels:,} pixels"
        if pixels > max_pixels:
            raise PixelLimitError(
                self.name,
                f"{megapixels}, more than the {max_pixels:,} that are allowed",
                "if you trust the file, raise --max-pixels",
            )
        if max(header.width, header.height) > _LONGEST_SIDE:
            raise TooLargeError(
                self.name,
                f"{header.width}×{header.height} pixels are more than {_LONGEST_SIDE:,} to a side",
                "cut it into pieces",
            )
        needed = _held_bytes(header)
        if needed > usable_memory() / 2:
            raise TooLargeError(
                self.name,
                f"{megapixels} that can only be decoded as a whole, in {needed / 1e9:,.1f} GB of this computer's "
                f"{usable_memory() / 1e9:,.1f} GB of memory",
                "save it as baseline JPEG or as TIFF",
            )

    def _check_whole(self, header: Any) -> None:
        """Refuse a TIFF that is cut short, whose missing rows and tiles libvips would read as black."""
        if self.format != ".tif":
            return
        source = self._source if isinstance(self._source, bytes) else Path(self._source)
        if missing := missing_bytes(source):
            raise PhotoError(
                self.name, f"is cut short, {missing:,} bytes of its pixels are missing", "fetch or scan it again"
            )
        if header.get_typeof("tile-width"):
            tiles = -(-header.width // header.get("tile-width")) * -(-header.height // header.get("tile-height"))
            if missing := tiles - min(tiles, len(_tag(source, _TILE_OFFSETS))):
                raise PhotoError(
                    self.name,
                    f"is damaged, {missing:,} of its {tiles:,} tiles are missing",
                    "fetch or scan it again",
                )

    def _check_floats(self) -> None:
        """Make sure that a file of floats holds sRGB or grey 0..1, which 16 bits can keep."""
        library = vips.libvips()
        try:
            # NaN alone differs from itself; minimum and maximum pass over it.
            odd = vips.open_image(self._source, name=self.name, access="sequential", **self._options)
            if (odd != odd).max() > 0:
                raise PhotoError(self.name, "holds NaN, which is no number", "repair it or scan it again")
            stats = vips.open_image(self._source, name=self.name, access="sequential", **self._options).stats()
            low, high = stats(0, 0)[0], stats(1, 0)[0]
        except library.Error as error:
            raise vips.damaged(self.name, error) from error
        if not (low >= -_ROUNDING and high <= 1 + _ROUNDING):
            raise PhotoError(
                self.name, f"its values go from {low:.4g} to {high:.4g}", "scale floats to go from 0 to 1"
            )

    def _notes(self, header: Any) -> list[Note]:
        notes = []
        pages = int(header.get("n-pages")) if header.get_typeof("n-pages") else 1
        if pages > 1:
            others = "page 2 is" if pages == 2 else f"pages 2 to {pages} are"
            notes.append(Note(self.name, f"has {pages} pages; the first is colorized, {others} left out"))
        notes += [Note(self.name, said) for said in self._encoding.notes]
        if self._is_float:
            notes.append(Note(self.name, "has floating-point samples; the result has 16 bits"))
        return notes


class _Ended(bytes):
    """A JPEG that got the mark of the end it lacked."""


def _tag(source: str | Path | bytes, tag: int) -> list[int]:
    """Read a tag of whole numbers of a TIFF's first page; empty where it has none."""
    with opened(source if isinstance(source, bytes) else Path(source)) as file:
        start = ifd.Layout.of(file)
        value = None if start is None else ifd.read(file, *start, only=(tag,)).get(tag)
    return value.numbers(start[0].order) if start is not None and isinstance(value, ifd.Value) else []


def _held_bytes(header: Any) -> float:
    """Say about how much memory decoding takes where the format makes a decoder hold all pixels.

    The factors are what was measured, and a little more.
    """
    loader = str(header.get("vips-loader"))
    pixels = float(header.width * header.height)
    samples = pixels * header.bands
    if loader.startswith("jpeg"):
        return samples * 2.6 if _flag(header, "jpeg-multiscan") else 0
    if loader.startswith("png"):
        return samples * (2 if header.format == "ushort" else 1) * 1.6 if _flag(header, "interlaced") else 0
    if loader.startswith("tiff"):
        return 0
    return pixels * {"webp": 13, "heif": 27, "gif": 10, "bmp": 12}[loader.split("load")[0]]


@lru_cache(maxsize=1)
def usable_memory() -> float:
    """Bytes of memory that this computer has, or that its container may use; a common amount where none says."""
    known = [8e9]
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        known = [float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))]
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            known.append(float(Path(limit).read_text()))
        except (OSError, ValueError):  # no container, or "max"
            continue
    return min(known)


def _flag(header: Any, field: str) -> bool:
    return bool(header.get_typeof(field)) and bool(header.get(field))
