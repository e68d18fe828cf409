"""A list whose rows wait on the disk and not in memory, for there may be millions."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from typing import Any

__all__ = ["DiskList"]


class DiskList:
    """Rows of JSON in a file without a name, which is gone with the list."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="photochrom-")  # noqa: SIM115 (kept open)
        self._count = 0

    def append(self, row: dict[str, Any]) -> None:
        """Add a row."""
        self._file.seek(0, 2)
        self._file.write(json.dumps(row).encode() + b"\n")
        self._count += 1

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[dict[str, Any]]:
        place = 0
        while True:
            self._file.seek(place)  # others may read or add meanwhile
            line = self._file.readline()
            if not line:
                return
            place = self._file.tell()
            yield json.loads(line)
