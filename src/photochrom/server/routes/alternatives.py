"""Clearly different ways to colorize a photo: ``/v1/photos/…/alternatives``."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request

from photochrom.server.routes.common import WORK_RESPONSES, PhotoId, ServiceDep, json_body, reads
from photochrom.server.schema import AlternativesRequest, HintSet, HintSets
from photochrom.workers.jobs import Alternatives

__all__ = ["router"]

router = APIRouter(prefix="/v1/photos", tags=["photos"])


@router.post(
    "/{photo_id}/alternatives",
    response_description="the ways",
    responses=WORK_RESPONSES,
    openapi_extra=json_body(AlternativesRequest),
)
async def get_alternatives(
    request: Request,
    photo_id: PhotoId,
    body: Annotated[AlternativesRequest, reads(AlternativesRequest)],
    service: ServiceDep,
) -> HintSets:
    """Find clearly different ways to colorize a photo, as hints to put into the options."""
    with service.photos.use(photo_id) as photo:
        sets = await service.do(request, service.job(Alternatives, body.options, photo, n=body.n, seed=body.seed))
    return HintSets(alternatives=tuple(HintSet(hints=hints) for hints in sets))
