"""Errors as programs get them: problem documents (RFC 9457), with the parts and the code of an error."""

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

from photochrom.errors import PhotochromError, UnexpectedError
from photochrom.server.field_errors import field_error
from photochrom.server.request_errors import NotFoundError, RequestError
from photochrom.server.schema import Problem

__all__ = [
    "CHECKSUM_MISMATCH",
    "CLIENT_GONE",
    "MEDIA_TYPE",
    "UNEXPECTED",
    "HTTPError",
    "add_handlers",
    "error_document",
    "error_response",
    "error_responses",
    "validation_error",
]

MEDIA_TYPE = "application/problem+json"
CHECKSUM_MISMATCH = 460
"""What the tus protocol answers where bytes came that are others than were sent."""
CLIENT_GONE = 499
"""What a log says of a request whose client went away, as nginx does; nobody gets it."""
_TITLES = {CHECKSUM_MISMATCH: "Checksum Mismatch", CLIENT_GONE: "Client Closed Request"}
UNEXPECTED = UnexpectedError(None, "Something failed here that should not", "the service's log says more")


class HTTPError(HTTPException):
    """Something that is answered with a problem document.

    Args:
        status: of HTTP.
        error: what went wrong.
        headers: further headers of the answer.
    """

    def __init__(self, status: int, error: PhotochromError, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, str(error), dict(headers or {}))
        self.error = error


def error_document(status: int, error: PhotochromError) -> dict[str, Any]:
    """Make the document."""
    return Problem(
        title=_title(status),
        status=status,
        detail=str(error),
        code=error.code,
        subject=error.subject,
        problem=error.problem,
        remedy=error.remedy,
    ).model_dump()


def error_response(status: int, error: PhotochromError, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Make the answer."""
    return JSONResponse(error_document(status, error), status, dict(headers or {}), MEDIA_TYPE)


def error_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
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
        found = error.error if isinstance(error, HTTPError) else _of_framework(error)
        headers = {"Allow": _allowed(routes, request)} if error.status_code == 405 else error.headers
        return error_response(error.status_code, found, headers)

    def of_validation(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        found = validation_error(error.errors())
        return error_response(found.status_code, found.error, found.headers)

    def of_anything(_: Request, error: Exception) -> JSONResponse:
        return error_response(500, UNEXPECTED)

    app.add_exception_handler(HTTPException, of_http)
    app.add_exception_handler(Exception, of_anything)
    app.add_exception_handler(RequestValidationError, of_validation)


def validation_error(errors: ValidationError | Sequence[Any]) -> HTTPError:
    """Say what cannot be read of a request."""
    return HTTPError(*field_error(errors))


def _of_framework(error: HTTPException) -> PhotochromError:
    """Say what the framework itself refuses: an address, a method."""
    if error.status_code == 404:
        problem = "There is nothing at this address"
        return NotFoundError(None, problem, "the addresses are listed at /docs")
    if error.status_code == 405:
        return RequestError(None, "This address does not take this method", "see /docs")
    return RequestError(None, _title(error.status_code), "see /docs")


def _allowed(routes: Sequence[BaseRoute], request: Request) -> str:
    """List the methods of an address, of which each route knows only its own."""
    matching = (route for route in routes if route.matches(request.scope)[0] != Match.NONE)
    methods = {method for route in matching for method in getattr(route, "methods", None) or ()}
    return ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))


def _title(status: int) -> str:
    return _TITLES.get(status) or HTTPStatus(status).phrase
