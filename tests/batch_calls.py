"""What tests of whole calls share."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

Colorize = Callable[..., int]
Start = Callable[..., subprocess.Popen[str]]


def results(folder: Path) -> list[str]:
    """All files below a folder but the manifest."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if not path.is_dir())
    return sorted(str(path) for path in found if str(path) != ".photochrom/manifest.sqlite")


def until(true: Callable[[], object], seconds: float = 30) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)
