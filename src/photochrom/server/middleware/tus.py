"""What the tus protocol (1.0) asks of every request and response."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from photochrom.server.errors import HTTPError, error_response
from photochrom.server.request_errors import RequestError

__all__ = ["VERSION", "TusMiddleware", "other_version"]

VERSION = "1.0.0"
_OVERRIDABLE = ("PATCH", "DELETE", "HEAD")


class TusMiddleware:
    """Names the version in responses, refuses others, and lets clients that know only POST say what they mean.

    Args:
        app: what lies within.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its response back."""
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        if "tus-resumable" not in headers:
            await self._app(scope, receive, send)
            return

        async def with_version(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Tus-Resumable"] = VERSION
            await send(message)

        if headers["tus-resumable"] != VERSION:
            found = other_version()
            await error_response(found.status_code, found.error, found.headers)(scope, receive, with_version)
            return
        meant = headers.get("x-http-method-override", "").upper()
        if scope["method"] == "POST" and meant in _OVERRIDABLE:
            scope = {**scope, "method": meant}  # a copy: the connection answers what it was asked, with a body
        await self._app(scope, receive, with_version)


def other_version() -> HTTPError:
    """Say that a request is of another version of the protocol, or of none."""
    error = RequestError(None, "This is no request of tus 1.0.0", f"send Tus-Resumable: {VERSION}")
    return HTTPError(412, error, {"Tus-Version": VERSION})
