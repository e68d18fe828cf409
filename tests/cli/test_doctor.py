from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from photochrom import __version__
from photochrom.cli.main import main

BROKEN_VIPS = "raise OSError('cannot load library libvips.so.42:\\n  no such file')"


def doctor(shadow: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run it where the modules of a folder stand before those that are installed."""
    paths = [str(shadow), *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.run(
        [sys.executable, "-m", "photochrom", "doctor", *words],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PHOTOCHROM_HOME": str(shadow / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_prints_what_a_bug_report_needs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    lines = {line[:14].rstrip(): line[14:] for line in capsys.readouterr().out.splitlines()}
    assert lines["photochrom"].startswith(__version__)
    assert sys.executable in lines["Python"]
    assert "CPUExecutionProvider" in lines["ONNX Runtime"]
    assert "pyvips" in lines["libvips"]
    assert "numpy" in lines["packages"]
    for kind in ("jpg", "png", "tif", "webp", "avif", "bmp"):
        assert kind in lines["formats"].split(";")[0]
    assert "reads gif" in lines["formats"]
    assert "photochrom-1 runs on c" in lines["networks"]
    assert {"system", "cores", "memory", "extras", "cache", "temporary"} < lines.keys()


def test_what_is_broken_is_a_line_and_all_else_is_still_said(tmp_path: Path) -> None:
    (tmp_path / "pyvips.py").write_text(BROKEN_VIPS)
    done = doctor(tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    lines = {line[:14].rstrip(): line[14:] for line in done.stdout.splitlines()}
    assert lines["libvips"] == "BROKEN: OSError: cannot load library libvips.so.42:"
    assert lines["formats"].startswith("BROKEN: ")
    assert "CPUExecutionProvider" in lines["ONNX Runtime"]
    assert "photochrom-1 runs on" in lines["networks"]
    assert done.stdout.splitlines()[-1].startswith("broken: libvips, formats; try  pip install")


def test_a_missing_runtime_is_a_line_too(tmp_path: Path) -> None:
    (tmp_path / "onnxruntime.py").write_text("raise ImportError('no wheel for this processor')")
    done = doctor(tmp_path, "--json")
    output = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (1, "")
    assert output["broken"]["ONNX Runtime"] == "ImportError: no wheel for this processor"
    assert output["photochrom"].startswith(__version__)
    assert "ONNX Runtime" not in output


def test_extras_that_are_missing_are_named(tmp_path: Path) -> None:
    metadata = tmp_path / "photochrom-9.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text(
        "Metadata-Version: 2.1\nName: photochrom\nVersion: 9\nRequires-Dist: numpy\n"
        'Requires-Dist: numpy; extra == "train"\nRequires-Dist: no-such-package>=1; extra == "serve"\n'
        'Requires-Dist: no-such-tool; extra == "dev"\n'
    )
    output = json.loads(doctor(tmp_path, "--json").stdout)
    assert output["extras"] == "train installed; serve lacks no-such-package"


def test_the_size_of_the_cache_is_said(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert f"{cache} (not there" in doctor(tmp_path).stdout
    for name, size in {"networks": 0, "shards": 1_500_000_000}.items():
        (cache / name).mkdir(parents=True)
        with (cache / name / "a").open("wb") as file:
            file.truncate(size)
    assert f"{cache} (networks 0.0 GB, shards 1.5 GB)" in doctor(tmp_path).stdout
