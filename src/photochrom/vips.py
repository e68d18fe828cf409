"""The one place that touches libvips: photo files in, pixel arrays out, every failure an error of photochrom.

libvips decodes what archives hold (16 bits, CMYK, ICC profiles, tiled TIFF), streams what does not fit into
memory, and shrinks while it decodes. Loaders that libvips itself marks as unsafe for untrusted files are off.
Files are handed over as open descriptors: libvips reads options out of a name such as ``scan[2]`` and takes
no name that is not UTF-8, but it has no quarrel with a descriptor.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from photochrom.errors import PhotoError

__all__ = [
    "array_from_image",
    "damaged",
    "image_from_array",
    "libvips",
    "open_image",
    "reason",
    "render_text",
    "resize",
    "resize_array",
    "to_srgb",
]


BMP_PIXELS = 500_000_000
"""Pixels of the largest BMP that is read; unlike other photos, it is held in memory as a whole."""


@lru_cache(maxsize=1)
def libvips() -> Any:
    """Import pyvips on first use and switch off what is unsafe for files from strangers."""
    os.environ.setdefault("VIPS_BLOCK_UNTRUSTED", "1")
    import pyvips

    pyvips.block_untrusted_set(True)
    pyvips.cache_set_max(0)  # each photo is read once; a cache of operations would only hold memory
    return pyvips


def open_image(source: str | Path | bytes, *, name: str, **options: Any) -> Any:
    """Open a photo as it lies in the file, without decoding more than its header.

    Args:
        source: a path or the file's bytes.
        name: what to call it in an error.
        options: of libvips' loader, such as ``access="sequential"`` or, for a JPEG, ``shrink=4``.

    Returns:
        A `pyvips.Image`.

    Raises:
        PhotoError: if it is missing, unreadable, empty, or no photo.
    """
    vips = libvips()
    with _opened(source, name) as (stream, first):
        if first.startswith(b"BM"):
            return _open_bmp(source, name)
        try:
            return vips.Image.new_from_source(stream, "", fail_on="truncated", **options)
        except vips.Error as error:
            if "known format" not in str(error):
                raise damaged(name, error) from error
            raise PhotoError(f"{name}: is no photo that photochrom can read; save it as PNG or JPEG") from error


def to_srgb(image: Any) -> Any:
    """Convert an image of any colour space to sRGB, or to grey where it has one band, in its own 8 or 16 bits.

    Args:
        image: of 1, 3 or 4 bands, no alpha.
    """
    vips = libvips()
    wide = image.format == "ushort"
    plain = "rgb16" if wide else "srgb"
    if image.get_typeof("icc-profile-data"):
        try:
            converted = image.icc_transform("srgb", embedded=True, depth=16 if wide else 8)
            # A grey profile gives three equal bands; one of them says it all.
            return converted[1].copy(interpretation="grey16" if wide else "b-w") if image.bands == 1 else converted
        except vips.Error:
            pass  # a damaged profile, or one of another kind of image: the numbers are still a photo
    if image.interpretation in ("b-w", "grey16", "srgb", "rgb16", "rgb"):
        return image
    if image.bands == 1:
        return image.copy(interpretation="grey16" if wide else "b-w")
    return image.colourspace("rgb16" if image.interpretation == "labs" else plain)


def array_from_image(image: Any, *, name: str) -> np.ndarray[Any, Any]:
    """Decode an image into an array H×W×bands.

    Raises:
        PhotoError: if the file turns out to be damaged or cut short.
    """
    try:
        pixels: np.ndarray[Any, Any] = image.numpy()
    except libvips().Error as error:
        raise damaged(name, error) from error
    return pixels.reshape(image.height, image.width, image.bands)  # pyvips drops a last axis of one


def image_from_array(pixels: np.ndarray[Any, Any]) -> Any:
    """Wrap a uint8 or uint16 array, H×W or H×W×1 to 4, as a grey or sRGB image (2 and 4: with alpha)."""
    image = libvips().Image.new_from_array(np.ascontiguousarray(pixels))
    wide = pixels.dtype == np.uint16
    grey = pixels.ndim == 2 or pixels.shape[2] < 3
    return image.copy(interpretation=("grey16" if wide else "b-w") if grey else ("rgb16" if wide else "srgb"))


def resize(image: Any, height: int, width: int) -> Any:
    """Plan a smooth change of size; alpha weights the colours, so that what is transparent adds nothing.

    Shrinking averages with a Lanczos kernel, so that fine texture does not turn into moiré; enlarging is bicubic.
    """
    if (image.height, image.width) == (height, width):
        return image
    kind, alpha = image.format, image.hasalpha()
    if alpha:
        image = image.premultiply()
    shrinks = height < image.height or width < image.width
    kernel = "lanczos3" if shrinks else "cubic"
    image = image.resize(width / image.width, vscale=height / image.height, kernel=kernel)
    return image.unpremultiply().rint().cast(kind) if alpha else image


def resize_array(array: np.ndarray[Any, Any], height: int, width: int) -> Callable[[int, int], Any]:
    """Plan a smooth change of size, as `resize`; nothing is computed before rows are asked for.

    Args:
        array: h×w×bands, uint8, uint16 or float32, no alpha.
        height: rows of the result.
        width: columns of the result.

    Returns:
        A function of a first row and one past the last that gives those rows, ×width×bands, in `array`'s type.
    """
    image = libvips().Image.new_from_array(np.ascontiguousarray(array))
    image = resize(image.copy(interpretation="multiband"), height, width)

    def rows(start: int, stop: int) -> np.ndarray[Any, Any]:
        return array_from_image(image.crop(0, start, width, stop - start), name="array")

    return rows


def render_text(text: str, height: int) -> np.ndarray[Any, Any]:
    """Draw one line of text in the system's fonts, which know more scripts than a bundled one.

    Args:
        text: what to draw, no markup.
        height: of the letters in pixels, roughly.

    Returns:
        uint8 h×w, 0 paper to 255 ink.
    """
    vips = libvips()
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    pixels: np.ndarray[Any, Any] = vips.Image.text(escaped, font=f"sans {height}", dpi=72).numpy()
    return pixels


@contextmanager
def _opened(source: str | Path | bytes, name: str) -> Iterator[tuple[Any, bytes]]:
    """Give libvips' view of a file or its bytes, and the first few bytes."""
    vips = libvips()
    if isinstance(source, bytes):
        if not source:
            raise PhotoError(f"{name}: is empty (0 bytes); fetch or scan it again")
        yield vips.Source.new_from_memory(source), source[:16]
        return
    path = Path(source)
    try:
        if path.is_dir():
            raise PhotoError(f"{name}: is a folder, not a photo; name the photos inside it")
        if path.exists() and not path.is_file():
            raise PhotoError(f"{name}: is no regular file; copy the photo to a file first")
        with path.open("rb") as file:
            first = os.pread(file.fileno(), 16, 0)
            if not first:
                raise PhotoError(f"{name}: is empty (0 bytes); fetch or scan it again")
            stream = vips.Source.new_from_descriptor(file.fileno())  # which keeps a duplicate of its own
    except FileNotFoundError as error:
        raise PhotoError(f"{name}: there is no such file; check the path") from error
    except PermissionError as error:
        raise PhotoError(f"{name}: cannot be read; check its permissions") from error
    except (OSError, ValueError, vips.Error) as error:  # ValueError: a path with a null byte
        raise PhotoError(f"{name}: cannot be read ({getattr(error, 'strerror', None) or error})") from error
    yield stream, first


