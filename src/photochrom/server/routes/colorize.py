"""The photo in colour: ``/v1/colorize``, which keeps nothing, and ``/v1/photos/…/colorize``."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from photochrom.server.errors import HTTPError
from photochrom.server.request_errors import RequestError
from photochrom.server.routes.common import (
    IMAGE,
    RESULT_ANSWERS,
    WORK_RESPONSES,
    PhotoId,
    ServiceDep,
    image_body,
    json_body,
    read_json,
    reads,
)
from photochrom.server.schema import ColorizeOptions, ColorizeQuery
from photochrom.server.upload import Upload
from photochrom.workers.jobs import Render

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["results"])


@router.post(
    "/colorize",
    response_class=Response,
    responses={**WORK_RESPONSES, 200: IMAGE},
    openapi_extra=image_body(with_options=True),
)
async def colorize(request: Request, service: ServiceDep, query: Annotated[ColorizeQuery, Query()]) -> Response:
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
    "/photos/{photo_id}/colorize",
    response_class=Response,
    responses={**WORK_RESPONSES, 200: IMAGE},
    openapi_extra=json_body(ColorizeOptions),
)
async def colorize_photo(
    request: Request,
    photo_id: PhotoId,
    options: Annotated[ColorizeOptions, reads(ColorizeOptions)],
    service: ServiceDep,
) -> Response:
    """Get the photo in colour."""
    with service.photos.use(photo_id) as photo:
        job = service.job(Render, options, photo, target=options.target)
        return await service.answer_file(request, job, saved=True)


@router.get("/photos/{photo_id}/colorize", response_class=Response, responses={**WORK_RESPONSES, **RESULT_ANSWERS})
async def get_result(
    request: Request, photo_id: PhotoId, service: ServiceDep, query: Annotated[ColorizeQuery, Query()]
) -> Response:
    """Get the photo in colour by an address of its own, which a browser may keep and ask for in parts.

    The headers Range, If-Range and If-None-Match are heeded.
    """
    with service.photos.use(photo_id) as photo:
        job = service.job(Render, query, photo, target=query.target)
        return await service.answer_file(request, job, saved=True, photo=photo)
