"""Malformed requests of every kind are told in this service's own words, not in a library's."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from pydantic_core._pydantic_core import list_all_errors  # type: ignore[attr-defined]

from photochrom.server.field_errors import field_error
from photochrom.server.schema import MOST_HINTS
from server_checks import check_problem

FOREIGN = re.compile(
    r"Input should|should be a valid|should have|unable to parse|Unable to|validation|pydantic|Value error|"
    r"Field required|not permitted|Unexpected keyword|Invalid JSON|JSON input|tuple\[|function-|constrained|"
    r"Tuple|List should|String should|\bnan\b|errors\.|https?://",
    re.I,
)
POINT = {"x": 0.1, "y": 0.1, "color": "#123456"}
OPTIONS: dict[str, Any] = {
    "unknown field": {"colour": 1},
    "text for a number": {"vividness": "much"},
    "too much": {"vividness": 2},
    "too little": {"saturation": -1},
    "yes for a number": {"vividness": True},
    "part of a pixel": {"long_edge": 1.5},
    "no pixels": {"long_edge": 0},
    "a great many pixels": {"long_edge": 10**30},
    "a number for yes": {"side_by_side": 1},
    "an unknown format": {"format": "gif"},
    "a number for a format": {"format": 3},
    "a number for a network": {"network": 3},
    "hints that are no list": {"hints": 3},
    "a hint that is no object": {"hints": [3]},
    "a hint without a place": {"hints": [{}]},
    "a colour that is a number": {"hints": [{**POINT, "color": 5}]},
    "a colour of one number": {"hints": [{**POINT, "color": [1]}]},
    "a colour of texts": {"hints": [{**POINT, "color": ["a", "b"]}]},
    "a colour of four digits": {"hints": [{**POINT, "color": "#1234"}]},
    "a colour beyond all": {"hints": [{**POINT, "color": [900, 0]}]},
    "a place that is a text": {"hints": [{**POINT, "y": "top"}]},
    "a place that is null": {"hints": [{**POINT, "x": None}]},
    "a place outside": {"hints": [{**POINT, "x": 7}]},
    "a hint with more": {"hints": [{**POINT, "z": 1}]},
    "half a point": {"hints": [{"points": [[1]], "color": "#123456"}]},
    "points that are none": {"hints": [{"points": 3, "color": "#123456"}]},
    "no points": {"hints": [{"points": [], "color": "#123456"}]},
    "too many hints": {"hints": [POINT] * (MOST_HINTS + 1)},
    "hints of all pages": {"pages": "all", "hints": [POINT]},
    "a region of one corner": {"protected": [{"area": [[0, 0]]}]},
    "a palette of words": {"palette": ["red"]},
    "a palette of three numbers": {"palette": [[1, 2, 3]]},
    "a palette of objects": {"palette": [{}]},
}
BODIES = [
    *(("/v1/photos/{id}/colorize", body) for body in (None, 3, [], "text", True, *OPTIONS.values())),
    *(("/v1/photos/{id}/alternatives", body) for body in ({}, {"n": 0}, {"n": 9}, {"n": "2"})),
    *(("/v1/photos/{id}/suggestions", body) for body in ({}, {"n": 0}, {"n": 1.5}, {"n": 1, "options": 3})),
    *(("/v1/photos/{id}/colors", body) for body in ({}, {"x": 1}, {"x": 2, "y": 0}, {"x": None, "y": 0})),
    *(("/v1/photos/{id}/confidence", body) for body in ({"long_edge": 0}, {"long_edge": 70_000})),
    *(
        ("/v1/zip", body)
        for body in (
            {},
            {"items": []},
            {"items": {}},
            {"items": [{}]},
            {"items": [{"id": ""}]},
            {"items": [{"id": "x" * 65}]},
            {"items": [{"id": "x", "name": "y" * 256}]},
            {"items": [{"id": "x"}] * 1001},
        )
    ),
]
QUERIES = [
    {"vividness": "much"},
    {"vividness": "nan"},
    {"vividness": ""},
    {"long_edge": "1.5"},
    {"long_edge": "9" * 5000},
    {"side_by_side": "maybe"},
    {"hints": "{"},
    {"hints": "3"},
    {"hints": '[{"x": 1}]'},
    {"palette": '["red"]'},
    {"format": "gif"},
    {"unknown": "1"},
]


def check_words(answer: Any) -> None:
    check_problem(answer, answer.status_code)
    assert answer.status_code in (400, 413, 415, 422), answer.text
    said = answer.json()
    for part in (said["detail"], said["problem"], said["remedy"], said["subject"] or ""):
        assert not FOREIGN.search(part), part
    assert said["code"] in ("field-invalid", "request-invalid", "hint-invalid", "request-too-long")


@pytest.fixture(scope="module")
def photo_id(service: Any, photo: bytes) -> str:
    sent: str = service.send(photo)
    return sent


def test_bodies(service: Any, photo_id: str) -> None:
    for path, body in BODIES:
        check_words(service.client.post(path.format(id=photo_id), json=body))
    for content in (
        b"",
        b"{",
        b"\xff\xfe",
        b"nan",
        b'{"vividness": NaN}',
        b'{"network": "\\ud800"}',
        b"[" * 99_999,
    ):
        as_json = {"content-type": "application/json"}
        check_words(service.client.post(f"/v1/photos/{photo_id}/colorize", content=content, headers=as_json))
    check_words(service.client.post(f"/v1/photos/{photo_id}/colorize", content=b"{}"))


def test_queries_and_forms(service: Any, photo_id: str, photo: bytes) -> None:
    for query in QUERIES:
        check_words(service.client.get(f"/v1/photos/{photo_id}/colorize", params=query))
        check_words(service.client.post("/v1/colorize", params=query, content=photo))
    for query in ({"long_edge": "no"}, {"long_edge": "0"}, {"long_edge": "70000"}):
        check_words(service.client.get(f"/v1/photos/{photo_id}/original", params=query))
    check_words(service.client.post("/v1/photos", params={"name": "x" * 256}, content=photo))
    for text in ("{", "3", *map(json.dumps, OPTIONS.values())):
        files = {"photo": ("a.png", photo)}
        check_words(service.client.post("/v1/colorize", files=files, data={"options": text}))


def test_headers_of_uploads(service: Any) -> None:
    tus = {"tus-resumable": "1.0.0"}
    part = {"content-type": "application/offset+octet-stream"}
    for headers in (
        {},
        {"upload-length": "many"},
        {"upload-length": "-1"},
        {"upload-length": "1.5"},
        {"upload-length": "9" * 5000},
        {"upload-length": str(1 << 40)},
        {"upload-length": "5", "upload-metadata": "filename !"},
        {"upload-length": "5", "upload-metadata": "x" * 5000},
    ):
        check_words(service.client.post("/v1/photos", headers={**tus, **headers}))
    made = service.client.post("/v1/photos", headers={**tus, "upload-length": "5"}).headers["location"]
    for headers in (
        {},
        part,
        {**part, "upload-offset": "x"},
        {**part, "upload-offset": "-1"},
        {**part, "upload-offset": "0", "upload-checksum": "crc 1"},
        {**part, "upload-offset": "0", "upload-checksum": "sha1 !"},
    ):
        check_words(service.client.patch(made, headers={**tus, **headers}, content=b"x"))
    service.client.delete(made)


@pytest.mark.parametrize("kind", [each["type"] for each in list_all_errors()])
def test_whatever_pydantic_may_find_is_said_in_other_words(kind: str) -> None:
    (known,) = [each for each in list_all_errors() if each["type"] == kind]
    context = {"error": ValueError("is of one picture"), **(known.get("example_context") or {})}
    found = {"type": kind, "loc": ("body", "field"), "msg": known["example_message_python"], "ctx": context}
    _, error = field_error([found])
    assert not FOREIGN.search(str(error)), error
