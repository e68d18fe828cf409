"""Exemplars: photos whose colours others take over where both show the same (exemplar-based colorization)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from photochrom.hints import Hint
from photochrom.inference.matching import Features, match_places

__all__ = ["MOST_TAKEN", "Exemplar", "taken_hints"]

MOST_TAKEN = 2048
"""Hints that a photo takes from exemplars, at most."""

_REACH = 0.5
_ENOUGH = 0.7  # share of a photo's places from which on no further exemplar is looked at
_AROUND = 2  # pixels at network size, to each side of a place, whose mean colour is taken


@dataclass(frozen=True, eq=False)
class Exemplar:
    """What others need to know of a photo to take over its colours; about 1 MB.

    Attributes:
        features: by which places are found again.
        ab: float16 h×w×2, CIELAB units: the photo's colours, upright, at network size.
        sureness: 0..1: how sure these colours are, the stronger ones counting for more; 1 where they are its own.
    """

    features: Features
    ab: NDArray[np.float16]
    sureness: float

    def colors_at(self, places: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the mean a, b [N,2] around places, fractions 0..1 of width and height."""
        height, width = self.ab.shape[:2]
        column, row = (places * [width, height]).astype(np.intp).T
        around = np.arange(-_AROUND, _AROUND + 1)
        rows = np.clip(row[:, None, None] + around[:, None], 0, height - 1)
        columns = np.clip(column[:, None, None] + around, 0, width - 1)
        means: NDArray[np.float32] = self.ab[rows, columns].mean((1, 2), dtype=np.float32)
        return means


def taken_hints(
    features: Features, exemplars: Sequence[Exemplar], *, averaged_with: Exemplar | None = None
) -> tuple[tuple[Hint, ...], list[int]]:
    """Find what a photo takes over from exemplars.

    Args:
        features: of the photo.
        exemplars: where two show the same place, the earlier one holds.
        averaged_with: the photo's own colours, with which those of all exemplars are averaged; or None.

    Returns:
        Hints, at most `MOST_TAKEN`, spread over all that matches; and how many places each exemplar gave a colour.
    """
    cells = features.shape[0] * features.shape[1]
    places, sums, given = (np.zeros((cells, each), np.float32) for each in (2, 2, 1))
    counts = [0] * len(exemplars)
    for number, exemplar in enumerate(exemplars):
        if averaged_with is None and np.count_nonzero(given) >= _ENOUGH * cells:
            break
        matches = match_places(features, exemplar.features)
        new = (given[matches.cells, 0] == 0) | (averaged_with is not None)
        at = matches.cells[new]
        places[at] = matches.places[new]
        sums[at] += exemplar.colors_at(matches.found[new])
        given[at] += 1
        counts[number] = len(at)
    kept = np.flatnonzero(given)
    if len(kept) > MOST_TAKEN:  # row by row, so that every so many of them are spread over the photo
        kept = kept[np.linspace(0, len(kept) - 1, MOST_TAKEN).round().astype(np.intp)]
    if averaged_with is not None:
        sums[kept] += averaged_with.colors_at(places[kept])
        given[kept] += 1
    colors = (sums[kept] / given[kept]).astype(np.float64).round(1).tolist()
    return tuple(
        Hint(x, y, (a, b), _REACH) for (x, y), (a, b) in zip(places[kept].tolist(), colors, strict=True)
    ), counts
