"""Shapes on a photo: points, strokes and areas, and which of its pixels they cover.

Places are x, y: fractions 0..1 of the upright photo's width and height, from its top left corner.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import sqrt
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["PATCH", "Area", "Place", "Points", "Shape", "Stroke", "point_squares"]

Place = tuple[float, float]
Doubles = NDArray[np.floating[Any]]
Mask = NDArray[np.bool_]

PATCH = 7 / 256
"""Side of the square that one point covers, of the side of a square as large as the photo.

Zhang et al., "Real-time user-guided image colorization", 2017, reveal 7×7 pixels of 256×256.
"""

_LEAST = 0.71  # pixels of a stroke's half width: it covers each pixel that its line runs through


@dataclass(frozen=True)
class Shape:
    """Some pixels of a photo.

    Attributes:
        places: x, y each.
    """

    places: tuple[Place, ...]

    def mask(self, top: int, bottom: int, height: int, width: int) -> Mask:
        """Say which pixels it covers, of rows `top` to `bottom` of a photo: bool (bottom - top)×width.

        A pixel belongs to it where its middle does. How the photo is cut into rows does not show.
        """
        raise NotImplementedError

    def pixels(self, height: int, width: int) -> NDArray[np.intp]:
        """Return the numbers, row by row, of all pixels that it covers of a photo; at least one."""
        found = np.flatnonzero(self.mask(0, height, height, width))
        if len(found):
            return found
        x, y = self.places[0]
        return np.array([min(int(y * height), height - 1) * width + min(int(x * width), width - 1)])

    def distance(self, rows: Doubles, columns: Doubles, height: float, width: float) -> Doubles:
        """Say how far from it the places of a grid are, in pixels; 0 within it.

        Args:
            rows: where the grid's rows lie, in pixels from the top.
            columns: where its columns lie, in pixels from the left.
            height: of the photo in pixels.
            width: likewise.

        Returns:
            rows×columns.
        """
        raise NotImplementedError

    def turned(self, orientation: int) -> Self:
        """Return it where a photo's own pixels lie that an EXIF orientation 1..8 would bring upright."""

        def turn(x: float, y: float) -> Place:
            across, down = {2: (1, 0), 3: (1, 1), 4: (0, 1), 6: (1, 0), 7: (1, 1), 8: (0, 1)}.get(
                orientation, (0, 0)
            )
            x, y = 1 - x if across else x, 1 - y if down else y
            return (y, x) if orientation >= 5 else (x, y)

        return replace(self, places=tuple(turn(x, y) for x, y in self.places))

    def _scaled(self, height: float, width: float) -> Doubles:
        return np.array(self.places) * (width, height)


@dataclass(frozen=True)
class Points(Shape):
    """Squares around points, each with its middle in the pixel that the point lies in."""

    def mask(self, top: int, bottom: int, height: int, width: int) -> Mask:
        """As `Shape.mask`."""
        covered = np.zeros((bottom - top, width), np.bool_)
        for rows, columns in self._squares(height, width):
            covered[max(0, rows.start - top) : max(0, rows.stop - top), columns] = True
        return covered

    def distance(self, rows: Doubles, columns: Doubles, height: float, width: float) -> Doubles:
        """As `Shape.distance`, from the points themselves."""
        near = np.full((len(rows), len(columns)), np.inf)
        for x, y in self._scaled(height, width):
            np.minimum(near, np.hypot(rows[:, None] - y, columns - x), out=near)
        return near

    def _squares(self, height: int, width: int) -> Iterator[tuple[slice, slice]]:
        begin, side = point_squares(self.places, height, width)
        for left, top in begin.tolist():
            yield slice(max(0, top), top + side), slice(max(0, left), left + side)


def point_squares(places: Sequence[Place], height: int, width: int) -> tuple[NDArray[np.intp], int]:
    """Find the squares of points.

    Returns:
        x, y of their first pixels [N,2], which may lie outside the photo; and their side, in pixels.
    """
    side = max(1, round(PATCH * sqrt(height * width)))
    middles = np.minimum((np.array(places) * (width, height)).astype(np.intp), (width - 1, height - 1))
    begin: NDArray[np.intp] = middles - side // 2
    return begin, side


