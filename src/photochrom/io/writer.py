"""Encoding: strips of pixels and what their photo carried become a file, whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import OutputError, UnfitError, reason_of
from photochrom.io import vips
from photochrom.io.atomic import replace_file
from photochrom.io.bmp import write_bmp
from photochrom.io.extra_samples import tag_extra_samples
from photochrom.io.formats import JPEG, SAVED_SUFFIXES, TIFF, WIDE
from photochrom.io.metadata.file_metadata import FileMetadata
from photochrom.io.metadata.header import Metadata
from photochrom.io.vips_source import StripSource
from photochrom.result_notes import Note

__all__ = ["Image", "check_target", "encode_thumbnail", "losses", "write_image"]

if TYPE_CHECKING:
    from photochrom.io.picture import Picture
    from photochrom.io.reader import PhotoFile

Pixels = NDArray[Any]
_KEPT = {1: "none", 5: "lzw"}
"""Compressions of TIFF that a result has too; archives ask for them, and each program reads them."""

_LARGE_TIFF = 3_900_000_000  # bytes of pixels; a classic TIFF ends at 4 GB


@dataclass(frozen=True)
class Image:
    """An image to be written, its pixels yet to come.

    Attributes:
        height: rows of pixels.
        width: columns of pixels.
        bands: 1 grey, 2 grey and alpha, 3 sRGB, 4 sRGB and alpha.
        dtype: uint8 or uint16.
        metadata: what the file says besides pixels.
        thumbnail: a small JPEG to embed where the photo had one, or None.
        extra: further bands for a TIFF, as `PhotoFile.extra` gives them, or None.
    """

    height: int
    width: int
    bands: int
    dtype: Any
    metadata: Metadata = field(default_factory=Metadata)
    thumbnail: bytes | None = None
    extra: Any = None


def check_target(path: Path, *, quality: int | None = None, overwrite: bool = False) -> None:
    """Make sure, before work begins, that a result can be written.

    Raises:
        OutputError: if the suffix is unknown, a file is there, or the folder is missing.
    """
    suffix = path.suffix.lower()
    if suffix not in SAVED_SUFFIXES:
        raise OutputError(
            path, f"cannot write {suffix or 'a name without suffix'}", "use .jpg, .png, .webp, .tif, .avif or .bmp"
        )
    if quality is not None and not 1 <= quality <= 100:
        raise OutputError(path, f"a quality of {quality} is out of range", "use 1 to 100")
    try:
        if not path.parent.is_dir():
            raise OutputError(path, f"the folder {path.parent} does not exist", "make it first")
        if path.is_dir():
            raise OutputError(path, "is a folder", "give the file a name")
        if path.exists() and not overwrite:
            raise OutputError(path, "is already there", "choose another name or allow overwriting")
    except (OSError, ValueError) as error:
        raise _unwritable(path, error) from error


def losses(photo: PhotoFile | Picture, target: Path) -> list[Note]:
    """Say what the format that the user chose cannot hold of this photo."""
    suffix = target.suffix.lower()
    lost = []
    if photo.extra_bands and suffix not in TIFF:
        further = "a further channel" if photo.extra_bands == 1 else f"{photo.extra_bands} further channels"
        lost.append(f"{further} beside the colours, such as infrared")
    if photo.has_alpha and suffix in JPEG:
        lost.append("transparency, which is laid over white")
    if photo.dtype == np.uint16 and suffix not in WIDE:
        lost.append("16 bits per channel, which become 8")
    bits = photo.metadata.bits
    if suffix == ".avif" and bits > 12:
        lost.append(f"{bits} bits per channel, which become 12")
    if suffix == ".bmp":
        file = photo.metadata.file
        said = {"EXIF": file.exif, "XMP": file.xmp, "IPTC": file.resources, "comments": file.texts}
        lost += [name for name, content in said.items() if content]
    return [Note(str(target), f"{suffix} cannot hold {', nor '.join(lost)}")] if lost else []


def write_image(
    path: Path,
    image: Image,
    strips: Iterator[Pixels],
    *,
    quality: int | None = None,
    times: tuple[int, int] | None = None,
) -> list[Note]:
    """Write an image while its strips are computed.

    Args:
        path: where to; one of `SAVED_SUFFIXES` says the format. Formats without 16 bits or alpha get 8 bits, and
            alpha over white.
        image: what it will be.
        strips: rows×width×bands, top to bottom.
        quality: 1..100, for the formats that have one.
        times: access and change of the file in nanoseconds, or None for now.

    Returns:
        A note for each thing of the metadata that the format has no room for, and one on what is left out.

    Raises:
        OutputError: if the image does not fit the format or cannot be written; nothing half-written stays.
        PhotochromError: as the strips.
    """
    library = vips.libvips()
    suffix = path.suffix.lower()
    kind = "jpg" if suffix in JPEG else "tif" if suffix in TIFF else suffix[1:]
    source = StripSource(strips, image.height, image.width, image.bands, image.dtype)
    said = image.metadata.fitted(kind, (image.width, image.height), image.thumbnail)
    try:
        with replace_file(path) as temporary:
            try:
                pixels = _prepared(source.open(library), kind, image)
                if kind == "bmp":
                    write_bmp(temporary, pixels.numpy(), image.metadata.file.dpi)
                else:
                    if kind == "tif" and image.extra is not None:
                        pixels = pixels.bandjoin(image.extra)
                    _save(pixels, temporary, kind, image, said, _options(suffix, image, quality))
            except library.Error as error:
                if source.error is None:
                    raise _unwritten(path, suffix, vips.reason(error)) from error
            if source.error is not None:
                raise source.error
            if kind == "tif" and image.extra is not None:
                tag_extra_samples(temporary, [2] * (image.bands in (2, 4)) + [0] * image.extra.bands)
            if kind != "bmp":
                said.embed(temporary)
            if times is not None:
                os.utime(temporary, ns=times)
    except (OSError, ValueError) as error:  # ValueError: a name with a null byte
        raise _unwritable(path, error) from error
    finally:
        source.close()
    left_out = [Note(str(path), f"left out: {', '.join(said.left_out)}")] if said.left_out else []
    return [*left_out, *(Note(str(path), f"without {lost}") for lost in said.lost if kind != "bmp")]


def encode_thumbnail(pixels: NDArray[np.uint8]) -> bytes:
    """Encode uint8 h×w×3 as the small JPEG that goes into an EXIF block."""
    encoded: bytes = vips.image_from_array(pixels).write_to_buffer(".jpg", Q=80, keep="none")
    return encoded


def _prepared(pixels: Any, kind: str, image: Image) -> Any:
    """Bring pixels to what a format can hold."""
    if f".{kind}" not in WIDE:
        pixels = pixels.colourspace("b-w" if image.bands < 3 else "srgb")
    return pixels.flatten(background=255) if kind == "jpg" and pixels.hasalpha() else pixels


def _options(suffix: str, image: Image, quality: int | None) -> dict[str, Any]:
    """Choose the options of libvips' saver."""
    options = dict(SAVED_SUFFIXES[suffix])
    if suffix in JPEG:
        # Not below the default, so that a poor scan is not made poorer.
        options["Q"] = max(options["Q"], image.metadata.quality or 0)
    if quality is not None and "Q" in options:
        options["Q"] = quality
    if image.metadata.profile and image.bands > 2:
        options["profile"] = "srgb"
    if suffix in (".webp", ".avif") and image.metadata.lossless and quality is None:
        options["lossless"] = True
    if suffix == ".avif" and image.dtype == np.uint16:
        options["bitdepth"] = 10 if image.metadata.bits == 10 else 12
    if suffix in TIFF:
        bands = image.bands + (0 if image.extra is None else image.extra.bands)
        size = image.height * image.width * bands * np.dtype(image.dtype).itemsize
        options["compression"] = _KEPT.get(image.metadata.compression or 0, options["compression"])
        most = 1.5 if options["compression"] == "lzw" else 1  # codes of 12 bits for each byte
        options["bigtiff"] = size * most > _LARGE_TIFF
        if image.metadata.tile is not None:
            options |= {"tile": True, "tile_width": image.metadata.tile[0], "tile_height": image.metadata.tile[1]}
    return options


def _save(pixels: Any, path: Path, kind: str, image: Image, said: FileMetadata, options: dict[str, Any]) -> None:
    library = vips.libvips()
    if said.dpi is not None:
        pixels = pixels.copy(xres=said.dpi[0] / 25.4, yres=said.dpi[1] / 25.4)
    pixels = pixels.copy()
    pixels.set_type(library.GValue.gstr_type, "resolution-unit", "in")
    pixels.set_type(library.GValue.gint_type, "orientation", image.metadata.orientation)
    for name, content in said.header().items():
        pixels.set_type(library.GValue.blob_type, name, content)
    with path.open("wb+") as file:
        target = library.Target.new_to_descriptor(file.fileno())
        pixels.write_to_target(target, f".{kind}", keep=said.keep, **options)


def _unwritable(path: Path, error: Exception) -> OutputError:
    return OutputError(path, f"cannot be written ({reason_of(error, path)})", "check the folder and its disk")


def _unwritten(path: Path, suffix: str, reason: str) -> OutputError:
    if "too large" in reason or "dimension" in reason:
        return UnfitError(path, f"the photo cannot be written as {suffix} ({reason})", "make it a .tif or .png")
    return OutputError(path, f"cannot be written ({reason})", "check the folder, and whether its disk is full")
