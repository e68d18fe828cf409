"""PyTorch's threads spin for a moment only: decided before it loads, unless the environment decides."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SETTINGS = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME")

DECIDED = "['PASSIVE', '1000', None]\n"

AT_TORCH = f"""
import os, sys

class Watch:
    def find_spec(self, name, path, target=None):
        if name == "torch":
            print([os.environ.get(setting) for setting in {SETTINGS}], flush=True)
            os._exit(0)

sys.meta_path.insert(0, Watch())
"""
"""Ends Python where torch is about to be imported, and prints what the environment says then."""


def python(code: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, env=clean | environment, capture_output=True, text=True, check=True)


def test_every_command_that_loads_torch_decides_before(tint: Path, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photos" / "a.png")
    photos, output = str(tmp_path / "photos"), ["--output", str(tmp_path / "output")]
    run = AT_TORCH + "from photochrom.cli.main import main\nmain(sys.argv[1:])"
    for arguments in (
        ["train", "article-1", "--data", photos],
        ["study", "--data", photos],
        ["evaluate", str(tint), "--data", photos],
        ["inspect", "run", "photo.jpg"],
        ["export", "run"],
    ):
        assert python(run, *arguments, *output).stdout == DECIDED, arguments


@pytest.mark.parametrize("package", ["training", "study"])
def test_so_do_the_packages_that_train(package: str) -> None:
    assert python(AT_TORCH + f"import photochrom.{package}").stdout == DECIDED


@pytest.mark.parametrize(
    ("name", "value", "there"),
    [
        ("OMP_WAIT_POLICY", "ACTIVE", ["ACTIVE", None, None]),
        ("GOMP_SPINCOUNT", "9000", [None, "9000", None]),
        ("KMP_BLOCKTIME", "7", [None, None, "7"]),
    ],
)
def test_the_users_own_setting_holds(name: str, value: str, there: list[str | None]) -> None:
    run = AT_TORCH + "from photochrom.cli.main import main\nmain(sys.argv[1:])"
    export = ["export", "run", "--output", "mine.onnx"]
    assert python(run, *export, **{name: value}).stdout == f"{there}\n"


def test_openmp_hears_it() -> None:
    printed = python("import photochrom.training", OMP_DISPLAY_ENV="verbose").stderr
    assert re.findall(r"OMP_WAIT_POLICY\s*=\s*'(\w+)'", printed) == ["PASSIVE"]
    assert sys.platform != "linux" or re.findall(r"GOMP_SPINCOUNT\s*=\s*'(\w+)'", printed) == ["1000"]
