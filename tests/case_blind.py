"""A store that does not tell A from a, for fsspec."""

from __future__ import annotations

from typing import Any

from fsspec.implementations.memory import MemoryFileSystem


class CaseBlind(MemoryFileSystem):
    """Takes A and a for one, as the disks of Windows and macOS do, and keeps names as they were put."""

    protocol = "case-blind"
    store: dict[str, Any] = {}  # noqa: RUF012 - fsspec's own is shared as well
    pseudo_dirs = [""]  # noqa: RUF012

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        plain = super()._strip_protocol(path.replace("case-blind://", "memory://"))
        known = {name.casefold(): name for name in cls.store}
        return known.get(plain.casefold(), plain)
