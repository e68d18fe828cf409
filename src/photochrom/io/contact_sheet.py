"""Before-and-after sheets: pairs of a photo and its result with their names, page after page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from photochrom.color import cielab
from photochrom.io import vips
from photochrom.io.picture import Picture
from photochrom.io.reader import PhotoFile

__all__ = ["SheetWriter", "sheet_pages"]

_PAIRS = 24  # to a page: as much as one looks through, and little enough to hold in memory
_ACROSS = 2  # pairs side by side
_PHOTO = 400  # pixels of a photo's longer side
_GAP = 6  # between before and after
_SPACE = 40  # around pairs
_CAPTION = 44  # height of a caption's row
_LETTERS = 17
_PAPER, _INK = 246, 70  # light and dark grey: a coloured page would change how the photos' colours look


@dataclass(frozen=True)
class _Pair:
    name: str
    before: NDArray[np.uint8]
    after: NDArray[np.uint8]


def sheet_pages(path: Path, photos: int) -> list[Path]:
    """Name the files that a sheet of so many photos takes: ``sheet.jpg``, ``sheet-2.jpg``, and so on."""
    count = max(1, -(-photos // _PAIRS))
    return [
        path if page == 1 else path.with_name(f"{path.stem}-{page}{path.suffix}") for page in range(1, count + 1)
    ]


class SheetWriter:
    """Draws pairs into pages, and writes each page as soon as it is full.

    Args:
        pages: files to write, from `sheet_pages`.
        save: writes a page to a file.
    """

    def __init__(self, pages: Sequence[Path], save: Callable[[Picture, Path], object] = Picture.save) -> None:
        self._pages = iter(pages)
        self._save = save
        self._pairs: list[_Pair] = []

    def add(self, name: str, before: PhotoFile | Picture, after: PhotoFile | Picture) -> None:
        """Take one pair.

        Args:
            name: what to write below it.
            before: the photo.
            after: the result.

        Raises:
            PhotoError: if one of the two cannot be decoded.
            OutputError: if a page is full and cannot be written.
        """
        self._pairs.append(_Pair(name, _thumbnail(before), _thumbnail(after)))
        if len(self._pairs) == _PAIRS:
            self.close()

    def close(self) -> None:
        """Write the page that is not full yet, if there is one.

        Raises:
            OutputError: if it cannot be written.
        """
        if self._pairs:
            page = Picture.from_array(_draw(self._pairs))
            self._pairs = []
            self._save(page, next(self._pages))


def _thumbnail(photo: PhotoFile | Picture) -> NDArray[np.uint8]:
    """Shrink to fit a cell, as a print would look on the page: grey stays grey, and alpha shows the paper."""
    scale = min(1.0, _PHOTO / max(photo.height, photo.width))
    height, width = (max(1, round(side * scale)) for side in (photo.height, photo.width))
    small = photo.shrunk(height, width).astype(np.float32) / (65535 if photo.dtype == np.uint16 else 255)
    if photo.has_alpha:
        opaque = small[..., -1:]
        small = small[..., :-1] * opaque + _PAPER / 255 * (1 - opaque)
    rgb: NDArray[np.uint8] = cielab.quantize(small, np.uint8)
    return rgb if rgb.shape[2] == 3 else rgb.repeat(3, axis=2)


def _draw(pairs: Sequence[_Pair]) -> NDArray[np.uint8]:
    across = min(_ACROSS, len(pairs))
    cell = 2 * _PHOTO + _GAP
    rows = [pairs[start : start + across] for start in range(0, len(pairs), across)]
    heights = [max(pair.before.shape[0] for pair in row) for row in rows]
    height = _SPACE + sum(tall + _CAPTION + _SPACE for tall in heights)
    page = np.full((height, across * (cell + _SPACE) + _SPACE, 3), _PAPER, np.uint8)
    y = _SPACE
    for row, tall in zip(rows, heights, strict=True):
        indent = (across - len(row)) * (cell + _SPACE) // 2  # a last row that is not full stands in the middle
        for column, pair in enumerate(row):
            x = _SPACE + indent + column * (cell + _SPACE)
            for side, photo in enumerate((pair.before, pair.after)):
                # The two meet at the gap, whatever their shape, and stand on the caption.
                left = x + (_PHOTO + _GAP if side else _PHOTO - photo.shape[1])
                page[y + tall - photo.shape[0] : y + tall, left : left + photo.shape[1]] = photo
            _write(page, _caption(pair.name, cell), y + tall, x, cell)
        y += tall + _CAPTION + _SPACE
    return page


def _write(page: NDArray[np.uint8], ink: NDArray[np.uint8], y: int, x: int, width: int) -> None:
    """Lay ink (0..255) centred below a pair."""
    ink = ink[:_CAPTION, :width]
    left, top = x + (width - ink.shape[1]) // 2, y + (_CAPTION - ink.shape[0]) // 2
    where = page[top : top + ink.shape[0], left : left + ink.shape[1]]
    share = ink[..., None] / 255
    where[:] = np.round(where * (1 - share) + _INK * share)


def _caption(name: str, width: int) -> NDArray[np.uint8]:
    """Draw a name as ink on nothing, shortened in its middle where it is too long."""
    name = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name)
    for kept in _shorter(name):
        ink = _ink(kept)
        if ink.shape[1] <= width:
            break
    return ink


def _shorter(name: str) -> Iterator[str]:
    yield name
    for keep in range(len(name) - 2, 3, -4):
        yield f"{name[: keep // 2]}…{name[-(keep - keep // 2) :]}"


def _ink(text: str) -> NDArray[np.uint8]:
    if not text.replace("…", "").isascii():
        return vips.render_text(text, _LETTERS)  # Pillow's own font ends with Latin
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default(_LETTERS)
    left, top, right, bottom = font.getbbox(text)
    image = Image.new("L", (max(1, int(right - left) + 2), max(1, int(bottom - top) + 2)))
    ImageDraw.Draw(image).text((1 - left, 1 - top), text, fill=255, font=font)
    return np.asarray(image, dtype=np.uint8)
