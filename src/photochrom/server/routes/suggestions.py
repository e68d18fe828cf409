"""Where a hint would help most: ``/v1/photos/…/suggestions``."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request

from photochrom.server.routes.common import WORK_RESPONSES, PhotoId, ServiceDep, json_body, reads
from photochrom.server.schema import HintSet, SuggestionsRequest
from photochrom.workers.jobs import Suggest

__all__ = ["router"]

router = APIRouter(prefix="/v1/photos", tags=["photos"])


@router.post(
    "/{photo_id}/suggestions",
    response_description="the places",
    responses=WORK_RESPONSES,
    openapi_extra=json_body(SuggestionsRequest),
)
async def get_suggestions(
    request: Request,
    photo_id: PhotoId,
    body: Annotated[SuggestionsRequest, reads(SuggestionsRequest)],
    service: ServiceDep,
) -> HintSet:
    """Find the places where a colour point would help most."""
    with service.photos.use(photo_id) as photo:
        hints = await service.do(request, service.job(Suggest, body.options, photo, n=body.n))
    return HintSet(hints=hints)
