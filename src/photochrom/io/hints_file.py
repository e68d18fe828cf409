"""Hint files: hints and protected regions as JSON, which people and programs write, and photochrom suggests."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from photochrom.errors import HintError
from photochrom.hints import Hint, Region

__all__ = ["HintsFile", "hints_schema", "hints_text", "read_hints"]

T = TypeVar("T", Hint, Region)

_VERSION = 1
_HINT, _REGION = TypeAdapter(Hint), TypeAdapter(Region)
_HINT_FORM = '{"x": 0.5, "y": 0.5, "color": "#rrggbb"}'
_REGION_FORM = '{"area": [[0.1, 0.1], [0.4, 0.1], [0.4, 0.5]]}'
_FORM = f'{{"version": {_VERSION}, "hints": [{_HINT_FORM}]}}'


class HintsFile(BaseModel):
    """Hints of one photo, and the regions that they leave alone.

    Attributes:
        version: of what files may hold.
        hints: as `Options.hints` takes them.
        protected: as `Options.protected` takes them.
    """

    model_config = ConfigDict(
        title="Hints of photochrom", frozen=True, extra="forbid", json_schema_extra={"required": ["version"]}
    )

    version: Literal[1] = 1
    hints: tuple[Hint, ...] = ()
    protected: tuple[Region, ...] = ()


def read_hints(path: str | Path) -> HintsFile:
    """Read hints from a file.

    It holds a JSON object with ``version``, ``hints`` and ``protected``, as `hints_schema` says. Files from before
    there were versions are read as well: a list of hints, or an object with that list as ``hints``.

    Raises:
        HintError: if it cannot be read, is no such JSON or of a later version, or an entry is no hint or region;
            the line names the entry.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8-sig"))  # Windows editors write a mark first
    except (OSError, ValueError) as error:  # a JSONDecodeError and a UnicodeDecodeError are ValueErrors
        if isinstance(error, json.JSONDecodeError):
            where = f"line {error.lineno}, column {error.colno}: {error.msg}"
            raise HintError(path, f"is no JSON ({where})", f"write {_FORM}") from error
        reason = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise HintError(path, f"cannot be read as hints ({reason})", "check the path") from error
    except RecursionError as error:
        raise HintError(path, "nests too deeply for hints", f"write {_FORM}") from error
    parts = content if isinstance(content, dict) else {"hints": content}
    if "version" in parts:
        _check_version(path, parts)
    elif not isinstance(parts.get("hints"), list):
        raise HintError(path, "holds no list of hints", f"write {_FORM}")
    hints, protected = (parts.get(name, []) for name in ("hints", "protected"))
    for name, entries in (("hints", hints), ("protected", protected)):
        if not isinstance(entries, list):
            raise HintError(path, f"holds {name} that are no list", f"write {_FORM}")
    return HintsFile(
        hints=tuple(_read_entry(path, f"hint {n}", entry, _HINT, _HINT_FORM) for n, entry in enumerate(hints, 1)),
        protected=tuple(
            _read_entry(path, f"protected region {n}", entry, _REGION, _REGION_FORM)
            for n, entry in enumerate(protected, 1)
        ),
    )


def hints_text(hints: Sequence[Hint], protected: Sequence[Region] = ()) -> str:
    """Write hints and regions as `read_hints` reads them, an entry a line so that they are easily edited."""
    parts = [
        f'  "version": {_VERSION}',
        _listed("hints", [_HINT.dump_python(hint, mode="json") for hint in hints]),
    ]
    if protected:
        parts.append(_listed("protected", [_REGION.dump_python(region, mode="json") for region in protected]))
    return "{\n" + ",\n".join(parts) + "\n}\n"


def hints_schema() -> dict[str, Any]:
    """Return what a file may hold, as a JSON Schema (2020-12)."""
    schema = HintsFile.model_json_schema()
    schema["properties"]["$schema"] = {"type": "string"}  # by which editors find this
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _listed(name: str, entries: Sequence[Any]) -> str:
    if not entries:
        return f'  "{name}": []'
    return f'  "{name}": [\n' + ",\n".join(f"    {json.dumps(entry)}" for entry in entries) + "\n  ]"


def _check_version(path: str | Path, parts: dict[str, Any]) -> None:
    if parts["version"] != _VERSION:
        problem = (
            f"is of version {json.dumps(parts['version'])[:20]} of hints, and this photochrom reads {_VERSION}"
        )
        raise HintError(path, problem, "update photochrom")
    known = {"$schema", *HintsFile.model_fields}
    if unknown := next((name for name in parts if name not in known), None):
        raise HintError(path, f"has {json.dumps(unknown)[:60]}, which is not known here", f"write {_FORM}")


def _read_entry(path: str | Path, name: str, entry: object, kind: TypeAdapter[T], form: str) -> T:
    try:
        return kind.validate_python(entry)
    except ValidationError as error:
        first = error.errors()[0]
        if not isinstance(entry, dict):
            said = "is no object"
        elif first["type"] == "value_error":
            cause: HintError = first["ctx"]["error"]  # as `Hint` and `Region` raise it
            raise HintError(path, f"{name}: {cause.problem}", cause.remedy) from error
        elif not first["loc"]:
            said = "cannot be read"
        elif first["type"] == "unexpected_keyword_argument":
            said = f"has a {first['loc'][0]}, which no {name.split()[-2]} has"
        else:
            said = f"has a {first['loc'][0]} that cannot be read"
        raise HintError(path, f"{name}: {said}", f"write it as {form}") from error