@dataclass(frozen=True)
class Stroke(Shape):
    """A line along its places, with round ends and joints.

    Attributes:
        width: of the line, as a fraction of the photo's longer side.
    """

    width: float = PATCH

    def mask(self, top: int, bottom: int, height: int, width: int) -> Mask:
        """As `Shape.mask`."""
        covered = np.zeros((bottom - top, width), np.bool_)
        half = self._half(height, width)
        for begin, end in self._lines(height, width):
            low, high = np.minimum(begin, end) - half - 1, np.maximum(begin, end) + half + 1
            first, last = max(top, int(low[1])), min(bottom, int(high[1]) + 1)
            left, right = max(0, int(low[0])), min(width, int(high[0]) + 1)
            if first < last and left < right:
                apart = _distance(np.arange(first, last) + 0.5, np.arange(left, right) + 0.5, begin, end)
                covered[first - top : last - top, left:right] |= apart <= half
        return covered

    def distance(self, rows: Doubles, columns: Doubles, height: float, width: float) -> Doubles:
        """As `Shape.distance`."""
        near = np.full((len(rows), len(columns)), np.inf)
        for begin, end in self._lines(height, width):
            np.minimum(near, _distance(rows, columns, begin, end), out=near)
        return np.maximum(near - self.width * max(height, width) / 2, 0)

    def _half(self, height: float, width: float) -> float:
        return max(_LEAST, self.width * max(height, width) / 2)

    def _lines(self, height: float, width: float) -> Iterator[tuple[Doubles, Doubles]]:
        scaled = self._scaled(height, width)
        yield from pairwise(scaled) if len(scaled) > 1 else [(scaled[0], scaled[0])]


@dataclass(frozen=True)
class Area(Shape):
    """What a line around its places encloses, loops included (the rule of nonzero winding)."""

    def mask(self, top: int, bottom: int, height: int, width: int) -> Mask:
        """As `Shape.mask`."""
        return self._within(np.arange(top, bottom) + 0.5, np.arange(width) + 0.5, height, width)

    def distance(self, rows: Doubles, columns: Doubles, height: float, width: float) -> Doubles:
        """As `Shape.distance`."""
        near = np.full((len(rows), len(columns)), np.inf)
        scaled = self._scaled(height, width)
        for begin, end in zip(scaled, np.roll(scaled, -1, 0), strict=True):
            np.minimum(near, _distance(rows, columns, begin, end), out=near)
        near[self._within(rows, columns, height, width)] = 0
        return near

    def _within(self, rows: Doubles, columns: Doubles, height: float, width: float) -> Mask:
        # Each side adds 1 or -1, by its direction, to what lies right of it in the rows that it crosses.
        turns = np.zeros((len(rows), len(columns) + 1), np.int32)
        scaled = self._scaled(height, width)
        for (x0, y0), (x1, y1) in zip(scaled, np.roll(scaled, -1, 0), strict=True):
            first, last = np.searchsorted(rows, sorted((y0, y1)))
            if first < last:
                x = x0 + (rows[first:last] - y0) * ((x1 - x0) / (y1 - y0))
                turns[np.arange(first, last), np.searchsorted(columns, x)] += 1 if y1 > y0 else -1
        within: Mask = turns.cumsum(1, np.int32)[:, :-1] != 0
        return within


def _distance(rows: Doubles, columns: Doubles, begin: Doubles, end: Doubles) -> Doubles:
    """Say how far a grid's places are from a straight line between two points x, y: rows×columns."""
    (x0, y0), (x, y) = begin, end - begin
    down, right = rows[:, None] - y0, columns - x0
    along = np.clip((down * y + right * x) / max(x * x + y * y, 1e-12), 0, 1)
    distance: Doubles = np.hypot(down - along * y, right - along * x)
    return distance
