"""The page below a path: behind a proxy that takes the path away, as nginx and Caddy do, and one that does not."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from page_hand import add, download, expect, grey_png, pixels, place

PATH = "/photos"
_HOP = {"connection", "keep-alive", "transfer-encoding", "host"}


class _Proxy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    port = 0
    strips = True

    def _pass(self) -> None:
        if not self.path.startswith(f"{PATH}/"):
            self.send_error(404, "beside the path")
            return
        path = self.path.removeprefix(PATH) if self.strips else self.path
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        behind = HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
        behind.request(self.command, path, body or None, {**headers, "Host": "localhost"})
        answer = behind.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in {*_HOP, "content-length", "date", "server"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        behind.close()

    do_GET = do_POST = do_DELETE = do_HEAD = _pass

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def proxied() -> Iterator[Callable[..., str]]:
    """Give a function that puts a proxy before a service, and returns the address of the path in it."""
    servers = []

    def start(service: Any, *, strips: bool) -> str:
        kind = type("Proxy", (_Proxy,), {"port": service.port, "strips": strips})
        server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}{PATH}/"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("strips", [True, False], ids=["stripped", "kept"])
def test_the_page_and_its_documents_work_below_a_path(
    open_page: Any, make_service: Any, proxied: Callable[..., str], tmp_path: Path, strips: bool
) -> None:
    url = proxied(make_service("--root-path", PATH), strips=strips)
    page = open_page(url)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_role("button", name="Example: a cat").click()
    expect(page.locator(".frame[data-status=ready]")).to_have_count(1)
    add(page, grey_png(tmp_path / "photo.png"))
    place(page, 0.3, 0.6, "#b0503c")
    content, _ = download(page, "#download")
    assert pixels(content).shape == (300, 400, 3)
    page.goto(f"{url}docs")
    expect(page.locator(".opblock").first).to_be_visible()
    page.locator("#operations-service-get_limits").click()
    page.locator(".try-out__btn").click()
    page.locator(".execute").click()
    expect(page.locator(".live-responses-table tbody .response-col_status").first).to_contain_text("200")
    assert all(address.startswith((url, "blob:", "data:")) for address in asked)
