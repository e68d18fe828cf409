"""The OpenAPI document tells people and programs everything: what each thing is, and what it may look like."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

OPERATIONS = {
    "colorize": "POST /v1/colorize",
    "colorize_photo": "POST /v1/photos/{photo_id}/colorize",
    "continue_upload": "PATCH /v1/photos/{photo_id}",
    "delete_photo": "DELETE /v1/photos/{photo_id}",
    "get_alternatives": "POST /v1/photos/{photo_id}/alternatives",
    "get_colors": "POST /v1/photos/{photo_id}/colors",
    "get_confidence": "POST /v1/photos/{photo_id}/confidence",
    "get_health": "GET /healthz",
    "get_hint_effect": "POST /v1/photos/{photo_id}/hint-effect",
    "get_limits": "GET /v1/limits",
    "get_metrics": "GET /metrics",
    "get_networks": "GET /v1/networks",
    "get_original": "GET /v1/photos/{photo_id}/original",
    "get_palette": "GET /v1/photos/{photo_id}/palette",
    "get_photo": "GET /v1/photos/{photo_id}",
    "get_readiness": "GET /readyz",
    "get_result": "GET /v1/photos/{photo_id}/colorize",
    "get_suggestions": "POST /v1/photos/{photo_id}/suggestions",
    "get_taken_hints": "POST /v1/photos/{photo_id}/alike",
    "get_upload": "HEAD /v1/photos/{photo_id}",
    "get_upload_abilities": "OPTIONS /v1/photos",
    "get_zip": "POST /v1/zip",
    "send_photo": "POST /v1/photos",
}
"""Programs are made from these names: one may come, none may go or change."""


@pytest.fixture(scope="module")
def document(service: Any) -> dict[str, Any]:
    found: dict[str, Any] = service.client.get("/openapi.json").json()
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_operation_ids_are_stable(document: dict[str, Any]) -> None:
    assert {operation["operationId"]: name for name, operation in operations(document)} == OPERATIONS


def test_everything_has_a_description(document: dict[str, Any]) -> None:
    def missing() -> Iterator[str]:
        for name, operation in operations(document):
            yield from (f"{name} {key}" for key in ("summary", "description") if not operation.get(key))
            for parameter in operation.get("parameters", ()):
                yield from [] if parameter.get("description") else [f"{name} {parameter['name']}"]
            for status, answer in operation["responses"].items():
                said = answer.get("description", "")
                yield from [] if said and said != "Successful Response" else [f"{name} {status}"]
                headers = answer.get("headers", {}).items()
                yield from (f"{name} {status} {key}" for key, header in headers if not header.get("description"))
        for name, schema in document["components"]["schemas"].items():
            yield from [] if schema.get("description") else [name]
            fields = schema.get("properties", {}).items()
            yield from (f"{name}.{key}" for key, field in fields if not field.get("description"))

    assert list(missing()) == []
    assert {tag["name"] for tag in document["tags"] if tag["description"]} == {
        tag for _, operation in operations(document) for tag in operation["tags"]
    }


def test_every_example_is_one(document: dict[str, Any]) -> None:
    definitions = {"components": document["components"]}

    def check(schema: dict[str, Any], example: Any, where: str) -> None:
        errors = list(Draft202012Validator({**definitions, **schema}).iter_errors(example))
        assert not errors, f"{where}: {errors[0].message}"

    for name, schema in document["components"]["schemas"].items():
        assert schema["examples"], name
        for example in schema["examples"]:
            check(schema, example, name)
    for name, operation in operations(document):
        for parameter in operation.get("parameters", ()):
            given = parameter.get("content", {}).get("application/json", parameter)
            check(given["schema"], given["example"], f"{name} {parameter['name']}")
        for status, answer in operation["responses"].items():
            for key, header in answer.get("headers", {}).items():
                check(header["schema"], header["example"], f"{name} {status} {key}")


def test_the_examples_do_what_they_show(service: Any, document: dict[str, Any], photo: bytes) -> None:
    photo_id = service.send(photo)
    known = document["components"]["schemas"]
    tried = 0
    for name, operation in operations(document):
        schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        if schema is None:
            continue
        body = known[schema["$ref"].rpartition("/")[2]]["examples"][0]
        if "items" in body:
            body = {"items": [{**item, "id": photo_id} for item in body["items"]]}
        if "like" in body:
            body = {"like": [{**source, "id": photo_id} for source in body["like"]]}
        answer = service.client.post(name.removeprefix("POST ").format(photo_id=photo_id), json=body)
        # What takes another network than this one is told, and no more.
        assert answer.status_code == 200 or answer.json()["code"] == "network-incapable", answer.text
        tried += 1
    assert tried == 8
