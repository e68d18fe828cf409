"""Hint files: colour points as JSON, which people and programs write, and photochrom suggests."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from photochrom.errors import HintError
from photochrom.hints import Hint

__all__ = ["hints_text", "read_hints"]

_HINT = TypeAdapter(Hint)
_FORM = '{"x": 0.5, "y": 0.5, "color": "#rrggbb"}'


def read_hints(path: str | Path) -> tuple[Hint, ...]:
    """Read colour points from a file.

    It holds a JSON list of objects with ``x``, ``y`` and ``color``, as `Hint` takes them, or an object with that
    list as ``hints``.

    Raises:
        HintError: if it cannot be read, is no such JSON, or an entry is no hint; the line names the entry.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8-sig"))  # Windows editors write a mark first
    except (OSError, ValueError) as error:  # a JSONDecodeError and a UnicodeDecodeError are ValueErrors
        if isinstance(error, json.JSONDecodeError):
            where = f"line {error.lineno}, column {error.colno}: {error.msg}"
            raise HintError(path, f"is no JSON ({where})", f"write a list of {_FORM}") from error
        reason = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise HintError(path, f"cannot be read as hints ({reason})", "check the path") from error
    except RecursionError as error:
        raise HintError(path, "nests too deeply for hints", f"write a list of {_FORM}") from error
    entries = content.get("hints") if isinstance(content, dict) else content
    if not isinstance(entries, list):
        raise HintError(path, "holds no list of hints", f"write a list of {_FORM}")
    return tuple(_read_entry(path, number, entry) for number, entry in enumerate(entries, 1))


def hints_text(hints: Sequence[Hint]) -> str:
    """Write colour points as `read_hints` reads them, an entry a line so that they are easily edited."""
    return "[\n" + ",\n".join(f"  {json.dumps(_HINT.dump_python(hint, mode='json'))}" for hint in hints) + "\n]\n"


def _read_entry(path: str | Path, number: int, entry: object) -> Hint:
    try:
        return _HINT.validate_python(entry)
    except ValidationError as error:
        first = error.errors()[0]
        if not isinstance(entry, dict):
            said = "is no object"
        elif first["type"] == "value_error":
            cause: HintError = first["ctx"]["error"]  # as `Hint` raises it
            raise HintError(path, f"hint {number}: {cause.problem}", cause.remedy) from error
        elif not first["loc"]:
            said = "cannot be read"
        elif first["type"] == "missing":
            said = f"has no {first['loc'][0]}"
        elif first["type"] == "unexpected_keyword_argument":
            said = f"has a {first['loc'][0]}, which no hint has"
        else:
            said = f"has a {first['loc'][0]} that cannot be read"
        raise HintError(path, f"hint {number}: {said}", f"write it as {_FORM}") from error
