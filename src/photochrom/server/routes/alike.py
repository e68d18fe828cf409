"""A photo alike to others: ``/v1/photos/…/alike``."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request

from photochrom.server.routes.common import WORK_RESPONSES, PhotoId, ServiceDep, json_body, reads
from photochrom.server.schema import AlikeRequest, TakenHints
from photochrom.workers.jobs import Alike, Survey

__all__ = ["router"]

router = APIRouter(prefix="/v1/photos", tags=["photos"])


@router.post(
    "/{photo_id}/alike",
    response_description="the hints",
    responses=WORK_RESPONSES,
    openapi_extra=json_body(AlikeRequest),
)
async def get_taken_hints(
    request: Request,
    photo_id: PhotoId,
    body: Annotated[AlikeRequest, reads(AlikeRequest)],
    service: ServiceDep,
) -> TakenHints:
    """Find the colours that a photo takes over from others where both show the same, as hints for the options."""
    exemplars = []
    for source in body.like:
        with service.photos.use(source.id) as photo:
            own = "yes" if source.own_colors else "no"
            survey = service.job(Survey, source.options, photo, own_colors=own)
            exemplars.append(await service.do(request, survey))
    with service.photos.use(photo_id) as photo:
        job = service.job(Alike, body.options, photo, exemplars=tuple(exemplars))
        hints, places = await service.do(request, job)
    return TakenHints(hints=hints, places=tuple(places))
