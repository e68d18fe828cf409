"""exiftool and ImageMagick, as readers of metadata that have nothing in common with photochrom's."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from metadata_readers import need

ExifTool = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def identify() -> Callable[[Path, str], str]:
    """Give a function that returns what ImageMagick says of a file, in a format of its own."""
    need("identify", "imagemagick")

    def run(path: Path, asked: str) -> str:
        return subprocess.run(
            ["identify", "-format", asked, path], check=True, capture_output=True
        ).stdout.decode()

    return run


@pytest.fixture(scope="session")
def exiftool() -> ExifTool:
    """Give a function that writes tags if options say so, and returns every tag, by group and name."""
    need("exiftool", "libimage-exiftool-perl")

    def run(path: Path, *options: str) -> dict[str, Any]:
        if options:
            subprocess.run(
                ["exiftool", "-q", "-m", "-overwrite_original", *options, path], check=True, capture_output=True
            )
        read = ["exiftool", "-j", "-a", "-G1:3", "-n", "-U", "-x", "System:all", "-x", "ExifTool:all", path]
        tags: dict[str, Any] = json.loads(subprocess.run(read, check=True, capture_output=True).stdout)[0]
        return {name: value for name, value in tags.items() if not name.startswith(("Composite", "SourceFile"))}

    return run
