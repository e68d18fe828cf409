"""What a call did: its counts, and a row for each photo, which wait on the disk and not in memory."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from pathlib import Path
from time import perf_counter
from typing import IO

from photochrom import __version__
from photochrom.batch.groups import Groups
from photochrom.batch.manifest import COLORED, DONE
from photochrom.batch.run import Result
from photochrom.errors import OutputError, reason_of
from photochrom.io.atomic import replace_file
from photochrom.workers.engine import OpenNetwork

__all__ = ["Report", "check_report_file"]


class Report:
    """Counts results, and keeps a row of each if they are to be written in the end.

    Args:
        rows: whether they are.

    Attributes:
        done: photos that were colorized.
        failed: photos that were not.
        skipped: photos that needed no work or might have none, by reason.
        planned: photos of the call, as far as they are known; None before any are.
        notes: what was left out of folders, a line each.
        groups: photos that were made alike.
        seconds: from the beginning to `finish`.
    """

    def __init__(self, *, rows: bool) -> None:
        self.done = self.failed = 0
        self.skipped: Counter[str] = Counter()
        self.notes: list[str] = []
        self._network: dict[str, str] | None = None
        self.groups = Groups()
        self._lost: OSError | None = None
        self.seconds = 0.0
        self.planned: int | None = None
        self.stopped = False
        self._start = perf_counter()
        self._rows: IO[bytes] | None = tempfile.TemporaryFile() if rows else None  # noqa: SIM115 (kept open)

    def expect(self, photos: int) -> None:
        """Take note that so many more photos are to come."""
        self.planned = (self.planned or 0) + photos

    def opened(self, network: OpenNetwork) -> None:
        """Take note of which weights colorize."""
        card = network.card
        self._network = {"name": card.name, "version": card.version, "sha256": network.sha256}

    def add(self, result: Result) -> None:
        """Take one result."""
        self.done += result.state == "done"
        self.failed += result.state == "failed"
        if result.state == "skipped":
            self.skipped[result.reason] += 1
        self.groups.add(result.source, result.alike_to)
        if self._rows is not None:
            row = {
                "source": result.source,
                "target": result.target,
                "state": result.state,
                "reason": result.reason,
                "code": result.code,
                "warnings": result.warnings,
                "alike_to": result.alike_to,
                "seconds": round(result.seconds, 3),
            }
            try:
                self._rows.write((b",\n" if self._rows.tell() else b"\n") + _encoded(row))
            except OSError as error:  # the photos matter more: go on without rows, and say so in the end
                self._rows, self._lost = None, error

    def finish(self, *, stopped: bool = False) -> None:
        """Stop the clock.

        Args:
            stopped: whether the call ends before all was done.
        """
        self.stopped = stopped
        self.seconds = perf_counter() - self._start

    def line(self) -> str:
        """Say in one line how it went."""
        there = sum(self.skipped.values()) - self.skipped[DONE] - self.skipped[COLORED]
        why = ", ".join(f"{count:,} {reason}" for reason, count in sorted(self.skipped.items()))
        skipped = f"{sum(self.skipped.values()):,} skipped"
        if why:
            skipped += f" ({why}{'; --overwrite replaces what is there' if there else ''})"
        together = self.groups.line()
        alike = f"{together}, " if together else ""
        return f"{self.done:,} colorized, {alike}{skipped}, {self.failed:,} failed, {self.seconds:.1f} s"

    def write_file(self, path: Path) -> None:
        """Write all of it as a JSON file, whole or not at all.

        Raises:
            OutputError: if it cannot be written, or the rows are lost.
        """
        try:
            with replace_file(path) as temporary, temporary.open("wb") as file:
                self.write(file)
        except (OSError, ValueError) as error:
            raise _not_written(path, error) from error

    def write(self, file: IO[bytes]) -> None:
        """Write all of it as JSON.

        Raises:
            OutputError: if the rows are lost.
        """
        if self._lost is not None:
            raise OutputError(
                None, f"the rows of the report could not be kept ({self._lost.strerror})", "free some disk"
            )
        through = self.done + self.failed + sum(self.skipped.values())
        head = {
            "photochrom": __version__,
            "network": self._network,
            "done": self.done,
            "skipped": sum(self.skipped.values()),
            "failed": self.failed,
            "stopped": self.stopped,
            # Those that were in the works are among them: nothing of theirs is left.
            "not_begun": None if self.planned is None else max(0, self.planned - through),
            "skipped_because": dict(sorted(self.skipped.items())),
            "notes": self.notes,
            "together": self.groups.all(),
            "seconds": round(self.seconds, 3),
        }
        file.write(_encoded(head)[:-1] + b', "photos": [')
        if self._rows is not None:
            self._rows.seek(0)
            shutil.copyfileobj(self._rows, file)
        file.write(b"\n]}\n")


def check_report_file(path: Path) -> None:
    """Make sure, before hours of work, that a report can be written.

    Raises:
        OutputError: if it cannot.
    """
    folder = path.absolute().parent
    try:
        if not folder.is_dir():
            raise OutputError(path, "its folder does not exist", "make it first")
        if path.is_dir():
            raise OutputError(path, "is a folder", "give the report another name")
        with tempfile.TemporaryFile(dir=folder, prefix=".photochrom-"):  # rights say less than trying does
            pass
    except (OSError, ValueError) as error:
        raise _not_written(path, error) from error


def _not_written(path: Path, error: Exception) -> OutputError:
    return OutputError(path, f"cannot be written ({reason_of(error, path)})", "check the folder and its disk")


def _encoded(value: object) -> bytes:
    # A name that is no text holds lone surrogates, and Python's escape of them happens to be that of JSON.
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace")
