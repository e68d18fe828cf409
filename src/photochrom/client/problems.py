"""Errors of the service, made again from what it answers: RFC 9457 becomes `PhotochromError`, by its code."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import httpx

from photochrom.errors import PhotochromError, UnreachableError
from photochrom.server.refusals import ServiceError

__all__ = ["error_of", "unreachable"]


def error_of(response: httpx.Response) -> PhotochromError:
    """Make the error that an answer tells of; what is no problem document is told by its status.

    Args:
        response: whose status is 400 or more, and whose body is read.
    """
    try:
        told = response.json()
        code, subject = told["code"], told["subject"]
        parts = subject, str(told["problem"]), str(told["remedy"])
    except (ValueError, KeyError, TypeError):  # of a proxy between, or of another service
        phrase = HTTPStatus(response.status_code).phrase if response.status_code in set(HTTPStatus) else ""
        address = f"{response.request.url.scheme}://{response.request.url.netloc.decode()}"
        problem = f"answers {response.status_code} {phrase}".strip()
        return UnreachableError(address, problem, "check that a photochrom service is at that address")
    kind = _kinds().get(code)
    if kind is not None:
        return kind(*parts)
    error = ServiceError(*parts)  # of a newer service
    vars(error)["code"] = code
    return error


def unreachable(url: httpx.URL, error: httpx.HTTPError) -> UnreachableError:
    """Say that a service does not answer."""
    slow = isinstance(error, httpx.TimeoutException)
    problem = "does not answer in time" if slow else "cannot be reached, or the line to it broke"
    address = f"{url.scheme}://{url.netloc.decode()}"
    return UnreachableError(address, problem, "check the address and the network, and try again")


def _kinds() -> dict[str, type[PhotochromError]]:
    def walk(kind: type[Any]) -> list[type[Any]]:
        return [kind, *(below for child in kind.__subclasses__() for below in walk(child))]

    return {kind.code: kind for kind in walk(PhotochromError)}
