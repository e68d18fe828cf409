"""A real service: a process on a port of its own."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import psutil

__all__ = ["Served"]


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
