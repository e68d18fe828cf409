"""A service below a path of its host: ``https://example.org/photos/`` in place of ``https://photos.example.org/``."""

from __future__ import annotations

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["RootPathMiddleware", "route_path"]


class RootPathMiddleware:
    """Tells what lies within that it is below a path, whether or not the proxy leaves that path off.

    Args:
        app: what lies within.
        root_path: such as ``"/photos"``; empty for the root.
    """

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        self._app, self._root = app, root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] == "http" and self._root:
            path = scope["path"]
            below = path == self._root or path.startswith(f"{self._root}/")
            if path == self._root:  # or addresses in the page would be taken for its neighbours'
                await RedirectResponse(f"{self._root}/")(scope, receive, send)
                return
            scope = {**scope, "root_path": self._root, "path": path if below else self._root + path}
        await self._app(scope, receive, send)


def route_path(scope: Scope) -> str:
    """Return a request's path as the routes know it."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))
