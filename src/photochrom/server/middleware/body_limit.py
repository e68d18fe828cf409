"""How much and how slowly may be sent, whichever route reads it."""

from __future__ import annotations

import asyncio
import re

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from photochrom.server.errors import HTTPError, error_response
from photochrom.server.middleware.root_path import route_path
from photochrom.server.request_errors import TooLongError, TooSlowError
from photochrom.server.settings import Settings

__all__ = ["BodyLimitMiddleware"]

_UPLOADS = re.compile(r"POST /v1/(photos|colorize)|PATCH /v1/photos/[^/]+")
_FORM = 1 << 20  # bytes that a form may add to its photo, and of other bodies
_GRACE = 30.0  # seconds that any body may take, and
_SLOWEST = 16_384  # bytes a second that it must come with beyond


class BodyLimitMiddleware:
    """Cuts bodies that are too long or too slow.

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
        is_upload = _UPLOADS.fullmatch(f"{scope['method']} {route_path(scope)}") is not None
        limit = _FORM + (self._settings.upload_bytes if is_upload else 0)
        most = f"At most {limit - _FORM if is_upload else limit:,} bytes may be sent here"
        too_long = HTTPError(413, TooLongError(None, most, "send less"), {"Connection": "close"})
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdecimal() and int(declared) > limit:
            await error_response(413, too_long.error, too_long.headers)(scope, receive, send)
            return
        clock = asyncio.get_running_loop().time
        started, total, complete = clock(), 0, False

        async def watched() -> Message:
            nonlocal total, complete
            if complete:
                return await receive()
            left = _GRACE + total / _SLOWEST - (clock() - started)
            try:
                # Not wait_for: that of Python 3.11 forgets that it was cancelled where a message is there already.
                async with asyncio.timeout(max(0.0, min(self._settings.idle_seconds, left))):
                    message = await receive()
            except TimeoutError:
                slow = TooSlowError(None, "The photo came too slowly", "try again on a faster line")
                raise HTTPError(408, slow) from None
            if message["type"] == "http.request":
                total += len(message.get("body", b""))
                complete = not message.get("more_body", False)
                if total > limit:
                    raise too_long
            return message

        await self._app(scope, watched, send)
