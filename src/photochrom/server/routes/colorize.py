"""One photo in, the photo in colour out, and nothing kept: ``/v1/colorize``; and many as one file: ``/v1/zip``."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from photochrom.server.errors import HTTPError, error_responses
from photochrom.server.refusals import RequestError
from photochrom.server.responses import SpooledFileResponse, TimedStreamingResponse
from photochrom.server.routes.common import BINARY, IMAGE, ServiceDep, image_body, json_body, read_json, reads
from photochrom.server.schema import ColorizeOptions, ColorizeQuery, ZipRequest
from photochrom.server.upload import Upload
from photochrom.server.zipping import stream_zip
from photochrom.workers.jobs import Render

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["results"])

_ANSWERS = error_responses(400, 401, 403, 404, 408, 413, 415, 421, 422, 429, 500, 503, 504)


@router.post(
    "/colorize",
    response_class=Response,
    responses={**_ANSWERS, 200: IMAGE},
    openapi_extra=image_body(with_options=True),
)
async def colorize(
    request: Request, service: ServiceDep, query: Annotated[ColorizeQuery, Query()]
) -> SpooledFileResponse:
    """Send a photo, get it in colour: in a form with `options` as JSON, or as the body with them as the query."""
    async with Upload(service.spool) as upload:
        await upload.receive(request, limit=service.settings.upload_bytes)
        options: ColorizeOptions = query
        if "options" in upload.texts:
            if request.query_params:
                problem = "Options come in the form or in the query, not in both"
                raise HTTPError(400, RequestError(None, problem, "leave one out"))
            options = read_json(ColorizeOptions, upload.texts["options"])
        job = Render(
            photo=upload.path,
            name=upload.name,
            network=service.network(options.network),
            options=options.engine_options(max_pixels=service.settings.pixels),
            target=options.target,
        )
        return await service.answer_file(request, job, saved=True)


@router.post(
    "/zip",
    response_class=Response,
    responses={**_ANSWERS, 200: {"description": "the file", "content": {"application/zip": {"schema": BINARY}}}},
    openapi_extra=json_body(ZipRequest),
)
async def get_zip(
    request: Request, body: Annotated[ZipRequest, reads(ZipRequest)], service: ServiceDep
) -> TimedStreamingResponse:
    """Get several photos in colour as one file; one that fails is a text there that says why."""
    for item in body.items:
        service.network(item.options.network)
    headers = {"Content-Disposition": 'attachment; filename="colorized.zip"'}
    return TimedStreamingResponse(stream_zip(service, request, body.items), "application/zip", headers)
