"""Composing: a photo's own pixels, strip by strip, in the colours that were predicted for a small copy of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.color.guided_upsample import GuidedUpsampler
from photochrom.color.lut import LookupTable, halved
from photochrom.color.recombine import lightness_of, recombine
from photochrom.inference.preprocess import Photo, bounded
from photochrom.shapes import Shape
from photochrom.threads import map_in_order

__all__ = ["Protected", "beside", "compose"]

Pixels = NDArray[Any]
Floats = NDArray[np.float32]

_LARGE = 1 << 22  # pixels from which on colours are looked up; below, to compute each costs next to nothing


@dataclass(frozen=True)
class Protected:
    """Regions of a photo that get other colours than the rest.

    Attributes:
        ab: float32 h×w×2, CIELAB units: the small copy's colours there, as they lie.
        shapes: the regions, as they lie on the photo's own pixels.
    """

    ab: Floats
    shapes: Sequence[Shape]

    def mask(self, top: int, bottom: int, photo: Photo) -> NDArray[np.bool_]:
        """Say which pixels of these rows are protected: rows×width."""
        masks = [shape.mask(top, bottom, photo.height, photo.width) for shape in self.shapes]
        mask: NDArray[np.bool_] = np.logical_or.reduce(masks)
        return mask


def compose(
    photo: Photo,
    lightness: Floats,
    ab: Floats,
    threads: int,
    strips: Iterable[Pixels] | None = None,
    *,
    protected: Protected | None = None,
) -> Iterator[tuple[Pixels, Pixels]]:
    """Put a photo's own lightness and the colours of its small copy together, from top to bottom.

    Args:
        photo: gives its own pixels in strips.
        lightness: float32 h×w, 0..100: that of its small copy, as it lies.
        ab: float32 h×w×2, CIELAB units: that copy's colours.
        threads: how many to compute with.
        strips: those of `photo`, where they are being read already.
        protected: what is coloured otherwise, to the byte as if all of the photo were; or None.

    Yields:
        A strip of the photo's own pixels, rows×width×bands with alpha if there is any, and the same strip in
        colour, rows×width×3, of the photo's type.
    """
    large = photo.dtype == np.uint8 and photo.height * photo.width >= _LARGE
    plan = _look_up if large else _compute
    colours_of = plan(bounded(ab), lightness, photo)
    protected_of = plan(bounded(protected.ab), lightness, photo) if protected else None

    def numbered() -> Iterator[tuple[int, Pixels]]:
        top = 0
        for strip in photo.strips() if strips is None else strips:
            yield top, strip
            top += len(strip)

    def colour(item: tuple[int, Pixels]) -> tuple[Pixels, Pixels]:
        top, strip = item
        own = strip[..., : photo.bands]
        colours = colours_of(top, own)
        if protected and protected_of:
            mask = protected.mask(top, top + len(own), photo)
            if mask.any():
                np.copyto(colours, protected_of(top, own), where=mask[..., None])
        return strip, colours

    return map_in_order(colour, numbered(), threads)


def beside(own: Pixels, colours: Pixels, gap: int, has_alpha: bool) -> Pixels:
    """Add alpha to a strip of colours and, where there is a gap, put the photo's own strip before it."""
    if has_alpha:
        colours = np.concatenate([colours, own[..., -1:]], axis=2)
    if not gap:
        return colours
    bands = own.shape[2] - has_alpha
    before = own if bands == 3 else np.concatenate([own[..., :1].repeat(3, axis=2), own[..., 1:]], axis=2)
    white = np.full((len(own), gap, colours.shape[2]), np.iinfo(own.dtype).max, own.dtype)
    return np.concatenate([before, white, colours], axis=1)


def _compute(ab: Floats, small: Floats, photo: Photo) -> Callable[[int, Pixels], Pixels]:
    """Plan to compute each pixel's colours; what is returned takes a first row and the pixels from there on."""
    upsample = GuidedUpsampler(ab, small, photo.height, photo.width)

    def colour(top: int, own: Pixels) -> Pixels:
        lightness = lightness_of(own)
        return recombine(own, lightness, upsample(top, top + len(own), lightness))

    return colour


def _look_up(ab: Floats, small: Floats, photo: Photo) -> Callable[[int, Pixels], Pixels]:
    """Plan, as `_compute`, to look colours up; rows come in pairs."""
    upsample = GuidedUpsampler(ab, small, -(-photo.height // 2), -(-photo.width // 2))
    table = LookupTable(ab, photo.bands)

    def colour(top: int, own: Pixels) -> Pixels:
        levels = table.levels(own)
        pairs = table.lightness(halved(levels))
        return table.recombine(levels, upsample(top // 2, top // 2 + len(pairs), pairs))

    return colour
