"""Photos that are sent once and asked for again: ``/v1/photos``."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response, status

from photochrom.server.errors import error_responses
from photochrom.server.responses import SpooledFileResponse
from photochrom.server.routes.common import IMAGE, WORK_RESPONSES, ServiceDep, image_body, inspect
from photochrom.server.schema import ColorizeOptions, Photo
from photochrom.server.upload import Upload
from photochrom.workers.jobs import Original

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


@router.get("/{photo_id}/original", response_class=Response, responses={**WORK_RESPONSES, 200: IMAGE})
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
