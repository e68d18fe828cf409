"""Hints at network size: which pixels they colour, as arrays, for an album's photo has thousands of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from photochrom.hints import Hint
from photochrom.shapes import point_squares

__all__ = ["HintedPixels"]

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class HintedPixels:
    """What hints tell: the pixels of all of them side by side, and each hint's colour and reach.

    Attributes:
        pixels: numbers, row by row, of the pixels that are coloured, at network size.
        which: for each of them the number of its hint; each hint has at least one.
        ab: a, b in CIELAB units, N×2, one for each hint.
        reach: of each hint, from 0, its pixels alone, to 1, as far as the network itself spreads it; not a number
            where it is not said.
    """

    pixels: NDArray[np.intp]
    which: NDArray[np.intp]
    ab: Floats
    reach: NDArray[np.float64]

    @classmethod
    def of(cls, hints: Sequence[Hint], height: int, width: int) -> HintedPixels:
        """Find the pixels of hints.

        Args:
            hints: where two overlap, the later one holds; one that later ones cover whole is left out.
            height: of what the network sees, in pixels.
            width: likewise.
        """
        owner = _owners(hints, height, width)
        pixels = np.flatnonzero(owner >= 0)
        seen = np.bincount(owner[pixels], minlength=len(hints)) > 0
        which = (np.cumsum(seen) - 1)[owner[pixels]]
        left = [hint for hint, is_seen in zip(hints, seen.tolist(), strict=True) if is_seen]
        reach = np.array([np.nan if hint.reach is None else hint.reach for hint in left], np.float64)
        return cls(pixels, which, np.array([hint.ab for hint in left], np.float32).reshape(-1, 2), reach)

    def __len__(self) -> int:
        return len(self.ab)

    def reaching(self, reach: float) -> HintedPixels:
        """Return the same with a reach for those hints that have none of their own."""
        return replace(self, reach=np.where(np.isnan(self.reach), reach, self.reach))

    @cached_property
    def digest(self) -> bytes:
        """Of what a network gets to know, to which the reach does not belong; empty where there are no hints."""
        parts = self.pixels.astype(np.int32), self.which.astype(np.int32), self.ab
        return sha256(b"".join(part.tobytes() for part in parts)).digest() if len(self) else b""

    def planes(self, height: int, width: int) -> Floats:
        """Draw hints as a network takes them.

        Returns:
            float32 [3,height,width]: a, b in CIELAB units, and 1 where somebody hinted, else 0.
        """
        planes = np.zeros((3, height * width), np.float32)
        for plane, values in zip(planes, (*self.ab.T, np.ones(len(self), np.float32)), strict=True):
            plane[self.pixels] = values[self.which]
        return planes.reshape(3, height, width)

    def differences(self, ab: Floats) -> Floats:
        """Return each hint's colour less the mean of a, b h×w×2 in its place: CIELAB units, N×2."""
        count = np.bincount(self.which, minlength=len(self))
        means = [np.bincount(self.which, plane.take(self.pixels)) / count for plane in ab.transpose(2, 0, 1)]
        return (self.ab - np.stack(means, 1)).astype(np.float32)


def _owners(hints: Sequence[Hint], height: int, width: int) -> NDArray[np.int32]:
    """Say of each pixel which hint holds there: the number of the last that covers it, or -1."""
    owner = np.full(height * width, -1, np.int32)
    for is_point, run in groupby(enumerate(hints), lambda each: each[1].x is not None):
        if not is_point:
            for number, hint in run:
                owner[hint.shape.pixels(height, width)] = number
            continue
        numbers, points = zip(*run, strict=True)
        begin, side = point_squares([(hint.x, hint.y) for hint in points], height, width)
        # What lies outside is brought to the border, which belongs to the same square.
        columns, rows = np.clip(begin[:, :, None] + np.arange(side), 0, [[width - 1], [height - 1]]).transpose(
            1, 0, 2
        )
        squares = rows[:, :, None] * width + columns[:, None]
        owner[squares.ravel()] = np.repeat(np.array(numbers, np.int32), side**2)
    return owner
