"""The OpenAPI document, and a page that shows it without anything from elsewhere."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from fastapi import FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.staticfiles import StaticFiles

from photochrom.hints import Hint, Region
from photochrom.inference.card import Card
from photochrom.server import examples
from photochrom.server.descriptions import describe
from photochrom.server.schema import BODIES, ColorizeOptions, Problem

__all__ = ["add_documents"]

_HIDDEN: dict[str, Any] = {"include_in_schema": False}
_TAGS = [
    {"name": "photos", "description": "Photos that are sent once, and asked for again and again."},
    {"name": "results", "description": "Photos in colour."},
    {"name": "service", "description": "What the service offers and takes, and how it is."},
]
_DESCRIBED = {"ColorizeOptions": ColorizeOptions, "Hint": Hint, "Region": Region, "NetworkInfo": Card}
_OWN = Path(__file__).parent / "docs_page"


def add_documents(app: FastAPI, *, has_tokens: bool) -> None:
    """Serve the page at ``/docs``, and correct what ``/openapi.json`` says.

    Args:
        app: with all its routes.
        has_tokens: whether a token is asked for.
    """
    files = {"": _OWN / "index.html", "/start.js": _OWN / "start.js"}
    spec = find_spec("fastapi_offline")  # a package that brings Swagger UI; its code is not used
    if spec is not None and spec.submodule_search_locations:
        static = Path(spec.submodule_search_locations[0]) / "static"
        files |= {f"/{name}": static / name for name in ("swagger-ui.css", "swagger-ui-bundle.js")}
    for address, file in files.items():
        app.add_api_route(f"/docs{address}", _answer(StaticFiles(directory=file.parent), file.name), **_HIDDEN)

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app, has_tokens=has_tokens)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _answer(files: StaticFiles, name: str) -> Any:
    async def answer(request: Request) -> Response:
        return await files.get_response(name, request.scope)

    return answer


def _document(app: FastAPI, *, has_tokens: bool) -> dict[str, Any]:
    """Make the document: FastAPI's, with this service's problems in place of FastAPI's own, and tokens."""
    document = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes, tags=_TAGS
    )
    schemas = document["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    models: tuple[type[BaseModel], ...] = (Problem, *BODIES)
    wanted: list[tuple[type[BaseModel], Literal["validation"]]] = [(model, "validation") for model in models]
    schemas |= models_json_schema(wanted, ref_template="#/components/schemas/{model}")[1]["$defs"]
    describe(schemas, _DESCRIBED)
    for name in schemas.keys() & examples.SCHEMAS.keys():
        schemas[name]["examples"] = [examples.SCHEMAS[name]]
    options = schemas[ColorizeOptions.__name__]["properties"]
    for path, operations in document["paths"].items():
        for operation in operations.values():
            _correct_answers(operation, has_tokens=has_tokens)
            for parameter in operation.get("parameters", ()):
                _correct_parameter(parameter, options)
        if path == "/v1/photos":
            created = operations["post"]["responses"]["201"]
            address = {"description": "the photo's address", "schema": {"type": "string"}}
            created["headers"] = {
                "Location": {**address, "example": f"/v1/photos/{examples.PARAMETERS['photo_id']}"}
            }
    if has_tokens:
        scheme = {"type": "http", "scheme": "bearer", "description": "a token of the service's --token-file"}
        document["components"]["securitySchemes"] = {"token": scheme}
    return document


def _correct_answers(operation: dict[str, Any], *, has_tokens: bool) -> None:
    answers = operation["responses"]
    if "HTTPValidationError" in str(answers.get("422")):
        del answers["422"]
    if not has_tokens:
        answers.pop("401", None)
    elif "401" in answers:
        operation["security"] = [{"token": []}]
    for status, answer in answers.items():
        if status in ("429", "503"):
            seconds = {"description": "seconds to wait", "schema": {"type": "string"}, "example": "60"}
            answer["headers"] = {"Retry-After": seconds}


def _correct_parameter(parameter: dict[str, Any], options: dict[str, Any]) -> None:
    """Say of a parameter what the option of its name is, show one, and have lists in an address be JSON."""
    name, schema = parameter["name"], parameter.get("schema", {})
    if "description" in options.get(name, {}):
        parameter.setdefault("description", options[name]["description"])
    shown = {"example": examples.PARAMETERS[name]} if name in examples.PARAMETERS else {}
    if schema.get("contentMediaType") == "application/json":
        parameter["content"] = {"application/json": {"schema": schema["contentSchema"], **shown}}
        del parameter["schema"]
    else:
        parameter |= shown
