"""Several photos in colour as one file: ``/v1/zip``."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response

from photochrom.server.photo_store import gone
from photochrom.server.responses import TimedStreamingResponse
from photochrom.server.routes.common import BINARY, WORK_RESPONSES, ServiceDep, json_body, reads
from photochrom.server.schema import ZipRequest
from photochrom.server.zipping import stream_zip

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["results"])


@router.post(
    "/zip",
    response_class=Response,
    responses={
        **WORK_RESPONSES,
        200: {"description": "the file", "content": {"application/zip": {"schema": BINARY}}},
    },
    openapi_extra=json_body(ZipRequest),
)
async def get_zip(
    request: Request, body: Annotated[ZipRequest, reads(ZipRequest)], service: ServiceDep
) -> TimedStreamingResponse:
    """Get several photos in colour as one file; one that fails is a text there that says why."""
    for item in body.items:
        service.network(item.options.network)
    if all(service.photos.name(item.id) is None for item in body.items):
        raise gone()
    headers = {"Content-Disposition": 'attachment; filename="colorized.zip"'}
    return TimedStreamingResponse(stream_zip(service, request, body.items), "application/zip", headers)
