"""The record of an evaluation under way: one line for each photo, so that it can go on after any stop."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from photochrom.errors import OutputError
from photochrom.evaluation.measure import Measured
from photochrom.io.atomic import make_folder, replace_file

__all__ = ["Line", "Record"]


@dataclass(frozen=True)
class Line:
    """What became of one photo: it was measured, or skipped for a reason."""

    key: str
    measured: Measured | None = None
    skipped: str = ""


class Record:
    """`measured.jsonl` in the output's folder, and `features/` beside it.

    Its first line holds what the figures depend on (`setup`). A later call with the same setup goes on; with
    another one it is refused, since figures of two setups must not meet in one table.

    Args:
        output: the evaluation's folder.
        setup: what the figures depend on, as JSON values.
        overwrite: start over, whatever the folder holds.

    Raises:
        OutputError: if the folder holds another evaluation, or cannot be written.
    """

    def __init__(self, output: Path, setup: dict[str, Any], *, overwrite: bool = False) -> None:
        make_folder(output)
        self._path, self._features = output / "measured.jsonl", output / "features"
        self.lines: dict[str, Line] = {}
        setup = json.loads(json.dumps(setup))
        try:
            if self._path.exists() and not overwrite:
                self._read(setup)
            else:
                shutil.rmtree(self._features, ignore_errors=True)  # of photos of the same numbers
                with replace_file(self._path) as temporary:
                    temporary.write_text(json.dumps(setup) + "\n", encoding="utf-8")
            self._file = self._path.open("a", encoding="utf-8")
        except OSError as error:
            raise OutputError(
                self._path, f"cannot be written ({error.strerror})", "choose another --output"
            ) from error

    def add(self, number: int, line: Line) -> None:
        """Write a photo's line; what is written stays, however the process ends.

        Args:
            number: of the photo, which names its file of features.
            line: what became of it.

        Raises:
            OutputError: if the disk is full.
        """
        entry: dict[str, Any] = {"number": number, "key": line.key}
        try:
            if line.measured is None:
                entry["skipped"] = line.skipped
            else:
                features, line.measured.features = line.measured.features, None
                entry["measured"] = asdict(line.measured)
                if features is not None:
                    make_folder(self._features)
                    with replace_file(self._features / f"{number:06}.npy") as temporary:
                        np.save(temporary, features)
                line.measured.features = features
            self._file.write(json.dumps(entry, allow_nan=False) + "\n")
            self._file.flush()
        except OSError as error:
            raise OutputError(
                self._path, f"cannot be written ({error.strerror})", "make room and start again to go on"
            ) from error
        self.lines[line.key] = line

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _read(self, setup: dict[str, Any]) -> None:
        first, *rest = self._path.read_text(encoding="utf-8").split("\n")
        if _parsed(first) != setup:
            raise OutputError(
                self._path.parent,
                "holds an evaluation of other networks, photos or options",
                "choose another --output, or start over with --overwrite",
            )
        whole = len(first.encode()) + 1
        for text in rest[:-1]:  # after the last newline there is nothing, or a line that a kill cut short
            entry = _parsed(text)
            if not isinstance(entry, dict):
                break
            whole += len(text.encode()) + 1
            measured = None
            if "measured" in entry:
                measured = Measured(**entry["measured"])
                path = self._features / f"{entry['number']:06}.npy"
                if path.exists():
                    measured.features = np.load(path)
            self.lines[entry["key"]] = Line(entry["key"], measured, entry.get("skipped", ""))
        with self._path.open("rb+") as file:
            file.truncate(whole)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return math.nan  # equal to nothing, itself included
