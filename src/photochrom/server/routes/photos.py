"""Photos that are sent once and asked for again: ``/v1/photos``."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response, status

from photochrom.server.errors import error_responses
from photochrom.server.routes.common import (
    RESULT_ANSWERS,
    WORK_RESPONSES,
    PhotoId,
    ServiceDep,
    image_body,
    inspect_file,
)
from photochrom.server.routes.resumable import UploadLength, UploadMetadata, begin_upload, end_upload
from photochrom.server.schema import ColorizeOptions, Photo
from photochrom.server.upload import Upload
from photochrom.workers.jobs import Original

__all__ = ["router"]

router = APIRouter(prefix="/v1/photos", tags=["photos"])

_FOUND = error_responses(401, 403, 404, 409, 421, 503)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    response_description="the photo is kept, or its upload begun; Location says where",
    response_model=Photo,
    responses=error_responses(400, 401, 403, 408, 413, 415, 421, 422, 429, 500, 503, 504),
    openapi_extra=image_body(),
)
async def send_photo(
    request: Request,
    response: Response,
    service: ServiceDep,
    name: Annotated[str, Query(max_length=255, description="of a photo that is the body itself")] = "",
    length: UploadLength = None,
    metadata: UploadMetadata = None,
) -> Any:
    """Send a photo that will be asked for again; it is gone some time after its last use.

    With the header Tus-Resumable a resumable upload begins: its address, in Location, is that of the photo to be.
    """
    if "tus-resumable" in request.headers:
        return await begin_upload(request, service, length, metadata)
    service.uploads.check_room()
    async with Upload(service.spool, name) as upload:
        await upload.receive(request, limit=service.settings.upload_bytes)
        photo_id = service.photos.new_id()
        info = await inspect_file(service, request, upload.path, upload.name, photo_id)
        service.uploads.check_room()  # others may have come meanwhile
        photo = service.photos.add(photo_id, upload.path, upload.name, upload.size, info)
        upload.keep()
    response.headers["Location"] = f"{request.scope['root_path']}/v1/photos/{photo.id}"
    return photo.shown()


@router.get("/{photo_id}", response_description="the photo", responses=_FOUND)
async def get_photo(photo_id: PhotoId, service: ServiceDep) -> Photo:
    """Say what a photo is, and when it will be gone."""
    with service.photos.use(photo_id) as photo:
        return photo.shown()


@router.delete(
    "/{photo_id}", status_code=status.HTTP_204_NO_CONTENT, response_description="it is gone", responses=_FOUND
)
async def delete_photo(photo_id: PhotoId, service: ServiceDep) -> None:
    """Remove a photo, or give up an upload, now."""
    if (upload := service.uploads.get(photo_id)) is not None:
        await end_upload(service, upload)
        return
    service.photos.delete(photo_id)


@router.get("/{photo_id}/original", response_class=Response, responses={**WORK_RESPONSES, **RESULT_ANSWERS})
async def get_original(
    request: Request,
    photo_id: PhotoId,
    service: ServiceDep,
    long_edge: Annotated[int | None, Query(ge=1, le=65_535, description="pixels of its longer side")] = None,
) -> Response:
    """Get the photo as it was before, upright and of a kind that every browser shows."""
    with service.photos.use(photo_id) as photo:
        job = service.job(Original, ColorizeOptions(long_edge=long_edge), photo)
        return await service.answer_file(request, job, photo=photo)
