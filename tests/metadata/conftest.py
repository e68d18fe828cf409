"""exiftool, as a reader and writer of metadata that has nothing in common with photochrom's."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ExifTool = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def exiftool() -> ExifTool:
    """Give a function that writes tags if options say so, and returns every tag, by group and name."""
    if shutil.which("exiftool") is None:
        reason = "exiftool is not installed (Debian: libimage-exiftool-perl)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)

    def run(path: Path, *options: str) -> dict[str, Any]:
        if options:
            subprocess.run(
                ["exiftool", "-q", "-m", "-overwrite_original", *options, path], check=True, capture_output=True
            )
        read = ["exiftool", "-j", "-a", "-G1:3", "-n", "-U", "-x", "System:all", "-x", "ExifTool:all", path]
        tags: dict[str, Any] = json.loads(subprocess.run(read, check=True, capture_output=True).stdout)[0]
        return {name: value for name, value in tags.items() if not name.startswith(("Composite", "SourceFile"))}

    return run
