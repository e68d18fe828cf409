"""Names that a store may take for one: ``A`` and ``a``, or the two ways to write ``ü``."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

from photochrom.batch.search import HIDDEN
from photochrom.io.storage import Storage

__all__ = ["are_one", "as_text", "folded"]

_PROBES = f"{HIDDEN}/names"


def as_text(value: Any) -> Any:
    """Make text of a name that is none, which neither SQLite nor Parquet takes."""
    if not isinstance(value, str):
        return value
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def folded(name: str) -> str:
    """Make names equal that some store may take for one."""
    return unicodedata.normalize("NFC", as_text(name)).casefold()


def are_one(output: Storage, one: str, other: str, scratch: Path) -> bool:
    """Find out whether a store takes two names for one; a file is put there for it, and removed.

    Args:
        output: the store.
        one: a name, which is `folded` as the other.
        other: the other.
        scratch: a folder of this machine's for the file.

    Raises:
        PhotochromError: if the store fails.
    """
    empty = scratch / "empty"
    empty.touch()
    for here, there in zip(one.split("/"), other.split("/"), strict=True):
        if here == there:
            continue
        output.put(empty, f"{_PROBES}/{here}")
        try:
            if output.look(f"{_PROBES}/{there}") is None:
                return False
        finally:
            output.remove(f"{_PROBES}/{here}")
    return True
