"""A web server for downloads that go wrong, each request as a test plans it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import sleep


@dataclass
class Answer:
    """How one request is answered.

    Attributes:
        status: in place of the file.
        cut: end the connection after so many bytes of the body.
        body: in place of the file's.
        location: where to go instead.
        ranges: whether a part is given where one is asked for.
        pause: seconds of silence after each 16 KiB.
        headers: further ones.
    """

    status: int | None = None
    cut: int | None = None
    body: bytes | None = None
    location: str | None = None
    ranges: bool = True
    pause: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)


class FileServer(ThreadingHTTPServer):
    """Serves `files` by their path; `plans` says how the next requests for one are answered, then all is well."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.plans: dict[str, list[Answer]] = {}
        self.asked: list[tuple[str, str | None]] = []
        """Each request's path and range."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: FileServer

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.server.asked.append((self.path, wanted))
        plans = self.server.plans.get(self.path, [])
        plan = plans.pop(0) if plans else Answer()
        body = self.server.files.get(self.path) if plan.body is None else plan.body
        if plan.location is not None:
            self._say(plan.status or 302, {"Location": plan.location, "Content-Length": "0"})
        elif plan.status is not None or body is None:
            self._say(plan.status or 404, {"Content-Length": "0", **plan.headers})
        elif wanted and plan.ranges:
            self._send_part(body, int(wanted.removeprefix("bytes=").removesuffix("-")), plan)
        else:
            self._send(200, body, plan, {})

    def _send_part(self, body: bytes, start: int, plan: Answer) -> None:
        if start >= len(body):
            self._say(416, {"Content-Range": f"bytes */{len(body)}", "Content-Length": "0"})
        else:
            self._send(206, body[start:], plan, {"Content-Range": f"bytes {start}-{len(body) - 1}/{len(body)}"})

    def _send(self, status: int, body: bytes, plan: Answer, headers: dict[str, str]) -> None:
        self._say(status, {"Content-Length": str(len(body)), **headers, **plan.headers})
        body = body[: plan.cut]
        for at in range(0, len(body), 1 << 14):
            self.wfile.write(body[at : at + (1 << 14)])
            sleep(plan.pause)
        self.close_connection = True

    def _say(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if value:
                self.send_header(name, value)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True


@contextmanager
def serve_files() -> Iterator[FileServer]:
    with FileServer() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
