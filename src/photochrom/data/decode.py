"""One photo for training: from its bytes to pixels, or the reason why it cannot be used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from photochrom.color.chroma import mean_chroma
from photochrom.data.photos import PhotoRef
from photochrom.errors import DataError, PhotoError
from photochrom.io.crops import read_crop
from photochrom.io.vips import libvips
from photochrom.threads import map_in_order, usable_cores

__all__ = ["Skipped", "decode", "decode_all", "default_workers", "set_vips_threads"]

Pixels = np.ndarray[Any, Any]


class Skipped(NamedTuple):
    """A photo that is not used, and why."""

    key: str
    error: PhotoError


def decode(ref: PhotoRef, size: int, min_chroma: float) -> Pixels | Skipped:
    """Read a photo as uint8 RGB 0..255, size×size×3, or say why it cannot be used."""
    try:
        rgb = read_crop(ref.read(), size, name=ref.key)
    except PhotoError as error:
        return Skipped(ref.key, error.about(ref.key))  # a copy does not hold the photo
    chroma = mean_chroma(rgb) if min_chroma > 0 else min_chroma
    if chroma < min_chroma:
        problem = f"has no colour (mean chroma {chroma:.1f}, below {min_chroma:g})"
        return Skipped(ref.key, PhotoError(ref.key, problem, "leave it out"))
    return rgb


def unreadable(photo: Skipped) -> DataError:
    """Say of a photo that was usable once that it is so no more."""
    return DataError(photo.error.subject, photo.error.problem, "it could be read when training began")


def decode_all(
    refs: Sequence[PhotoRef], size: int, min_chroma: float, workers: int
) -> Iterator[tuple[int, Pixels | Skipped]]:
    """Decode photos on threads, a few ahead of the reader, and yield (index, result) in order."""
    # The import, before the threads: two first imports at a time would race.
    before = set_vips_threads(1)
    try:
        work = partial(decode, size=size, min_chroma=min_chroma)
        yield from enumerate(map_in_order(work, refs, workers, ahead=4 * workers))
    finally:
        set_vips_threads(before)


def default_workers() -> int:
    """Return how many threads or processes to decode with: the processors this process may use, 16 at most."""
    return min(usable_cores(), 16)


def set_vips_threads(count: int) -> int:
    """Set how many threads libvips uses for one photo, and return how many it used before.

    Where whole photos are decoded side by side, threads inside each cost up to half the speed.
    """
    vips = libvips()
    before = int(vips.concurrency_get())
    vips.concurrency_set(count)
    return before
