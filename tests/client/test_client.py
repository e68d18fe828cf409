"""The client gets from a real service what the engine gives here, over lines that break too."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from cutting_proxy import CuttingProxy
from photochrom import Colorizer, Hint, Options, Picture
from photochrom.client import Client
from photochrom.client.problems import error_of
from photochrom.errors import (
    CapabilityError,
    OutputError,
    PhotochromError,
    PhotoError,
    PixelLimitError,
    QueueFullError,
    SettingError,
    UnknownNetworkError,
    UnreachableError,
)
from photochrom.server.errors import error_response
from photochrom.server.request_errors import FieldError, PhotoGoneError, TokenError
from server_checks import wait_until

HINTS = (Hint(0.2, 0.7, "#a03020"), Hint(area=((0.5, 0.5), (1, 0.5), (1, 1)), color=(-20, 30), reach=0.2))


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo of more than the megabyte that goes with the first request."""
    pixels = np.random.default_rng(1).integers(0, 255, (1100, 1200), np.uint8)
    return Picture.from_array(pixels).save(tmp_path_factory.mktemp("large") / "large.tif")


@pytest.fixture
def small(tmp_path: Path, grey: np.ndarray) -> Path:
    return Picture.from_array(grey).save(tmp_path / "klein größer.png")


def test_a_result_is_the_engines_to_the_last_byte(
    service: Any, hinting: Path, small: Path, tmp_path: Path
) -> None:
    options = Options(vividness=0.8, hints=HINTS, saturation=1.2, long_edge=50)
    for suffix in ("jpg", "tif"):
        Colorizer(hinting, threads=1).open(small).save(tmp_path / f"here.{suffix}", options)
        with Client(service.url) as client:
            photo = client.upload(small)
            assert (photo.name, photo.width, photo.height, photo.is_grey) == ("klein größer.png", 60, 40, True)
            notes = client.colorize(photo, tmp_path / f"there.{suffix}", options)
            client.remove(photo)
            with pytest.raises(PhotoGoneError, match="send it again"):
                client.get(photo.id)
        assert notes == []
        assert (tmp_path / f"there.{suffix}").read_bytes() == (tmp_path / f"here.{suffix}").read_bytes()


def test_what_a_user_should_know_comes_too(service: Any, tmp_path: Path) -> None:
    colours = np.zeros((40, 60, 3), np.uint16)
    colours[..., 0] = 50_000
    source = Picture.from_array(colours).save(tmp_path / "red.tif")
    with Client(service.url) as client:
        notes = client.colorize(client.upload(source), tmp_path / "out.jpg")
    assert [(note.subject, note.text) for note in notes] == [
        ("red.tif", "has colours already; they were replaced"),
        (str(tmp_path / "out.jpg"), ".jpg cannot hold 16 bits per channel, which become 8"),
    ]


def test_many_hints_are_posted(service: Any, hinting: Path, small: Path, tmp_path: Path) -> None:
    options = Options(hints=tuple(Hint(at / 200, 0.5, "#806040") for at in range(200)))
    Colorizer(hinting, threads=1).open(small).save(tmp_path / "here.png", options)
    with Client(service.url) as client:
        client.colorize(client.upload(small.read_bytes()), tmp_path / "there.png", options)
    assert (tmp_path / "there.png").read_bytes() == (tmp_path / "here.png").read_bytes()


def test_hints_alternatives_and_maps(service: Any, hinting: Path, small: Path, tmp_path: Path) -> None:
    prediction = Colorizer(hinting, threads=1).open(small)
    options = Options(hints=HINTS[:1])
    with Client(service.url) as client:
        photo = client.upload(small)
        assert client.suggest(photo, 2, options) == prediction.suggest(2, options)
        assert client.alternatives(photo, 2, options, seed=3) == prediction.alternatives(2, options, seed=3)
        client.confidence(photo, tmp_path / "there.png", options)
        assert client.download(photo, tmp_path / "before.jpg", long_edge=30) == "image/jpeg"
        assert client.networks()[0]["name"] == "hinting"
        assert client.limits()["upload_bytes"] == 256 << 20
    prediction.save_confidence(tmp_path / "here.png", options)
    assert (tmp_path / "there.png").read_bytes() == (tmp_path / "here.png").read_bytes()
    assert Picture.read(tmp_path / "before.jpg").width == 30


def test_an_upload_goes_on_where_the_line_broke(service: Any, large: Path) -> None:
    size, heard = large.stat().st_size, []

    def taken() -> float:
        return service.metric("photochrom_spool_bytes")

    with CuttingProxy(service.url, 400_000, 700_000, taken=taken) as line, Client(line.url) as client:
        photo = client.upload(large, progress=lambda done, of: heard.append((done, of)))
        assert not line.left
        assert line.passed < size + 10_000  # what had come was not sent again
        assert photo.width == 1200
        client.remove(photo)
    assert heard[-1] == (size, size)


def test_a_download_goes_on_where_the_line_broke(service: Any, hinting: Path, large: Path, tmp_path: Path) -> None:
    Colorizer(hinting, threads=1).open(large).save(tmp_path / "here.tif")
    size, heard = (tmp_path / "here.tif").stat().st_size, []
    with CuttingProxy(service.url) as line, Client(line.url) as client:
        photo = client.upload(large)
        line.left_back = [1_000_000, 2_000_000]
        client.colorize(photo, tmp_path / "there.tif", progress=lambda done, of: heard.append((done, of)))
        assert not line.left_back
        assert line.passed_back < size + 700_000
        client.remove(photo)
    assert (tmp_path / "there.tif").read_bytes() == (tmp_path / "here.tif").read_bytes()
    assert heard[-1] == (size, size)


