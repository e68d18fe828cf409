"""HEAD wherever GET is: the same answer without its body."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["HeadMiddleware"]


class HeadMiddleware:
    """Has HEAD answered by what answers GET; that of a resumable upload is another question, with its own route.

    Args:
        app: what lies within.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and the head of its response back."""
        if scope["type"] != "http" or scope["method"] != "HEAD" or "tus-resumable" in Headers(scope=scope):
            await self._app(scope, receive, send)
            return

        async def without_body(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        headers = [each for each in scope["headers"] if each[0] != b"range"]  # which is for GET alone (RFC 9110)
        asked = {**scope, "method": "GET", "headers": headers}
        try:
            await self._app(asked, receive, without_body)
        finally:
            if "route" in asked:
                scope["route"] = asked["route"]  # for the log
