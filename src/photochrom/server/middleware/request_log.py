"""A line in the log and a place in the metrics for every request, and an answer to what nobody foresaw."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from photochrom.server.errors import CLIENT_GONE, UNEXPECTED, error_response
from photochrom.server.metrics import Metrics
from photochrom.server.middleware.root_path import route_path
from photochrom.server.responses import ClientStalledError

__all__ = ["RequestLogMiddleware"]

_log = logging.getLogger("photochrom.server")

_QUIET = ("/healthz", "/readyz", "/metrics")  # asked every few seconds; they would fill the log


class RequestLogMiddleware:
    """Counts and logs requests, and answers what nobody foresaw.

    Args:
        app: what lies within.
        metrics: count the requests.
        routes: all that there are, by which a request is counted that was refused before it came to its own.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, routes: Sequence[BaseRoute]) -> None:
        self._app, self._metrics, self._routes = app, metrics, routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, sent, started = 0, 0, time.perf_counter()
        path = route_path(scope)

        async def counted(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body":
                sent += len(message.get("body", b""))
            await send(message)

        self._metrics.in_flight += 1
        try:
            await self._app(scope, receive, counted)
        except (ClientStalledError, ClientDisconnect):
            status = CLIENT_GONE
        except Exception:
            _log.exception("%s %s failed", scope["method"], self._route(scope, path))
            if not status:
                status = 500
                await error_response(500, UNEXPECTED)(scope, receive, counted)
        finally:
            self._metrics.in_flight -= 1
            seconds = time.perf_counter() - started
            route, status = self._route(scope, path), status or CLIENT_GONE
            self._metrics.count(route, scope["method"], status, seconds)
            level = logging.DEBUG if path in _QUIET else logging.INFO
            # The route and not the path, which has a photo's id; and no name, token or address.
            _log.log(level, "%s %s %d %.3f s %d bytes", scope["method"], route, status, seconds, sent)

    def _route(self, scope: Scope, path: str) -> str:
        if path.startswith("/static/"):
            return "/static"
        route: Any = scope.get("route")
        if route is None:
            matching = (
                one for one in self._routes if hasattr(one, "path") and one.matches(scope)[0] != Match.NONE
            )
            route = next(matching, None)
        return getattr(route, "path", None) or "other"
