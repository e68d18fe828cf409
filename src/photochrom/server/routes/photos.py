"""Photos that are sent once and asked for again: ``/v1/photos``."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response, status

from photochrom.server.errors import error_responses
from photochrom.server.responses import SpooledFileResponse
from photochrom.server.routes.common import BINARY, IMAGE, ServiceDep, image_body, inspect, json_body, reads
from photochrom.server.schema import (
    AlternativesRequest,
    CandidateColors,
    CandidatesRequest,
    ColorizeOptions,
    ConfidenceRequest,
    HintSet,
    HintSets,
    Photo,
    SuggestionsRequest,
)
from photochrom.server.upload import Upload
from photochrom.workers.jobs import Alternatives, Candidates, Confidence, Original, Render, Suggest

__all__ = ["router"]

router = APIRouter(prefix="/v1/photos", tags=["photos"])

_FOUND = error_responses(401, 403, 404, 421, 503)
_WORKED = error_responses(400, 401, 403, 404, 408, 413, 415, 421, 422, 429, 500, 503, 504)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=error_responses(400, 401, 403, 408, 413, 415, 421, 422, 429, 500, 503, 504),
    openapi_extra=image_body(),
)
async def send_photo(
    request: Request,
    response: Response,
    service: ServiceDep,
    name: Annotated[str, Query(max_length=255, description="of a photo that is the body itself")] = "",
) -> Photo:
    """Send a photo that will be asked for again; it is gone some time after its last use."""
    service.photos.check_room()
    async with Upload(service.spool, name) as upload:
        await upload.receive(request, limit=service.settings.upload_bytes)
        photo_id = service.photos.new_id()
        info = await inspect(service, request, upload, photo_id)
        service.photos.check_room()  # others may have come meanwhile
        photo = service.photos.add(photo_id, upload.path, upload.name, upload.size, info)
        upload.keep()
    response.headers["Location"] = f"/v1/photos/{photo.id}"
    return photo.shown()


@router.get("/{photo_id}", responses=_FOUND)
async def get_photo(photo_id: str, service: ServiceDep) -> Photo:
    """Say what a photo is, and when it will be gone."""
    with service.photos.use(photo_id) as photo:
        return photo.shown()


@router.delete("/{photo_id}", status_code=status.HTTP_204_NO_CONTENT, responses=_FOUND)
async def delete_photo(photo_id: str, service: ServiceDep) -> None:
    """Remove a photo now."""
    service.photos.delete(photo_id)


@router.get("/{photo_id}/original", response_class=Response, responses={**_WORKED, 200: IMAGE})
async def get_original(
    request: Request,
    photo_id: str,
    service: ServiceDep,
    long_edge: Annotated[int | None, Query(ge=1, le=65_535, description="pixels of its longer side")] = None,
) -> SpooledFileResponse:
    """Get the photo as it was before, upright and of a kind that every browser shows."""
    with service.photos.use(photo_id) as photo:
        return await service.answer_file(
            request, service.job(Original, ColorizeOptions(long_edge=long_edge), photo)
        )


@router.post(
    "/{photo_id}/colorize",
    response_class=Response,
    responses={**_WORKED, 200: IMAGE},
    openapi_extra=json_body(ColorizeOptions),
)
async def colorize_photo(
    request: Request,
    photo_id: str,
    options: Annotated[ColorizeOptions, reads(ColorizeOptions)],
    service: ServiceDep,
) -> SpooledFileResponse:
    """Get the photo in colour."""
    with service.photos.use(photo_id) as photo:
        job = service.job(Render, options, photo, target=options.target)
        return await service.answer_file(request, job, saved=True)


@router.post("/{photo_id}/alternatives", responses=_WORKED, openapi_extra=json_body(AlternativesRequest))
async def get_alternatives(
    request: Request,
    photo_id: str,
    body: Annotated[AlternativesRequest, reads(AlternativesRequest)],
    service: ServiceDep,
) -> HintSets:
    """Find clearly different ways to colorize a photo, as hints to put into the options."""
    with service.photos.use(photo_id) as photo:
        sets = await service.do(request, service.job(Alternatives, body.options, photo, n=body.n, seed=body.seed))
    return HintSets(alternatives=tuple(HintSet(hints=hints) for hints in sets))


@router.post("/{photo_id}/suggestions", responses=_WORKED, openapi_extra=json_body(SuggestionsRequest))
async def get_suggestions(
    request: Request,
    photo_id: str,
    body: Annotated[SuggestionsRequest, reads(SuggestionsRequest)],
    service: ServiceDep,
) -> HintSet:
    """Find the places where a colour point would help most."""
    with service.photos.use(photo_id) as photo:
        hints = await service.do(request, service.job(Suggest, body.options, photo, n=body.n))
    return HintSet(hints=hints)


@router.post(
    "/{photo_id}/confidence",
    response_class=Response,
    responses={**_WORKED, 200: {"description": "the map", "content": {"image/png": {"schema": BINARY}}}},
    openapi_extra=json_body(ConfidenceRequest),
)
async def get_confidence(
    request: Request,
    photo_id: str,
    body: Annotated[ConfidenceRequest, reads(ConfidenceRequest)],
    service: ServiceDep,
) -> SpooledFileResponse:
    """Get a grey map of how sure the network is; white is sure."""
    with service.photos.use(photo_id) as photo:
        return await service.answer_file(
            request, service.job(Confidence, body.options, photo, long_edge=body.long_edge)
        )


@router.post("/{photo_id}/colors", responses=_WORKED, openapi_extra=json_body(CandidatesRequest))
async def get_colors(
    request: Request,
    photo_id: str,
    body: Annotated[CandidatesRequest, reads(CandidatesRequest)],
    service: ServiceDep,
) -> CandidateColors:
    """Say which colours a place of the photo may have."""
    with service.photos.use(photo_id) as photo:
        found = await service.do(request, service.job(Candidates, body.options, photo, x=body.x, y=body.y))
    return CandidateColors(lightness=found.lightness, current=found.current, suggestions=found.suggestions)
