"""The folder for what is fetched once and used again: networks that were pulled, shards of training photos."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_cache_path

__all__ = ["cache_folder"]


def cache_folder(room: str) -> Path:
    """Return the folder for one kind of thing; it need not be there.

    It lies in the folder that the environment variable `PHOTOCHROM_HOME` names, or else in `photochrom` within the
    platform's cache folder: `~/.cache` on Linux (or `$XDG_CACHE_HOME`), `~/Library/Caches` on macOS,
    `%LOCALAPPDATA%` on Windows.

    Args:
        room: name of the kind, such as ``"networks"``.
    """
    home = os.environ.get("PHOTOCHROM_HOME")
    return (Path(home).expanduser() if home else user_cache_path("photochrom", appauthor=False)) / room
