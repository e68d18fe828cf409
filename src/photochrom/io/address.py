"""Addresses as users give them: what is a URL, and what of it nobody else may read."""

from __future__ import annotations

import re

__all__ = ["is_url", "split_address", "split_query", "without_secrets"]

_URL = re.compile(r"[a-z][a-z0-9+.-]+://[^\s'\"<>]*", re.IGNORECASE)


def is_url(text: str) -> bool:
    """Tell a URL from a path: it starts with a scheme and two slashes."""
    return re.match(r"[a-z][a-z0-9+.-]+://", text, re.IGNORECASE) is not None


def without_secrets(text: str) -> str:
    """Return a text with what opens doors gone from the URLs in it.

    That is a password before the host, and of a web address the query: a store's signature stands there where it
    lends a file for an hour.
    """
    return _URL.sub(lambda found: _shown(found[0]), text)


def split_address(url: str) -> tuple[str, str]:
    """Split a file's URL into the address of its folder, which keeps the query, and its name."""
    place, query = split_query(url)
    above, _, name = place.rpartition("/")
    return above + query, name


def split_query(url: str) -> tuple[str, str]:
    """Split a web address before its query; elsewhere a question mark is part of a name."""
    if not re.match("https?://", url, re.IGNORECASE):
        return url, ""
    place, mark, query = url.partition("?")
    return place, mark + query


def _shown(url: str) -> str:
    place = split_query(url)[0]
    scheme, _, rest = place.partition("://")
    host, slash, path = rest.partition("/")
    user, at, host = host.rpartition("@")
    return f"{scheme}://{user.partition(':')[0]}{at}{host}{slash}{path}"
