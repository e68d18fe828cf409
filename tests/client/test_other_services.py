"""What answers is no photochrom service, or one that lies: the client says so, and gives it nothing more."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from photochrom.client import Client
from photochrom.client.http import retry_after
from photochrom.client.remote import RemoteSetup
from photochrom.errors import UnreachableError

KEY = "a-key-0123456789abcdef"
PHOTO = {"name": "a.png", "width": 3, "height": 2, "bits": 8, "format": "png", "is_grey": True}
PHOTO |= {"id": "x", "expires_at": "2030-01-01T00:00:00Z"}
HTML = b"<html>Welcome</html>"

Answer = tuple[int, dict[str, str], bytes]


class Other(ThreadingHTTPServer):
    """Answers as a test says, and notes what it was asked, and with which key."""

    daemon_threads = True

    def __init__(self, answers: dict[str, Answer]) -> None:
        self.asked: list[tuple[str, str | None]] = []
        answered, server = answers, self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                name = f"{self.command} {self.path.partition('?')[0]}"
                server.asked.append((name, self.headers["Authorization"]))
                left = int(self.headers["Content-Length"] or 0)
                while left and (got := self.rfile.read(min(left, 1 << 16))):
                    left -= len(got)
                status, headers, body = answered[name]
                self.send_response(status)
                for each, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(each, value)
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PATCH = do_HEAD = do_DELETE = answer

            def log_message(self, *_: Any) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()


@pytest.fixture
def other() -> Iterator[Callable[..., Other]]:
    """Start a service that gives these answers."""
    started: list[Other] = []

    def begin(answers: dict[str, Answer]) -> Other:
        started.append(Other(answers))
        return started[-1]

    yield begin
    for each in started:
        each.shutdown()
        each.server_close()


def typed(kind: str, **more: str) -> dict[str, str]:
    return {"Content-Type": kind, **{name.replace("_", "-"): value for name, value in more.items()}}


@pytest.mark.parametrize("body", [HTML, b"[]", b"{}", b"null", b'{"networks": 3}', b"\xff", b"[" * 100_000])
def test_what_is_no_answer_of_a_service_is_told(other: Callable[..., Other], tmp_path: Path, body: bytes) -> None:
    asked = ("GET /v1/networks", "GET /v1/photos/x", "POST /v1/photos", "POST /v1/photos/x/suggestions")
    answers = {each: (200, typed("application/json"), body) for each in asked}
    photo: dict[str, Answer] = {"GET /v1/photos/y": (200, {}, json.dumps(PHOTO).encode())}
    with Client(other({**answers, **photo}).url) as client:
        kept = client.get("y")
        for ask in (
            client.networks,
            lambda: client.get("x"),
            lambda: client.upload(b"photo"),
            lambda: client.upload(bytes(2 << 20)),
            lambda: client.suggest(kept, 3),
        ):
            with pytest.raises(UnreachableError, match="check that a photochrom service is at that address"):
                ask()


@pytest.mark.parametrize("networks", [[], [{}], ["x"], [{"name": "n"}], [{"name": "n", "sha256": "0"}]])
def test_networks_that_are_none(other: Callable[..., Other], networks: list[Any]) -> None:
    url = other({"GET /v1/networks": (200, {}, json.dumps({"networks": networks}).encode())}).url
    with pytest.raises(UnreachableError, match="answers otherwise"):
        RemoteSetup(url=url).open()


@pytest.mark.parametrize(
    ("headers", "says"),
    [
        (typed("text/html"), "answers with text/html in place of image/png"),
        (typed("image/jpeg"), "answers with image/jpeg in place of image/png"),
        (typed("image/png", Content_Encoding="gzip"), "packed by gzip"),
        ({}, "answers with nothing in place"),
        (typed("image/png", Content_Range="bytes 7-9/20"), "answers otherwise"),
        (typed("image/png", Photochrom_Note_Parts="[3]"), "answers otherwise"),
    ],
)
def test_what_is_no_result_is_not_written(
    other: Callable[..., Other], tmp_path: Path, headers: dict[str, str], says: str
) -> None:
    status = 206 if "Content-Range" in headers else 200
    body = gzip.compress(HTML) if "Content-Encoding" in headers else HTML
    answers = {f"{way} /v1/photos/x/{what}": (status, headers, body) for way, what in (("GET", "colorize"),)}
    answers["GET /v1/photos/x"] = (200, {}, json.dumps(PHOTO).encode())
    with Client(other(answers).url) as client, pytest.raises(UnreachableError, match=says):
        client.colorize(client.get("x"), tmp_path / "out.png")
    if "Photochrom-Note-Parts" not in headers:
        assert not list(tmp_path.iterdir())


def test_photo_and_key_go_to_nobody_else(other: Callable[..., Other]) -> None:
    thief = other({})
    begun = {"Location": f"{thief.url}/v1/photos/x", "Upload-Offset": "0"}
    moved = {"Location": f"{thief.url}/v1/networks"}
    service = other({"POST /v1/photos": (201, begun, b""), "GET /v1/networks": (302, moved, HTML)})
    with Client(service.url, api_key=KEY) as client:
        for photo in (b"small", bytes(2 << 20)):
            with pytest.raises(UnreachableError, match="wants the photo to be sent to another address"):
                client.upload(photo)
        with pytest.raises(UnreachableError, match=f"answers 302 Found and leads to {thief.url}"):
            client.networks()
    assert {key for _, key in service.asked} == {f"Bearer {KEY}"}
    assert thief.asked == []


@pytest.mark.parametrize("offset", ["-1", "9999999999", "one", None])
def test_an_upload_that_stands_nowhere(other: Callable[..., Other], offset: str | None) -> None:
    stands = {} if offset is None else {"Upload-Offset": offset}
    answers = {
        "POST /v1/photos": (201, {"Location": "/v1/photos/x"}, b""),
        "PATCH /v1/photos/x": (500, {}, b""),
        "HEAD /v1/photos/x": (200, stands, b""),
    }
    with Client(other(answers).url) as client, pytest.raises(UnreachableError, match="answers otherwise"):
        client.upload(bytes(2 << 20))


def test_an_endless_answer_is_not_read_whole(other: Callable[..., Other], monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = gzip.compress(bytes(2_000_000))
    monkeypatch.setattr("photochrom.client.http._MOST", 1_000_000)
    packed = {"Content-Encoding": "gzip"}
    service = other({"GET /v1/photos/x": (200, packed, bomb), "GET /v1/photos/y": (400, packed, bomb)})
    with Client(service.url) as client:
        for each in "xy":
            with pytest.raises(UnreachableError, match="answers with more than 1,000,000 bytes"):
                client.get(each)
    torn = other({"GET /v1/photos/x": (200, packed, b"no gzip")})
    with Client(torn.url) as client, pytest.raises(UnreachableError, match="line to it broke"):
        client.get("x")


@pytest.mark.parametrize(("told", "most"), [("31536000", 60), ("inf", 60), ("nan", 5), ("-3", 0), ("soon", 5)])
def test_a_service_does_not_say_how_long_to_sleep(told: str, most: float) -> None:
    assert most <= retry_after(httpx.Headers({"Retry-After": told})) <= most + 0.5
