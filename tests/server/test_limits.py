"""What is too large, too slow, too much or nonsense is refused in time, and said plainly."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import PIL.Image
import pytest

from photochrom.server.schema import MOST_HINTS
from server_checks import check_problem, wait_until


def png(height: int, width: int, *, noise: bool = False) -> bytes:
    pixels = (
        np.random.default_rng(0).integers(0, 255, (height, width), np.uint8)
        if noise
        else np.full((height, width), 99, np.uint8)
    )
    buffer = BytesIO()
    PIL.Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def narrow(start_module: Callable[..., Any]) -> Any:
    """A service with little room."""
    return start_module("--max-upload", "20K", "--max-pixels", "10000", "--max-photos", "3")


def test_too_many_bytes(narrow: Any) -> None:
    large = png(200, 200, noise=True)
    for ask in ({"content": large}, {"files": {"photo": ("a.png", large)}}):
        for path in ("/v1/photos", "/v1/colorize"):
            check_problem(narrow.client.post(path, **ask), 413, "20,480 bytes")

    def endless() -> Any:
        while True:
            yield bytes(1 << 16)

    check_problem(narrow.client.post("/v1/photos", content=endless()), 413, "20,480 bytes")
    check_problem(
        narrow.client.post("/v1/zip", content=b" " * (2 << 20), headers={"content-type": "application/json"}), 413
    )
    assert not narrow.files


def test_too_many_pixels(narrow: Any) -> None:
    for path in ("/v1/photos", "/v1/colorize"):
        check_problem(narrow.client.post(path, content=png(101, 100)), 413, "10,100 pixels, more than the 10,000")
    assert narrow.client.post("/v1/colorize", content=png(100, 100)).status_code == 200


def test_too_many_photos(narrow: Any, photo: bytes) -> None:
    ids = [narrow.send(photo) for _ in range(3)]
    answer = narrow.client.post("/v1/photos", content=photo)
    check_problem(answer, 503, "try again later")
    assert int(answer.headers["retry-after"]) >= 1
    narrow.client.delete(f"/v1/photos/{ids[0]}")
    ids[0] = narrow.send(photo)
    for photo_id in ids:
        narrow.client.delete(f"/v1/photos/{photo_id}")


def test_photos_that_come_together_are_no_more_than_may_be_kept(start: Callable[..., Any]) -> None:
    service = start("--max-photos", "2")
    begun = [raw(service, "POST", "/v1/photos", b"", length=len(png(9, 9)), kind="image/png") for _ in range(5)]
    for connection in begun:
        connection.sendall(png(9, 9))
    answers = sorted(connection.recv(4096).split()[1] for connection in begun)
    assert answers == [b"201"] * 2 + [b"503"] * 3
    assert service.metric("photochrom_photos") == 2
    assert len(service.files) == 2
    for connection in begun:
        connection.close()


def test_a_full_spool(start: Callable[..., Any]) -> None:
    service = start("--max-spool", "100K")
    photo = png(250, 250, noise=True)
    photo_id = service.send(photo)
    answer = service.client.post("/v1/photos", content=photo)
    check_problem(answer, 503, "try again later")
    assert "retry-after" in answer.headers
    assert len(service.files) == 1
    service.client.delete(f"/v1/photos/{photo_id}")
    service.send(photo)


def test_a_queue_has_an_end_and_all_in_it_are_answered(start: Callable[..., Any], photo: bytes) -> None:
    service = start("--queue", "3")
    photo_id = service.send(photo)
    (worker,) = service.workers()
    worker.suspend()

    def ask(number: int) -> Any:
        return service.client.post(f"/v1/photos/{photo_id}/colorize", json={"saturation": number / 10})

    with ThreadPoolExecutor(12) as threads:
        waiting = [threads.submit(ask, number) for number in range(4)]
        wait_until(lambda: service.metric("photochrom_queue_length") == 3)
        address = f"/v1/photos/{photo_id}/colorize"
        for answer in (ask(0), ask(1), service.client.get(address, timeout=10)):
            check_problem(answer, 429, "try again a little later")
            # Four turns of at most a second each: what a job takes is reckoned as a second, and then as it was.
            assert 2 <= int(answer.headers["retry-after"]) <= 4
        assert service.client.get("/v1/photos/" + photo_id).status_code == 200  # needs no worker
        worker.resume()
        results = [each.result() for each in waiting]
    assert [result.status_code for result in results] == [200] * 4
    assert len({result.content for result in results}) == 4


def test_who_goes_away_is_not_worked_for(start: Callable[..., Any], photo: bytes) -> None:
    service = start("--queue", "8")
    photo_id = service.send(photo)
    (worker,) = service.workers()
    worker.suspend()
    asked = [raw(service, "POST", f"/v1/photos/{photo_id}/colorize", b"{}") for _ in range(5)]
    wait_until(lambda: service.metric("photochrom_queue_length") == 4)
    for connection in asked:
        connection.close()
    wait_until(lambda: service.metric("photochrom_queue_length") == 0)
    worker.resume()
    assert service.client.post(f"/v1/photos/{photo_id}/colorize", json={}).status_code == 200
    wait_until(lambda: len(service.files) == 1)


@pytest.mark.parametrize("path", ["/v1/photos", "/v1/colorize", "/v1/zip"])
def test_who_goes_away_while_sending_is_no_fault_of_the_service(service: Any, path: str) -> None:
    raw(service, "POST", path, b"{" * 2000, length=100_000).close()
    line = f'photochrom_requests_total{{method="POST",route="{path}",status="499"}} 1'
    wait_until(lambda: line in service.client.get("/metrics").text)
    assert "Traceback" not in service.log


def test_what_takes_too_long_is_ended(start: Callable[..., Any], photo: bytes) -> None:
    service = start("--timeout", "3s", "--queue", "6")
    photo_id = service.send(photo)
    (worker,) = service.workers()
    worker.suspend()
    began = time.monotonic()
    with ThreadPoolExecutor(7) as threads:
        asked = [threads.submit(service.client.post, f"/v1/photos/{photo_id}/colorize", json={}) for _ in range(7)]
        wait_until(lambda: service.metric("photochrom_queue_length") == 6)
        answer = service.client.post(f"/v1/photos/{photo_id}/colorize", json={})
        check_problem(answer, 429, "try again a little later")
        assert answer.headers["retry-after"] == "3"  # by then all that waits now is done, or has been given up
        for each in asked:
            check_problem(each.result(), 504, "took too long")
    assert 2.5 < time.monotonic() - began < 10
    wait_until(lambda: [other.pid for other in service.workers()] not in ([], [worker.pid]))
    wait_until(lambda: service.client.post(f"/v1/photos/{photo_id}/colorize", json={}).status_code == 200)
    assert service.metric("photochrom_worker_restarts_total") == 1


def raw(
    service: Any, method: str, path: str, body: bytes, *, length: int | None = None, kind: str = "application/json"
) -> socket.socket:
    """Send a request, or the beginning of one, and leave the rest to the test."""
    address = urlsplit(service.url)
    connection = socket.create_connection((address.hostname, address.port), timeout=60)
    head = f"{method} {path} HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: {kind}\r\n"
    connection.sendall(head.encode() + f"Content-Length: {length or len(body)}\r\n\r\n".encode() + body)
    return connection


@pytest.mark.slow
def test_bodies_and_heads_that_do_not_come_are_cut(service: Any) -> None:
    slow = raw(service, "POST", "/v1/photos", b"\x89PNG", length=5000)
    address = urlsplit(service.url)
    silent = socket.create_connection((address.hostname, address.port), timeout=60)
    silent.sendall(b"GET /healthz HTT")
    began = time.monotonic()
    answer = slow.recv(4096)
    assert b" 408 " in answer.splitlines()[0]
    assert b"application/problem+json" in answer
    assert silent.recv(100) == b""
    assert time.monotonic() - began < 25
    slow.close()
    silent.close()


def test_a_form_with_thousands_of_parts(service: Any, photo: bytes) -> None:
    boundary = b"--edge\r\n"
    parts = b"".join(
        boundary + b'Content-Disposition: form-data; name="n%d"\r\n\r\nx\r\n' % number for number in range(5000)
    )
    check_problem(form(service, parts + b"--edge--\r\n"), 400, "leave it out")
    twice = boundary + b'Content-Disposition: form-data; name="photo"; filename="a"\r\n\r\n' + photo + b"\r\n"
    check_problem(form(service, twice * 2 + b"--edge--\r\n"), 400, "one at a time")
    options = boundary + b'Content-Disposition: form-data; name="options"\r\n\r\n%s\r\n'
    check_problem(form(service, options % (b" " * 300_000) + b"--edge--\r\n"), 413, "more than the 262,144 bytes")
    long_head = boundary + b"X-Long: " + b"x" * 100_000 + b"\r\n\r\nx\r\n--edge--\r\n"
    check_problem(form(service, long_head), 400, "cannot be read")
    check_problem(form(service, twice), 400, "cut short")
    check_problem(form(service, options % b"{}" + b"--edge--\r\n"), 415, "the part named photo")
    check_problem(form(service, b"no form at all"), 400, "cannot be read")
    answer = service.client.post("/v1/colorize", content=photo, headers={"content-type": "multipart/form-data"})
    check_problem(answer, 400, "no boundary")


def form(service: Any, body: bytes) -> Any:
    return service.client.post(
        "/v1/colorize", content=body, headers={"content-type": "multipart/form-data; boundary=edge"}
    )


@pytest.mark.parametrize(
    ("options", "status", "says"),
    [
        ({"vividness": 2}, 422, "vividness"),
        ({"vividness": "1"}, 422, "vividness"),
        ({"mark": 1}, 422, "mark"),
        ({"colour": "red"}, 422, "colour: is not known here"),
        ({"max_pixels": 10**12}, 422, "max_pixels"),
        ({"keep_times": True}, 422, "keep_times"),
        ({"hints": [{"x": 2, "y": 0, "color": "#ffffff"}]}, 422, "outside the photo"),
        ({"hints": [{"x": 0, "y": 0, "color": "red"}]}, 422, "#rrggbb"),
        ({"hints": [{"x": 0, "y": 0}]}, 422, "hints.0: has no color"),
        ({"hints": [{"color": "none"}]}, 422, "hints.0: has no place"),
        ({"hints": [{"x": 0, "y": 0, "color": "none", "reach": 2}]}, 422, "hints.0: has a reach of 2"),
        ({"reach": 2}, 422, "reach"),
        ({"protected": [{"area": [[0, 0], [1, 1]]}]}, 422, "protected.0: has an area of 2 corners"),
        ({"protected": [{"stroke": [[0, 0]]}] * 257}, 422, "protected"),
        ({"protected": [{"stroke": [[0, 0]] * 2001}]}, 422, "at most 2,000"),
        ({"hints": [{"x": 0, "y": 0, "color": [0, 0]}] * (MOST_HINTS + 1)}, 422, "hints"),
        ({"palette": ["#12"]}, 422, "palette"),
        ({"palette": [[200, 0]]}, 422, "palette"),
        ({"palette": ["#112233"] * 257}, 422, "palette"),
        ({"format": "gif"}, 422, "format"),
        ({"format": "../x"}, 422, "format"),
        ({"quality": 0}, 422, "quality"),
        ({"long_edge": 0}, 422, "long_edge"),
        ({"network": "none"}, 404, "use one of hinting"),
        ([], 422, "JSON object"),
    ],
)
def test_options_that_cannot_be(service: Any, photo: bytes, options: Any, status: int, says: str) -> None:
    photo_id = service.send(photo)
    check_problem(service.client.post(f"/v1/photos/{photo_id}/colorize", json=options), status, says)
    service.client.delete(f"/v1/photos/{photo_id}")


def test_requests_that_are_none(service: Any, photo: bytes) -> None:
    photo_id = service.send(photo)
    ask = f"/v1/photos/{photo_id}/colorize"
    as_json = {"content-type": "application/json"}
    check_problem(service.client.post(ask, content=b"{", headers=as_json), 400, "JSON cannot be read")
    check_problem(service.client.post(ask, content=b"\xff\xfe", headers=as_json), 400, "JSON cannot be read")
    check_problem(service.client.post(ask, content=b"[" * 100_000, headers=as_json), 400, "JSON cannot be read")
    check_problem(service.client.post(ask, content=b"{}"), 415, "application/json")
    check_problem(service.client.post("/v1/colorize", content=photo, params={"hints": "["}), 400, "JSON")
    check_problem(service.client.post("/v1/colorize", content=photo, params={"x": "1"}), 422, "x: is not known")
    for name in ("hints", "protected", "palette"):
        check_problem(service.client.post("/v1/colorize", content=photo, params={name: '["red"]'}), 422, name)
    both = service.client.post(
        "/v1/colorize?quality=3", files={"photo": ("a", photo)}, data={"options": '{"quality": 4}'}
    )
    check_problem(both, 400, "not in both")


def test_a_photo_too_long_for_its_format(service: Any) -> None:
    answer = service.client.post("/v1/colorize", content=png(1, 17_000), params={"format": "webp"})
    check_problem(answer, 422, "make it a .tif or .png")
