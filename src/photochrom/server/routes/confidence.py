"""How sure the network is of each place of a photo: ``/v1/photos/…/confidence``."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response

from photochrom.server.routes.common import BINARY, WORK_RESPONSES, PhotoId, ServiceDep, json_body, reads
from photochrom.server.schema import ConfidenceRequest
from photochrom.workers.jobs import Confidence

__all__ = ["router"]

router = APIRouter(prefix="/v1/photos", tags=["photos"])


@router.post(
    "/{photo_id}/confidence",
    response_class=Response,
    responses={**WORK_RESPONSES, 200: {"description": "the map", "content": {"image/png": {"schema": BINARY}}}},
    openapi_extra=json_body(ConfidenceRequest),
)
async def get_confidence(
    request: Request,
    photo_id: PhotoId,
    body: Annotated[ConfidenceRequest, reads(ConfidenceRequest)],
    service: ServiceDep,
) -> Response:
    """Get a grey map of how sure the network is; white is sure."""
    with service.photos.use(photo_id) as photo:
        return await service.answer_file(
            request, service.job(Confidence, body.options, photo, long_edge=body.long_edge)
        )
