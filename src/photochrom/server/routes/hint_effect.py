"""What one hint changes, as far as it reaches: ``/v1/photos/…/hint-effect``."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response

from photochrom.errors import HintError
from photochrom.server.errors import HTTPError
from photochrom.server.routes.common import BINARY, WORK_RESPONSES, PhotoId, ServiceDep, json_body, reads
from photochrom.server.schema import HintEffectRequest
from photochrom.workers.jobs import HintEffect

__all__ = ["router"]

router = APIRouter(prefix="/v1/photos", tags=["photos"])


@router.post(
    "/{photo_id}/hint-effect",
    response_class=Response,
    responses={**WORK_RESPONSES, 200: {"description": "the map", "content": {"image/png": {"schema": BINARY}}}},
    openapi_extra=json_body(HintEffectRequest),
)
async def get_hint_effect(
    request: Request,
    photo_id: PhotoId,
    body: Annotated[HintEffectRequest, reads(HintEffectRequest)],
    service: ServiceDep,
) -> Response:
    """Get a grey map of how far one hint moves the colours, beside all others: a level for each CIELAB unit."""
    if body.hint >= len(body.options.hints):
        problem = f"The options hold {len(body.options.hints)} hints, and hint {body.hint} is asked for"
        raise HTTPError(422, HintError("hint", problem, "count from 0"))
    with service.photos.use(photo_id) as photo:
        job = service.job(HintEffect, body.options, photo, hint=body.hint, long_edge=body.long_edge)
        return await service.answer_file(request, job)
