"""The one place that touches libvips: photo files in, pixel arrays out, every failure an error of photochrom.

libvips decodes what archives hold (16 bits, CMYK, ICC profiles, tiled TIFF), streams what does not fit into
memory, and shrinks while it decodes. Only the loaders of the formats that photochrom knows are on: those that
libvips itself marks as unsafe for untrusted files are off, and so are SVG, its own formats, and tables of numbers.
Files are handed over as open descriptors: libvips reads options out of a name such as ``scan[2]`` and takes
no name that is not UTF-8, but it has no quarrel with a descriptor.
"""

from __future__ import annotations

import atexit
import os
import re
import sys
import tempfile
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from photochrom.errors import PhotoError
from photochrom.io.formats import FORMATS
from photochrom.io.source import Source, open_source
from photochrom.io.unread import KIND_BYTES, refuse_by_name, unread

__all__ = [
    "array_from_image",
    "complaints",
    "damaged",
    "image_from_array",
    "libvips",
    "open_image",
    "reason",
    "render_text",
    "resize",
    "resize_array",
]


_NO_ROOM = re.compile("write failed|temporary file|No space left")


@lru_cache(maxsize=1)
def libvips() -> Any:
    """Import pyvips on first use and switch off what is unsafe for files from strangers."""
    os.environ.setdefault("VIPS_BLOCK_UNTRUSTED", "1")
    import pyvips

    pyvips.operation_block_set("VipsForeignLoad", True)
    for format in FORMATS:
        if format.loader is not None:
            pyvips.operation_block_set(f"VipsForeignLoad{format.loader}", False)
    pyvips.block_untrusted_set(True)
    pyvips.cache_set_max(0)  # each photo is read once; a cache of operations would only hold memory
    _read_any_text(pyvips)
    _quieten(pyvips)
    return pyvips


def _read_any_text(pyvips: Any) -> None:
    """Have pyvips take text for Latin-1 that is no UTF-8.

    It takes all text for UTF-8 and fails by what is not: a comment of a GIF, or libvips' message about a damaged
    file, which quotes it.
    """

    def read(pointer: Any) -> Any:
        text = "NULL" if pointer == pyvips.ffi.NULL else pyvips.ffi.string(pointer)
        if not isinstance(text, bytes):
            return text
        try:
            return text.decode()
        except UnicodeDecodeError:
            return text.decode("latin-1")

    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "pyvips" and hasattr(module, "_to_string"):
            vars(module)["_to_string"] = read


def _quieten(pyvips: Any) -> None:
    """Send GLib's complaints, as of a width beyond 2³¹, where pyvips sends libvips' own, not to the terminal."""
    callback = getattr(pyvips, "_log_handler_cb", None)
    if callback is None:  # a pyvips that has another way; the complaints are then ugly, and no more
        return
    every = ~0  # levels
    for domain in (b"GLib", b"GLib-GObject"):
        handler = pyvips.glib_lib.g_log_set_handler(domain, every, callback, pyvips.ffi.NULL)
        # A callback into Python must not outlive it.
        atexit.register(pyvips.glib_lib.g_log_remove_handler, domain, handler)


def open_image(source: Source, *, name: str, **options: Any) -> Any:
    """Open a photo as it lies in the file, without decoding more than its header.

    Args:
        source: a path or the file's bytes.
        name: what to call it in an error.
        options: of libvips' loader, such as ``access="sequential"`` or, for a JPEG, ``shrink=4``. Without a
            ``fail_on``, any damage to the pixels that the decoder notices is an error.

    Returns:
        A `pyvips.Image`.

    Raises:
        PhotoError: if it is missing, unreadable, empty, or no photo.
    """
    vips = libvips()
    with open_source(source, name) as file:
        first = file.read(KIND_BYTES)
        file.seek(0)  # a duplicate of the descriptor shares its place
        try:
            stream = (
                vips.Source.new_from_memory(source)
                if isinstance(source, bytes)
                else vips.Source.new_from_descriptor(file.fileno())  # which keeps a duplicate of its own
            )
        except vips.Error as error:
            raise PhotoError(name, f"cannot be read ({reason(error)})", "check the path") from error
    # libjpeg has nothing but warnings for missing pixels. In other formats warnings are about tags and checksums
    # of no consequence, and damaged pixels are errors.
    options.setdefault("fail_on", "warning" if first.startswith(b"\xff\xd8") else "error")
    try:
        return vips.Image.new_from_source(stream, "", **options)
    except vips.Error as error:
        if "labq" in str(error):  # which libvips 8.18 does not even read from itself
            raise unread(name, "a TIFF in CIELAB of 8 bits", "save it as RGB") from error
        if "known format" not in str(error):
            raise damaged(name, error) from error
        refuse_by_name(name, first)
        raise PhotoError(name, "is no photo that photochrom can read", "save it as PNG or JPEG") from error


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


def complaints() -> str:
    """Take what libvips has noted without failing, in any thread: libjpeg's first warning about each photo.

    It fails by a warning only when further rows are asked for, and so never by one about the last rows.
    """
    vips = libvips()
    said = vips.ffi.string(vips.vips_lib.vips_error_buffer()).decode("utf-8", "replace")
    vips.vips_lib.vips_error_clear()
    return "\n".join(line for line in said.splitlines() if line.startswith("VipsJpeg: "))


def damaged(name: str, error: Exception) -> PhotoError:
    """Say in one line that a file is damaged, with the part of libvips' message that a person understands."""
    if _NO_ROOM.search(str(error)):  # for pixels that are turned and too many to be held in memory
        return PhotoError(
            name,
            "the disk of temporary files is full",
            f"free some of {tempfile.gettempdir()}, or set TMPDIR to a folder with more room",
        )
    return PhotoError(name, f"is damaged or cut short ({reason(error)})", "fetch or scan it again")


def reason(error: Exception) -> str:
    """Find the line of libvips' message that says something to a person."""
    lines = [line.strip() for line in str(error).splitlines()]
    telling = [line for line in lines if line and not line.startswith("unable to") and "load error" not in line]
    said = telling[0].split(": ", 1)[-1] if telling else "its data ends too early"
    return "".join(letter if letter.isprintable() else "?" for letter in said)
