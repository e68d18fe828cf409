"""A real Chromium on the page of a real server; what a test does, a person could do by hand."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tiny_network import tint_card, write_hinting_network, write_network

_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_DESKTOP = {"viewport": {"width": 1280, "height": 800}}

# Told on the console, where every test hears of it: what the page's policy forbade, and what moved by itself.
_WATCH = """
addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.violatedDirective}`));
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""


class Service:
    """`photochrom serve` on a port of its own, which can be ended and started again."""

    def __init__(self, folder: Path, *options: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self._options = options
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "photochrom", "serve", "--port", str(self.port), *self._options]
        with (self._folder / "serve.log").open("ab") as log:
            self._process = subprocess.Popen([*command, "--workers", "1"], stdout=log, stderr=log)
        end = time.monotonic() + 90
        while time.monotonic() < end and self._process.poll() is None:
            try:
                urllib.request.urlopen(f"{self.url}readyz", timeout=5)
                return
            except OSError:
                time.sleep(0.1)
        pytest.fail(f"the service did not start: {(self._folder / 'serve.log').read_text()[-2000:]}")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None


def _need(what: object, reason: str) -> None:
    if not what:
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(scope="session")
def chromium_program() -> str:
    """Path of a Chromium, of Debian or of any other origin."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    _need(program, "no Chromium is installed (Debian: chromium)")
    return str(program)


@pytest.fixture(scope="module")
def chromium(chromium_program: str) -> Iterator[Any]:
    """A browser. It ends with its module: Playwright keeps an event loop running, in which later tests fail."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_program, args=_FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def networks(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Options that offer two quick networks: one that can do everything, and one that can only colour."""
    folder = tmp_path_factory.mktemp("networks")
    able = write_hinting_network(folder / "hinting.onnx")
    plain = write_network(folder / "tint.onnx", card=tint_card())
    return ["--network", str(able), "--network", str(plain)]


@pytest.fixture(scope="session")
def service(
    tmp_path_factory: pytest.TempPathFactory, networks: list[str], chromium_program: str
) -> Iterator[Service]:
    service = Service(tmp_path_factory.mktemp("service"), *networks)
    service.start()
    yield service
    service.stop()


@pytest.fixture
def make_service(tmp_path: Path, networks: list[str]) -> Iterator[Callable[..., Service]]:
    """Give a function that starts another service with options of its own."""
    started = []

    def make(*options: str) -> Service:
        service = Service(tmp_path, *networks, *options)
        started.append(service)
        service.start()
        return service

    yield make
    for service in started:
        service.stop()


Open = Callable[..., Any]


@pytest.fixture
def open_page(chromium: Any, service: Service) -> Iterator[Open]:
    """Give a function that opens the page as a new visitor; in the end nothing may have gone wrong in it.

    Its argument `expected` is text of console messages that a test provokes, such as of a refused upload.
    """
    contexts, errors = [], []

    def start(
        url: str = service.url, *, expected: tuple[str, ...] = (), ready: bool = True, **options: Any
    ) -> Any:
        context = chromium.new_context(**{**_DESKTOP, "reduced_motion": "reduce", **options})
        contexts.append(context)
        context.set_default_timeout(30_000)
        context.add_init_script(_WATCH)
        page = context.new_page()

        def hear(message: Any) -> None:
            if message.type == "error" and not any(text in message.text for text in expected):
                errors.append(f"{message.text} {message.location}")

        page.on("console", hear)
        page.on("pageerror", lambda error: errors.append(f"{error}\n{error.stack}"))
        page.goto(url)
        if ready:
            page.wait_for_selector("body.ready:not(.starting)", state="attached")
        return page

    yield start
    for context in contexts:
        context.close()
    assert errors == []
