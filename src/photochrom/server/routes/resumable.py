"""Photos that come bit by bit, over lines that break: the tus protocol, 1.0 (https://tus.io).

An upload has the address of the photo that it becomes. `POST /v1/photos` begins one (`photos.py`).
"""

from __future__ import annotations

import base64
import binascii
from email.utils import formatdate
from typing import Annotated

from fastapi import APIRouter, Header, Request, Response, status

from photochrom.server.errors import CHECKSUM_MISMATCH, HTTPError, error_responses
from photochrom.server.middleware.tus import VERSION, other_version
from photochrom.server.photo_store import gone
from photochrom.server.request_errors import FieldError, RequestError, TooLongError
from photochrom.server.resumable import Checksum, ResumableUpload
from photochrom.server.routes.common import BINARY, PhotoId, ServiceDep, inspect_file
from photochrom.server.service import Service

__all__ = ["UPLOAD_HEADERS", "UploadLength", "UploadMetadata", "begin_upload", "end_upload", "router"]

router = APIRouter(prefix="/v1/photos", tags=["photos"])

_BYTES = "application/offset+octet-stream"
_ALGORITHMS = ("sha1", "sha256")
_EXTENSIONS = ("creation", "creation-with-upload", "expiration", "termination", "checksum")


def _header(text: str, example: int | str) -> dict[str, object]:
    kind = "integer" if isinstance(example, int) else "string"
    return {"description": text, "schema": {"type": kind}, "example": example}


UPLOAD_HEADERS = {
    "Tus-Resumable": _header("the version of the protocol, to requests that name it", VERSION),
    "Upload-Offset": _header("bytes of the photo that are here", 1_000_000),
    "Upload-Expires": _header("when the upload is given up unless it goes on before", formatdate(0, usegmt=True)),
}
"""Of responses about an upload, for the OpenAPI document."""

_OFFSET_BODY = {
    "requestBody": {
        "required": True,
        "description": "the next bytes of the photo",
        "content": {_BYTES: {"schema": BINARY}},
    }
}
_CONTINUED = error_responses(
    *(400, 401, 403, 404, 408, 409, 412, 413, 415, 421, 422, 429, CHECKSUM_MISMATCH, 500, 503, 504)
)
_ASKED = error_responses(401, 403, 404, 412, 413, 415, 421, 422, 500, 503, 504)

UploadLength = Annotated[
    int | None, Header(alias="Upload-Length", ge=0, le=2**53, description="of a resumable upload: its bytes")
]
UploadMetadata = Annotated[
    str | None,
    Header(
        alias="Upload-Metadata",
        max_length=4096,
        description="of a resumable upload: `filename` and, after a space, the photo's name in Base64",
    ),
]


@router.options(
    "",
    status_code=status.HTTP_204_NO_CONTENT,
    response_description="the headers Tus-… say it",
    responses=error_responses(401, 403, 421, 503),
    summary="Ask what resumable uploads may do",
)
async def get_upload_abilities(service: ServiceDep) -> Response:
    """Say which version and extensions of the tus protocol are known, and how large a photo may be."""
    headers = {
        "Tus-Resumable": VERSION,
        "Tus-Version": VERSION,
        "Tus-Extension": ",".join(_EXTENSIONS),
        "Tus-Max-Size": str(service.settings.upload_bytes),
        "Tus-Checksum-Algorithm": ",".join(_ALGORITHMS),
    }
    return Response(status_code=204, headers=headers)


@router.head(
    "/{photo_id}",
    response_class=Response,
    responses={**_ASKED, 200: {"description": "how far it is", "headers": UPLOAD_HEADERS}},
    summary="Ask how far a resumable upload is",
)
async def get_upload(photo_id: PhotoId, service: ServiceDep) -> Response:
    """Say how many bytes of a resumable upload are here, in the header Upload-Offset: all, once it is a photo.

    A request that is still going on with the upload is ended. Without the header Tus-Resumable this is the head of
    the answer to GET.
    """
    upload = service.uploads.get(photo_id)
    if upload is not None:
        await service.uploads.claim(upload)
        upload.lock.release()
        if service.uploads.get(photo_id) is not None:
            return Response(headers={"Upload-Length": str(upload.length), **_so_far(upload)})
    with service.photos.use(photo_id) as photo:
        return Response(headers={"Upload-Offset": str(photo.size), "Upload-Length": str(photo.size)})


