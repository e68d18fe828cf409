"""The files of a ledger: Parquet, numbered by call and by file, since no store adds to a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from photochrom.batch.search import HIDDEN
from photochrom.errors import OutputError
from photochrom.io.storage import Storage

__all__ = ["OUTCOMES", "PLAN", "Parts"]

PLAN, OUTCOMES = "plan", "outcomes"


class Parts:
    """The files that one call adds, and those that earlier ones added.

    Args:
        output: folder of the results.
        token: what tells this call from any other.
        scratch: a folder of this machine's for files on their way.
        names: of all files of the folder of results that are those of a ledger.

    Attributes:
        earlier: files of earlier calls in the order in which they were written, each call's plan first.
    """

    def __init__(self, output: Storage, token: str, scratch: Path, names: list[str]) -> None:
        self._output, self._scratch = output, scratch
        self.earlier = sorted(names, key=_by_call)
        last = int(_by_call(self.earlier[-1])[0].partition("-")[0]) if self.earlier else 0
        self._call = f"{last + 1:06d}-{token}"  # a number, which no clock gives as surely
        self._counts = {PLAN: 0, OUTCOMES: 0}

    @staticmethod
    def is_one(name: str) -> bool:
        """Say whether a file of the folder of results is one of a ledger."""
        return name.startswith((f"{HIDDEN}/{PLAN}/", f"{HIDDEN}/{OUTCOMES}/")) and name.endswith(".parquet")

    @staticmethod
    def is_plan(name: str) -> bool:
        """Say whether a file of a ledger is a plan; else it holds outcomes."""
        return name.startswith(f"{HIDDEN}/{PLAN}/")

    def unit(self, number: int) -> str:
        """Name a unit of this call."""
        return f"{self._call}-{number:06d}"

    def add(self, kind: str, rows: list[dict[str, Any]]) -> str:
        """Write rows into a further file; return its name.

        Raises:
            OutputError: if that fails.
        """
        import pyarrow
        from pyarrow import parquet

        name, local = self._name(kind, self._counts[kind]), self._scratch / "part.parquet"
        parquet.write_table(pyarrow.Table.from_pylist(rows), local, compression="zstd")
        self._output.put(local, name)
        self._counts[kind] += 1
        return name

    def read(self, name: str, columns: list[str]) -> list[dict[str, Any]]:
        """Read the rows of a file.

        Raises:
            OutputError: if it is damaged.
            PhotoError: if it cannot be read.
        """
        from pyarrow import ArrowException, parquet

        local = self._scratch / "read.parquet"
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

    def remove_plans(self) -> None:
        """Remove the plans of this call.

        Raises:
            OutputError: if that fails.
        """
        for number in range(self._counts[PLAN]):
            self._output.remove(self._name(PLAN, number))

    def _name(self, kind: str, number: int) -> str:
        return f"{HIDDEN}/{kind}/{self._call}-{number:06d}.parquet"


def _by_call(name: str) -> tuple[str, bool, str]:
    """Order files by their calls, and in each the plan before what became of it."""
    _, kind, base = name.split("/")
    call, _, number = base.rpartition("-")
    return call, kind == OUTCOMES, number