def test_a_line_that_always_breaks_is_told(
    service: Any, large: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("photochrom.client.http._PAUSES", (0.0, 0.0))
    with CuttingProxy(service.url) as line, Client(line.url) as client:
        photo = client.upload(large)
        line.left_back = [500] * 50
        with pytest.raises(UnreachableError, match="the line to it broke"):
            client.colorize(photo, tmp_path / "out.tif")
    assert not list(tmp_path.iterdir())


def test_errors_have_the_parts_that_the_service_gives(service: Any, small: Path, tmp_path: Path) -> None:
    with Client(service.url) as client:
        with pytest.raises(PhotoError) as refused:
            client.upload(b"dear aunt", name="letter.txt")
        assert refused.value.subject == "letter.txt"
        assert (refused.value.code, refused.value.problem) == ("photo-unreadable", refused.value.args[1])
        with pytest.raises(PhotoError, match="cannot be opened"):
            client.upload(tmp_path / "none.jpg")
        photo = client.upload(small)
        with pytest.raises(UnknownNetworkError, match="use one of hinting"):
            client.colorize(photo, tmp_path / "x.jpg", network="none")
        with pytest.raises(OutputError, match="is already there"):
            client.colorize(photo, small)
        with pytest.raises(FieldError, match="pages"):  # of which hints cannot be
            client.colorize(photo, tmp_path / "x.tif", Options(pages="all", hints=HINTS))
        with pytest.raises(OutputError, match="cannot write"):
            client.colorize(photo, tmp_path / "x.gif")
    assert [path.name for path in tmp_path.iterdir()] == [small.name]


@pytest.mark.parametrize(
    "error",
    [
        PixelLimitError("a.jpg", "is large", "shrink it"),
        CapabilityError("net", "takes no hints", "leave them out"),
        QueueFullError(None, "The service has as much to do as it can", "try again"),
        TokenError(None, "A token is needed", "send it"),
    ],
)
def test_every_error_comes_whole(error: PhotochromError) -> None:
    answer = error_response(400, error)
    request = httpx.Request("GET", "http://host/v1/x")
    made = error_of(httpx.Response(400, content=answer.body, request=request))
    assert type(made) is type(error)
    assert made.args == error.args
    newer = bytes(answer.body).replace(error.code.encode(), b"of-tomorrow")
    made = error_of(httpx.Response(400, content=newer, request=request))
    assert (made.code, made.args) == ("of-tomorrow", error.args)


@pytest.mark.parametrize("body", [b"<html>Bad Gateway</html>", b"[]", b'{"code": 1}', b"\xff"])
def test_what_is_no_problem_document_is_told_by_its_status(body: bytes) -> None:
    request = httpx.Request("GET", "http://host:1/v1/x")
    made = error_of(httpx.Response(502, content=body, request=request))
    assert (
        str(made) == "http://host:1: answers 502 Bad Gateway; check that a photochrom service is at that address"
    )


def test_a_service_that_is_not_there(small: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with Client(f"http://127.0.0.1:{port}", timeout=3) as client, pytest.raises(UnreachableError) as found:
        client.upload(small)
    assert found.value.subject == f"http://127.0.0.1:{port}"
    for address in ("photos.example.org", "ftp://host", "http://", ""):
        with pytest.raises(SettingError, match="is no address of a service"):
            Client(address)


def test_the_key_and_the_path_of_a_service(start: Callable[..., Any], tmp_path: Path, small: Path) -> None:
    (tmp_path / "tokens").write_text("a-token-0123456789abcdef")
    service = start("--token-file", str(tmp_path / "tokens"), "--root-path", "/old")
    with Client(f"{service.url}/old/", api_key="a-token-0123456789abcdef") as client:
        photo = client.upload(small)
        client.colorize(photo, tmp_path / "out.png")
        client.remove(photo)
    assert Picture.read(tmp_path / "out.png").bands == 3
    with Client(service.url) as client, pytest.raises(TokenError, match="Bearer TOKEN"):
        client.upload(small)


def test_a_busy_service_is_asked_again_when_it_says(
    start: Callable[..., Any], small: Path, tmp_path: Path
) -> None:
    service = start("--queue", "1")
    with Client(service.url) as client, Client(service.url, patience=0) as hasty:
        photo = client.upload(small)
        (worker,) = service.workers()
        worker.suspend()
        threads = [
            threading.Thread(target=client.colorize, args=(photo, tmp_path / f"{number}.png"), daemon=True)
            for number in range(4)
        ]
        for thread in threads:
            thread.start()
        wait_until(lambda: 'status="429"' in service.client.get("/metrics").text)
        with pytest.raises(QueueFullError):
            hasty.colorize(photo, tmp_path / "hasty.png")
        worker.resume()
        for thread in threads:
            thread.join(60)
    assert sorted(path.name for path in tmp_path.glob("?.png")) == [f"{number}.png" for number in range(4)]


@pytest.mark.parametrize("status", [429, 503])
def test_the_pause_is_as_long_as_the_service_says(status: int) -> None:
    came: list[float] = []

    class Busy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            came.append(time.monotonic())
            body = b'{"networks": []}'
            self.send_response(status if len(came) % 2 else 200)
            self.send_header("Retry-After", "1")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Busy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        with Client(url) as client, Client(url, patience=0.5) as hasty:
            assert client.networks() == []
            assert 1 <= came[1] - came[0] < 4  # and not the five seconds where nothing is said
            with pytest.raises(PhotochromError, match=str(status)):
                hasty.networks()
        server.shutdown()
    assert len(came) == 3
