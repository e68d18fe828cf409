"""The photos below a folder, whatever else lies there: circles of links, folders shut off, results of old."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from photochrom.errors import PhotoError
from photochrom.io.formats import PHOTO_SUFFIXES

__all__ = ["HIDDEN", "FolderSearch", "folder_identity"]

HIDDEN = ".photochrom"
"""Folder in a folder of results where their manifest lies."""

_HERE = Path()
_NAMED = 5  # kinds of files that are named in a line


class FolderSearch:
    """Finds the photos below one folder, at any depth; hidden files are left out.

    Links to folders are followed once the real folders are through, and to each real folder once: then a loop
    ends, and a photo is found under its own name rather than that of a link.

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
        self._folder = folder
        self._without = folder_identity(without)
        self._links: list[Path] = []
        self._entered: set[tuple[int, int]] = set()

    def photos(self) -> Iterator[str]:
        """Yield the photos' paths from the folder, by name within each folder."""
        yield from self._below(_HERE)
        for link in self._links:  # which grows while it is gone through
            yield from self._below(link)

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

    def _below(self, folder: Path) -> Iterator[str]:
        pending = [folder]
        while pending:
            photos, folders = self._list(pending.pop())
            yield from map(str, photos)
            pending.extend(reversed(folders))

    def _list(self, name: Path) -> tuple[list[Path], list[Path]]:
        """List a folder's photos and real folders by name, unless that was done before."""
        path = self._folder / name
        photos: list[Path] = []
        folders: list[Path] = []
        try:
            if not self._is_new(path):
                return photos, folders
            with os.scandir(path) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            self.unread.append(PhotoError(path, f"cannot be searched ({error.strerror})", "check its permissions"))
            return photos, folders
        if name != _HERE and any(entry.name == HIDDEN for entry in entries):
            self.notes.append(f"{path}: holds the results of another call; left out")
            return photos, folders
        for entry in entries:
            below = name / entry.name
            if entry.name.startswith("."):
                continue
            if _is_folder(entry):
                (self._links if entry.is_symlink() else folders).append(below)
            elif below.suffix.lower() in PHOTO_SUFFIXES:
                photos.append(below)
            else:
                self._others[below.suffix.lower()] += 1
        return photos, folders

    def _is_new(self, path: Path) -> bool:
        identity = folder_identity(path)
        if identity is None:
            return True  # to fail where it is opened, with the reason
        if identity == self._without:
            return False
        if identity in self._entered:
            self.notes.append(f"{path}: leads to a folder that is searched anyway; left out")
            return False
        self._entered.add(identity)
        return True


def folder_identity(path: Path) -> tuple[int, int] | None:
    """Return what tells a folder from any other, whatever its name; None where there is none."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself: its line comes when it is read
        return False
