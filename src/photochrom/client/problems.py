"""Errors of the service, made again from what it answers: RFC 9457 becomes `PhotochromError`, by its code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

import httpx

from photochrom.errors import PhotochromError, UnreachableError
from photochrom.server.request_errors import ServiceError

__all__ = ["error_of", "no_service", "understood", "unreachable"]


def error_of(response: httpx.Response) -> PhotochromError:
    """Make the error that an answer tells of; what is no problem document is told by its status.

    Args:
        response: whose status is no success, and whose body is read.
    """
    try:
        told = response.json()
        code, subject = told["code"], told["subject"]
        parts = subject, str(told["problem"]), str(told["remedy"])
    except (ValueError, KeyError, TypeError, RecursionError):  # of a proxy between, or of another service
        phrase = HTTPStatus(response.status_code).phrase if response.status_code in set(HTTPStatus) else ""
        leads = f" and leads to {response.headers['Location']}" if response.has_redirect_location else ""
        return no_service(response.request.url, f"answers {response.status_code} {phrase}".strip() + leads)
    kind = _kinds().get(code)
    if kind is not None:
        return kind(*parts)
    error = ServiceError(*parts)  # of a newer service
    vars(error)["code"] = code
    return error


def no_service(url: httpx.URL, problem: str) -> UnreachableError:
    """Say that what answers is no service of ours."""
    return UnreachableError(_address(url), problem, "check that a photochrom service is at that address")


@contextmanager
def understood(url: httpx.URL) -> Iterator[None]:
    """Have an answer without what it should hold told as one of another service."""
    try:
        yield
    except PhotochromError:  # of which some are ValueErrors too
        raise
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise no_service(url, "answers otherwise than a photochrom service does") from error


def unreachable(url: httpx.URL, error: httpx.HTTPError) -> UnreachableError:
    """Say that a service does not answer."""
    slow = isinstance(error, httpx.TimeoutException)
    problem = "does not answer in time" if slow else "cannot be reached, or the line to it broke"
    return UnreachableError(_address(url), problem, "check the address and the network, and try again")


def _address(url: httpx.URL) -> str:
    return f"{url.scheme}://{url.netloc.decode()}"


def _kinds() -> dict[str, type[PhotochromError]]:
    def walk(kind: type[Any]) -> list[type[Any]]:
        return [kind, *(below for child in kind.__subclasses__() for below in walk(child))]

    return {kind.code: kind for kind in walk(PhotochromError)}
