"""The colours that one place of a photo may have: ``/v1/photos/…/colors``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Request

from photochrom.server.routes.common import WORK_RESPONSES, PhotoId, ServiceDep, json_body, reads
from photochrom.server.schema import CandidateColors, CandidatesRequest
from photochrom.workers.jobs import Candidates

__all__ = ["router"]

router = APIRouter(prefix="/v1/photos", tags=["photos"])


@router.post(
    "/{photo_id}/colors",
    response_description="the colours",
    responses=WORK_RESPONSES,
    openapi_extra=json_body(CandidatesRequest),
)
async def get_colors(
    request: Request,
    photo_id: PhotoId,
    body: Annotated[CandidatesRequest, reads(CandidatesRequest)],
    service: ServiceDep,
) -> CandidateColors:
    """Say which colours a place of the photo may have."""
    with service.photos.use(photo_id) as photo:
        found = await service.do(request, service.job(Candidates, body.options, photo, x=body.x, y=body.y))
    return CandidateColors(**asdict(found))
