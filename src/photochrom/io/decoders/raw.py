"""Camera raws, developed by LibRaw (`rawpy`) to 16 bits with the camera's white balance and brightness."""

from __future__ import annotations

from io import BytesIO
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import PhotoKindError, reason_of
from photochrom.io.bmff import Box, boxes, find_box
from photochrom.io.decoders.said import heard
from photochrom.io.metadata import ifd
from photochrom.io.metadata.exif import make_block
from photochrom.io.metadata.file_metadata import FileMetadata
from photochrom.io.metadata.ifd import Directory, Layout, Value
from photochrom.io.raster import Raster
from photochrom.io.source import Source, damaged, read_all

__all__ = ["open_raw"]

_SRGB_CURVE = (2.4, 12.92)
_TURNS = {3: 3, 5: 8, 6: 6}  # EXIF orientation, by LibRaw's flip
_LEAST_BITS = 0.5  # per pixel of the sensor, of any compression
_BYTES = 30  # of memory per pixel, beside the file; measured with the file: mosaic 20, linear 28

_XMP = 700
_DESCRIPTIVE = frozenset(
    [
        *(
            270,
            271,
            272,
            282,
            283,
            296,
            305,
            306,
            315,
            316,
        ),  # description, camera, resolution, software, time, artist
        *(18246, 18249, 33432, 36867),  # rating, copyright, time of exposure
        *range(40091, 40096),  # Windows' title, comment, author, keywords, subject
        ifd.EXIF,
        ifd.GPS,
    ]
)
"""Tags of a raw's first directory that are not about its pixels or its camera's sensor."""

_CANON = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")


def open_raw(source: Source, name: str, suffix: str) -> Raster:
    """Open a camera raw; it is developed when its pixels are asked for.

    Args:
        source: a path or the file's bytes.
        name: what to call it.
        suffix: usual suffix of its kind.

    Raises:
        PhotoKindError: if LibRaw cannot read it.
        PhotoError: if it is damaged.
    """
    import rawpy

    content = read_all(source, name=name)  # LibRaw opens no name that is not UTF-8
    try:
        with heard("unknown file: "):
            raw = rawpy.imread(BytesIO(content))
    except (rawpy.LibRawFileUnsupportedError, rawpy.LibRawNotImplementedError) as error:
        raise _refused(name, error) from error
    except rawpy.LibRawError as error:
        raise damaged(name, _reason(error)) from error
    sizes = raw.sizes
    height, width = sizes.iheight, sizes.iwidth
    if sizes.flip in (5, 6):
        height, width = width, height
    if not (height and width):
        raise damaged(name, "it has no pixels")
    if 8 * len(content) < _LEAST_BITS * sizes.raw_height * sizes.raw_width:
        raise damaged(name, "its data are too few for its pixels")

    def decode() -> NDArray[Any]:
        try:
            with heard("unknown file: ") as said:
                # No guess at the brightness: two shots of one light stay equally bright.
                pixels: NDArray[Any] = raw.postprocess(
                    use_camera_wb=True,
                    output_bps=16,
                    output_color=rawpy.ColorSpace.sRGB,
                    gamma=_SRGB_CURVE,
                    no_auto_bright=True,
                    adjust_maximum_thr=0.0,
                )
                is_empty = suffix != ".dng" and _ends_empty(raw)
        except (rawpy.LibRawFileUnsupportedError, rawpy.LibRawNotImplementedError) as error:
            raise _refused(name, error) from error  # known by its header, but not by its compression
        except (rawpy.LibRawError, rawpy.NotSupportedError) as error:
            raise damaged(name, _reason(error)) from error
        finally:
            raw.close()
        if said or is_empty:  # LibRaw fills up with black, and says so there, if at all
            raise damaged(name, said[0] if said else "its last rows are empty")
        return pixels if pixels.ndim == 3 else pixels[..., None].repeat(3, axis=2)

    exif, xmp = _metadata(content, raw)
    return Raster(
        name,
        suffix,
        height,
        width,
        3,
        np.dtype(np.uint16),
        height * width * _BYTES + len(content),
        decode,
        bits=16,
        fields={"exif-data": exif, "xmp-data": xmp},
        turned=_TURNS.get(sizes.flip, 1),
        has_own_metadata=True,
        is_final=False,
    )


def _ends_empty(raw: Any) -> bool:
    """Say whether the last rows of a sensor are one value, which no sensor's noise leaves them."""
    rows = None if raw.raw_image_visible is None else raw.raw_image_visible[-4:]
    return rows is not None and rows.ndim == 2 and bool(rows.min() == rows.max())


def _refused(name: str, error: Exception) -> PhotoKindError:
    return PhotoKindError(
        name,
        f"is a camera raw that LibRaw cannot read ({_reason(error)})",
        "develop it first, with a program that knows the camera, and colorize what that writes",
    )


def _reason(error: Exception) -> str:
    said = error.args[0] if error.args else ""  # rawpy gives LibRaw's bytes
    return said.decode(errors="replace") if isinstance(said, bytes) else reason_of(error)


def _metadata(content: bytes, raw: Any) -> tuple[bytes | None, bytes | None]:
    """Return EXIF and XMP, as far as the file says any."""
    file = BytesIO(content)
    try:
        start = _tiff_of(file)
        if start is not None:
            layout, at = start
            found = ifd.read(file, layout, at)
            xmp = found.get(_XMP)
            kept: Directory = {tag: value for tag, value in found.items() if tag in _DESCRIPTIVE}
            exif = make_block(kept, layout.order) if kept else None
            return exif, xmp.content if isinstance(xmp, Value) else None
        if (exif := _canon_exif(file)) is not None:
            return exif, None
        # What the camera said of it, it said in its own JPEG as well.
        said = FileMetadata.read(bytes(raw.extract_thumb().data))
        return said.exif, said.xmp
    except Exception:  # damaged metadata are no reason to refuse the photo, and rawpy has errors of many kinds
        return None, None


def _tiff_of(file: BinaryIO) -> tuple[Layout, int] | None:
    """Return the layout and the first directory of a raw that is a TIFF, or one but for its mark."""
    start = Layout.of(file)
    if start is not None:
        return start
    file.seek(0)
    begin = file.read(8)
    order = {b"IIRO": "<", b"IIRS": "<", b"IIU\0": "<", b"MMOR": ">"}.get(begin[:4])
    return (
        None if order is None else (Layout(order), int.from_bytes(begin[4:8], "little" if order == "<" else "big"))
    )


def _canon_exif(file: BinaryIO) -> bytes | None:
    """Put together the directories that a CR3 has in boxes of their own."""
    film = find_box(file, b"moov")
    for box in boxes(file, film.start, film.end) if film is not None else ():
        if box.kind != b"uuid" or Box(b"uuid", box.start, box.start + 16).read(file) != _CANON:
            continue
        parts = {inner.kind: inner.read(file) for inner in boxes(file, box.start + 16, box.end)}
        found: Directory = {}
        order = "<"
        for kind, tag in ((b"CMT1", None), (b"CMT2", ifd.EXIF), (b"CMT4", ifd.GPS)):
            block = BytesIO(parts.get(kind, b""))
            start = Layout.of(block)
            if start is None:
                continue
            order = start[0].order
            read = ifd.read(block, *start)
            if tag is None:
                found |= {number: value for number, value in read.items() if number in _DESCRIPTIVE}
            elif read:
                found[tag] = read
        return make_block(found, order) if found else None
    return None
