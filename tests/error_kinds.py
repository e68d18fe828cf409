"""Every kind of error that photochrom has, found by walking the subclasses."""

from __future__ import annotations

from photochrom.errors import PhotochromError
from photochrom.server import request_errors  # noqa: F401 - its classes are kinds too

__all__ = ["KINDS"]


def _walk(kind: type[PhotochromError]) -> list[type[PhotochromError]]:
    return [kind, *(below for child in kind.__subclasses__() for below in _walk(child))]


KINDS = list(dict.fromkeys(kind for kind in _walk(PhotochromError) if kind.__module__.startswith("photochrom.")))
