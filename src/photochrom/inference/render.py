"""Rendering: a photo and its colours become a file, strip by strip, with all that the photo's file carried."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom import __version__
from photochrom.errors import OutputError
from photochrom.inference.card import Card
from photochrom.inference.compose import beside, compose
from photochrom.io import writer
from photochrom.io.atomic import same_file
from photochrom.io.formats import JPEG, TIFF
from photochrom.io.metadata.header import Metadata
from photochrom.io.picture import Picture
from photochrom.io.reader import STRIP, PhotoFile
from photochrom.io.vips import resize_array
from photochrom.options import Options
from photochrom.result_notes import Note
from photochrom.threads import ReadAhead

__all__ = [
    "check_output",
    "decoded_ahead",
    "keeps_orientation",
    "marked",
    "save_colors",
    "save_confidence",
]

Pixels = NDArray[Any]
Floats = NDArray[np.float32]

_THUMBNAIL = 160  # pixels of the longer side, as EXIF recommends
_GAP = 0.01  # between photo and result side by side, of the photo's width
_LARGE = 1 << 22  # pixels from which on a photo is decoded ahead
_AHEAD = 12 << 20  # bytes of strips that are decoded ahead; more would bring large TIFFs near their bar of memory


def check_output(photo: Path | None, target: Path, options: Options, *, overwrite: bool) -> None:
    """Make sure, before work begins, that a result can be written, and is not the photo itself.

    Raises:
        OutputError: if it cannot, or is.
    """
    if photo is not None and same_file(photo, target):
        raise OutputError(target, "is the photo itself", "give the result another name")
    writer.check_target(target, quality=options.quality, overwrite=overwrite)


def keeps_orientation(target: Path, options: Options) -> bool:
    """Tell whether a result's pixels lie as the photo's do, beside an orientation that every viewer knows."""
    return target.suffix.lower() in JPEG | TIFF and not options.side_by_side


def marked(metadata: Metadata, card: Card, options: Options) -> Metadata:
    """Note in a result's metadata which network its colours are of, unless that is not wanted."""
    if not options.mark:
        return metadata
    return metadata.marked(network=card.name, version=card.version, program=f"photochrom {__version__}")


@contextmanager
def decoded_ahead(photo: PhotoFile | Picture, threads: int) -> Iterator[Iterable[Pixels]]:
    """Give a photo's strips; those of a large file are decoded from now on, while the network works."""
    streams = isinstance(photo, PhotoFile) and photo.streams and photo.height * photo.width > _LARGE
    if not streams or threads == 1:
        yield photo.strips()
        return
    size = STRIP * (photo.bands + photo.has_alpha) * photo.dtype.itemsize
    # Of a copy: what a decoder has passed over is noted in its photo, and two are at work.
    ahead = ReadAhead(copy(photo).strips(), max(1, _AHEAD // size))
    try:
        yield ahead
    finally:
        ahead.close()


def save_colors(
    photo: PhotoFile | Picture,
    strips: Iterable[Pixels],
    lightness: Floats,
    ab: Floats,
    target: Path,
    options: Options,
    *,
    metadata: Metadata,
    threads: int,
) -> list[Note]:
    """Write a photo in colour while its strips are decoded.

    Args:
        photo: whose pixels lie as `lightness` does.
        strips: its own, as `decoded_ahead` gives them.
        lightness: float32 h×w, 0..100: that of its small copy.
        ab: float32 h×w×2, CIELAB units: that copy's colours.
        target: file of the result, that `check_output` passed.
        options: of which those about files matter.
        metadata: of the result.
        threads: how many to compute with.

    Returns:
        What the user should know.

    Raises:
        PhotoError: if the file turns out to be damaged.
        OutputError: if the result cannot be written; nothing half-written stays.
    """
    gap = max(4, round(_GAP * photo.width)) if options.side_by_side else 0
    image = writer.Image(
        photo.height,
        photo.width * (2 if gap else 1) + gap,
        3 + photo.has_alpha,
        photo.dtype,
        metadata,
        _thumbnail(photo, lightness, ab) if metadata.thumbnail else None,
        photo.extra() if isinstance(photo, PhotoFile) and not gap else None,
    )
    composed = compose(photo, lightness, ab, threads, strips)
    rows = (beside(own, colours, gap, photo.has_alpha) for own, colours in composed)
    path = photo.path if isinstance(photo, PhotoFile) else None
    times = _times(path) if options.keep_times and path is not None else None
    lost = writer.write_image(target, image, rows, quality=options.quality, times=times)
    notes = photo.notes if isinstance(photo, PhotoFile) else []
    if gap and photo.extra_bands:
        lost = [
            *lost,
            Note(str(target), "without the channels beside the colours, which have no place side by side"),
        ]
    return [*notes, *writer.losses(photo, target), *lost]


def save_confidence(confidence: Floats, height: int, width: int, target: Path) -> None:
    """Write a map of confidence, a grey picture of 8 bits, black for 0 and white for 1.

    Args:
        confidence: float32 h×w, 0..1, at network size.
        height: rows of the map.
        width: columns of the map.
        target: file of the map; one that is there is replaced.

    Raises:
        OutputError: if it cannot be written; nothing half-written stays.
    """
    rows = resize_array(confidence[..., None], height, width)
    step = max(1, STRIP // width)
    strips = (
        np.clip(np.rint(rows(top, min(top + step, height)) * 255), 0, 255).astype(np.uint8)
        for top in range(0, height, step)
    )
    writer.write_image(target, writer.Image(height, width, 1, np.dtype(np.uint8)), strips)


def _thumbnail(photo: PhotoFile | Picture, lightness: Floats, ab: Floats) -> bytes:
    scale = min(1.0, _THUMBNAIL / max(photo.height, photo.width))
    height, width = (max(1, round(side * scale)) for side in (photo.height, photo.width))
    small = Picture.from_array(photo.shrunk(height, width)[..., : photo.bands])
    (_, colours), *_ = compose(small, lightness, ab, threads=1)
    return writer.encode_thumbnail((colours >> 8).astype(np.uint8) if colours.dtype == np.uint16 else colours)


def _times(source: Path) -> tuple[int, int]:
    status = source.stat()
    return status.st_atime_ns, status.st_mtime_ns
