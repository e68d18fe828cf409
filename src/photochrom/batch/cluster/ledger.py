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
import uuid
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from photochrom.batch.cluster.names import are_one, as_text, folded
from photochrom.batch.cluster.outcomes import Outcome
from photochrom.batch.cluster.parts import OUTCOMES, PLAN, Parts
from photochrom.batch.cluster.sign_of_life import SignOfLife
from photochrom.batch.cluster.sources import StoredPhoto
from photochrom.batch.manifest import CHANGED, COLORED, DONE, FOREIGN, OTHER
from photochrom.errors import OutputError, PhotochromError
from photochrom.io.sidecars import sidecar_target
from photochrom.io.storage import Storage, is_part

__all__ = ["FAILED", "Ledger"]

FAILED = "failed before; --retry-failed tries again"

_ROWS = 2000  # outcomes in a file
_SECONDS = 30.0  # that outcomes wait at most

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
        self._rows: list[Outcome] = []
        self._flushed = time.monotonic()
        token = uuid.uuid4().hex[:6]
        with ExitStack() as stack:
            self._scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="photochrom-")))
            self._index = _open_index(self._scratch / "index.sqlite")
            stack.callback(self._index.close)
            sign = SignOfLife(output, token, self._scratch)
            stack.callback(sign.end)
            self._parts = Parts(output, token, self._scratch, self._look())
            for name in self._parts.earlier:
                self._learn(name)
            self._stack = stack.pop_all()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Record the last outcomes and let other calls in."""
        with suppress(PhotochromError):  # the next call makes these again
            self.flush()
        self._stack.close()

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
        result, source = as_text(photo.result), as_text(photo.source)
        for other, planned, known_by in self._planned(photo.result):
            if (other, planned, known_by) == (source, result, photo.stamp):
                return "skip", "named twice"
            if self._are_one(result, planned):
                return "refuse", f"would become {self._output.url(photo.result)}, as would {other}"
        row = (folded(photo.result), result, source, photo.stamp)
        self._index.execute("INSERT INTO planned VALUES (?, ?, ?, ?)", row)
        if overwrite:
            return "make", ""
        known = self._known(result)
        stamp = self._stamp(known["file"] or result if known else result)
        if stamp is not None and not self._is_claimed(result):
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
        self._index.execute("INSERT OR IGNORE INTO kept VALUES (?, ?)", (folded(name), as_text(name)))

    def written_over(self) -> list[tuple[str, str]]:
        """Return the photos whose results would be written over such files, and these results."""
        rows = self._index.execute("SELECT source, result, name FROM planned NATURAL JOIN kept").fetchall()
        return [(source, result) for source, result, name in rows if self._are_one(result, name)]

    def taken(self, photo: StoredPhoto) -> tuple[str, ...]:
        """Return what lies where the copies of a photo's sidecars would go, and is not photochrom's."""
        found = []
        for sidecar in photo.sidecars:
            target = sidecar_target(Path(sidecar), Path(photo.name), Path(photo.result)).as_posix()
            stamp, known = self._stamp(as_text(target)), self._known(as_text(target))
            if stamp is not None and (known is None or known["made"] != stamp):
                found.append(target)
        return tuple(found)

    def claim(self, units: Iterable[list[dict[str, Any]]]) -> Iterator[str]:
        """Write down what will be made, before any of it is; yield the files that say so.

        Args:
            units: photos that go together, as keywords of `StoredPhoto`.
        """
        numbered = enumerate(units)
        rows = ({"unit": self._parts.unit(number), "photos": json.dumps(unit)} for number, unit in numbered)
        while some := list(islice(rows, _ROWS)):
            yield self._parts.add(PLAN, some)

    def record(self, outcome: Outcome) -> None:
        """Take note of what became of a photo.

        Raises:
            OutputError: if that cannot be written.
        """
        row = {name: as_text(outcome[name]) for name in _COLUMNS if name != "recipe"} | {"recipe": self._recipe}
        self._rows.append(row)
        for result, made in outcome.get("beside", ()):
            copy = {"result": as_text(result), "made": made, "state": "sidecar", "warnings": "[]"}
            self._rows.append(row | copy)
        if len(self._rows) >= _ROWS or time.monotonic() - self._flushed > _SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write the outcomes that wait.

        Raises:
            OutputError: if that fails.
        """
        if self._rows:
            self._parts.add(OUTCOMES, self._rows)
            self._rows = []
        self._flushed = time.monotonic()

    def finish(self) -> None:
        """Forget what was planned, once each photo of it has its outcome.

        Raises:
            OutputError: if that fails.
        """
        self.flush()
        self._parts.remove_plans()

    def _look(self) -> list[str]:
        """Take note of what lies in the folder; return the files of the ledger."""
        parts: list[str] = []
        left: list[str] = []
        try:
            for _, entries in self._output.walk(lambda name: False):
                rows = [(folded(entry.name), as_text(entry.name), entry.stamp) for entry in entries]
                self._index.executemany("INSERT OR REPLACE INTO there VALUES (?, ?, ?)", rows)
                parts += [entry.name for entry in entries if Parts.is_one(entry.name)]
                left += [entry.name for entry in entries if is_part(entry.name)]
        except PhotochromError as error:
            if self._output.look("") is not None:  # else there is no such folder yet
                raise OutputError(error.subject, error.problem, error.remedy) from error
        for name in left:  # no other call is at work here
            with suppress(PhotochromError):
                self._output.remove(name)
        return parts

    def _learn(self, name: str) -> None:
        """Take note of what an earlier call wrote down."""
        if Parts.is_plan(name):
            units = (json.loads(row["photos"]) for row in self._parts.read(name, ["photos"]))
            claims = ((as_text(photo["result"]),) for unit in units for photo in unit)
            self._index.executemany("INSERT OR IGNORE INTO claimed VALUES (?)", claims)
            return
        rows = self._parts.read(name, list(_COLUMNS))
        outcomes = [tuple(row[column] for column in _COLUMNS) for row in rows]
        # Where nothing was made, the earlier result is still there, and still photochrom's.
        earlier = ", ".join(
            f"{name} = CASE excluded.made WHEN '' THEN known.{name} ELSE excluded.{name} END"
            if name in ("file", "made")
            else f"{name} = excluded.{name}"
            for name in _COLUMNS[1:]
        )
        self._index.executemany(
            f"INSERT INTO known VALUES ({', '.join('?' * len(_COLUMNS))}) ON CONFLICT DO UPDATE SET {earlier}",
            outcomes,
        )
        self._index.executemany("DELETE FROM claimed WHERE result = ?", [row[:1] for row in outcomes])

    def _planned(self, result: str) -> list[tuple[str, str, str]]:
        """Return source, result and stamp of the photos of this call whose results' names may be this one."""
        return self._index.execute(
            "SELECT source, result, stamp FROM planned WHERE folded = ?", (folded(result),)
        ).fetchall()

    def _known(self, result: str) -> Outcome | None:
        row = self._index.execute(
            f"SELECT {', '.join(_COLUMNS)} FROM known WHERE result = ?", (result,)
        ).fetchone()
        return None if row is None else dict(zip(_COLUMNS, row, strict=True))

    def _stamp(self, name: str) -> str | None:
        """Return the stamp of what lies under a name, also where the store takes another name for this one."""
        found = self._index.execute("SELECT name, stamp FROM there WHERE folded = ?", (folded(name),)).fetchall()
        same = (stamp for other, stamp in found if other == name or self._are_one(name, other))
        return next(same, None)

    def _is_claimed(self, result: str) -> bool:
        found = self._index.execute("SELECT 1 FROM claimed WHERE result = ?", (result,)).fetchone()
        return found is not None

    def _are_one(self, one: str, other: str) -> bool:
        return one == other or are_one(self._output, one, other, self._scratch)


def _open_index(path: Path) -> sqlite3.Connection:
    """Make a database for the length of a call; nothing of it is to outlive the machine."""
    index = sqlite3.connect(path, check_same_thread=False)
    index.execute("PRAGMA synchronous = OFF")
    index.execute("PRAGMA journal_mode = OFF")
    for table, columns in {
        "known": f"({', '.join(_COLUMNS)}, PRIMARY KEY (result))",
        "there": "(folded, name, stamp, PRIMARY KEY (folded, name))",
        "claimed": "(result PRIMARY KEY)",
        "planned": "(folded, result, source, stamp, PRIMARY KEY (folded, result))",
        "kept": "(folded, name, PRIMARY KEY (folded, name))",
    }.items():
        index.execute(f"CREATE TABLE {table} {columns} WITHOUT ROWID")
    return index
