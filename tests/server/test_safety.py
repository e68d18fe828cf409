"""Who may ask, what headers browsers get, and that every error is a plain problem document."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from photochrom.cli.main import main
from server_checks import check_problem

ONE, TWO = "first-token-0123456789abcdef", "second-token-0123456789abcdef"


@pytest.fixture(scope="module")
def guarded(start_module: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    tokens = tmp_path_factory.mktemp("tokens") / "tokens"
    tokens.write_text(f"# ours\n{ONE}\n\n{TWO}\n")
    return start_module("--token-file", str(tokens), "--allow-host", "photos.example.org")


def test_either_token_opens_and_nothing_else(guarded: Any, photo: bytes) -> None:
    def ask(authorization: str | None) -> Any:
        headers = {} if authorization is None else {"authorization": authorization}
        return guarded.client.get("/v1/limits", headers=headers)

    for wrong in (
        None,
        "",
        "Bearer",
        f"Bearer {ONE[:-1]}",
        f"Bearer {ONE}x",
        f"Basic {ONE}",
        ONE,
        "Bearer é",
    ):
        answer = ask(wrong.encode("latin-1") if wrong else wrong)  # type: ignore[arg-type]
        check_problem(answer, 401, "Bearer TOKEN")
        assert answer.headers["www-authenticate"] == "Bearer"
    for token in (ONE, TWO):
        assert ask(f"Bearer {token}").json()["token_required"] is True
        made = guarded.client.post("/v1/photos", content=photo, headers={"authorization": f"bearer {token}"})
        assert made.status_code == 201
    assert ONE not in guarded.log + " ".join(guarded.process.args)


def test_what_needs_no_token(guarded: Any) -> None:
    for path in ("/healthz", "/readyz", "/docs", "/openapi.json"):
        assert guarded.client.get(path).status_code == 200
    for method, path in (
        *(("GET", path) for path in ("/metrics", "/v1/networks", "/v1", "/v1/nothing", "/v1/photos/x")),
        *(("POST", path) for path in ("/v1/photos", "/v1/colorize", "/v1/zip", "/v1/photos/x/colorize")),
        ("DELETE", "/v1/photos/x"),
    ):
        check_problem(guarded.client.request(method, path), 401)
    for path in ("/", "/healthz", "/readyz"):  # as those ask who watch whether it is up
        answer = guarded.client.head(path)
        assert (answer.status_code, answer.content) == (200, b"")
    document = guarded.client.get("/openapi.json").json()
    assert document["paths"]["/v1/photos"]["post"]["security"] == [{"token": []}]


def test_a_token_file_must_hold_safe_tokens(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "tokens"
    for text, says in (("", "holds no token"), ("short\n", "less than 16"), ("# only this\n", "holds no token")):
        path.write_text(text)
        assert main(["serve", "--token-file", str(path)]) == 1
        assert says in capsys.readouterr().err
    assert main(["serve", "--token-file", str(tmp_path / "none")]) == 1
    assert "cannot be read as tokens" in capsys.readouterr().err


def test_only_its_own_names_lead_to_a_service_on_the_loopback(guarded: Any, service: Any) -> None:
    port = urlsplit(service.url).port
    for host in ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", "", "photos.example.org"):
        check_problem(service.client.get("/v1/limits", headers={"host": host}), 421, "--allow-host")
    for host in ("localhost", f"localhost:{port}", "127.0.0.1", "[::1]:80", "LOCALHOST"):
        assert service.client.get("/v1/limits", headers={"host": host}).status_code == 200
    assert guarded.client.get("/healthz", headers={"host": "photos.example.org"}).status_code == 200


def test_other_sites_pages_may_not_ask(service: Any, photo: bytes) -> None:
    for site in ("cross-site", "same-site"):
        answer = service.client.post("/v1/photos", content=photo, headers={"sec-fetch-site": site})
        check_problem(answer, 403, "own page")
    for site in ("same-origin", "none"):
        assert service.client.get("/v1/limits", headers={"sec-fetch-site": site}).status_code == 200
    endless = {"host": f"localhost:{'1' * 5000}", "origin": "http://localhost:1"}
    check_problem(service.client.get("/v1/limits", headers=endless), 403)
    preflight = service.client.options(
        "/v1/photos", headers={"origin": "https://evil.example", "access-control-request-method": "POST"}
    )
    check_problem(preflight, 403)
    assert not [name for name in preflight.headers if name.startswith("access-control")]


@pytest.mark.parametrize("path", ["/", "/docs", "/v1/limits", "/nothing", "/static/nothing.js", "/openapi.json"])
def test_every_answer_has_strict_headers(service: Any, path: str) -> None:
    headers = service.client.get(path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["form-action"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == headers["cross-origin-opener-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert "server" not in headers
    assert headers["cache-control"] == ("no-store" if path.startswith("/v1") else "no-cache")


@pytest.mark.parametrize("path", ["/static/js/main.js", "/static/css/base.css"])
def test_parts_of_the_page_have_the_headers_that_count_for_them(service: Any, path: str) -> None:
    headers = service.client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "content-security-policy" not in headers


def test_every_error_is_a_problem_document(service: Any) -> None:
    for method, path, status in (
        ("GET", "/nothing", 404),
        ("GET", "/v1/nothing", 404),
        ("GET", "/static/nothing", 404),
        ("POST", "/static/nothing", 405),
        ("PUT", "/v1/photos", 405),
        ("GET", "/v1/colorize", 405),
        ("PATCH", "/v1/limits", 405),
        ("GET", "/v1/photos/x/original?long_edge=no", 422),
        ("POST", "/v1/photos/x/colorize", 415),
    ):
        check_problem(service.client.request(method, path), status)
    assert service.client.put("/v1/photos/x").headers["allow"] == "DELETE, GET, HEAD, PATCH"
    address = urlsplit(service.url)
    with socket.create_connection((address.hostname, address.port), timeout=20) as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        answer = connection.recv(4096)
    assert b" 400 " in answer.splitlines()[0]
    assert b"application/problem+json" in answer


def test_documents_need_nothing_from_elsewhere(service: Any) -> None:
    page = service.client.get("/docs").text
    assert "http" not in page
    assert "<script>" not in page
    assert "style=" not in page
    for path in ("docs/swagger-ui.css", "docs/swagger-ui-bundle.js", "docs/start.js"):
        assert f'"{path}"' in page
        assert service.client.get(f"/{path}").status_code == 200
    document = service.client.get("/openapi.json").json()
    assert set(document["paths"]) >= {
        "/v1/photos",
        "/v1/colorize",
        "/v1/networks",
        "/v1/photos/{photo_id}/colorize",
    }
    assert "HTTPValidationError" not in str(document)


def test_the_log_has_a_line_for_each_request_and_no_names(service: Any, photo: bytes) -> None:
    photo_id = service.send(photo, "grandmother.png")
    service.client.post(f"/v1/photos/{photo_id}/colorize", json={})
    service.client.get("/v1/photos/secret-path")
    log = service.log
    assert "POST /v1/photos/{photo_id}/colorize 200" in log
    for private in (photo_id, "grandmother", "secret-path"):
        assert private not in log


def test_metrics_count(service: Any, photo: bytes) -> None:
    name = 'photochrom_requests_total\\{method="POST",route="/v1/colorize",status="200"\\}'
    service.client.post("/v1/colorize", content=photo)
    before = service.metric(name)
    service.client.post("/v1/colorize", content=photo)
    assert service.metric(name) == before + 1
    assert service.metric("photochrom_worker_restarts_total") >= 0
    assert service.metric("photochrom_queue_length") == 0
