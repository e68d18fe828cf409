"""The ledger: what was made of what, in Parquet files beside the results, for millions of photos.

Object stores replace a file but cannot add to one. So a call adds files: before any work, the plan, which says
what it will make; then the outcomes, some thousand photos to a file. What is there after a crash and stands in a
plan but in no outcome is of photochrom, and is made again. While a call works, a file says so.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
import time
import unicodedata
import uuid
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from photochrom.batch.cluster.sign_of_life import SignOfLife
from photochrom.batch.cluster.sources import StoredPhoto
from photochrom.batch.manifest import CHANGED, COLORED, DONE, FOREIGN, OTHER
from photochrom.batch.search import HIDDEN
from photochrom.errors import OutputError, PhotochromError
from photochrom.io.sidecars import sidecar_target
from photochrom.io.storage import Storage, is_part

__all__ = ["FAILED", "Ledger", "Outcome"]

FAILED = "failed before; --retry-failed tries again"

_ROWS = 2000  # outcomes in a file
_SECONDS = 30.0  # that outcomes wait at most

Outcome = dict[str, Any]
"""A row: result, file, source, photo (stamp), made (stamp), recipe, state, reason, code, warnings, seconds."""

_COLUMNS = (
    "result",
    "file",
    "source",
    "photo",
    "made",
    "recipe",
    "state",
    "reason",
    "code",
    "warnings",
    "seconds",
)


class Ledger:
    """What is known of a folder of results. Use it as a context, for it says meanwhile that a call is at work.

    Args:
        output: the folder.
        recipe: what this call makes results with, as text.

    Raises:
        OutputError: if it cannot be read or written, or another call is at work there.
    """

    def __init__(self, output: Storage, recipe: str) -> None:
        self._output, self._recipe = output, recipe
        self._token = uuid.uuid4().hex[:6]
        self._run = ""  # its number among the calls there, which no clock tells as surely, and the token
        self._scratch = tempfile.TemporaryDirectory(prefix="photochrom-")
        self._rows: list[Outcome] = []
        self._flushed, self._parts, self._plans = time.monotonic(), 0, 0
        self._index = sqlite3.connect(Path(self._scratch.name, "index.sqlite"), check_same_thread=False)
        self._index.execute("PRAGMA synchronous = OFF")
        self._index.execute("PRAGMA journal_mode = OFF")
        for table, columns in {
            "known": f"({', '.join(_COLUMNS)}, PRIMARY KEY (result))",
            "there": "(name PRIMARY KEY, stamp)",
            "claimed": "(result PRIMARY KEY)",
            "planned": "(folded PRIMARY KEY, source, result)",
            "kept": "(folded PRIMARY KEY)",
        }.items():
            self._index.execute(f"CREATE TABLE {table} {columns} WITHOUT ROWID")
        try:
            self._sign = SignOfLife(output, self._token, Path(self._scratch.name))
            try:
                self._read()
            except BaseException:
                self._sign.end()
                raise
        except BaseException:
            self._index.close()
            self._scratch.cleanup()
            raise

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Record the last outcomes and let other calls in."""
        with suppress(PhotochromError):  # the next call makes these again
            self.flush()
        self._sign.end()
        self._index.close()
        self._scratch.cleanup()

    def recipes(self) -> list[str]:
        """Return what the results here were made with, each recipe once."""
        return [text for (text,) in self._index.execute("SELECT DISTINCT recipe FROM known WHERE state = 'done'")]

    def seconds_each(self) -> float | None:
        """Return how long a photo took on average that was made as this call makes them; None if none was."""
        (mean,) = self._index.execute(
            "SELECT avg(seconds) FROM known WHERE state = 'done' AND recipe = ?", (self._recipe,)
        ).fetchone()
        return None if mean is None else float(mean)

    def decide(
        self, photo: StoredPhoto, *, overwrite: bool, skip_colored: bool, retry_failed: bool
    ) -> tuple[Literal["make", "skip", "refuse"], str]:
        """Say what is to be done of a photo, and why it is not made."""
        result, source = _text(photo.result), _text(photo.source)
        folded = _folded(photo.result)
        try:
            self._index.execute("INSERT INTO planned VALUES (?, ?, ?)", (folded, source, result))
        except sqlite3.IntegrityError:
            (other,) = self._index.execute("SELECT source FROM planned WHERE folded = ?", (folded,)).fetchone()
            if other == source:
                return "skip", "named twice"
            return "refuse", f"would become {self._output.url(photo.result)}, as would {other}"
        if overwrite:
            return "make", ""
        row = self._index.execute(
            f"SELECT {', '.join(_COLUMNS)} FROM known WHERE result = ?", (result,)
        ).fetchone()
        known = None if row is None else dict(zip(_COLUMNS, row, strict=True))
        stamp = self._stamp((known or {}).get("file") or result)
        if stamp is not None and not self._has("claimed", result):
            if known is None or not known["made"]:
                return "skip", FOREIGN
            if known["made"] != stamp:
                return "skip", CHANGED
        if known is None:
            return "make", ""
        if stamp is not None and known["source"] != source and known["photo"] != photo.stamp:
            return "skip", OTHER
        if (known["source"], known["photo"], known["recipe"]) == (source, photo.stamp, self._recipe):
            if known["state"] == "failed" and not retry_failed:
                return "skip", FAILED
            if known["state"] == "colored" and skip_colored:
                return "skip", COLORED
            if known["state"] == "done" and known["made"] == stamp:
                return "skip", DONE
        return "make", ""

    def keep(self, name: str) -> None:
        """Take note of a file of the folder that no result may be written over: a photo of the call."""
        self._index.execute("INSERT OR IGNORE INTO kept VALUES (?)", (_folded(name),))

    def written_over(self) -> list[tuple[str, str]]:
        """Return the photos whose results would be written over such files, and these results."""
        return list(self._index.execute("SELECT source, result FROM planned NATURAL JOIN kept"))

    def taken(self, photo: StoredPhoto) -> tuple[str, ...]:
        """Return what lies where the copies of a photo's sidecars would go, and is not photochrom's."""
        found = []
        for sidecar in photo.sidecars:
            target = sidecar_target(Path(sidecar), Path(photo.name), Path(photo.result)).as_posix()
            stamp = self._stamp(_text(target))
            row = self._index.execute("SELECT made FROM known WHERE result = ?", (_text(target),)).fetchone()
            if stamp is not None and (row is None or row[0] != stamp):
                found.append(target)
        return tuple(found)

    def claim(self, units: Iterable[list[dict[str, Any]]]) -> Iterator[str]:
        """Write down what will be made, before any of it is; yield the files that say so.

        Args:
            units: photos that go together, as keywords of `StoredPhoto`.
        """
        rows: list[dict[str, Any]] = []
        for number, unit in enumerate(units):
            rows.append({"unit": f"{self._run}-{number:06d}", "photos": json.dumps(unit)})
            if len(rows) >= _ROWS:
                yield self._put("plan", self._plans, rows)
                self._plans += 1
                rows = []
        if rows:
            yield self._put("plan", self._plans, rows)
            self._plans += 1

    def record(self, outcome: Outcome) -> None:
        """Take note of what became of a photo.

        Raises:
            OutputError: if that cannot be written.
        """
        row = {name: _text(outcome[name]) for name in _COLUMNS if name != "recipe"} | {"recipe": self._recipe}
        self._rows.append(row)
        for result, made in outcome.get("beside", ()):
            self._rows.append(row | {"result": _text(result), "made": made, "state": "sidecar", "warnings": "[]"})
        if len(self._rows) >= _ROWS or time.monotonic() - self._flushed > _SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write the outcomes that wait.

        Raises:
            OutputError: if that fails.
        """
        if self._rows:
            self._put("outcomes", self._parts, self._rows)
            self._parts += 1
            self._rows = []
        self._flushed = time.monotonic()

    def finish(self) -> None:
        """Forget what was planned, once each photo of it has its outcome.

        Raises:
            OutputError: if that fails.
        """
        self.flush()
        for number in range(self._plans):
            self._output.remove(self._part("plan", number))

    def _part(self, kind: str, number: int) -> str:
        return f"{HIDDEN}/{kind}/{self._run}-{number:06d}.parquet"

    def _put(self, kind: str, number: int, rows: list[dict[str, Any]]) -> str:
        import pyarrow
        from pyarrow import parquet

        name = self._part(kind, number)
        local = Path(self._scratch.name, "part.parquet")
        parquet.write_table(pyarrow.Table.from_pylist(rows), local, compression="zstd")
        self._output.put(local, name)
        return name

    def _read(self) -> None:
        """Gather what lies in the folder and what earlier calls wrote down."""
        parts: list[str] = []
        left: list[str] = []
        for _, entries in self._walk():
            self._index.executemany(
                "INSERT OR REPLACE INTO there VALUES (?, ?)",
                [(_text(entry.name), entry.stamp) for entry in entries],
            )
            parts += [
                entry.name
                for entry in entries
                if entry.name.endswith(".parquet") and entry.name.startswith(f"{HIDDEN}/")
            ]
            left += [entry.name for entry in entries if is_part(entry.name)]
        for name in left:  # no other call is at work here
            with suppress(PhotochromError):
                self._output.remove(name)
        parts.sort(key=_by_run)
        last = int(_by_run(parts[-1])[0].partition("-")[0]) if parts else 0
        self._run = f"{last + 1:06d}-{self._token}"
        for name in parts:
            if name.startswith(f"{HIDDEN}/outcomes/"):
                self._learn(name)
            elif name.startswith(f"{HIDDEN}/plan/"):
                rows = self._table(name, ["photos"])
                claims = ((_text(photo["result"]),) for row in rows for photo in json.loads(row["photos"]))
                self._index.executemany("INSERT OR IGNORE INTO claimed VALUES (?)", claims)

    def _walk(self) -> Iterator[tuple[str, list[Any]]]:
        try:
            yield from self._output.walk(lambda name: False)
        except PhotochromError as error:
            if self._output.look("") is None:  # no such folder yet
                return
            raise OutputError(error.subject, error.problem, error.remedy) from error

    def _learn(self, name: str) -> None:
        rows = [tuple(row[column] for column in _COLUMNS) for row in self._table(name, list(_COLUMNS))]
        # Where nothing was made, the earlier result is still there, and still photochrom's.
        earlier = ", ".join(
            f"{name} = CASE excluded.made WHEN '' THEN known.{name} ELSE excluded.{name} END"
            if name in ("file", "made")
            else f"{name} = excluded.{name}"
            for name in _COLUMNS[1:]
        )
        self._index.executemany(
            f"INSERT INTO known VALUES ({', '.join('?' * len(_COLUMNS))}) ON CONFLICT DO UPDATE SET {earlier}",
            rows,
        )
        self._index.executemany("DELETE FROM claimed WHERE result = ?", [row[:1] for row in rows])

    def _table(self, name: str, columns: list[str]) -> list[dict[str, Any]]:
        from pyarrow import ArrowException, parquet

        local = Path(self._scratch.name, "read.parquet")
        try:
            self._output.fetch(name, local)
            rows: list[dict[str, Any]] = parquet.read_table(local, columns=columns).to_pylist()
        except (ArrowException, OSError) as error:
            raise OutputError(
                self._output.url(name),
                "is damaged",
                "delete it (its photos' results stay, and are then left alone)",
            ) from error
        return rows

    def _stamp(self, name: str) -> str | None:
        row = self._index.execute("SELECT stamp FROM there WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def _has(self, table: str, result: str) -> bool:
        return self._index.execute(f"SELECT 1 FROM {table} WHERE result = ?", (result,)).fetchone() is not None


def _text(value: Any) -> Any:
    """Make text of a name that is none, which neither SQLite nor Parquet takes."""
    if not isinstance(value, str):
        return value
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _folded(name: str) -> str:
    """Make names equal that some disk may take for one."""
    return unicodedata.normalize("NFC", _text(name)).casefold()


def _by_run(part: str) -> tuple[str, bool, str]:
    """Order files by their calls, and in each the plan before what became of it."""
    _, kind, base = part.split("/")
    run, _, number = base.rpartition("-")
    return run, kind == "outcomes", number
