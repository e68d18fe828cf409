"""Uploads over lines that break, by the tus protocol and with a client that others wrote for it."""

from __future__ import annotations

import base64
import hashlib
import http.client
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import PIL.Image
import pytest

from cutting_proxy import CuttingProxy
from server_checks import check_problem, wait_until

TUS = {"tus-resumable": "1.0.0"}
PART = {**TUS, "content-type": "application/offset+octet-stream"}


@pytest.fixture(scope="module")
def large() -> bytes:
    """A photo of 300 KB."""
    pixels, buffer = np.random.default_rng(3).integers(0, 255, (500, 600), np.uint8), BytesIO()
    PIL.Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def begin(service: Any, length: int, **more: str) -> str:
    answer = service.client.post("/v1/photos", headers={**TUS, "upload-length": str(length), **more})
    assert answer.status_code == 201, answer.text
    assert answer.content == b""
    return str(answer.headers["location"])


def send(service: Any, address: str, offset: int, content: bytes, **more: str) -> Any:
    headers = {**PART, "upload-offset": str(offset), **more}
    return service.client.patch(address, headers=headers, content=content)


def offset(service: Any, address: str) -> int:
    answer = service.client.head(address, headers=TUS)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    return int(answer.headers["upload-offset"])


def name(text: str) -> str:
    return f"filetype aW1hZ2UvcG5n,filename {base64.b64encode(text.encode()).decode()}"


def test_a_photo_that_comes_in_parts_is_kept_like_any_other(service: Any, large: bytes) -> None:
    address = begin(service, len(large), **{"upload-metadata": name("../grand mère.png")})
    first = send(service, address, 0, large[:100_000])
    assert (first.status_code, first.headers["upload-offset"]) == (204, "100000")
    assert first.headers["tus-resumable"] == "1.0.0"
    assert 3000 < parsedate_to_datetime(first.headers["upload-expires"]).timestamp() - time.time() < 3700
    assert offset(service, address) == 100_000
    check_problem(service.client.get(address), 409, "send the rest of it first")
    check_problem(service.client.post(f"{address}/colorize", json={}), 409)
    last = send(service, address, 100_000, large[100_000:])
    assert (last.status_code, last.headers["upload-offset"]) == (204, str(len(large)))
    kept = service.client.get(address).json()
    assert kept["id"] == address.rpartition("/")[2]
    assert (kept["name"], kept["width"], kept["height"]) == ("grand mère.png", 600, 500)
    whole = service.send(large)
    results = [service.client.post(f"{at}/colorize", json={}).content for at in (address, f"/v1/photos/{whole}")]
    assert results[0] == results[1]
    assert offset(service, address) == len(large)  # for a client that did not hear that it was through
    assert send(service, address, len(large), b"").status_code == 204
    assert service.client.delete(address, headers=TUS).status_code == 204
    check_problem(service.client.get(address), 404)


def test_a_client_of_others_gets_a_photo_over_a_line_that_breaks(service: Any, large: bytes) -> None:
    tusclient = pytest.importorskip("tusclient.client")

    def taken() -> float:
        return float(service.metric("photochrom_spool_bytes"))

    with CuttingProxy(service.url, 70_000, 120_000, taken=taken) as line:
        client = tusclient.TusClient(f"{line.url}/v1/photos")
        uploader = client.uploader(
            file_stream=BytesIO(large),
            retries=5,
            retry_delay=0,
            metadata={"filename": "cut.png"},
            upload_checksum=False,
        )
        uploader.upload()
        assert not line.left
        assert line.passed < len(large) + 10_000  # what had come was not sent again
    found = service.client.get(urlsplit(uploader.url).path).json()
    assert (found["name"], found["width"]) == ("cut.png", 600)


def test_a_client_of_others_sends_chunks_with_checksums(service: Any, large: bytes) -> None:
    tusclient = pytest.importorskip("tusclient.client")
    client = tusclient.TusClient(f"{service.url}/v1/photos")
    uploader = client.uploader(file_stream=BytesIO(large), chunk_size=64_000, upload_checksum=True)
    uploader.upload()
    assert service.client.get(urlsplit(uploader.url).path).json()["height"] == 500


def test_what_the_service_can_is_told(service: Any) -> None:
    answer = service.client.options("/v1/photos")
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["tus-version"] == "1.0.0"
    assert answer.headers["tus-max-size"] == str(256 << 20)
    assert set(answer.headers["tus-extension"].split(",")) == {
        *("creation", "creation-with-upload", "expiration", "termination", "checksum")
    }
    assert set(answer.headers["tus-checksum-algorithm"].split(",")) == {"sha1", "sha256"}


