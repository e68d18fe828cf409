"""A real service, which a client asks."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from served import Served

TOKEN = "a-token-0123456789abcdef"


@pytest.fixture(scope="session")
def service(hinting: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service for tests that leave it as it is."""
    served = Served(hinting, tmp_path_factory.mktemp("service"), "--workers", "1", "--threads", "1")
    yield served
    assert served.end() == 0
    assert "Traceback" not in served.log


@pytest.fixture
def start(hinting: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Served]]:
    """Start a service with arguments of its own."""
    started: list[Served] = []

    def begin(*arguments: str) -> Served:
        given = ("--workers", "1", "--threads", "1", *arguments)
        started.append(Served(hinting, tmp_path_factory.mktemp("service"), *given))
        return started[-1]

    yield begin
    for served in started:
        served.end(signal.SIGKILL)
