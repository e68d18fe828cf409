"""What several routes share."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import ValidationError

from photochrom.server.answers import MEDIA_TYPES
from photochrom.server.jobs import Look, Seen
from photochrom.server.problems import ProblemError, invalid
from photochrom.server.schema import Wishes
from photochrom.server.service import Service
from photochrom.server.upload import Upload

__all__ = ["BINARY", "IMAGE", "Here", "image_body", "look", "read_wishes"]


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


Here = Annotated[Service, Depends(_service)]

BINARY: dict[str, Any] = {"type": "string", "format": "binary"}
IMAGE: dict[str, Any] = {
    "description": "the image",
    "content": {kind: {"schema": BINARY} for kind in sorted(set(MEDIA_TYPES.values()))},
}


def image_body(**parts: Any) -> dict[str, Any]:
    """Describe, for the OpenAPI document, a body that is a form with a photo, or the photo itself."""
    form = {"type": "object", "required": ["photo"], "properties": {"photo": BINARY, **parts}}
    kinds = {kind: {"schema": BINARY} for kind in (*sorted(set(MEDIA_TYPES.values())), "application/octet-stream")}
    return {
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": form}, **kinds}},
    }


def read_wishes(text: str) -> Wishes:
    """Read wishes from JSON.

    Raises:
        ProblemError: 400 if it is no JSON, 422 if they cannot be.
    """
    try:
        return Wishes.model_validate_json(text)
    except ValidationError as error:
        raise invalid(error) from error


async def look(service: Service, request: Request, upload: Upload, key: str | None) -> Seen:
    """See what an uploaded photo is.

    Raises:
        ProblemError: as `Service.do`.
    """
    done = await service.do(
        request, Look(upload.path, upload.name, key, options=Wishes().options(max_pixels=service.settings.pixels))
    )
    if not isinstance(done.value, Seen):
        raise ProblemError(500, "The photo was not looked at; send it again.")
    return done.value