def test_the_first_bytes_may_come_with_the_creation(service: Any, large: bytes) -> None:
    for count in (50_000, len(large)):
        headers = {**PART, "upload-length": str(len(large))}
        answer = service.client.post("/v1/photos", headers=headers, content=large[:count])
        assert (answer.status_code, answer.headers["upload-offset"]) == (201, str(count))
    assert service.client.get(answer.headers["location"]).json()["width"] == 600


def test_requests_that_do_not_fit_the_upload(service: Any) -> None:
    address = begin(service, 10)
    assert send(service, address, 0, b"12345").status_code == 204
    check_problem(send(service, address, 4, b"5"), 409, "has 5 bytes, and not 4")
    check_problem(send(service, address, 9, b"5"), 409)
    check_problem(send(service, address, 5, b"678901"), 413, "announced")
    assert offset(service, address) == 5
    check_problem(send(service, address, 5, b"6", **{"content-type": "image/png"}), 415)
    other = send(service, address, 5, b"6", **{"tus-resumable": "0.2.2"})
    check_problem(other, 412, "1.0.0")
    assert other.headers["tus-version"] == "1.0.0"
    plain = service.client.patch(
        address, content=b"6", headers={"upload-offset": "5", "content-type": PART["content-type"]}
    )
    check_problem(plain, 412)
    check_problem(service.client.post("/v1/photos", headers={**TUS, "upload-length": str(300 << 20)}), 413)
    check_problem(send(service, "/v1/photos/none", 0, b"1"), 404)
    assert service.client.head("/v1/photos/none", headers=TUS).status_code == 404
    assert offset(service, address) == 5
    service.client.delete(address)


def test_a_checksum_that_does_not_fit_throws_the_part_away(service: Any) -> None:
    address = begin(service, 10)
    for algorithm in ("sha1", "sha256"):
        wrong = base64.b64encode(hashlib.new(algorithm, b"else").digest()).decode()
        check_problem(send(service, address, 0, b"12345", **{"upload-checksum": f"{algorithm} {wrong}"}), 460)
        assert offset(service, address) == 0
    right = base64.b64encode(hashlib.sha1(b"12345").digest()).decode()
    assert send(service, address, 0, b"12345", **{"upload-checksum": f"sha1 {right}"}).status_code == 204
    check_problem(send(service, address, 5, b"6", **{"upload-checksum": "md4 AA=="}), 400, "sha256")
    assert offset(service, address) == 5
    service.client.delete(address)


def test_an_old_client_says_in_a_header_what_it_means(service: Any) -> None:
    address = begin(service, 10)
    meant = {**PART, "x-http-method-override": "PATCH", "upload-offset": "0"}
    assert service.client.post(address, headers=meant, content=b"123").headers["upload-offset"] == "3"
    ended = service.client.post(address, headers={**TUS, "x-http-method-override": "DELETE"})
    assert ended.status_code == 204
    asked = service.client.post(address, headers={**TUS, "x-http-method-override": "HEAD"})
    check_problem(asked, 404)  # with its body, for which a client of POST waits


def test_what_is_no_photo_is_refused_at_its_last_byte_and_leaves_nothing(service: Any) -> None:
    before = len(service.files)
    address = begin(service, 9, **{"upload-metadata": name("letter.txt")})
    assert send(service, address, 0, b"dear").status_code == 204
    check_problem(send(service, address, 4, b" aunt"), 415, "letter.txt: ")
    assert service.client.head(address, headers=TUS).status_code == 415  # for who did not hear it
    check_problem(send(service, address, 9, b""), 415, "letter.txt: ")
    check_problem(service.client.get(address), 404)
    assert len(service.files) == before
    assert service.client.delete(address).status_code == 204
    assert service.client.head(address, headers=TUS).status_code == 404
    check_problem(service.client.post("/v1/photos", headers={**TUS, "upload-length": "0"}), 415)


def test_who_comes_back_comes_before_the_line_that_was_cut(service: Any, large: bytes) -> None:
    address = begin(service, len(large))
    stale = http.client.HTTPConnection(urlsplit(service.url).netloc)
    stale.putrequest("PATCH", address)
    for header, value in {**PART, "upload-offset": "0", "content-length": str(len(large))}.items():
        stale.putheader(header, value)
    stale.endheaders()
    stale.send(large[:150_000])
    time.sleep(0.3)
    begun = time.monotonic()
    stands = offset(service, address)
    assert stands == 150_000
    assert send(service, address, stands, large[stands:]).status_code == 204
    assert time.monotonic() - begun < 10
    assert stale.getresponse().status == 409
    assert service.client.get(address).json()["width"] == 600


