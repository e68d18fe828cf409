"""What the service does for browsers, proxies and those who watch it: HEAD, 304, compression, prefixes, counts."""

from __future__ import annotations

import gzip
import http.client
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from server_checks import check_problem

TEXTS = ("/", "/static/js/main.js", "/static/css/base.css", "/docs", "/docs/start.js", "/openapi.json")


@pytest.mark.parametrize("path", [*TEXTS, "/healthz", "/readyz", "/metrics", "/v1/limits", "/v1/networks"])
def test_head_is_get_without_its_body(service: Any, path: str) -> None:
    plain = {"accept-encoding": "identity"}
    whole, head = service.client.get(path, headers=plain), service.client.head(path, headers=plain)
    assert (head.status_code, head.content) == (200, b"")
    left_out = {"date", "content-length"} if path == "/metrics" else {"date"}
    assert {name: head.headers[name] for name in head.headers if name not in left_out} == {
        name: whole.headers[name] for name in whole.headers if name not in left_out
    }


def test_head_of_photos(service: Any, photo: bytes) -> None:
    photo_id = service.send(photo)
    for path in (f"/v1/photos/{photo_id}", f"/v1/photos/{photo_id}/original", f"/v1/photos/{photo_id}/colorize"):
        whole, head = service.client.get(path), service.client.head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == str(len(whole.content))
    missing = service.client.head("/v1/photos/none")
    assert (missing.status_code, missing.content) == (404, b"")
    refused = service.client.head("/v1/colorize")
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
    assert service.client.patch("/v1/limits").headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", ["/", "/static/js/main.js", "/docs", "/docs/swagger-ui.css"])
def test_files_that_a_browser_has_are_not_sent_again(service: Any, path: str) -> None:
    first = service.client.get(path)
    assert first.headers["cache-control"] == "no-cache"
    for header, value in (
        ("if-none-match", first.headers["etag"]),
        ("if-modified-since", first.headers["last-modified"]),
    ):
        again = service.client.get(path, headers={header: value})
        assert (again.status_code, again.content) == (304, b"")
    assert service.client.get(path, headers={"if-none-match": '"another"'}).status_code == 200


@pytest.mark.parametrize("path", TEXTS)
def test_text_is_compressed(service: Any, path: str) -> None:
    def ask(encoding: str) -> Any:
        with service.client.stream("GET", path, headers={"accept-encoding": encoding}) as answer:
            return answer, b"".join(answer.iter_raw())

    plain, content = ask("identity")
    packed, fewer = ask("gzip")
    assert "content-encoding" not in plain.headers
    if len(content) < 500:  # which is sent in one packet either way
        assert fewer == content
        return
    assert packed.headers["content-encoding"] == "gzip"
    assert "accept-encoding" in packed.headers["vary"].lower()
    assert len(fewer) < 0.6 * len(content)
    assert gzip.decompress(fewer) == content
    if "etag" in plain.headers:  # other bytes have no strong validator in common
        assert packed.headers["etag"] == f"W/{plain.headers['etag']}"


def test_images_are_not_compressed_again(service: Any, photo: bytes) -> None:
    photo_id = service.send(photo)
    for kind in ("jpg", "png", "tif", "bmp"):
        answer = service.client.get(
            f"/v1/photos/{photo_id}/colorize", params={"format": kind}, headers={"accept-encoding": "gzip, br"}
        )
        assert "content-encoding" not in answer.headers
        assert int(answer.headers["content-length"]) == len(answer.content)
    answer = service.client.get("/static/examples/cat.jpg", headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in answer.headers
    answer = service.client.post("/v1/zip", json={"items": [{"id": photo_id}]})
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://127.0.0.1:9", "null", "http://[", "http://a:b"]
)
def test_a_browser_that_tells_only_its_origin(service: Any, photo: bytes, origin: str) -> None:
    answer = service.client.post("/v1/photos", content=photo, headers={"origin": origin})
    check_problem(answer, 403, "own page")


def test_the_pages_own_origin_may_ask(service: Any, start: Callable[..., Any]) -> None:
    port = urlsplit(service.url).port
    for host in ("127.0.0.1", "localhost"):
        own = {"origin": f"http://{host}:{port}", "host": f"{host}:{port}"}
        assert service.client.get("/v1/limits", headers=own).status_code == 200
        check_problem(service.client.get("/v1/limits", headers={**own, "origin": f"http://{host}"}), 403)
    told = {"origin": "https://evil.example", "sec-fetch-site": "same-origin"}
    assert service.client.get("/v1/limits", headers=told).status_code == 200
    named = start("--allow-host", "Photos.example.org")
    for origin in ("https://photos.example.org", "https://photos.example.org:8443"):
        headers = {"host": "photos.example.org", "origin": origin}
        assert named.client.get("/v1/limits", headers=headers).status_code == 200
    headers = {"host": "localhost", "origin": "https://localhost"}  # behind a proxy that ends TLS
    assert named.client.get("/v1/limits", headers=headers).status_code == 200


def test_a_zip_of_nothing_is_not_found(service: Any, photo: bytes) -> None:
    gone = service.send(photo)
    service.client.delete(f"/v1/photos/{gone}")
    answer = service.client.post("/v1/zip", json={"items": [{"id": gone}, {"id": "unknown"}]})
    check_problem(answer, 404, "send it again")
    answer = service.client.post("/v1/zip", json={"items": [{"id": gone}, {"id": service.send(photo)}]})
    assert answer.headers["content-type"] == "application/zip"


