"""What several routes share."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from fastapi import Path as InPath
from pydantic import BaseModel, ValidationError

from photochrom.io.formats import MEDIA_TYPES
from photochrom.server.errors import HTTPError, error_responses, validation_error
from photochrom.server.request_errors import RequestError
from photochrom.server.schema import ColorizeOptions
from photochrom.server.service import Service
from photochrom.workers.jobs import Inspect, PhotoInfo

__all__ = [
    "BINARY",
    "IMAGE",
    "RESULT_ANSWERS",
    "WORK_RESPONSES",
    "PhotoId",
    "ServiceDep",
    "image_body",
    "inspect_file",
    "json_body",
    "read_json",
    "reads",
]

_SHORT = 16_384  # bytes of JSON that are read in no time; more, and others would wait for it

M = TypeVar("M", bound=BaseModel)


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


ServiceDep = Annotated[Service, Depends(_service)]
PhotoId = Annotated[str, InPath(description="id of a kept photo, as `POST /v1/photos` told it")]

BINARY: dict[str, Any] = {"type": "string", "format": "binary"}
IMAGE: dict[str, Any] = {
    "description": "the image",
    "content": {kind: {"schema": BINARY} for kind in sorted(set(MEDIA_TYPES.values()))},
}

_ETAG = {"ETag": {"description": "stands for these very bytes", "schema": {"type": "string"}, "example": '"6c1f"'}}
RESULT_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {**IMAGE, "headers": _ETAG},
    206: {
        **IMAGE,
        "description": "the bytes that the header Range asks for",
        "headers": {
            **_ETAG,
            "Content-Range": {
                "description": "which bytes these are, and of how many",
                "schema": {"type": "string"},
                "example": "bytes 1000-1999/2000",
            },
        },
    },
    304: {"description": "the client has it, as its If-None-Match says", "headers": _ETAG},
    **error_responses(416),
}
"""Of a result that GET gives: a browser may keep it, and ask for it in parts."""

# What may come of a request that gives a worker something to do.
WORK_RESPONSES = error_responses(400, 401, 403, 404, 408, 409, 413, 415, 421, 422, 429, 500, 503, 504)


def image_body(*, with_options: bool = False) -> dict[str, Any]:
    """Describe, for the OpenAPI document, a body that is a form with a photo, or the photo itself."""
    form: dict[str, Any] = {
        "type": "object",
        "required": ["photo"],
        "properties": {"photo": BINARY},
        "additionalProperties": False,
    }
    described: dict[str, Any] = {"schema": form}
    if with_options:
        form["properties"]["options"] = {"$ref": "#/components/schemas/ColorizeOptions"}
        described["encoding"] = {"options": {"contentType": "application/json"}}
    kinds = {kind: {"schema": BINARY} for kind in sorted(set(MEDIA_TYPES.values()))}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": described, **kinds}}}


def json_body(model: type[BaseModel]) -> dict[str, Any]:
    """Describe, for the OpenAPI document, a body of JSON."""
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def reads(model: type[BaseModel]) -> Any:
    """Read a body of JSON, as `read_json` does, for a route's argument."""

    async def read(request: Request) -> BaseModel:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            problem = "The body is no JSON"
            raise HTTPError(415, RequestError(None, problem, "send JSON, with Content-Type: application/json"))
        body = await request.body()
        if len(body) < _SHORT:
            return read_json(model, body)
        return await asyncio.to_thread(read_json, model, body)

    return Depends(read)


def read_json(model: type[M], text: str | bytes) -> M:
    """Read JSON at its word: no text for a number, no number for a yes or no.

    FastAPI's own way of reading bodies knows strictness only of Python's types, in which JSON's lists are none.

    Raises:
        HTTPError: 400 if it is no JSON, 422 if it is not what is asked for.
    """
    try:
        return model.model_validate_json(text, strict=True)
    except ValidationError as error:
        raise validation_error(error) from error


async def inspect_file(
    service: Service, request: Request | None, path: Path, name: str, key: str | None
) -> PhotoInfo:
    """See what a photo in the spool is.

    Raises:
        HTTPError: as `Service.do`.
    """
    options = ColorizeOptions().engine_options(max_pixels=service.settings.pixels)
    return await service.do(request, Inspect(photo=path, name=name, key=key, options=options))
