"""Errors as programs get them: problem documents (RFC 9457), each with one sentence that says what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match

from photochrom.server.schema import Problem

__all__ = [
    "CLIENT_GONE",
    "MEDIA_TYPE",
    "ProblemError",
    "add_handlers",
    "describe",
    "invalid",
    "problem",
    "problem_answers",
]

MEDIA_TYPE = "application/problem+json"
CLIENT_GONE = 499
"""What a log says of a request whose client went away, as nginx does; nobody gets it."""

_PLAIN = {
    404: "There is nothing at this address; the addresses are listed at /docs.",
    405: "This address does not take this method; see /docs.",
}


class ProblemError(HTTPException):
    """Something that is answered with a problem document.

    Args:
        status: of HTTP.
        detail: one sentence that says what to do.
        headers: further headers of the answer.
    """

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, detail, dict(headers or {}))


def describe(status: int, detail: str) -> dict[str, Any]:
    """Make the document."""
    return Problem(title=_title(status), status=status, detail=detail).model_dump()


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Make the answer."""
    return JSONResponse(describe(status, detail), status, dict(headers or {}), MEDIA_TYPE)


def problem_answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe such answers for the OpenAPI document."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": _title(status), "content": {MEDIA_TYPE: {"schema": schema}}} for status in statuses
    }


def add_handlers(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """Have all errors answered so, those of the framework too.

    Args:
        app: whose.
        routes: all that it has, which tell the methods of an address.
    """

    def of_http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        detail = error.detail if isinstance(error, ProblemError) else _PLAIN.get(error.status_code)
        headers = {"Allow": _allowed(routes, request)} if error.status_code == 405 else error.headers
        return problem(error.status_code, detail or f"{error.detail}; see /docs.", headers)

    def of_validation(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        found = invalid(error.errors())
        return problem(found.status_code, found.detail, found.headers)

    def of_anything(_: Request, error: Exception) -> JSONResponse:
        return problem(500, "Something failed here that should not; the service's log says more.")

    app.add_exception_handler(HTTPException, of_http)
    app.add_exception_handler(Exception, of_anything)
    app.add_exception_handler(RequestValidationError, of_validation)


def invalid(errors: ValidationError | Sequence[Any]) -> ProblemError:
    """Say in one sentence what cannot be read of a request."""
    first = (errors.errors() if isinstance(errors, ValidationError) else errors)[0]
    if first["type"] == "json_invalid":
        return ProblemError(400, "The JSON cannot be read; check its commas, quotes and brackets.")
    if first["type"] in ("model_attributes_type", "model_type", "dataclass_type") and len(first["loc"]) < 2:
        return ProblemError(422, "Send a JSON object, with Content-Type: application/json.")
    where = ".".join(str(part) for part in first["loc"] if part not in ("body", "query", "path"))
    where = where[:100]
    if first["type"] == "value_error":
        said = str(first["ctx"]["error"])
    elif first["type"] == "missing":
        said = "is missing"
    elif first["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        said = "is not known here; leave it out"
    else:
        said = str(first["msg"])[:1].lower() + str(first["msg"])[1:]
    return ProblemError(422, f"{where or 'The request'}: {said}.")


def _allowed(routes: Sequence[BaseRoute], request: Request) -> str:
    """List the methods of an address, of which each route knows only its own."""
    matching = (route for route in routes if route.matches(request.scope)[0] != Match.NONE)
    return ", ".join(sorted({method for route in matching for method in getattr(route, "methods", None) or ()}))


def _title(status: int) -> str:
    return "Client Closed Request" if status == CLIENT_GONE else HTTPStatus(status).phrase
