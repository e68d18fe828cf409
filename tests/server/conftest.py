"""Real services: processes on ports of their own, with a network that answers by rules that a test can foresee."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from served import Served

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
