"""The walk through the files below a folder, whatever else lies there: circles of links, folders shut off."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from photochrom.io.folder_rules import FolderRules, default_rules

__all__ = ["Entries", "describe_others", "folder_identity", "is_folder", "walk_files"]

Entries = Sequence[os.DirEntry[str]]

_NAMED = 5  # kinds of files that are named in a line


def walk_files(
    folder: Path,
    *,
    unreadable: Callable[[Path, OSError], None],
    choose: Callable[[Path, Entries], Entries] = lambda _, entries: entries,
    again: Callable[[Path], None] = lambda _: None,
    without: Path | None = None,
    rules: FolderRules | None = None,
    left_out: Callable[[Path, str, bool], None] = lambda *_: None,
) -> Iterator[Path]:
    """Yield the files below a folder, at any depth and as paths from it, by name within each folder.

    Links to folders are followed once the real folders are through, and to
    each real folder once: then a loop ends, and a file is found under its own name rather than that of a link.

    Args:
        folder: where to begin.
        unreadable: called with a folder that cannot be read, and why; may raise.
        choose: called with a folder, as a path from the first, and all that it holds; says what is looked at.
        again: called with a folder that a link leads to, though it is walked through anyway.
        without: a folder to leave out, though it may lie below.
        rules: say what else is left out; hidden files, thumbnails and trash if None.
        left_out: called with what they leave out, as a path from the first folder, with why, and whether it is a
            folder.
    """
    outside = None if without is None else folder_identity(without)
    rules = rules or default_rules()
    entered: set[tuple[int, int]] = set()
    starts = [Path()]
    for start in starts:  # which grows by links while it is gone through
        pending = [start]
        while pending:
            name = pending.pop()
            path = folder / name
            identity = folder_identity(path)  # None fails where the folder is opened, with the reason
            if identity is not None:
                if identity == outside:
                    continue
                if identity in entered:
                    again(path)
                    continue
                entered.add(identity)
            try:
                with os.scandir(path) as listing:
                    entries = sorted(listing, key=lambda entry: entry.name)
            except OSError as error:
                unreadable(path, error)
                continue
            folders: list[Path] = []
            for entry in choose(name, entries):
                below = name / entry.name
                reason = rules.reason(below.as_posix(), is_folder=is_folder(entry))
                if reason is not None:
                    left_out(below, reason, is_folder(entry))
                elif not is_folder(entry):
                    yield below
                elif entry.is_symlink():
                    starts.append(below)
                else:
                    folders.append(below)
            pending.extend(reversed(folders))


def describe_others(suffixes: Counter[str]) -> str | None:
    """Say in a line how many files are not taken for photos, by their suffixes; None if there are none."""
    count = suffixes.total()
    if not count:
        return None
    common = sorted(suffixes.items(), key=lambda other: (-other[1], other[0]))
    kinds = ", ".join(f"{suffix or 'without suffix'} {number:,}" for suffix, number in common[:_NAMED])
    more = ", ..." if len(common) > _NAMED else ""
    what = "1 file left out that is not known as a photo"
    if count > 1:
        what = f"{count:,} files left out that are not known as photos"
    return f"{what} ({kinds}{more})"


def folder_identity(path: Path) -> tuple[int, int] | None:
    """Return what tells a folder from any other, whatever its name; None where there is none."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Say whether an entry is a folder, or leads to one; a link to itself is none, and fails where it is read."""
    try:
        return entry.is_dir()
    except OSError:
        return False