def test_refused_calls_are_counted_under_their_route(
    start: Callable[..., Any], tmp_path: Path, photo: bytes
) -> None:
    token = "a-token-0123456789abcdef"
    (tmp_path / "tokens").write_text(token)
    service = start("--token-file", str(tmp_path / "tokens"), "--max-upload", "1K", "--max-photos", "1")
    own = {"authorization": f"Bearer {token}"}
    service.client.post("/v1/photos", content=photo)
    service.client.post("/v1/photos", content=photo, headers={**own, "sec-fetch-site": "cross-site"})
    connection = http.client.HTTPConnection(urlsplit(service.url).netloc)
    connection.putrequest("POST", "/v1/photos")
    for name, value in {**own, "content-length": str(3 << 20)}.items():
        connection.putheader(name, value)
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()
    service.client.post("/v1/photos/secret/colorize", json={}, headers={**own, "host": "evil.example"})
    service.client.delete("/v1/colorize", headers=own)
    service.client.get("/nothing")
    service.client.get("/static/nothing")
    counts = service.client.get("/metrics", headers=own).text
    for line in (
        'method="POST",route="/v1/photos",status="401"',
        'method="POST",route="/v1/photos",status="403"',
        'method="POST",route="/v1/photos",status="413"',
        'method="POST",route="/v1/photos/{photo_id}/colorize",status="421"',
        'method="DELETE",route="/v1/colorize",status="405"',
        'method="GET",route="other",status="404"',
        'method="GET",route="/static",status="404"',
    ):
        assert f"photochrom_requests_total{{{line}}} 1.0" in counts, line
    assert "secret" not in counts + service.log


def test_a_full_queue_is_counted_under_its_route(start: Callable[..., Any], photo: bytes) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from server_checks import wait_until

    service = start("--queue", "1")
    photo_id = service.send(photo)
    (worker,) = service.workers()
    worker.suspend()
    ask = f"/v1/photos/{photo_id}/colorize"
    with ThreadPoolExecutor(2) as threads:
        waiting = [threads.submit(service.client.post, ask, json={}) for _ in range(2)]
        wait_until(lambda: service.metric("photochrom_queue_length") == 1)
        check_problem(service.client.post(ask, json={"saturation": 2}), 429)
        worker.resume()
        assert [each.result().status_code for each in waiting] == [200, 200]
    line = 'photochrom_requests_total\\{method="POST",route="/v1/photos/\\{photo_id\\}/colorize",status="429"\\}'
    assert service.metric(line) == 1


@pytest.fixture(scope="module")
def below(start_module: Callable[..., Any]) -> Any:
    return start_module("--root-path", "/old/photos/")


@pytest.mark.parametrize("prefix", ["", "/old/photos"])
def test_below_a_path_whether_the_proxy_leaves_it_off_or_not(below: Any, photo: bytes, prefix: str) -> None:
    made = below.client.post(f"{prefix}/v1/photos", content=photo)
    address = made.headers["location"]
    assert address == f"/old/photos/v1/photos/{made.json()['id']}"
    assert below.client.get(address).json()["width"] == 64
    assert below.client.get(prefix + "/static/js/main.js").status_code == 200
    assert below.client.get(prefix + "/").headers["content-type"].startswith("text/html")
    check_problem(below.client.get(prefix + "/nothing"), 404)
    cross = below.client.get(prefix + "/v1/limits", headers={"sec-fetch-site": "cross-site"})
    check_problem(cross, 403)
    assert cross.headers["cache-control"] == "no-store"
    document = below.client.get(prefix + "/openapi.json").json()
    assert document["servers"] == [{"url": "/old/photos"}]


def test_the_documents_find_their_parts_below_a_path(below: Any) -> None:
    page = below.client.get("/old/photos/docs")
    parts = re.findall(r'(?:href|src)="(?!data:)([^"]+)"', page.text)
    assert len(parts) == 3
    for part in (*parts, *re.findall(r'url: "([^"]+)"', below.client.get("/old/photos/docs/start.js").text)):
        assert below.client.get(str(page.url.join(part))).status_code == 200
        assert "/old/photos/" in str(page.url.join(part))
    top = below.client.get("/old/photos")
    assert (top.status_code, top.headers["location"]) == (307, "/old/photos/")
    assert below.client.get("/old/photographs").status_code == 404


def test_a_path_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    from photochrom.cli.main import main

    for text in ("photos", "/a//b", "/a?b", "/ä"):
        with pytest.raises(SystemExit):
            main(["serve", "--root-path", text])
        assert "write it as /photos" in capsys.readouterr().err


def test_ranges_of_a_packed_file_are_of_the_file_itself(service: Any) -> None:
    connection = http.client.HTTPConnection(urlsplit(service.url).netloc)
    connection.request("GET", "/", headers={"Range": "bytes=0-99", "Accept-Encoding": "gzip"})
    answer = connection.getresponse()
    assert (answer.status, answer.headers["content-encoding"]) == (206, None)
    assert len(answer.read()) == 100
