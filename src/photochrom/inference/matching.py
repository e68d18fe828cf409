"""Which places of two photos show the same: found by features, and kept where their neighbours agree.

Features are compared place by place. Two places match if each is the other's best, and clearly better than the
next best elsewhere (Lowe's ratio test, 2004). Of these matches many are chance. So they are kept only where many
together follow one smooth motion (`coherence`); then every place that this motion carries onto one that looks
alike matches too, and is brought onto the very pixels (`registration`). Between photos that show different
things, next to no match is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from photochrom.inference.card import FEATURE_CELL
from photochrom.inference.coherence import find_motions
from photochrom.inference.registration import register

__all__ = ["Features", "Matches", "likeness", "match_places"]

Floats = NDArray[np.float32]

_RATIO = 0.97  # of a match's distance to that of the next best one, at most
_APART = 2  # cells: what lies as near to a match is no next best one, for neighbours look alike
_RANK = 0.02  # share of all places that may look more alike than one that a motion leads to
_COARSE = 8  # parts along each side by which whole photos are compared


@dataclass(frozen=True, eq=False)
class Features:
    """What a network's encoder sees in each place of a photo.

    Attributes:
        vectors: float16 or float32, rows×columns×C, of unit length: one for each cell of 8×8 pixels.
        height: of what the network got, in pixels; the last cells may lie partly beyond it.
        width: likewise.
        lightness: float16 or float32, height×width, 0..100, by which places are found to the pixel; None if it is
            not known.
    """

    vectors: NDArray[np.floating]
    height: int
    width: int
    lightness: NDArray[np.floating] | None = None

    @classmethod
    def of(cls, planes: Floats, lightness: Floats) -> Features:
        """Take them from a network's output [C,⌈H/8⌉,⌈W/8⌉], and the lightness that it got."""
        vectors = np.ascontiguousarray(planes.transpose(1, 2, 0), np.float16)
        height, width = lightness.shape
        return cls(vectors, height, width, lightness.astype(np.float16))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of cells."""
        return self.vectors.shape[0], self.vectors.shape[1]

    @property
    def rows(self) -> Floats:
        """The vectors, one after the other: float32 N×C."""
        return self.vectors.reshape(-1, self.vectors.shape[2]).astype(np.float32)

    def fractions(self, cells: Floats) -> Floats:
        """Turn x, y in cells [N,2] into fractions 0..1 of the photo's width and height."""
        return np.clip(cells * FEATURE_CELL / np.array([self.width, self.height], np.float32), 0, 1)

    def summary(self) -> Floats:
        """Sum up the photo for `likeness`: float32 N×C, of unit length."""
        rows, columns = (min(_COARSE, side) for side in self.shape)
        bands = np.array_split(self.vectors.astype(np.float32), rows, 0)
        parts = [part for band in bands for part in np.array_split(band, columns, 1)]
        means = np.stack([part.mean((0, 1)) for part in parts])
        summary: Floats = means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-6)
        return summary


@dataclass(frozen=True, eq=False)
class Matches:
    """Places of one photo, and where they are found again in another.

    Attributes:
        cells: numbers, row by row, of the one's cells that they lie in, each once.
        places: float32 [N,2]: x, y in the one, as fractions 0..1 of its width and height.
        found: float32 [N,2]: likewise in the other.
        likeness: float32 [N], up to 1: how alike they look.
    """

    cells: NDArray[np.intp]
    places: Floats
    found: Floats
    likeness: Floats

    def __len__(self) -> int:
        return len(self.places)


def likeness(one: Floats, others: Sequence[Floats]) -> Floats:
    """Say how alike a photo and others look as wholes.

    Args:
        one: its `Features.summary`.
        others: those of the others.

    Returns:
        float32 [N], up to 1, one for each of the others.
    """
    if not others:
        return np.zeros(0, np.float32)
    counts = [len(other) for other in others]
    begin = np.concatenate([[0], np.cumsum(counts)[:-1]])
    similarity = one @ np.concatenate(others).T
    forth = np.maximum.reduceat(similarity, begin, 1).mean(0)
    back = np.add.reduceat(similarity.max(0), begin) / counts
    shares: Floats = ((forth + back) / 2).astype(np.float32)
    return shares


def match_places(one: Features, other: Features) -> Matches:
    """Find the places of one photo in another.

    Returns:
        Matches of the middles of the one's cells, row by row; none where it is not sure that both photos show the
        same. Each cell matches once at most.
    """
    similarity = one.rows @ other.rows.T
    here, there = _middles(one), _middles(other)
    at, best = _mutual(similarity, other.shape)
    found, likest = np.zeros_like(here), np.full(len(here), -1, np.float32)
    for motion in find_motions(here[at], there[best]):
        led, sure = motion(here)
        led_to = np.flatnonzero(sure & ((led >= 0) & (led < np.array(other.shape[::-1]))).all(1))
        like = _around(similarity, led_to, led[led_to], other.shape)
        # Alike by how the rest of the other photo looks, so that contrast and grain make no difference.
        least = np.ones((len(here), 1), np.float32)
        least[led_to, 0] = like
        liker = np.count_nonzero(similarity > least, axis=1)[led_to]
        better = (liker < _RANK * len(there)) & (like > likest[led_to])
        found[led_to[better]], likest[led_to[better]] = led[led_to[better]], like[better]
    kept = likest > -1
    places, partners = one.fractions(here[kept]), other.fractions(found[kept])
    if one.lightness is not None and other.lightness is not None:
        partners = register(one.lightness, other.lightness, places, partners)
    return Matches(np.flatnonzero(kept), places, partners, likest[kept])


def _middles(features: Features) -> Floats:
    """Return x, y of the cells' middles, in cells, row by row."""
    y, x = np.indices(features.shape, np.float32).reshape(2, -1) + 0.5
    return np.stack([x, y], 1)


def _mutual(similarity: Floats, shape: tuple[int, int]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Find the rows and columns of the matrix that are each other's best, and pass the ratio test."""
    best = similarity.argmax(1)
    numbers = np.arange(len(best))
    at = np.flatnonzero(similarity[numbers, best] == similarity.max(0)[best])  # argmax(0) takes ten times as long
    best = best[at]
    rows = similarity[at]
    numbers = np.arange(len(at))
    top = rows[numbers, best]
    for down in range(-_APART, _APART + 1):
        for right in range(-_APART, _APART + 1):
            rows[numbers, _moved(best, down, right, shape)] = -1
    second = rows.max(1)
    passes = (1 - top) < _RATIO**2 * (1 - second)  # |u − v|² = 2 − 2uv of unit vectors
    return at[passes], best[passes]


def _around(similarity: Floats, at: NDArray[np.intp], led: Floats, shape: tuple[int, int]) -> Floats:
    """Return how alike each cell is to the likest of the nine cells around where it is led."""
    x, y = np.floor(led).astype(np.intp).T
    best = np.full(len(at), -1, np.float32)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            np.maximum(best, similarity[at, _moved(y * shape[1] + x, down, right, shape)], out=best)
    return best


def _moved(cells: NDArray[np.intp], down: int, right: int, shape: tuple[int, int]) -> NDArray[np.intp]:
    """Return the numbers of the cells that lie so many rows and columns away, or at the border."""
    y, x = np.divmod(cells, shape[1])
    moved: NDArray[np.intp] = np.clip(y + down, 0, shape[0] - 1) * shape[1] + np.clip(x + right, 0, shape[1] - 1)
    return moved
