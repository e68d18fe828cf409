"""Every page of a TIFF in colour, as a TIFF of as many pages; no more than one is in the works."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from photochrom.errors import OutputError, UnfitError, reason_of
from photochrom.io.atomic import replace_file
from photochrom.io.formats import TIFF
from photochrom.io.tiff_join import join_tiffs
from photochrom.options import Options
from photochrom.result_notes import Note

__all__ = ["save_pages"]


def save_pages(
    count: int, save: Callable[[int, Path, Options], list[Note]], target: Path, options: Options
) -> list[Note]:
    """Write a result of several pages, all of it or nothing.

    Args:
        count: how many pages.
        save: writes the result of a page, by its number from 0, to a file.
        target: file of the result.
        options: for each page.

    Returns:
        What the user should know, each once; where it is not about all pages, with their numbers.

    Raises:
        UnfitError: if the target is no TIFF.
        OutputError: if it cannot be written.
        PhotochromError: as `save`.
    """
    if target.suffix.lower() not in TIFF:
        raise UnfitError(
            target,
            f"holds one picture, and the photo has {count} pages",
            "make it a .tif, or colorize its first page alone",
        )
    each = options.model_copy(update={"pages": "first"})
    notes: dict[Note, list[int]] = {}  # and the pages that each is about
    try:
        with tempfile.TemporaryDirectory(
            prefix=".photochrom-", dir=target.parent, ignore_cleanup_errors=True
        ) as folder:
            paths = [Path(folder, f"{number}.tif") for number in range(count)]
            for number, path in enumerate(paths):
                for note in save(number, path, each):
                    about = note.about(target) if note.subject == str(path) else note
                    notes.setdefault(about, []).append(number + 1)
            with replace_file(target) as temporary:
                join_tiffs(paths, temporary)
                if options.keep_times:
                    shutil.copystat(paths[0], temporary)
    except OSError as error:
        raise OutputError(
            target, f"cannot be written ({reason_of(error, target)})", "check the folder and its disk"
        ) from error
    return [_of_pages(note, pages, count, target) for note, pages in notes.items()]


def _of_pages(note: Note, pages: list[int], count: int, target: Path) -> Note:
    """Say which pages a note is about; what is known of the file as a whole is said with its first page."""
    if len(pages) == count or (pages == [1] and note.subject != str(target)):
        return note
    which = f"page {pages[0]}" if len(pages) == 1 else f"pages {', '.join(map(str, pages))}"
    return Note(note.subject, f"{which}: {note.text}")
