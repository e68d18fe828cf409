"""What is wrong with a request's fields: pydantic finds it, and it is said here, in this service's own words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from photochrom.errors import HintError, PhotochromError, reason_of
from photochrom.server.request_errors import FieldError, RequestError

__all__ = ["field_error"]

_LONGEST = 100  # letters of a field's name
_PLACES = ("body", "query", "path", "header")
_NO_OBJECT = ("model_attributes_type", "model_type", "dataclass_type")

Said = tuple[str, str]


def _limit(problem: str, remedy: str, key: str) -> Callable[[Mapping[str, Any]], Said]:
    return lambda found: (problem.format(found[key]), remedy.format(found[key]))


def _plain(problem: str, remedy: str) -> Callable[[Mapping[str, Any]], Said]:
    return lambda _: (problem, remedy)


_NUMBER = _plain("is no number", "send a number")
_WHOLE = _plain("is no whole number that can be read", "send a whole number")
_YES_OR_NO = _plain("is neither true nor false", "send true or false")
_LIST = _plain("is no list", "send a list: [ … ]")
_TEXT = _plain("is no text", 'send a text: "…"')
_JSON = _plain("is no JSON that can be read", "check its commas, quotes and brackets")
_UNKNOWN = _plain("is not known here", "leave it out")
_SAYINGS: dict[str, Callable[[Mapping[str, Any]], Said]] = {
    "missing": _plain("is missing", "send it"),
    "extra_forbidden": _UNKNOWN,
    "unexpected_keyword_argument": _UNKNOWN,
    "json_invalid": _JSON,
    "json_type": _JSON,
    **dict.fromkeys(("float_type", "float_parsing", "finite_number"), _NUMBER),
    **dict.fromkeys(("int_type", "int_parsing", "int_parsing_size", "int_from_float"), _WHOLE),
    **dict.fromkeys(("bool_type", "bool_parsing"), _YES_OR_NO),
    **dict.fromkeys(("tuple_type", "list_type"), _LIST),
    **dict.fromkeys(("string_type", "string_unicode", "string_sub_type"), _TEXT),
    **dict.fromkeys(_NO_OBJECT, _plain("is no object", "send an object: { … }")),
    "greater_than_equal": _limit("is less than {:g}", "send {:g} or more", "ge"),
    "less_than_equal": _limit("is more than {:g}", "send {:g} or less", "le"),
    "greater_than": _limit("is not more than {:g}", "send more than {:g}", "gt"),
    "less_than": _limit("is not less than {:g}", "send less than {:g}", "lt"),
    "too_long": _limit("has more than {} items", "send at most {}", "max_length"),
    "too_short": _limit("has fewer items than {}", "send at least {}", "min_length"),
    "string_too_long": _limit("has more than {} letters", "shorten it to {}", "max_length"),
    "string_too_short": _limit("has fewer letters than {}", "send at least {}", "min_length"),
    "literal_error": _limit("is none of {}", "use one of them", "expected"),
    "enum": _limit("is none of {}", "use one of them", "expected"),
}
"""What is said, by the type of pydantic's finding."""


def field_error(errors: ValidationError | Sequence[Any]) -> tuple[int, PhotochromError]:
    """Say what cannot be read of a request, as a status and an error.

    Args:
        errors: what pydantic found, of which the first is told.
    """
    first = (errors.errors() if isinstance(errors, ValidationError) else errors)[0]
    kind, parts = first["type"], [part for part in first["loc"] if part not in _PLACES]
    field = ".".join(map(str, parts))[:_LONGEST]
    if kind == "json_invalid" and not field:
        return 400, RequestError(None, "The JSON cannot be read", "check its commas, quotes and brackets")
    if kind in _NO_OBJECT and not field:
        problem = "The body is no JSON object"
        return 422, RequestError(None, problem, "send one, with Content-Type: application/json")
    colours = [at for at, part in enumerate(parts) if str(part).startswith("tuple[")]
    if colours:  # a colour is a text or two numbers, and this is neither
        where = ".".join(map(str, parts[: colours[0]]))
        return 422, HintError(where, "is no colour", 'write it as "#rrggbb", or as the two numbers a, b')
    if kind == "value_error":  # our own finding, and so our own words
        cause = first["ctx"]["error"]
        if isinstance(cause, PhotochromError):
            return 422, cause.about(field or "The request")
        return 422, FieldError(field or "The request", reason_of(cause), "send another value")
    say = _SAYINGS.get(kind) or _plain("is not what is asked for here", "see /docs")
    status = 400 if kind == "json_invalid" else 422
    return status, FieldError(field or "The request", *say(first.get("ctx") or {}))
