"""KeptPhoto: a photo's file that is asked for more than once; what is small of it is decoded once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.io.reader import PhotoFile
from photochrom.options import MAX_PIXELS

__all__ = ["KeptPhoto", "open_file"]

Pixels = NDArray[Any]

_SMALL = 1 << 22  # pixels up to which a decoded copy is kept; a preview has a quarter of that
_COPIES = 3  # sizes of one photo whose copies are kept


class KeptPhoto:
    """A photo's file whose small copies stay in memory, so that the next wish of the same photo decodes nothing.

    It stands for the file wherever `photochrom.Colorizer` takes one. The file must not change meanwhile.

    Args:
        source: a path or the file's bytes.
        name: what to call it in a message, or None for its path.
    """

    def __init__(self, source: str | Path | bytes, *, name: str | None = None) -> None:
        self.source = source
        self._name = name
        self._open: OrderedDict[tuple[bool, int | None], _Kept] = OrderedDict()

    @property
    def nbytes(self) -> int:
        """Bytes of the pixels that are kept."""
        return sum(photo.nbytes for photo in self._open.values())

    def open(
        self, *, upright: bool = True, long_edge: int | None = None, max_pixels: int = MAX_PIXELS
    ) -> PhotoFile:
        """Open the photo, or return what is open already.

        Args:
            upright: as `PhotoFile`.
            long_edge: as `PhotoFile`.
            max_pixels: as `PhotoFile`; one that was opened with more stays open.

        Raises:
            PhotoError: as `PhotoFile`.
        """
        key = upright, long_edge
        if key not in self._open:
            self._open[key] = _Kept(
                self.source, upright=upright, long_edge=long_edge, max_pixels=max_pixels, name=self._name
            )
            while len(self._open) > _COPIES:
                self._open.popitem(last=False)
        self._open.move_to_end(key)
        return self._open[key]


def open_file(source: str | Path | bytes | KeptPhoto, **wishes: Any) -> PhotoFile:
    """Open a file for `wishes`, as `PhotoFile` takes them; of a kept one, perhaps what is open already."""
    return source.open(**wishes) if isinstance(source, KeptPhoto) else PhotoFile(source, **wishes)


class _Kept(PhotoFile):
    """A file that remembers what is small of what it decoded."""

    _strips: list[Pixels] | None = None
    _copies: dict[tuple[int, int], Pixels] | None = None

    @property
    def nbytes(self) -> int:
        return sum(pixels.nbytes for pixels in [*(self._strips or ()), *(self._copies or {}).values()])

    def strips(self) -> Iterator[Pixels]:
        if self.height * self.width > _SMALL:
            return super().strips()
        if self._strips is None:
            self._strips = [np.array(strip) for strip in super().strips()]
        return iter(self._strips)

    def shrunk(self, height: int, width: int) -> Pixels:
        copies = self._copies = self._copies or {}
        if (height, width) not in copies:
            copies[height, width] = super().shrunk(height, width)
        return copies[height, width]
