"""The photos below a folder, and what is to be said of the rest: folders shut off, results of other calls."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from photochrom.batch.shots import Shots
from photochrom.errors import PhotoError
from photochrom.io.content import content_suffix
from photochrom.io.folder_rules import FolderRules
from photochrom.io.folders import Entries, describe_others, is_folder, walk_files
from photochrom.io.formats import PHOTO_SUFFIXES

__all__ = ["HIDDEN", "FolderSearch"]

HIDDEN = ".photochrom"
"""Folder in a folder of results where their manifest lies."""

_BACKUP = re.compile(r"(_original|\.bak|\.backup|\.old|\.orig|~)$", re.IGNORECASE)
"""What programs put behind a file's name when they keep it as it was; ``_original`` is exiftool's."""


class FolderSearch:
    """Finds the photos below one folder, as `walk_files` does.

    A file whose suffix is not known is a photo if it begins as one does. A backup beside the photo is left out.

    Args:
        folder: where to begin.
        without: a folder to leave out, though it may lie below.
        rules: say what else is left out.
        shards: takes the paths of shards from the folder, where they are asked for.

    Attributes:
        unread: folders that could not be searched, each the subject of an error that says why.
        notes: what was left out, a line each.
    """

    def __init__(
        self, folder: Path, *, without: Path, rules: FolderRules, shards: list[str] | None = None
    ) -> None:
        self.unread: list[PhotoError] = []
        self.notes: list[str] = []
        self._others: Counter[str] = Counter()
        self._shots = Shots()
        self._folder = folder
        self._without = without
        self._rules = rules
        self._shards = shards
        self._left_out: Counter[str] = Counter()
        self._folders_left_out = 0
        self._names: frozenset[str] = frozenset()  # of the folder that is gone through

    def photos(self) -> Iterator[str]:
        """Yield the photos' paths from the folder, by name within each folder."""
        files = walk_files(
            self._folder,
            unreadable=self._unreadable,
            choose=self._choose,
            again=self._again,
            without=self._without,
            rules=self._rules,
            left_out=self._leave_out,
        )
        for path in files:
            if path.suffix.lower() in PHOTO_SUFFIXES:
                yield str(path)
            elif self._shards is not None and path.suffix.lower() == ".tar":
                self._shards.append(str(path))
            elif _BACKUP.sub("", path.name) in self._names - {path.name}:
                self._leave_out(path, "backups beside their photo", False)
            elif content_suffix(self._folder / path) is not None:
                yield str(path)
            else:
                self._others[path.suffix.lower()] += 1

    def of_one_shot(self) -> list[str]:
        """Say in lines what was left out because another file of its shot is colorized, once all are searched."""
        return [f"{self._folder}: {line}" for line in self._shots.notes()]

    def others(self) -> str | None:
        """Say in a line how many files are not taken for photos, once all are searched; None if there are none."""
        others = describe_others(self._others)
        return others and f"{self._folder}: {others}"

    def left_out(self) -> str | None:
        """Say in a line how much is left out by rule, and why, once all is searched; None if nothing is."""
        count = self._left_out.total()
        if not count:
            return None
        files = count - self._folders_left_out
        kinds = [_counted(self._folders_left_out, "folder"), _counted(files, "file")]
        why = ", ".join(f"{reason} {number:,}" for reason, number in sorted(self._left_out.items()))
        return f"{self._folder}: {' and '.join(filter(None, kinds))} left out by rule ({why}); see --include"

    def _leave_out(self, path: Path, reason: str, is_folder: bool) -> None:
        # Of what else is hidden, such as .DS_Store, nobody thinks as of a photo.
        if is_folder or reason != "hidden" or path.suffix.lower() in PHOTO_SUFFIXES:
            self._left_out[reason] += 1
            self._folders_left_out += is_folder

    def _unreadable(self, path: Path, error: OSError) -> None:
        self.unread.append(PhotoError(path, f"cannot be searched ({error.strerror})", "check its permissions"))

    def _choose(self, name: Path, entries: Entries) -> Entries:
        if name != Path() and any(entry.name == HIDDEN for entry in entries):
            self.notes.append(f"{self._folder / name}: holds the results of another call; left out")
            return []
        self._names = frozenset(entry.name for entry in entries)
        visible = [entry for entry in entries if not entry.name.startswith(HIDDEN)]

        def goes(entry: os.DirEntry[str]) -> bool:
            return self._rules.reason((name / entry.name).as_posix(), is_folder=is_folder(entry)) is not None

        return self._shots.choose(_without_sidecars(visible), goes)

    def _again(self, path: Path) -> None:
        self.notes.append(f"{path}: leads to a folder that is searched anyway; left out")


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}" if number else ""


def _without_sidecars(entries: Entries) -> Entries:
    """Leave out the XMP files that belong to photos, with which they are read."""
    photos = [Path(entry.name) for entry in entries if Path(entry.name).suffix.lower() in PHOTO_SUFFIXES]
    named = {name for photo in photos for name in (photo.stem, photo.name)}
    return [entry for entry in entries if not (entry.name.lower().endswith(".xmp") and entry.name[:-4] in named)]
