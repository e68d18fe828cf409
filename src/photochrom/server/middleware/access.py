"""Who may ask: by which host name, from which site, with which token."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from photochrom.server.errors import HTTPError, error_response
from photochrom.server.middleware.root_path import route_path
from photochrom.server.request_errors import AccessError, TokenError, UnavailableError
from photochrom.server.settings import Settings

__all__ = ["AccessMiddleware", "is_guarded"]

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_HEALTH = ("/healthz", "/readyz")
_PORTS = {"http": 80, "https": 443}


def is_guarded(path: str) -> bool:
    """Say whether a path needs a token where there are tokens."""
    return path.startswith("/v1/") or path in ("/v1", "/metrics")


class AccessMiddleware:
    """Refuses who is not to ask: strange hosts, other sites' pages, wrong tokens, and all when the service ends.

    Args:
        app: what lies behind.
        settings: hosts and tokens.
        draining: says whether the service is ending.
    """

    def __init__(self, app: ASGIApp, settings: Settings, draining: Callable[[], bool]) -> None:
        self._app, self._tokens, self._draining = app, settings.tokens, draining
        on_loopback = settings.host in _LOOPBACK
        # A page of another site may have its own name lead to this computer's loopback (DNS rebinding).
        checked = on_loopback or settings.allowed_hosts
        self._named = {*map(str.lower, settings.allowed_hosts)}
        self._hosts = {*_LOOPBACK, *self._named} if checked else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] == "http" and (found := self._refusal(route_path(scope), Headers(scope=scope))):
            await error_response(found.status_code, found.error, found.headers)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _refusal(self, path: str, headers: Headers) -> HTTPError | None:
        if path in _HEALTH:  # whose askers go by numbers
            return None
        if self._hosts is not None and _host(headers.get("host", "")) not in self._hosts:
            return HTTPError(
                421,
                AccessError(
                    None,
                    "This service is not known by that name here",
                    "start it with --allow-host and the name",
                ),
            )
        if not is_guarded(path):
            return None
        if self._is_of_another_site(headers):
            error = AccessError(None, "Pages of other sites may not use this service", "open its own page")
            return HTTPError(403, error)
        if self._tokens and not self._knows(headers.get("authorization", "")):
            token = TokenError(None, "A token is needed", "send it as Authorization: Bearer TOKEN")
            return HTTPError(401, token, {"WWW-Authenticate": "Bearer"})
        if self._draining() and path != "/metrics":
            ending = UnavailableError(None, "The service is ending", "try again in a little while")
            return HTTPError(503, ending, {"Retry-After": "10"})
        return None

    def _is_of_another_site(self, headers: Headers) -> bool:
        site = headers.get("sec-fetch-site")
        if site is not None:  # browsers say so themselves, whatever a proxy makes of the names
            return site in ("cross-site", "same-site")
        origin = headers.get("origin")  # which older ones send
        if origin is None:
            return False
        try:
            parts = urlsplit(origin)
            name, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme)
        except ValueError:
            return True
        if name in self._named:  # a proxy may leave its own port off
            return False
        # Behind a proxy the scheme is another, and with it the port that is not written.
        host = headers.get("host", "")
        own = re.search(r":(\d{1,5})$", host)
        return name != _host(host) or port not in ({int(own[1])} if own else set(_PORTS.values()))

    def _knows(self, authorization: str) -> bool:
        scheme, _, token = authorization.partition(" ")
        digest = hashlib.sha256(token.strip().encode("latin-1", "replace")).digest()
        # All are compared, so that time tells nothing.
        known = [hmac.compare_digest(digest, one) for one in self._tokens]
        return scheme.lower() == "bearer" and any(known)


def _host(header: str) -> str:
    """Take the name from a Host header: ``localhost:8000``, ``[::1]:8000``."""
    found = re.fullmatch(r"\[([0-9a-fA-F:.]+)\](?::\d+)?|([^:\[\]]+)(?::\d+)?", header)
    return (found[1] or found[2]).lower() if found else ""
