"""What is known of photos that were packed before, on disk: which were looked at, and what they look like."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from photochrom.errors import OutputError

__all__ = ["PackingState"]

_BANDS = 4  # parts of a hash; hashes that differ in fewer bits than that share one of them
_WIDTH = 64 // _BANDS
_TABLES = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seen (source TEXT PRIMARY KEY, reason TEXT, detail TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS looks (band INTEGER, hash INTEGER, PRIMARY KEY (band, hash)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS shards (name TEXT PRIMARY KEY, photos INTEGER, bytes INTEGER, sha256 TEXT);
"""


class PackingState:
    """The state of a folder of shards, in SQLite; what is noted counts once a shard is done (`commit`).

    Args:
        path: of the file.
        settings: of the run; a folder in which something is packed has one.

    Raises:
        OutputError: if the folder was begun with other settings, or another process is at work on it.
    """

    near = _BANDS - 1
    """Bits by which two photos' hashes may differ and the photos still be one."""

    def __init__(self, path: Path, settings: dict[str, Any]) -> None:
        self._path = path
        with self._errors():
            self._database = sqlite3.connect(path, timeout=0, isolation_level=None)
            for setting in ("locking_mode = EXCLUSIVE", "journal_mode = WAL", "cache_size = -65536"):
                self._database.execute(f"PRAGMA {setting}")
            self._database.executescript(_TABLES)
            self._database.execute("BEGIN IMMEDIATE")
            row = self._database.execute("SELECT value FROM facts WHERE name = 'settings'").fetchone()
            text = json.dumps(settings, sort_keys=True)
            (begun,) = self._database.execute("SELECT EXISTS (SELECT 1 FROM seen)").fetchone()
            if begun and row is not None and row[0] != text:
                self._database.close()
                raise OutputError(path.parent, "was begun with other settings", "choose another --output")
            self._database.execute("INSERT OR REPLACE INTO facts VALUES ('settings', ?)", (text,))

    def is_seen(self, source: str) -> bool:
        """Tell whether a photo was looked at before."""
        row = self._database.execute("SELECT 1 FROM seen WHERE source = ?", (_text(source),)).fetchone()
        return row is not None

    def note(self, source: str, reason: str | None, detail: str) -> None:
        """Note what became of a photo; `reason` is None if it was packed."""
        with self._errors():
            self._database.execute(
                "INSERT OR IGNORE INTO seen VALUES (?, ?, ?)", (_text(source), reason, _text(detail))
            )

    def is_copy(self, phash: int) -> bool:
        """Tell whether a photo that looks the same was here before; else take note of this one."""
        bands = [phash >> shift & (1 << _WIDTH) - 1 | number << _WIDTH for number, shift in _SHIFTS]
        marks = ",".join("?" * _BANDS)
        for (other,) in self._database.execute(f"SELECT hash FROM looks WHERE band IN ({marks})", bands):
            if ((other ^ phash) & _ALL).bit_count() <= self.near:
                return True
        with self._errors():
            self._database.executemany("INSERT INTO looks VALUES (?, ?)", [(band, phash) for band in bands])
        return False

    def add_shard(self, name: str, photos: int, size: int, sha256: str) -> None:
        """Note a shard that lies whole in its place, and all that was noted since the last one."""
        with self._errors():
            self._database.execute("INSERT INTO shards VALUES (?, ?, ?, ?)", (name, photos, size, sha256))
            self._database.execute("COMMIT")
            self._database.execute("BEGIN IMMEDIATE")

    def shards(self) -> list[dict[str, Any]]:
        """Return name, photos, bytes and sha256 of each shard."""
        keys = ("name", "photos", "bytes", "sha256")
        rows = self._database.execute("SELECT name, photos, bytes, sha256 FROM shards ORDER BY name")
        return [dict(zip(keys, row, strict=True)) for row in rows]

    def left_out(self) -> Iterator[tuple[str, str, str]]:
        """Give source, reason and detail of each photo that was left out."""
        yield from self._database.execute(
            "SELECT source, reason, detail FROM seen WHERE reason IS NOT NULL ORDER BY source"
        )

    def reasons(self) -> dict[str, int]:
        """Count the photos that were left out, by reason."""
        rows = self._database.execute(
            "SELECT reason, count(*) FROM seen WHERE reason IS NOT NULL GROUP BY reason ORDER BY reason"
        )
        return dict(rows.fetchall())

    def commit(self) -> None:
        """Keep what was noted."""
        with self._errors():
            self._database.execute("COMMIT")
            self._database.execute("BEGIN IMMEDIATE")

    def copy_to(self, path: Path) -> None:
        """Write what is kept into a file of its own.

        Raises:
            OutputError: if that fails.
        """
        with self._errors():
            self._database.execute("COMMIT")  # a copy waits for the end of what is under way
            path.unlink(missing_ok=True)
            with closing(sqlite3.connect(path)) as copy:
                self._database.backup(copy)
            self._database.execute("BEGIN IMMEDIATE")

    def close(self) -> None:
        """Forget what was noted since the last shard, and let other processes in."""
        self._database.close()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            busy = error.sqlite_errorcode == sqlite3.SQLITE_BUSY
            raise OutputError(
                self._path,
                "is in use by another run" if busy else f"cannot be written ({error})",
                "wait for it, or choose another --output" if busy else "free some space, and run the same again",
            ) from error


_SHIFTS = [(number, number * _WIDTH) for number in range(_BANDS)]
_ALL = (1 << 64) - 1


def _text(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
