"""Photos that are sent once and asked for again: ``/v1/photos``."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response, status

from photochrom.server.errors import error_responses
from photochrom.server.responses import SpooledFileResponse
from photochrom.server.routes.common import BINARY, IMAGE, ServiceDep, image_body, inspect, json_body, reads
from photochrom.server.schema import (
    AlternativesWish,
    ChoicesAnswer,
    ChoicesWish,
    ConfidenceWish,
    HintSet,
    HintSets,
    Photo,
    SuggestionsWish,
    Wishes,
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
        return await service.answer_file(request, service.job(Original, Wishes(long_edge=long_edge), photo))


@router.post(
    "/{photo_id}/colorize",
    response_class=Response,
    responses={**_WORKED, 200: IMAGE},
    openapi_extra=json_body(Wishes),
)
async def colorize_photo(
    request: Request, photo_id: str, wishes: Annotated[Wishes, reads(Wishes)], service: ServiceDep
) -> SpooledFileResponse:
    """Get the photo in colour."""
    with service.photos.use(photo_id) as photo:
        job = service.job(Render, wishes, photo, target=wishes.target)
        return await service.answer_file(request, job, saved=True)


@router.post("/{photo_id}/alternatives", responses=_WORKED, openapi_extra=json_body(AlternativesWish))
async def get_alternatives(
    request: Request,
    photo_id: str,
    wish: Annotated[AlternativesWish, reads(AlternativesWish)],
    service: ServiceDep,
) -> HintSets:
    """Find clearly different ways to colorize a photo, as hints to put into wishes."""
    with service.photos.use(photo_id) as photo:
        sets = await service.do(request, service.job(Alternatives, wish.wishes, photo, n=wish.n, seed=wish.seed))
    return HintSets(alternatives=tuple(HintSet(hints=hints) for hints in sets))


@router.post("/{photo_id}/suggestions", responses=_WORKED, openapi_extra=json_body(SuggestionsWish))
async def get_suggestions(
    request: Request, photo_id: str, wish: Annotated[SuggestionsWish, reads(SuggestionsWish)], service: ServiceDep
) -> HintSet:
    """Find the places where a colour point would help most."""
    with service.photos.use(photo_id) as photo:
        hints = await service.do(request, service.job(Suggest, wish.wishes, photo, n=wish.n))
    return HintSet(hints=hints)


@router.post(
    "/{photo_id}/confidence",
    response_class=Response,
    responses={**_WORKED, 200: {"description": "the map", "content": {"image/png": {"schema": BINARY}}}},
    openapi_extra=json_body(ConfidenceWish),
)
async def get_confidence(
    request: Request, photo_id: str, wish: Annotated[ConfidenceWish, reads(ConfidenceWish)], service: ServiceDep
) -> SpooledFileResponse:
    """Get a grey map of how sure the network is; white is sure."""
    with service.photos.use(photo_id) as photo:
        return await service.answer_file(
            request, service.job(Confidence, wish.wishes, photo, long_edge=wish.long_edge)
        )


@router.post("/{photo_id}/colors", responses=_WORKED, openapi_extra=json_body(ChoicesWish))
async def get_colors(
    request: Request, photo_id: str, wish: Annotated[ChoicesWish, reads(ChoicesWish)], service: ServiceDep
) -> ChoicesAnswer:
    """Say which colours a place of the photo may have."""
    with service.photos.use(photo_id) as photo:
        found = await service.do(request, service.job(Candidates, wish.wishes, photo, x=wish.x, y=wish.y))
    return ChoicesAnswer(lightness=found.lightness, current=found.current, suggestions=found.suggestions)
