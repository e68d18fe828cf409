"""A result that is asked for again, or from where a line broke: ETag, 304, 206 and 416 (RFC 9110)."""

from __future__ import annotations

import re

from starlette.datastructures import Headers

from photochrom.server.errors import HTTPError
from photochrom.server.request_errors import RequestError

__all__ = ["knows", "wanted_range"]


def knows(headers: Headers, etag: str) -> bool:
    """Say whether a client has what an ETag stands for, as its If-None-Match says."""
    known = {tag.strip().removeprefix("W/") for tag in headers.get("if-none-match", "").split(",")}
    return etag in known or "*" in known


def wanted_range(headers: Headers, size: int, etag: str) -> range | None:
    """Say which bytes a request asks for, or None for all of them.

    Several ranges at once are answered by all bytes, and so is what is no range of bytes.

    Args:
        headers: of the request.
        size: bytes that there are.
        etag: what stands for them; a range of others, by If-Range, is none of these.

    Raises:
        HTTPError: 416 if there are no such bytes.
    """
    found = re.fullmatch(r"\s*bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", headers.get("range", ""), re.I)
    if found is None or headers.get("if-range", etag) != etag:
        return None
    first, last = found.groups()
    if not first and not last:
        return None
    if not first:
        asked = range(max(0, size - int(last)), size)
    elif last and int(last) < int(first):
        return None
    else:
        asked = range(int(first), min(size, int(last) + 1) if last else size)
    if not len(asked):
        error = RequestError(None, f"The result has {size:,} bytes, and none of those", "ask for others")
        raise HTTPError(416, error, {"Content-Range": f"bytes */{size}"})
    return asked
