from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from batch_calls import Colorize, Start
from photochrom.cli.main import main
from photochrom.io.picture import Picture


@pytest.fixture
def colorize(tint: Path) -> Colorize:
    """Runs the command in this process, and without others unless they are asked for."""
    return lambda *arguments: main(["colorize", "-j1", *map(str, arguments), "--network", str(tint)])


@pytest.fixture
def start(tint: Path) -> Iterator[Start]:
    """Starts the command as a process that leads a group of its own, as a shell does."""
    running = []

    def start(*arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "photochrom", "colorize", *map(str, arguments), "--network", str(tint)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        running.append(subprocess.Popen(command, start_new_session=True, **pipes))
        return running[-1]

    yield start
    for process in running:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        print(*process.communicate())  # pytest shows it where a test fails


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder of six small photos, each of another grey."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(6):
        Picture.from_array(np.full((20, 30), 40 * number, np.uint8)).save(folder / f"{number:02}.png")
    return folder


@pytest.fixture
def slow(tmp_path: Path) -> Path:
    """A folder of six photos that take a while each."""
    folder = tmp_path / "slow"
    folder.mkdir()
    noise = np.random.default_rng(0).integers(0, 255, (1200, 1600), np.uint8)
    for number in range(6):
        Picture.from_array(noise).save(folder / f"{number:02}.png")
    return folder
