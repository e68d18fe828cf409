"""What every request passes before it reaches a route: who may ask, and how much and how slowly may be sent."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from photochrom.server.errors import ProblemError, problem
from photochrom.server.refusals import AccessError, TokenError, TooLongError, TooSlowError, UnavailableError
from photochrom.server.settings import Settings

__all__ = ["BodyGate", "Gate", "is_guarded"]

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_HEALTH = ("/healthz", "/readyz")
_UPLOADS = ("/v1/photos", "/v1/colorize")
_FORM = 1 << 20  # bytes that a form may add to its photo, and of other bodies
_GRACE = 30.0  # seconds that any body may take, and
_SLOWEST = 16_384  # bytes a second that it must come with beyond


def is_guarded(path: str) -> bool:
    """Say whether a path needs a token where there are tokens."""
    return path.startswith("/v1/") or path in ("/v1", "/metrics")


class Gate:
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
        self._hosts = {*_LOOPBACK, *map(str.lower, settings.allowed_hosts)} if checked else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] == "http" and (found := self._refusal(scope["path"], Headers(scope=scope))):
            await problem(found.status_code, found.error, found.headers)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _refusal(self, path: str, headers: Headers) -> ProblemError | None:
        if path in _HEALTH:  # whose askers go by numbers
            return None
        if self._hosts is not None and _host(headers.get("host", "")) not in self._hosts:
            return ProblemError(
                421,
                AccessError(
                    None,
                    "This service is not known by that name here",
                    "start it with --allow-host and the name",
                ),
            )
        if not is_guarded(path):
            return None
        # Browsers say so themselves, whatever a proxy makes of the names.
        if headers.get("sec-fetch-site") in ("cross-site", "same-site"):
            error = AccessError(None, "Pages of other sites may not use this service", "open its own page")
            return ProblemError(403, error)
        if self._tokens and not self._knows(headers.get("authorization", "")):
            token = TokenError(None, "A token is needed", "send it as Authorization: Bearer TOKEN")
            return ProblemError(401, token, {"WWW-Authenticate": "Bearer"})
        if self._draining() and path != "/metrics":
            ending = UnavailableError(None, "The service is ending", "try again in a little while")
            return ProblemError(503, ending, {"Retry-After": "10"})
        return None

    def _knows(self, authorization: str) -> bool:
        scheme, _, token = authorization.partition(" ")
        digest = hashlib.sha256(token.strip().encode("latin-1", "replace")).digest()
        # All are compared, so that time tells nothing.
        known = [hmac.compare_digest(digest, one) for one in self._tokens]
        return scheme.lower() == "bearer" and any(known)


class BodyGate:
    """Cuts bodies that are too long or too slow, whichever route reads them.

    Args:
        app: what lies behind.
        settings: the limits.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app, self._settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with its body watched."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_upload = scope["method"] == "POST" and scope["path"] in _UPLOADS
        limit = _FORM + (self._settings.upload_bytes if is_upload else 0)
        most = f"At most {limit - _FORM if is_upload else limit:,} bytes may be sent here"
        too_long = ProblemError(413, TooLongError(None, most, "send less"), {"Connection": "close"})
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdecimal() and int(declared) > limit:
            await problem(413, too_long.error, too_long.headers)(scope, receive, send)
            return
        clock = asyncio.get_running_loop().time
        started, total, complete = clock(), 0, False

        async def watched() -> Message:
            nonlocal total, complete
            if complete:
                return await receive()
            left = _GRACE + total / _SLOWEST - (clock() - started)
            try:
                message = await asyncio.wait_for(receive(), max(0.0, min(self._settings.idle_seconds, left)))
            except TimeoutError:
                slow = TooSlowError(None, "The photo came too slowly", "try again on a faster line")
                raise ProblemError(408, slow) from None
            if message["type"] == "http.request":
                total += len(message.get("body", b""))
                complete = not message.get("more_body", False)
                if total > limit:
                    raise too_long
            return message

        await self._app(scope, watched, send)


def _host(header: str) -> str:
    """Take the name from a Host header: ``localhost:8000``, ``[::1]:8000``."""
    found = re.fullmatch(r"\[([0-9a-fA-F:.]+)\](?::\d+)?|([^:\[\]]+)(?::\d+)?", header)
    return (found[1] or found[2]).lower() if found else ""
