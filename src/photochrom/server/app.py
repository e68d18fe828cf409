"""The application: routes, the page and the documents, within the middleware."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI, Request, Response
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from photochrom import __version__
from photochrom.server.documents import add_documents
from photochrom.server.errors import add_handlers
from photochrom.server.middleware.access import AccessMiddleware
from photochrom.server.middleware.body_limit import BodyLimitMiddleware
from photochrom.server.middleware.head import HeadMiddleware
from photochrom.server.middleware.headers import SecurityHeadersMiddleware
from photochrom.server.middleware.request_log import RequestLogMiddleware
from photochrom.server.middleware.root_path import RootPathMiddleware
from photochrom.server.middleware.tus import TusMiddleware
from photochrom.server.routes import (
    alike,
    alternatives,
    candidates,
    colorize,
    confidence,
    hint_effect,
    palette,
    photos,
    resumable,
    suggestions,
)
from photochrom.server.routes import service as service_routes
from photochrom.server.routes import zip as zip_routes
from photochrom.server.service import Service

__all__ = ["make_app"]

_PAGE = Path(__file__).parent / "page"
_LEVEL = 6  # of gzip, beyond which text gets no smaller
_PACKED_ALREADY = ("image/*", "application/zip")


def make_app(service: Service) -> ASGIApp:
    """Make the ASGI application of a service."""
    app = FastAPI(
        title="photochrom",
        version=__version__,
        description="Colorizes black-and-white photographs. How to use it is told in docs/serving.md.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        generate_unique_id_function=lambda route: route.name,  # what programs call it, whatever its address
    )
    app.state.service = service
    results = colorize, alternatives, alike, suggestions, confidence, hint_effect, candidates, palette, zip_routes
    modules = photos, resumable, *results, service_routes
    routers = [module.router for module in modules]
    for router in routers:
        app.include_router(router)
    add_documents(app, has_tokens=bool(service.settings.tokens))
    files = StaticFiles(directory=_PAGE, check_dir=False)

    async def page(request: Request) -> Response:
        return await files.get_response("index.html", request.scope)

    app.add_api_route("/", page, include_in_schema=False)
    app.mount("/static", files)
    app.openapi()  # made now, for it takes a while, in which nobody else would be answered
    routes = [*app.routes, *(route for router in routers for route in router.routes)]
    add_handlers(app, routes)
    limited = BodyLimitMiddleware(app, service.settings)
    guarded = AccessMiddleware(limited, service.settings, lambda: service.draining)
    packed = GZipMiddleware(guarded, compresslevel=_LEVEL, exclude_content_types=_PACKED_ALREADY)
    logged = RequestLogMiddleware(TusMiddleware(HeadMiddleware(packed)), service.metrics, routes)
    return RootPathMiddleware(SecurityHeadersMiddleware(logged), service.settings.root_path)
