"""The walk through the files below a folder, whatever else lies there: circles of links, folders shut off."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

__all__ = ["Entries", "folder_identity", "is_folder", "walk_files"]

Entries = Sequence[os.DirEntry[str]]


def walk_files(
    folder: Path,
    *,
    unreadable: Callable[[Path, OSError], None],
    choose: Callable[[Path, Entries], Entries] = lambda _, entries: entries,
    again: Callable[[Path], None] = lambda _: None,
    without: Path | None = None,
) -> Iterator[Path]:
    """Yield the files below a folder, at any depth and as paths from it, by name within each folder.

    Hidden files and folders are left out. Links to folders are followed once the real folders are through, and to
    each real folder once: then a loop ends, and a file is found under its own name rather than that of a link.

    Args:
        folder: where to begin.
        unreadable: called with a folder that cannot be read, and why; may raise.
        choose: called with a folder, as a path from the first, and all that it holds; says what is looked at.
        again: called with a folder that a link leads to, though it is walked through anyway.
        without: a folder to leave out, though it may lie below.
    """
    left_out = None if without is None else folder_identity(without)
    entered: set[tuple[int, int]] = set()
    starts = [Path()]
    for start in starts:  # which grows by links while it is gone through
        pending = [start]
        while pending:
            name = pending.pop()
            path = folder / name
            identity = folder_identity(path)  # None fails where the folder is opened, with the reason
            if identity is not None:
                if identity == left_out:
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
                if entry.name.startswith("."):
                    continue
                if not is_folder(entry):
                    yield name / entry.name
                elif entry.is_symlink():
                    starts.append(name / entry.name)
                else:
                    folders.append(name / entry.name)
            pending.extend(reversed(folders))


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
