"""What every answer gets: headers that browsers heed, a line in the log, a place in the metrics, and no trace."""

from __future__ import annotations

import logging
import time
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from photochrom.server.errors import CLIENT_GONE, UNEXPECTED, problem
from photochrom.server.metrics import Metrics
from photochrom.server.responses import ClientStuckError

__all__ = ["HEADERS", "Envelope"]

_log = logging.getLogger("photochrom.server")

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
        "form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Frame-Options": "DENY",
}
_QUIET = ("/healthz", "/readyz", "/metrics")  # asked every few seconds; they would fill the log


class Envelope:
    """Wraps everything else.

    Args:
        app: what lies within.
        metrics: count the requests.

    Attributes:
        under_way: requests that are not answered yet.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics
        self.under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, sent, started = 0, 0, time.perf_counter()

        async def enveloped(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                private = scope["path"].startswith("/v1")
                headers.setdefault("Cache-Control", "no-store" if private else "no-cache")
            elif message["type"] == "http.response.body":
                sent += len(message.get("body", b""))
            await send(message)

        self.under_way += 1
        try:
            await self._app(scope, receive, enveloped)
        except (ClientStuckError, ClientDisconnect):
            status = CLIENT_GONE
        except Exception:
            _log.exception("%s %s failed", scope["method"], _route(scope))
            if not status:
                status = 500
                await problem(500, UNEXPECTED)(scope, receive, enveloped)
        finally:
            self.under_way -= 1
            seconds = time.perf_counter() - started
            route, status = _route(scope), status or CLIENT_GONE
            self._metrics.count(route, scope["method"], status, seconds)
            level = logging.DEBUG if scope["path"] in _QUIET else logging.INFO
            # The route and not the path, which has a photo's id; and no name, token or address.
            _log.log(level, "%s %s %d %.3f s %d bytes", scope["method"], route, status, seconds, sent)


def _route(scope: Scope) -> str:
    route: Any = scope.get("route")
    path = getattr(route, "path", None)
    if path is None and scope["path"].startswith("/static/"):
        return "/static"
    return path or "other"
