"""The manifest: what was made of what, in the folder of the results; so a call goes on where one was stopped.

A result is recorded as pending with its fingerprint, then moved into place, then recorded as there. If that is cut
short at any moment, the next call finds by the fingerprint whether the move had happened. While a call works, the
manifest is locked.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from photochrom.batch.fingerprint import Fingerprint
from photochrom.batch.plan import PlanItem
from photochrom.batch.search import HIDDEN
from photochrom.errors import OutputError, reason_of
from photochrom.io.atomic import make_folder, move_file

__all__ = ["CHANGED", "COLORED", "DONE", "Manifest"]

DONE = "done already"
FOREIGN = "there but not made by photochrom"
CHANGED = "there but changed since it was made"
OTHER = "there but of another photo"
COLORED = "with colours already"

_VERSION = 1
_COLUMNS = """(
    target BLOB PRIMARY KEY,
    source BLOB NOT NULL, photo_size INTEGER, photo_mtime INTEGER, photo_digest BLOB,
    size INTEGER NOT NULL, mtime INTEGER NOT NULL, digest BLOB NOT NULL,
    recipe TEXT NOT NULL, sidecars TEXT NOT NULL, warnings TEXT NOT NULL
) WITHOUT ROWID"""


@dataclass(frozen=True)
class _Record:
    source: bytes
    photo: Fingerprint
    made: Fingerprint
    recipe: str
    sidecars: str
    warnings: list[str]


class Manifest:
    """The results in one folder, as far as they are photochrom's.

    Args:
        output: the folder.
        recipe: what this call makes results with, as text; another recipe makes another result.

    Raises:
        OutputError: if it cannot be written, is damaged, or another call is at work in the folder.
    """

    def __init__(self, output: Path, recipe: str) -> None:
        self._output, self._recipe = output, recipe
        self._path = output / HIDDEN / "manifest.sqlite"
        make_folder(self._path.parent)
        with self._errors():
            self._database = sqlite3.connect(self._path, timeout=0, isolation_level=None)
            try:
                self._open()
            except BaseException:
                self._database.close()
                raise

    def _open(self) -> None:
        # The lock is held until the end. With it, a write-ahead log needs no shared memory, which network mounts
        # do not have; and a log costs one flush to the disk per photo, where a journal costs three.
        for setting in ("locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = FULL"):
            self._database.execute(f"PRAGMA {setting}")
        with self._transaction():
            (version,) = self._database.execute("PRAGMA user_version").fetchone()
            if version not in (0, _VERSION):
                raise OutputError(
                    self._path,
                    "is of another version of photochrom",
                    "use that one, or delete the file (the results stay, and are then left alone)",
                )
            for table in ("results", "pending"):
                self._database.execute(f"CREATE TABLE IF NOT EXISTS {table} {_COLUMNS}")
            self._database.execute(
                "CREATE TABLE IF NOT EXISTS colored (source BLOB PRIMARY KEY, size INTEGER NOT NULL, "
                "mtime INTEGER NOT NULL, digest BLOB NOT NULL) WITHOUT ROWID"
            )
            self._database.execute(
                "CREATE TABLE IF NOT EXISTS alike (target BLOB PRIMARY KEY, sources TEXT NOT NULL) WITHOUT ROWID"
            )
            self._database.execute(f"PRAGMA user_version = {_VERSION}")
            self._settle()

    def close(self) -> None:
        """Record the last result and let other calls in."""
        try:
            with self._transaction():
                self._settle()
        except (OutputError, sqlite3.Error):
            pass  # the next call settles it
        finally:
            self._database.close()

    def reason_to_skip(
        self, item: PlanItem, sidecars: str = "", *, skip_colored: bool = False
    ) -> tuple[str, list[str]] | None:
        """Say why a photo needs no work, or may have none, and what was to be known about its result; else None.

        Args:
            item: the photo.
            sidecars: digest of what lies beside it; with others its result is another.
            skip_colored: whether one that is known to have colours already needs none.

        Raises:
            OutputError: if the manifest cannot be read.
        """
        if not os.path.lexists(item.target):
            return (COLORED, []) if skip_colored and self._is_colored(item.source) else None
        with self._errors():
            record = self._find(item.result)
        if record is None:
            return FOREIGN, []
        if not record.made.fits(item.target):
            return CHANGED, []
        same_name = record.source == _key(item.source.absolute())
        same_photo = record.photo.fits(item.source, trust_time=same_name)
        if not same_photo and not same_name:
            return OTHER, []
        if not same_photo or (record.recipe, record.sidecars) != (self._recipe, sidecars):
            return None
        self._refresh(item, record)
        return DONE, record.warnings

    def note_alike(self, item: PlanItem, sources: Sequence[str]) -> None:
        """Record which photos' colours a result took over.

        Raises:
            OutputError: if that fails.
        """
        with self._errors(), self._transaction():
            self._database.execute(
                "INSERT OR REPLACE INTO alike VALUES (?, ?)", (_key(item.result), json.dumps(list(sources)))
            )

    def alike(self, item: PlanItem) -> tuple[str, ...]:
        """Return the photos whose colours a result took over.

        Raises:
            OutputError: if the manifest cannot be read.
        """
        with self._errors():
            row = self._database.execute(
                "SELECT sources FROM alike WHERE target = ?", (_key(item.result),)
            ).fetchone()
        return () if row is None else tuple(json.loads(row[0]))

    def note_colored(self, source: Path, photo: Fingerprint) -> None:
        """Record that a photo has colours already, so that it need not be opened again to know it.

        Raises:
            OutputError: if that fails.
        """
        with self._errors(), self._transaction():
            self._database.execute(
                "INSERT OR REPLACE INTO colored VALUES (?, ?, ?, ?)",
                (_key(source.absolute()), photo.size, photo.mtime_ns, photo.digest),
            )

    def _is_colored(self, source: Path) -> bool:
        with self._errors():
            row = self._database.execute(
                "SELECT size, mtime, digest FROM colored WHERE source = ?", (_key(source.absolute()),)
            ).fetchone()
        return row is not None and Fingerprint(*row).fits(source)

    def recipes(self) -> list[str]:
        """Return what the results here were made with, each recipe once.

        Raises:
            OutputError: if the manifest cannot be read.
        """
        with self._errors():
            return [recipe for (recipe,) in self._database.execute("SELECT DISTINCT recipe FROM results")]

    def owns(self, target: Path) -> bool:
        """Say whether a file is a result of photochrom's that nobody changed."""
        with self._errors():
            record = self._find(str(target.relative_to(self._output)))
        return record is not None and record.made.fits(target)

    def place(
        self,
        made: Path,
        fingerprint: Fingerprint,
        item: PlanItem,
        photo: Fingerprint | None,
        warnings: Sequence[str] = (),
        sidecars: str = "",
    ) -> None:
        """Move a result to where it belongs, and record it.

        Args:
            made: the file, whole and on the disk.
            fingerprint: of that file.
            item: whose result it is.
            photo: fingerprint of the photo; None if it could not be taken.
            warnings: what the user should know about it.
            sidecars: digest of what lies beside the photo.

        Raises:
            OutputError: if that fails; what was there stays.
        """
        make_folder(item.target.parent)
        source = photo or Fingerprint(-1, 0, b"")
        with self._errors(), self._transaction():
            self._settle()
            self._database.execute(
                f"INSERT OR REPLACE INTO pending VALUES ({', '.join('?' * 11)})",
                (
                    _key(item.result),
                    _key(item.source.absolute()),
                    *(source.size, source.mtime_ns, source.digest),
                    *(fingerprint.size, fingerprint.mtime_ns, fingerprint.digest),
                    self._recipe,
                    sidecars,
                    json.dumps(list(warnings)),
                ),
            )
        try:
            move_file(made, item.target)
        except OSError as error:
            with self._errors():
                self._database.execute("DELETE FROM pending")
            raise OutputError(
                item.target, f"cannot be written ({error.strerror})", "check the folder and its disk"
            ) from error

    def _settle(self) -> None:
        """Record as there what was pending and came to its place."""
        for target, *fingerprint in self._database.execute(
            "SELECT target, size, mtime, digest FROM pending"
        ).fetchall():
            if Fingerprint(*fingerprint).fits(self._output / os.fsdecode(target)):
                self._database.execute(
                    "INSERT OR REPLACE INTO results SELECT * FROM pending WHERE target = ?", (target,)
                )
        self._database.execute("DELETE FROM pending")

    def _find(self, result: str) -> _Record | None:
        # A photo may be named twice in a call of --watch, so the one that is pending counts before the older.
        for table in ("pending", "results"):
            row = self._database.execute(f"SELECT * FROM {table} WHERE target = ?", (_key(result),)).fetchone()
            if row is not None:
                photo, made = Fingerprint(*row[2:5]), Fingerprint(*row[5:8])
                return _Record(row[1], photo, made, row[8], row[9], json.loads(row[10]))
        return None

    def _refresh(self, item: PlanItem, record: _Record) -> None:
        """Take over where and when the same photo lies now, so that it need not be read again to know it."""
        try:
            status = item.source.stat()
        except OSError:  # gone since it was compared
            return
        source = _key(item.source.absolute())
        if (status.st_mtime_ns, source) != (record.photo.mtime_ns, record.source):
            with self._errors():
                self._database.execute(
                    "UPDATE results SET source = ?, photo_mtime = ? WHERE target = ?",
                    (source, status.st_mtime_ns, _key(item.result)),
                )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._database.execute("COMMIT")
        except BaseException:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise OutputError(
                    self._output, "another photochrom is writing there", "wait for it, or give another folder"
                ) from error
            raise OutputError(
                self._path, f"cannot be written ({reason_of(error)})", "check the folder and its disk"
            ) from error
        except sqlite3.DatabaseError as error:
            raise OutputError(
                self._path,
                f"is damaged ({reason_of(error)})",
                "delete it (the results stay, and are then left alone)",
            ) from error


def _key(path: str | Path) -> bytes:
    return os.fsencode(path)  # names need not be text
