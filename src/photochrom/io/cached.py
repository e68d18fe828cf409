"""CachedPhoto: a file that is asked for more than once; it is opened once, and what is small decoded once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from photochrom.io.reader import PhotoFile
from photochrom.options import MAX_PIXELS

if TYPE_CHECKING:
    from typing import Self

__all__ = ["CachedPhoto"]

Pixels = NDArray[Any]

_SMALL = 1 << 22  # pixels up to which a decoded copy is cached; a preview has a quarter of that
_VIEWS = 3  # sizes of one photo whose copies are cached


class CachedPhoto:
    """A photo's file, opened once, whose small copies stay in memory, so that asking again decodes nothing.

    It stands for the file wherever `photochrom.Colorizer` takes one. The file must not change meanwhile.

    Args:
        source: a path or the file's bytes.
        name: what to call it in a message, or None for its path.
        pixels: keep decoded copies too; without them, only the open file is cached.
        page: as `PhotoFile`.
    """

    def __init__(
        self,
        source: str | Path | bytes,
        *,
        name: str | None = None,
        pixels: bool = True,
        page: int | None = None,
    ) -> None:
        self.source = source
        self._name, self._page = name, page
        self._type = _CachedFile if pixels else PhotoFile
        self._file: PhotoFile | None = None
        self._views: OrderedDict[tuple[bool, int | None, bool], PhotoFile] = OrderedDict()

    @property
    def nbytes(self) -> int:
        """Bytes of the pixels that are cached."""
        held = 0 if self._file is None else self._file.decoded_bytes
        return held + sum(view.nbytes for view in self._views.values() if isinstance(view, _CachedFile))

    def at_page(self, number: int) -> CachedPhoto:
        """Return another page of the same file, yet to be opened."""
        return CachedPhoto(self.source, name=self._name, pixels=False, page=number)

    def open(
        self,
        *,
        upright: bool = True,
        long_edge: int | None = None,
        max_pixels: int = MAX_PIXELS,
        negative: bool = False,
    ) -> PhotoFile:
        """Open the photo, or return what is open already.

        Args:
            upright: as `PhotoFile`.
            long_edge: as `PhotoFile`.
            max_pixels: as `PhotoFile`; one that was opened with more stays open.
            negative: as `PhotoFile.view`.

        Raises:
            PhotoError: as `PhotoFile`.
        """
        if self._file is None:
            self._file = self._type(
                self.source, upright=False, max_pixels=max_pixels, name=self._name, page=self._page
            )
        # Of a photo that lies upright, both are the same.
        key = upright or self._file.orientation == 1, long_edge, negative
        if key not in self._views:
            self._views[key] = self._file.view(upright=upright, long_edge=long_edge, negative=negative)
            while len(self._views) > _VIEWS:
                self._views.popitem(last=False)
        self._views.move_to_end(key)
        return self._views[key]


class _CachedFile(PhotoFile):
    """A file that remembers what is small of what it decoded."""

    _strips: list[Pixels] | None = None
    _copies: dict[tuple[int, int], Pixels] | None = None

    @property
    def nbytes(self) -> int:
        return sum(pixels.nbytes for pixels in [*(self._strips or ()), *(self._copies or {}).values()])

    def view(self, *, upright: bool = True, long_edge: int | None = None, negative: bool = False) -> Self:
        view = super().view(upright=upright, long_edge=long_edge, negative=negative)
        view._strips = view._copies = None
        return view

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