def _open_bmp(source: str | Path | bytes, name: str) -> Any:
    """Open a BMP, which libvips has no loader of its own for; Pillow's reads all kinds of them."""
    from PIL import BmpImagePlugin

    try:
        # Not Image.open, whose limit on pixels is lower than an archive's scans.
        bmp = BmpImagePlugin.BmpImageFile(BytesIO(source) if isinstance(source, bytes) else Path(source))
        with bmp:
            if bmp.width * bmp.height > BMP_PIXELS:
                raise PhotoError(f"{name}: {bmp.width}×{bmp.height} is too large a BMP; save it as TIFF")
            alpha = bmp.mode == "RGBA"
            pixels = np.asarray(bmp if bmp.mode in ("L", "RGB", "RGBA") else bmp.convert("RGB"))
            dpi = bmp.info.get("dpi")
    except (OSError, SyntaxError, ValueError, OverflowError, struct.error) as error:
        raise PhotoError(f"{name}: is damaged or cut short ({error}); fetch or scan it again") from error
    image = image_from_array(pixels)
    image = image.copy(**({"xres": dpi[0] / 25.4, "yres": dpi[1] / 25.4} if dpi and all(dpi) else {}))
    image.set_type(libvips().GValue.gstr_type, "vips-loader", "bmpload")
    image.set_type(libvips().GValue.gint_type, "bits-per-sample", 8)
    assert image.hasalpha() == alpha
    return image


def damaged(name: str, error: Exception) -> PhotoError:
    """Say in one line that a file is damaged, with the part of libvips' message that a person understands."""
    return PhotoError(f"{name}: is damaged or cut short ({reason(error)}); fetch or scan it again")


def reason(error: Exception) -> str:
    """Find the line of libvips' message that says something to a person."""
    lines = [line.strip() for line in str(error).splitlines()]
    telling = [line for line in lines if line and not line.startswith("unable to") and "load error" not in line]
    return telling[0].split(": ", 1)[-1] if telling else "its data ends too early"
