"""Placement: where a photo's pixels lie in its result, for what its metadata say about places in the picture."""

from __future__ import annotations

from dataclasses import dataclass, replace

__all__ = ["Placement"]

_ALIKE = 0.02  # by how much two ratios of width to height may differ and count as one, for sizes are rounded


@dataclass(frozen=True)
class Placement:
    """How the pixels of a file became those of a result.

    Attributes:
        stored: width and height of the photo's pixels as its file stores them.
        size: width and height of the result's pixels as they are stored.
        turned: EXIF orientation 1..8 by which they were turned on the way; 1 where they were not.
        alone: whether they are all of the result; not so where photo and result stand side by side.
    """

    stored: tuple[int, int]
    size: tuple[int, int]
    turned: int = 1
    alone: bool = True

    @property
    def is_same(self) -> bool:
        """Whether each pixel is where it was."""
        return self.alone and self.turned == 1 and self.stored == self.size

    @property
    def swaps(self) -> bool:
        """Whether what was width has become height."""
        return self.turned >= 5

    @property
    def scale(self) -> tuple[float, float]:
        """Pixels of the result for each stored one, along the width and the height of what was stored."""
        width, height = self.size[::-1] if self.swaps else self.size
        return width / max(1, self.stored[0]), height / max(1, self.stored[1])

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Map a point; x and y are fractions of width and height, before and after (TIFF 6.0, Orientation)."""
        left, up = 1 - x, 1 - y
        ways = [(x, y), (left, y), (left, up), (x, up), (y, x), (up, x), (up, left), (y, left)]
        return ways[self.turned - 1]

    def pixel(self, x: float, y: float) -> tuple[float, float]:
        """Map a point in pixels."""
        across, down = self.point(x / max(1, self.stored[0]), y / max(1, self.stored[1]))
        return across * self.size[0], down * self.size[1]

    def extent(self, width: float, height: float) -> tuple[float, float]:
        """Map fractions of width and height."""
        return (height, width) if self.swaps else (width, height)

    def box(self, x: float, y: float, width: float, height: float) -> tuple[float, float, float, float]:
        """Map a box by its upper left corner, width and height, in fractions."""
        one, other = self.point(x, y), self.point(x + width, y + height)
        return (min(one[0], other[0]), min(one[1], other[1]), *self.extent(width, height))

    def applied_to(self, width: float, height: float) -> tuple[Placement, tuple[int, int]]:
        """Find out how regions moved that were drawn on a picture of a size, as MWG's regions say it.

        Most programs draw on the picture as it is stored, some on what they show. Where the ratio of the sides is
        neither's, the photo was cropped since, and readers shall not trust the regions: that stays to be seen.

        Returns:
            The placement of such regions, and the size that they are to say now.
        """
        (columns, rows), (wide, high) = self.stored, self.size
        shown = (width, height) == (rows, columns) != (columns, rows)
        if _alike(width * rows, height * columns) and not shown:
            return self, self.size
        if shown or _alike(width * columns, height * rows):  # drawn on the upright picture
            size = self.size if self.swaps else (high, wide)
            return replace(self, stored=(rows, columns), size=size, turned=1), size
        sides = self.extent(width * self.scale[0], height * self.scale[1])
        return self, (max(1, round(sides[0])), max(1, round(sides[1])))


def _alike(one: float, other: float) -> bool:
    return abs(one - other) <= _ALIKE * max(abs(one), abs(other))
