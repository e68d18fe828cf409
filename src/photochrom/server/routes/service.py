"""What the service says of itself: networks, limits, health, metrics."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse

from photochrom.server.errors import HTTPError, error_responses
from photochrom.server.request_errors import UnavailableError
from photochrom.server.routes.common import ServiceDep
from photochrom.server.schema import Limits, NetworkInfo, Networks

__all__ = ["router"]

router = APIRouter(tags=["service"])

_TOLD = error_responses(401, 403, 421, 503)


@router.get("/v1/networks", response_description="the networks", responses=_TOLD)
async def get_networks(service: ServiceDep) -> Networks:
    """List the networks that this service offers."""
    networks = service.networks
    return Networks(default=networks[0].card.name, networks=tuple(map(NetworkInfo.of, networks)))


@router.get("/v1/limits", response_description="the limits", responses=_TOLD)
async def get_limits(service: ServiceDep) -> Limits:
    """Say what this service takes, and how long it keeps photos."""
    settings = service.settings
    return Limits(
        upload_bytes=settings.upload_bytes,
        pixels=settings.pixels,
        keep_seconds=settings.keep_seconds,
        photos=settings.photos,
        token_required=bool(settings.tokens),
    )


@router.get(
    "/healthz",
    response_description="it is alive",
    response_class=PlainTextResponse,
    responses=error_responses(421),
)
async def get_health() -> str:
    """Say that the service is alive."""
    return "alive\n"


@router.get(
    "/readyz",
    response_description="photos may be sent",
    response_class=PlainTextResponse,
    responses=error_responses(421, 503),
)
async def get_readiness(service: ServiceDep) -> str:
    """Say whether photos may be sent."""
    if service.draining or not service.pool.ready:
        what = "ending" if service.draining else "opening its networks"
        error = UnavailableError(None, f"The service is {what}", "try again in a little while")
        raise HTTPError(503, error, {"Retry-After": "5"})
    return "ready\n"


@router.get(
    "/metrics",
    response_description="counts in the text format of Prometheus",
    response_class=PlainTextResponse,
    responses=error_responses(401, 403, 421),
)
async def get_metrics(service: ServiceDep) -> Response:
    """Say what was counted, for Prometheus."""
    return Response(service.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")
