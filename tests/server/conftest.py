"""Real services: processes on ports of their own, with a network that answers by rules that a test can foresee."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import numpy as np
import PIL.Image
import psutil
import pytest


class Served:
    """A service that runs.

    Attributes:
        url: where.
        process: the front process.
        spool: folder that its private folder is made in.
        client: asks it.
    """

    def __init__(self, network: Path, folder: Path, *arguments: str) -> None:
        self.spool = folder / "spool"
        self.spool.mkdir()
        self._log = folder / "log"
        command = [
            *(sys.executable, "-m", "photochrom", "serve", "--port", "0", "--spool", str(self.spool)),
            *("--network", str(network), *arguments),
        ]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        found = re.search(r"serving at (http://127\.0\.0\.1:\d+)/", line)
        assert found, f"{line}{self.log}"
        self.url = found[1]
        self.client = httpx.Client(base_url=self.url, timeout=60)

    @property
    def log(self) -> str:
        """What it wrote to its terminal."""
        return self._log.read_text()

    @property
    def files(self) -> list[Path]:
        """What it keeps on the disk."""
        return [path for path in self.spool.rglob("*") if path.is_file() and path.name != "lock"]

    def workers(self) -> list[psutil.Process]:
        """Return its worker processes."""
        return [child for child in psutil.Process(self.process.pid).children() if _is_worker(child)]

    def metric(self, name: str) -> float:
        """Read one of its metrics."""
        found = re.search(rf"^{name} (\S+)$", self.client.get("/metrics").text, re.M)
        assert found
        return float(found[1])

    def send(self, photo: bytes, name: str = "photo.png") -> str:
        """Send a photo to be kept, and return its id."""
        answer = self.client.post("/v1/photos", files={"photo": (name, photo)})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def end(self, number: int = signal.SIGTERM) -> int:
        """End it, and return its exit code."""
        if self.process.poll() is None:
            for worker in self.workers():
                worker.resume()
            self.process.send_signal(number)
        return self.process.wait(30)


def _is_worker(process: psutil.Process) -> bool:
    try:
        return any("spawn_main" in part for part in process.cmdline())
    except psutil.Error:  # it has just ended
        return False


Start = Callable[..., Served]


@pytest.fixture(scope="session")
def service(hinting: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service for tests that leave it as it is."""
    served = Served(hinting, tmp_path_factory.mktemp("service"), "--workers", "2", "--threads", "1")
    yield served
    assert served.end() == 0
    assert "Traceback" not in served.log


def _starter(hinting: Path, factory: pytest.TempPathFactory) -> Iterator[Start]:
    started: list[Served] = []

    def begin(*arguments: str) -> Served:
        given = arguments if "--workers" in arguments else ("--workers", "1", *arguments)
        started.append(Served(hinting, factory.mktemp("service"), *given, "--threads", "1"))
        return started[-1]

    yield begin
    for served in started:
        served.end(signal.SIGKILL)


@pytest.fixture
def start(hinting: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Start a service with arguments of its own."""
    yield from _starter(hinting, tmp_path_factory)


@pytest.fixture(scope="module")
def start_module(hinting: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """The same, for a service that several tests share."""
    yield from _starter(hinting, tmp_path_factory)


@pytest.fixture(scope="session")
def photo(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A grey PNG of 64×48: dark on the left, light on the right."""
    pixels = np.full((48, 64), 30, np.uint8)
    pixels[:, 32:] = 170
    path = tmp_path_factory.mktemp("photo") / "photo.png"
    PIL.Image.fromarray(pixels).save(path)
    return path.read_bytes()
