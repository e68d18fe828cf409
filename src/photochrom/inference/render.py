"""Rendering: a photo and its colours become a file, strip by strip, with all that the photo's file carried."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom import __version__
from photochrom.errors import OutputError
from photochrom.inference.card import Card
from photochrom.inference.compose import Protected, beside, compose
from photochrom.io import sidecars, writer
from photochrom.io.atomic import same_file
from photochrom.io.formats import JPEG, TIFF, kind_of
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
    "save_map",
    "with_sidecars",
    "write_copies",
]

Pixels = NDArray[Any]
Floats = NDArray[np.float32]

_THUMBNAIL = 160  # pixels of the longer side, as EXIF recommends
_GAP = 0.01  # between photo and result side by side, of the photo's width
_LARGE = 1 << 22  # pixels from which on a photo is decoded ahead
_NTH = 5  # row and column of which a pixel is looked at
_AHEAD = {1: 24 << 20, 2: 12 << 20}
"""Bytes of strips that are decoded ahead, by those of a sample.

A JPEG has all of its decoding to be done meanwhile. Large TIFFs of 16 bits come near their bar of memory.
"""


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


@dataclass(frozen=True)
class SidecarCopy:
    """A sidecar to be written beside a result: its file, and what it will say."""

    path: Path
    metadata: Metadata


def with_sidecars(
    photo: PhotoFile | Picture, target: Path, card: Card, options: Options, *, overwrite: bool
) -> tuple[Metadata, list[SidecarCopy], list[Note]]:
    """Put together what a result will say, with what lies beside its photo.

    Returns:
        The result's metadata, marked as `marked` does it; what is to be written beside the result; and notes.

    Raises:
        OutputError: if a file is in the place of a sidecar, which is not the photo's own.
    """
    path = photo.path if isinstance(photo, PhotoFile) else None
    if path is None or options.sidecars == "ignore":
        return marked(photo.metadata, card, options), [], []
    if options.sidecars == "merge":
        merged, notes = sidecars.with_sidecars(photo.metadata, path)
        if target.suffix.lower() == ".bmp" and merged is not photo.metadata:
            notes.append(Note(str(target), ".bmp cannot hold what the sidecar says; copy it beside the result"))
        return marked(merged, card, options), [], notes
    found, notes = sidecars.sidecar_metadata(photo.metadata, path)
    copies = []
    for sidecar, metadata in found:
        copy_of = sidecars.sidecar_target(sidecar, path, target)
        if same_file(sidecar, copy_of):
            continue  # it is beside the result already
        if copy_of.exists() and not overwrite:
            raise OutputError(copy_of, "is already there", "choose another name or allow overwriting")
        copies.append(SidecarCopy(copy_of, marked(metadata, card, options)))
    return marked(photo.metadata, card, options), copies, notes


@contextmanager
def decoded_ahead(photo: PhotoFile | Picture, threads: int) -> Iterator[Iterable[Pixels]]:
    """Give a photo's strips; those of a large file are decoded from now on, while the network works."""
    streams = isinstance(photo, PhotoFile) and photo.streams and photo.height * photo.width > _LARGE
    if not streams or threads == 1:
        yield photo.strips()
        return
    size = STRIP * (photo.bands + photo.has_alpha) * photo.dtype.itemsize
    # Of a copy: what a decoder has passed over is noted in its photo, and two are at work.
    ahead = ReadAhead(copy(photo).strips(), max(1, _AHEAD[photo.dtype.itemsize] // size))
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
    protected: Protected | None,
    metadata: Metadata,
    copies: Iterable[SidecarCopy] = (),
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
        protected: regions that get other colours, or None.
        metadata: of the result.
        copies: sidecars to write beside it.
        threads: how many to compute with.

    Returns:
        What the user should know.

    Raises:
        PhotoError: if the file turns out to be damaged.
        OutputError: if the result cannot be written; nothing half-written stays.
    """
    gap = max(4, round(_GAP * photo.width)) if options.side_by_side else 0
    metadata = replace(metadata, alone=not gap)
    image = writer.Image(
        photo.height,
        photo.width * (2 if gap else 1) + gap,
        3 + photo.has_alpha,
        photo.dtype,
        metadata,
        _thumbnail(photo, lightness, ab, protected, beside_it=gap > 0) if metadata.thumbnail else None,
        photo.extra() if isinstance(photo, PhotoFile) and not gap else None,
    )
    seen = _SeenColors(photo.bands)
    composed = seen.watch(compose(photo, lightness, ab, threads, strips, protected=protected))
    rows = (beside(own, colours, gap, photo.has_alpha) for own, colours in composed)
    path = photo.path if isinstance(photo, PhotoFile) else None
    times = _times(path) if options.keep_times and path is not None else None
    lost = writer.write_image(target, image, rows, quality=options.quality, times=times)
    write_copies(copies, target, (image.width, image.height), alone=not gap)
    notes = photo.notes if isinstance(photo, PhotoFile) else []
    if gap and photo.extra_bands:
        lost = [
            *lost,
            Note(str(target), "without the channels beside the colours, which have no place side by side"),
        ]
    subject = photo.name if isinstance(photo, PhotoFile) else str(target)
    grey = seen.problem() if options.saturation else None
    return [*notes, *([Note(subject, grey)] if grey else []), *writer.losses(photo, target), *lost]


def write_copies(copies: Iterable[SidecarCopy], target: Path, size: tuple[int, int], *, alone: bool) -> None:
    """Write sidecars beside a result.

    Args:
        copies: as `with_sidecars` gives them.
        target: the result's file.
        size: width and height of its pixels as they are stored.
        alone: whether these are all of the picture.

    Raises:
        OutputError: if one cannot be written.
    """
    kind = kind_of(target.suffix).removeprefix(".")
    for copy_of in copies:
        said = replace(copy_of.metadata, alone=alone).fitted(kind, size)
        sidecars.write_sidecar(copy_of.path, said.xmp or b"")


def save_map(plane: Floats, height: int, width: int, target: Path) -> None:
    """Write a map, such as that of confidence: a grey picture of 8 bits, black for 0 and white for 1.

    Args:
        plane: float32 h×w, 0..1, at network size; what is more is white.
        height: rows of the map.
        width: columns of the map.
        target: file of the map; one that is there is replaced.

    Raises:
        OutputError: if it cannot be written; nothing half-written stays.
    """
    rows = resize_array(plane[..., None], height, width)
    step = max(1, STRIP // width)
    strips = (
        np.clip(np.rint(rows(top, min(top + step, height)) * 255), 0, 255).astype(np.uint8)
        for top in range(0, height, step)
    )
    writer.write_image(target, writer.Image(height, width, 1, np.dtype(np.uint8)), strips)


class _SeenColors:
    """Sees whether a result has colours at all, by some of its pixels.

    Black and white have no room for colours: a page of 1 bit, whose greys are dots, stays black and white however
    sure the network is.
    """

    def __init__(self, bands: int) -> None:
        self._bands = bands
        self._colored = self._dark = self._grey = self._light = False

    def watch(self, strips: Iterable[tuple[Pixels, Pixels]]) -> Iterator[tuple[Pixels, Pixels]]:
        """Pass strips of a photo's own pixels and of the result on."""
        for own, colours in strips:
            if not self._colored:
                self._look(own, colours)
            yield own, colours

    def problem(self) -> str | None:
        """Say why the result has no colours, once all strips are through; None if it has some, or is blank."""
        if self._colored:
            return None
        if self._grey:
            return "came out without colours, for the network gives it none"
        if not (self._dark and self._light):
            return None
        return (
            "came out without colours, for its pixels are black or white and nothing between; scan it in greys, "
            "or make its dots greys by shrinking it (--size)"
        )

    def _look(self, own: Pixels, colours: Pixels) -> None:
        top = int(np.iinfo(own.dtype).max)
        rows = slice(None, None, min(_NTH, len(own)))
        self._colored = bool((np.ptp(colours[rows, ::_NTH].astype(np.int32), axis=2) > top // 64).any())
        some = own[rows, ::_NTH, : self._bands]
        dark, light = some <= top // 32, some >= top - top // 32
        self._dark |= bool(dark.any())
        self._light |= bool(light.any())
        self._grey |= not bool((dark | light).all())


def _thumbnail(
    photo: PhotoFile | Picture, lightness: Floats, ab: Floats, protected: Protected | None, *, beside_it: bool
) -> bytes:
    scale = min(1.0, _THUMBNAIL / max(photo.height, photo.width * (2 if beside_it else 1)))
    height, width = (max(1, round(side * scale)) for side in (photo.height, photo.width))
    small = Picture.from_array(photo.shrunk(height, width)[..., : photo.bands])
    (own, colours), *_ = compose(small, lightness, ab, threads=1, protected=protected)
    shown = beside(own, colours, int(beside_it), has_alpha=False)
    return writer.encode_thumbnail((shown >> 8).astype(np.uint8) if shown.dtype == np.uint16 else shown)


def _times(source: Path) -> tuple[int, int]:
    status = source.stat()
    return status.st_atime_ns, status.st_mtime_ns
