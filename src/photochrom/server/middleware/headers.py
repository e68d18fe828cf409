"""Headers that browsers heed, on every response."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from photochrom.server.middleware.root_path import route_path

__all__ = ["HEADERS", "SecurityHeadersMiddleware"]

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
        "manifest-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Frame-Options": "DENY",
}
_PARTS = ("text/javascript", "application/javascript", "text/css")
_OF_DOCUMENTS = {
    "Content-Security-Policy",
    "Cross-Origin-Opener-Policy",
    "Permissions-Policy",
    "X-Frame-Options",
}  # without a meaning on a script or a style sheet, of which a page has so many that they would weigh 30 KB


class SecurityHeadersMiddleware:
    """Adds the headers that a response has not of its own.

    Args:
        app: what lies within.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its response back."""
        private = scope["type"] == "http" and route_path(scope).startswith("/v1")

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                of_page = headers.get("Content-Type", "").startswith(_PARTS)
                for name, value in HEADERS.items():
                    if not (of_page and name in _OF_DOCUMENTS):
                        headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store" if private else "no-cache")
                if "Content-Encoding" in headers and headers.get("ETag", "W/").startswith('"'):
                    headers["ETag"] = f"W/{headers['ETag']}"  # the same file, but not the same bytes
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)