def test_a_photo_whose_last_request_did_not_end_is_not_told_as_kept(service: Any, photo: bytes) -> None:
    address = begin(service, len(photo))
    cut = http.client.HTTPConnection(urlsplit(service.url).netloc)
    cut.putrequest("PATCH", address)
    for header, value in {**PART, "upload-offset": "0", "transfer-encoding": "chunked"}.items():
        cut.putheader(header, value)
    cut.endheaders()
    cut.send(f"{len(photo):x}\r\n".encode() + photo + b"\r\n")  # and never the chunk that ends them
    time.sleep(0.3)
    assert offset(service, address) == len(photo) - 1
    assert cut.getresponse().status == 409
    assert send(service, address, len(photo) - 1, photo[-1:]).status_code == 204
    assert service.client.get(address).json()["width"] == 64


def test_refusals_that_are_remembered_are_bounded(start: Callable[..., Any]) -> None:
    service = start("--max-photos", "2")
    addresses = [begin(service, 1)]
    for _ in range(3):
        check_problem(send(service, addresses[-1], 0, b"x"), 415)
        addresses.append(begin(service, 1))
    statuses = [service.client.head(address, headers=TUS).status_code for address in addresses]
    assert statuses == [404, 415, 415, 200]


def test_limits_hold_for_uploads_too(start: Callable[..., Any], large: bytes) -> None:
    service = start("--max-photos", "2", "--max-spool", "400K")
    address = begin(service, len(large))
    assert send(service, address, 0, large[:1000]).status_code == 204
    tight = service.client.post("/v1/photos", headers={**TUS, "upload-length": "409500"})
    check_problem(tight, 503, "try again later")
    second = begin(service, 100)
    check_problem(service.client.post("/v1/photos", headers={**TUS, "upload-length": "9"}), 503)
    check_problem(service.client.post("/v1/photos", content=large), 503)  # its places are taken
    assert service.metric("photochrom_uploads") == 2
    service.client.delete(second)
    assert send(service, address, 1000, large[1000:]).status_code == 204
    assert service.metric("photochrom_uploads") == 0
    assert service.metric("photochrom_spool_bytes") == len(large)
    service.client.delete(address)
    assert service.metric("photochrom_spool_bytes") == 0
    assert not service.files


def test_abandoned_uploads_are_removed(start: Callable[..., Any]) -> None:
    service = start("--keep", "2s")
    going, abandoned = begin(service, 10), begin(service, 10)
    for count in range(4):
        time.sleep(0.7)
        assert send(service, going, count, b"x").status_code == 204
    assert service.client.head(abandoned, headers=TUS).status_code == 404
    wait_until(lambda: not service.files)
    assert service.metric("photochrom_spool_bytes") == 0
    assert service.metric("photochrom_uploads") == 0


def test_a_photo_that_cannot_be_checked_now_waits_for_its_last_byte(
    start: Callable[..., Any], photo: bytes
) -> None:
    service = start("--queue", "1")
    kept = service.send(photo)
    address = begin(service, len(photo))
    (worker,) = service.workers()
    worker.suspend()
    with ThreadPoolExecutor(2) as threads:
        ask = f"/v1/photos/{kept}/colorize"
        waiting = [threads.submit(service.client.post, ask, json={}) for _ in range(2)]
        wait_until(lambda: service.metric("photochrom_queue_length") == 1)
        busy = send(service, address, 0, photo)
        check_problem(busy, 429)
        assert int(busy.headers["retry-after"]) >= 1
        assert offset(service, address) == len(photo) - 1  # or its client would take it for kept
        worker.resume()
        assert [each.result().status_code for each in waiting] == [200, 200]
    assert send(service, address, len(photo) - 1, photo[-1:]).status_code == 204
    assert service.client.get(address).json()["width"] == 64


def test_a_token_is_asked_for(start: Callable[..., Any], tmp_path: Any) -> None:
    (tmp_path / "tokens").write_text("a-token-0123456789abcdef")
    service = start("--token-file", str(tmp_path / "tokens"))
    refused = service.client.post("/v1/photos", headers={**TUS, "upload-length": "5"})
    check_problem(refused, 401)
    assert refused.headers["tus-resumable"] == "1.0.0"
    own = {"authorization": "Bearer a-token-0123456789abcdef"}
    address = begin(service, 5, **own)
    check_problem(send(service, address, 0, b"x"), 401)
    assert send(service, address, 0, b"x", **own).status_code == 204
