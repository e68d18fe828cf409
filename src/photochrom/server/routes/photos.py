"""Photos that are sent once and asked for again: ``/v1/photos``."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response, status

from photochrom.server.errors import problem_answers
from photochrom.server.jobs import Alternatives, Choose, Colorize, Confidence, Original, Suggest
from photochrom.server.responses import FileAnswer
from photochrom.server.routes.common import BINARY, IMAGE, Here, image_body, json_body, look, reads
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

__all__ = ["router"]

router = APIRouter(prefix="/v1/photos", tags=["photos"])

_FOUND = problem_answers(401, 403, 404, 421, 503)
_WORKED = problem_answers(400, 401, 403, 404, 408, 413, 415, 421, 422, 429, 500, 503, 504)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=problem_answers(400, 401, 403, 408, 413, 415, 421, 422, 429, 500, 503, 504),
    openapi_extra=image_body(),
)
async def send_photo(
    request: Request,
    response: Response,
    service: Here,
    name: Annotated[str, Query(max_length=255, description="of a photo that is the body itself")] = "",
) -> Photo:
    """Send a photo that will be asked for again; it is gone some time after its last use."""
    service.photos.check_room()
    async with Upload(service.spool, name) as upload:
        await upload.receive(request, limit=service.settings.upload_bytes)
        photo_id = service.photos.new_id()
        seen = await look(service, request, upload, photo_id)
        service.photos.check_room()  # others may have come meanwhile
        photo = service.photos.add(photo_id, upload.path, upload.name, upload.size, seen)
        upload.keep()
    response.headers["Location"] = f"/v1/photos/{photo.id}"
    return photo.shown()


@router.get("/{photo_id}", responses=_FOUND)
async def get_photo(photo_id: str, service: Here) -> Photo:
    """Say what a photo is, and when it will be gone."""
    with service.photos.use(photo_id) as photo:
        return photo.shown()


@router.delete("/{photo_id}", status_code=status.HTTP_204_NO_CONTENT, responses=_FOUND)
async def delete_photo(photo_id: str, service: Here) -> None:
    """Remove a photo now."""
    service.photos.delete(photo_id)


@router.get("/{photo_id}/original", response_class=Response, responses={**_WORKED, 200: IMAGE})
async def get_original(
    request: Request,
    photo_id: str,
    service: Here,
    long_edge: Annotated[int | None, Query(ge=1, le=65_535, description="pixels of its longer side")] = None,
) -> FileAnswer:
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
    request: Request, photo_id: str, wishes: Annotated[Wishes, reads(Wishes)], service: Here
) -> FileAnswer:
    """Get the photo in colour."""
    suffix = f".{wishes.format}" if wishes.format else None
    with service.photos.use(photo_id) as photo:
        job = service.job(Colorize, wishes, photo, suffix=suffix)
        return await service.answer_file(request, job, saved=True)


@router.post("/{photo_id}/alternatives", responses=_WORKED, openapi_extra=json_body(AlternativesWish))
async def get_alternatives(
    request: Request, photo_id: str, wish: Annotated[AlternativesWish, reads(AlternativesWish)], service: Here
) -> HintSets:
    """Find clearly different ways to colorize a photo, as hints to put into wishes."""
    with service.photos.use(photo_id) as photo:
        done = await service.do(request, service.job(Alternatives, wish.wishes, photo, n=wish.n, seed=wish.seed))
    return HintSets(alternatives=tuple(HintSet(hints=hints) for hints in done.value))


@router.post("/{photo_id}/suggestions", responses=_WORKED, openapi_extra=json_body(SuggestionsWish))
async def get_suggestions(
    request: Request, photo_id: str, wish: Annotated[SuggestionsWish, reads(SuggestionsWish)], service: Here
) -> HintSet:
    """Find the places where a colour point would help most."""
    with service.photos.use(photo_id) as photo:
        done = await service.do(request, service.job(Suggest, wish.wishes, photo, n=wish.n))
    return HintSet(hints=done.value)


@router.post(
    "/{photo_id}/confidence",
    response_class=Response,
    responses={**_WORKED, 200: {"description": "the map", "content": {"image/png": {"schema": BINARY}}}},
    openapi_extra=json_body(ConfidenceWish),
)
async def get_confidence(
    request: Request, photo_id: str, wish: Annotated[ConfidenceWish, reads(ConfidenceWish)], service: Here
) -> FileAnswer:
    """Get a grey map of how sure the network is; white is sure."""
    with service.photos.use(photo_id) as photo:
        return await service.answer_file(
            request, service.job(Confidence, wish.wishes, photo, long_edge=wish.long_edge)
        )


@router.post("/{photo_id}/colors", responses=_WORKED, openapi_extra=json_body(ChoicesWish))
async def get_colors(
    request: Request, photo_id: str, wish: Annotated[ChoicesWish, reads(ChoicesWish)], service: Here
) -> ChoicesAnswer:
    """Say which colours a place of the photo may have."""
    with service.photos.use(photo_id) as photo:
        done = await service.do(request, service.job(Choose, wish.wishes, photo, x=wish.x, y=wish.y))
    found = done.value
    return ChoicesAnswer(lightness=found.lightness, current=found.current, suggestions=found.suggestions)
