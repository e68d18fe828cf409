"""Candidates: the colours that one place of a photo may have, for a person who picks one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from photochrom.color.ab_bins import CELL, bin_centers
from photochrom.color.cielab import lab_to_rgb, quantize
from photochrom.color.recombine import recombine
from photochrom.inference.forward_passes import Passes
from photochrom.options import Options
from photochrom.shapes import PATCH

__all__ = ["Candidates", "find_candidates"]

Floats = NDArray[np.float32]

_MOST = 6
_APART = 16.0  # CIELAB units between two suggestions; nearer ones look like one
_AROUND = 10.0  # CIELAB units: a suggestion is the mean of the likely colours so near to its peak
_LEAST = 0.02  # of the likeliest suggestion's share; below it, a colour is noise
_OWN = 2 * PATCH  # of the photo's side: hints so near are about this place, and would be all there is to suggest


@dataclass(frozen=True)
class Candidates:
    """The colours of one place.

    Attributes:
        lightness: 0..100, of the photo there.
        current: the colour that the place gets by the options, as ``"#rrggbb"`` at that lightness.
        suggestions: likely colours, each clearly different from those before it, the likeliest first; empty where
            the network gives no distribution.
        suggestions_ab: the same as a, b in CIELAB units, which a dark or a very light place may be unable to show.
    """

    lightness: float
    current: str
    suggestions: tuple[str, ...]
    suggestions_ab: tuple[tuple[float, float], ...]


def find_candidates(
    passes: Passes, lightness: Floats, ab: Floats, x: float, y: float, options: Options
) -> Candidates:
    """Find the colours that a place may have.

    Args:
        passes: of a network that takes the hints that are given.
        lightness: float32 h×w, 0..100: the photo's own at network size, upright.
        ab: float32 h×w×2, CIELAB units: the colours that the photo gets by the options, upright.
        x: of the place, as a fraction 0..1 of the width.
        y: likewise of the height.
        options: of which hints, palette and vividness are heeded.

    Raises:
        NetworkError: if the network fails.
    """
    row, column = (min(int(at * side), side - 1) for at, side in zip((y, x), lightness.shape, strict=True))
    light = float(lightness[row, column])
    found: dict[str, tuple[float, float]] = {}
    if "distribution" in passes.network.card.outputs:
        here = np.array([y]), np.array([x])
        others = tuple(hint for hint in options.hints if hint.shape.distance(*here, 1, 1)[0, 0] > _OWN)
        for color in _peaks(_share(passes, options.model_copy(update={"hints": others}), row, column)):
            a, b = (round(float(value), 2) for value in color)
            found.setdefault(_shown(color, light), (a, b))
    return Candidates(light, _shown(ab[row, column], light), tuple(found), tuple(found.values()))


def _share(passes: Passes, options: Options, row: int, column: int) -> Floats:
    """Return the probabilities [Q] of a pixel's place, as far as hints reach there."""
    rows, columns = (slice(max(0, at // CELL - 1), at // CELL + 2) for at in (row, column))  # a finger covers more

    def there(options: Options) -> Floats:
        share: Floats = passes.probabilities(options)[:, rows, columns].mean((1, 2))
        return share

    kept = float(passes.reached(options)[row, column]) if options.hints else 0.0
    if kept == 0:
        return there(options.without_hints)
    return kept * there(options) + (1 - kept) * there(options.without_hints) if kept < 1 else there(options)


def _peaks(share: Floats) -> list[Floats]:
    """Find the likeliest colours, clearly apart, of the probabilities [Q] of one place."""
    centers = bin_centers()
    near = ((centers[:, None] - centers[None]) ** 2).sum(2)
    mass = np.exp(-near / (2 * (_AROUND / 2) ** 2)) @ share  # of a colour and those like it
    peaks: list[Floats] = []
    first = 0.0
    while len(peaks) < _MOST and (peak := int(mass.argmax()), mass[peak])[1] > 0:
        if mass[peak] < _LEAST * first:
            break
        first = first or float(mass[peak])
        weights = share * (near[peak] <= _AROUND**2)
        mean = (weights @ centers / weights.sum()).astype(np.float32)
        if all(np.hypot(*(mean - other)) >= _APART / 2 for other in peaks):
            peaks.append(mean)
        mass = np.where(near[peak] < _APART**2, 0, mass)
    return peaks


def _shown(ab: Floats, lightness: float) -> str:
    """Write a colour as ``"#rrggbb"`` at a lightness; what sRGB cannot show there loses chroma."""
    grey = quantize(lab_to_rgb(np.array([lightness, 0.0, 0.0])), np.dtype(np.uint8))[:1].reshape(1, 1, 1)
    colour = recombine(grey, np.full((1, 1), lightness, np.float32), ab.reshape(1, 1, 2).astype(np.float32))
    return "#" + bytes(colour.reshape(3).tolist()).hex()
