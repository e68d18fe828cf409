"""The OpenAPI document, and a page that shows it without anything from elsewhere."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import FileResponse
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from photochrom.server.schema import BODIES, Problem

__all__ = ["add_documents"]

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
        app.add_api_route(f"/docs{address}", _answer(file), include_in_schema=False)

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app, has_tokens=has_tokens)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _answer(file: Path) -> Any:
    return lambda: FileResponse(file)


def _document(app: FastAPI, *, has_tokens: bool) -> dict[str, Any]:
    """Make the document: FastAPI's, with this service's problems in place of FastAPI's own, and tokens."""
    document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    schemas = document["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    models: tuple[type[BaseModel], ...] = (Problem, *BODIES)
    wanted: list[tuple[type[BaseModel], Literal["validation"]]] = [(model, "validation") for model in models]
    schemas |= models_json_schema(wanted, ref_template="#/components/schemas/{model}")[1]["$defs"]
    for path, operations in document["paths"].items():
        for operation in operations.values():
            answers = operation["responses"]
            if "HTTPValidationError" in str(answers.get("422")):
                del answers["422"]
            if not has_tokens:
                answers.pop("401", None)
            elif "401" in answers:
                operation["security"] = [{"token": []}]
            for status, answer in answers.items():
                if status in ("429", "503"):
                    answer["headers"] = {
                        "Retry-After": {"description": "seconds to wait", "schema": {"type": "string"}}
                    }
            for parameter in operation.get("parameters", ()):
                schema = parameter.get("schema", {})
                if schema.get("contentMediaType") == "application/json":  # lists in an address
                    parameter["content"] = {"application/json": {"schema": schema["contentSchema"]}}
                    del parameter["schema"]
        if path == "/v1/photos":
            created = operations["post"]["responses"]["201"]
            created["headers"] = {"Location": {"description": "the photo's address", "schema": {"type": "string"}}}
    if has_tokens:
        document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    return document
