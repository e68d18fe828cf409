"""Which of a TIFF's pictures is the photo: its directories, and what each says that it is.

A TIFF is a chain of directories, of which each may point to further ones (SubIFDs). A picture may be a smaller
copy of another, a mask or a map of depth (TIFF 6.0; Adobe PageMaker 6.0 TIFF Technical Notes; DNG 1.7, chapter 3).
Scanners and cameras put a preview before the photo.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from photochrom.io.metadata import ifd
from photochrom.io.metadata.ifd import Layout, Value
from photochrom.io.metadata.tiff import opened

__all__ = ["TiffPage", "TiffPages"]

_KIND, _OLD_KIND, _SUB = 254, 255, 330
_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _MEANING = 256, 257, 258, 259, 262
_ORIENTATION, _SAMPLES, _PLANES, _TILE_WIDTH, _TILE_HEIGHT = 274, 277, 284, 322, 323
_EXTRA_SAMPLES, _SAMPLE_FORMAT = 338, 339
_READ = (_KIND, _OLD_KIND, _WIDTH, _HEIGHT, _BITS, _COMPRESSION, _MEANING, _SAMPLES, _PLANES)
_TAGS = frozenset((*_READ, _SUB, _ORIENTATION, _TILE_WIDTH, _TILE_HEIGHT, _EXTRA_SAMPLES, _SAMPLE_FORMAT))

_CFA, _LINEAR_RAW = 32803, 34892
_RAW_COMPRESSIONS = (32767, 32769, 32770, 34713, 65000, 65535)
"""Sony's, Epson's, Samsung's, Nikon's, Kodak's and Pentax's."""

_MOST = 100_000  # directories that are looked at; a damaged chain may be endless
_REDUCED, _MASK, _DEPTH = 1, 4, 8  # bits of NewSubfileType
_OLD_REDUCED = 2


@dataclass(frozen=True)
class TiffPage:
    """A directory of a TIFF.

    Attributes:
        index: of the directory in the chain, from 0.
        subifd: of the directory among the SubIFDs of that one, or None for itself.
        at: where it is in the file.
        tags: what it says of its pixels, by tag; whole numbers.
    """

    index: int
    subifd: int | None
    at: int
    tags: dict[int, list[int]]

    def number(self, tag: int, default: int = 0) -> int:
        """Return the first number of a tag."""
        return (self.tags.get(tag) or [default])[0]

    @property
    def width(self) -> int:
        """Columns of pixels."""
        return self.number(_WIDTH)

    @property
    def height(self) -> int:
        """Rows of pixels."""
        return self.number(_HEIGHT)

    @property
    def bits(self) -> set[int]:
        """Per sample; several where the samples differ."""
        return set(self.tags.get(_BITS) or [1])

    @property
    def compression(self) -> int:
        """TIFF's number of it."""
        return self.number(_COMPRESSION, 1)

    @property
    def meaning(self) -> int:
        """PhotometricInterpretation, or -1 where it is not said."""
        return self.number(_MEANING, -1)

    @property
    def sample_format(self) -> int:
        """1 unsigned, 2 signed, 3 floating-point, and rarer ones."""
        return self.number(_SAMPLE_FORMAT, 1)

    @property
    def is_tiled(self) -> bool:
        """Whether it is stored in tiles."""
        return _TILE_WIDTH in self.tags

    @property
    def has_planes(self) -> bool:
        """Whether each channel has a plane of its own."""
        return self.number(_PLANES, 1) == 2 and self.number(_SAMPLES, 1) > 1

    @property
    def is_copy(self) -> bool:
        """Whether it says that it is a smaller copy of another picture."""
        return bool(self.number(_KIND) & _REDUCED) or self.number(_OLD_KIND) == _OLD_REDUCED

    @property
    def is_mask(self) -> bool:
        """Whether it is no picture but a mask or a map of depth."""
        return bool(self.number(_KIND) & (_MASK | _DEPTH))

    @property
    def is_of_a_sensor(self) -> bool:
        """Whether its samples are those of a camera's sensor, which are yet to be developed."""
        return self.meaning in (_CFA, _LINEAR_RAW) or self.compression in _RAW_COMPRESSIONS

    @property
    def where(self) -> dict[str, int]:
        """The options by which libvips opens it."""
        return {"page": self.index, **({} if self.subifd is None else {"subifd": self.subifd})}


@dataclass(frozen=True)
class TiffPages:
    """The pictures of a TIFF.

    Attributes:
        order: byte order, "<" or ">".
        photos: full-size pictures, as they come; never empty.
        others: previews, smaller copies and masks.
    """

    order: str
    photos: tuple[TiffPage, ...]
    others: tuple[TiffPage, ...]

    @property
    def is_raw(self) -> bool:
        """Whether the photo is of a camera's sensor."""
        return any(page.is_of_a_sensor for page in (*self.photos, *self.others))

    def without_first(self) -> TiffPages:
        """Return the same with the first photo among the previews."""
        return TiffPages(self.order, self.photos[1:], (self.photos[0], *self.others))

    @classmethod
    def read(cls, source: Path | bytes) -> TiffPages | None:
        """Read the directories of a file.

        Args:
            source: a path or the file's bytes.

        Returns:
            None for what is no TIFF, or has no directory that can be read.

        Raises:
            OSError: if the file cannot be read.
        """
        with opened(source) as file:
            start = Layout.of(file)
            if start is None:
                return None
            chain = list(_chain(file, *start))
        if not chain:
            return None
        photos = tuple(page for main, subs in chain if (page := _photo(main, subs)) is not None)
        every = [page for main, subs in chain for page in (main, *subs)]
        if not photos:  # all say that they are copies: of something that is not here
            photos = (max(every, key=_rank),)
        return cls(start[0].order, photos, tuple(page for page in every if page not in photos))


def _photo(main: TiffPage, subs: list[TiffPage]) -> TiffPage | None:
    """Choose the full-size picture of a directory and its SubIFDs; None if it is a copy of another's."""
    full = [page for page in (main, *subs) if not (page.is_copy or page.is_mask) and page.width and page.height]
    return max(full, key=_rank, default=None)


def _rank(page: TiffPage) -> tuple[bool, int, int]:
    return not page.is_mask, page.width * page.height, -page.index


def _chain(file: BinaryIO, layout: Layout, at: int) -> list[tuple[TiffPage, list[TiffPage]]]:
    seen: set[int] = set()
    found: list[tuple[TiffPage, list[TiffPage]]] = []
    while at and at not in seen and len(seen) < _MOST:
        seen.add(at)
        main = _page(file, layout, at, len(found), None)
        if not main.tags:
            break
        subs = []
        for number, place in enumerate(main.tags.get(_SUB, [])):
            if place and place not in seen and len(seen) < _MOST:
                seen.add(place)
                subs.append(_page(file, layout, place, len(found), number))
        found.append((main, [page for page in subs if page.tags]))
        try:
            at = layout.after(file, at)
        except EOFError:
            break
    return found


def _page(file: BinaryIO, layout: Layout, at: int, index: int, subifd: int | None) -> TiffPage:
    read = ifd.read(file, layout, at, only=_TAGS)
    tags = {tag: value.numbers(layout.order) for tag, value in read.items() if isinstance(value, Value)}
    return TiffPage(index, subifd, at, {tag: numbers for tag, numbers in tags.items() if numbers})
