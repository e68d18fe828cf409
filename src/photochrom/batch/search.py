"""The photos below a folder, and what is to be said of the rest: folders shut off, results of other calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from photochrom.batch.shots import Shots
from photochrom.errors import PhotoError
from photochrom.io.folders import Entries, walk_files
from photochrom.io.formats import PHOTO_SUFFIXES

__all__ = ["HIDDEN", "FolderSearch"]

HIDDEN = ".photochrom"
"""Folder in a folder of results where their manifest lies."""

_NAMED = 5  # kinds of files that are named in a line


class FolderSearch:
    """Finds the photos below one folder, as `walk_files` does.

    Args:
        folder: where to begin.
        without: a folder to leave out, though it may lie below.

    Attributes:
        unread: folders that could not be searched, each the subject of an error that says why.
        notes: what was left out, a line each.
    """

    def __init__(self, folder: Path, *, without: Path) -> None:
        self.unread: list[PhotoError] = []
        self.notes: list[str] = []
        self._others: Counter[str] = Counter()
        self._shots = Shots()
        self._folder = folder
        self._without = without

    def photos(self) -> Iterator[str]:
        """Yield the photos' paths from the folder, by name within each folder."""
        files = walk_files(
            self._folder,
            unreadable=self._unreadable,
            choose=self._choose,
            again=self._again,
            without=self._without,
        )
        for path in files:
            if path.suffix.lower() in PHOTO_SUFFIXES:
                yield str(path)
            else:
                self._others[path.suffix.lower()] += 1

    def of_one_shot(self) -> list[str]:
        """Say in lines what was left out because another file of its shot is colorized, once all are searched."""
        return [f"{self._folder}: {line}" for line in self._shots.notes()]

    def others(self) -> str | None:
        """Say in a line how many files are not taken for photos, once all are searched; None if there are none."""
        count = self._others.total()
        if not count:
            return None
        common = sorted(self._others.items(), key=lambda other: (-other[1], other[0]))
        kinds = ", ".join(f"{suffix or 'without suffix'} {number:,}" for suffix, number in common[:_NAMED])
        more = ", ..." if len(common) > _NAMED else ""
        what = "1 file left out that is not known as a photo"
        if count > 1:
            what = f"{count:,} files left out that are not known as photos"
        return f"{self._folder}: {what} ({kinds}{more})"

    def _unreadable(self, path: Path, error: OSError) -> None:
        self.unread.append(PhotoError(path, f"cannot be searched ({error.strerror})", "check its permissions"))

    def _choose(self, name: Path, entries: Entries) -> Entries:
        if name != Path() and any(entry.name == HIDDEN for entry in entries):
            self.notes.append(f"{self._folder / name}: holds the results of another call; left out")
            return []
        return self._shots.choose(entries)

    def _again(self, path: Path) -> None:
        self.notes.append(f"{path}: leads to a folder that is searched anyway; left out")
