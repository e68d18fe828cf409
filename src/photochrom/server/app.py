"""The application: routes, the page and the documents, within the middleware."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from photochrom import __version__
from photochrom.server.documents import add_documents
from photochrom.server.errors import add_handlers
from photochrom.server.middleware.access import AccessMiddleware
from photochrom.server.middleware.body_limit import BodyLimitMiddleware
from photochrom.server.middleware.headers import SecurityHeadersMiddleware
from photochrom.server.middleware.request_log import RequestLogMiddleware
from photochrom.server.routes import alternatives, candidates, colorize, confidence, palette, photos, suggestions
from photochrom.server.routes import service as service_routes
from photochrom.server.routes import zip as zip_routes
from photochrom.server.service import Service

__all__ = ["make_app"]

_PAGE = Path(__file__).parent / "page"


def make_app(service: Service) -> ASGIApp:
    """Make the ASGI application of a service."""
    app = FastAPI(
        title="photochrom",
        version=__version__,
        description="Colorizes black-and-white photographs.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
    )
    app.state.service = service
    modules = (photos, colorize, alternatives, suggestions, confidence, candidates, zip_routes, service_routes)
    routers = [module.router for module in (*modules, palette)]
    for router in routers:
        app.include_router(router)
    add_documents(app, has_tokens=bool(service.settings.tokens))
    app.add_api_route(
        "/", lambda: FileResponse(_PAGE / "index.html"), include_in_schema=False, methods=["GET", "HEAD"]
    )
    app.mount("/static", StaticFiles(directory=_PAGE, check_dir=False))
    app.openapi()  # made now, for it takes a while, in which nobody else would be answered
    add_handlers(app, [*app.routes, *(route for router in routers for route in router.routes)])
    limited = BodyLimitMiddleware(app, service.settings)
    guarded = AccessMiddleware(limited, service.settings, lambda: service.draining)
    return SecurityHeadersMiddleware(RequestLogMiddleware(guarded, service.metrics))