@router.patch(
    "/{photo_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses={**_CONTINUED, 204: {"description": "the bytes are here", "headers": UPLOAD_HEADERS}},
    openapi_extra=_OFFSET_BODY,
    summary="Go on with a resumable upload",
)
async def continue_upload(
    request: Request,
    photo_id: PhotoId,
    service: ServiceDep,
    offset: Annotated[
        int | None, Header(alias="Upload-Offset", ge=0, le=2**53, description="bytes that are there already")
    ] = None,
    checksum: Annotated[
        str | None,
        Header(
            alias="Upload-Checksum",
            max_length=200,
            description="of these bytes: `sha1` or `sha256` and, after a space, the digest in Base64",
        ),
    ] = None,
    version: Annotated[
        str | None, Header(alias="Tus-Resumable", description="the version of the protocol: 1.0.0")
    ] = None,
) -> Response:
    """Send the next bytes of a photo; after the last one it is checked and kept, as by an ordinary upload."""
    if version is None:
        raise other_version()
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _BYTES:
        raise HTTPError(415, RequestError(None, "The body is no part of an upload", f"send it as {_BYTES}"))
    if offset is None:
        raise HTTPError(422, FieldError("Upload-Offset", "is missing", "send it"))
    upload, wanted = service.uploads.get(photo_id), _read_checksum(checksum)
    if upload is None:
        with service.photos.use(photo_id) as photo:
            return _take_nothing(photo.size, offset)
    await _continue(request, service, upload, offset, wanted)
    return Response(status_code=204, headers=_so_far(upload))


async def begin_upload(request: Request, service: Service, length: int | None, metadata: str | None) -> Response:
    """Begin a resumable upload, with its first bytes where the request has some.

    Raises:
        HTTPError: 413 if the photo is too large, 422 if its length is not told, 503 if there is no room; as
            `continue_upload` of the bytes.
    """
    if length is None:
        raise HTTPError(422, FieldError("Upload-Length", "is missing", "send it"))
    most = service.settings.upload_bytes
    if length > most:
        problem = f"The photo has more than the {most:,} bytes that are allowed"
        raise HTTPError(413, TooLongError(None, problem, "shrink it"))
    upload = service.uploads.create(length, _read_name(metadata))
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == _BYTES or not length:
        try:
            await _continue(request, service, upload, 0, _read_checksum(request.headers.get("upload-checksum")))
        except Exception:
            service.uploads.remove(upload)  # nobody has heard of its address
            raise
    headers = {"Location": f"{request.scope['root_path']}/v1/photos/{upload.id}", **_so_far(upload)}
    return Response(status_code=201, headers=headers)


async def end_upload(service: Service, upload: ResumableUpload) -> None:
    """Give up an upload."""
    if upload.refusal is None:
        await service.uploads.claim(upload)
        upload.lock.release()
    if service.uploads.get(upload.id) is None:  # it became a photo meanwhile
        service.photos.delete(upload.id)
    else:
        service.uploads.remove(upload)


async def _continue(
    request: Request, service: Service, upload: ResumableUpload, offset: int, checksum: Checksum | None
) -> None:
    await service.uploads.claim(upload)
    try:
        await service.uploads.receive(upload, offset, request.stream(), checksum)
        if upload.size == upload.length:
            # For its client may be gone by now, and come back for it.
            check = inspect_file(service, None, upload.path, upload.name, upload.id)
            await service.uploads.finish(upload, check)
    finally:
        upload.lock.release()


def _so_far(upload: ResumableUpload) -> dict[str, str]:
    return {"Upload-Offset": str(upload.size), "Upload-Expires": formatdate(upload.expires, usegmt=True)}


def _take_nothing(size: int, offset: int) -> Response:
    """Answer a request that goes on with what is finished: the answer to its last bytes was lost."""
    if offset != size:
        raise gone()
    return Response(status_code=204, headers={"Upload-Offset": str(size)})


def _read_name(metadata: str | None) -> str:
    """Take the photo's name from what a client says about it.

    Raises:
        HTTPError: 400 if that cannot be read.
    """
    said: dict[str, str] = {}
    for pair in (metadata or "").split(","):
        key, _, value = pair.strip().partition(" ")
        try:
            said[key] = base64.b64decode(value, validate=True).decode("utf-8", "replace")
        except (binascii.Error, ValueError) as error:
            remedy = "write keys and, after a space, values in Base64, with commas between"
            raise HTTPError(400, FieldError("Upload-Metadata", "cannot be read", remedy)) from error
    return said.get("filename") or said.get("name") or ""


def _read_checksum(text: str | None) -> Checksum | None:
    """Read the header Upload-Checksum.

    Raises:
        HTTPError: 400 if it cannot be read, or is of an algorithm that is not known.
    """
    if text is None:
        return None
    algorithm, _, digest = text.strip().partition(" ")
    try:
        if algorithm in _ALGORITHMS:
            return Checksum(algorithm, base64.b64decode(digest, validate=True))
    except (binascii.Error, ValueError):
        pass
    remedy = f"write {' or '.join(_ALGORITHMS)} and, after a space, the digest in Base64"
    raise HTTPError(400, FieldError("Upload-Checksum", "cannot be read", remedy))
