"""What docs/serving.md says is so."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from photochrom import Picture
from photochrom.cli.main import make_parser

PAGE = (Path(__file__).parents[2] / "docs" / "serving.md").read_text(encoding="utf-8")
DEPLOY = (Path(__file__).parents[2] / "docs" / "deploy.md").read_text(encoding="utf-8")
DOCKERFILE = (Path(__file__).parents[2] / "Dockerfile").read_text(encoding="utf-8")


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_its_commands_run(service: Any, photo: bytes, tmp_path: Path) -> None:
    picture = Picture.read(photo)
    for name in ("portrait.jpg", "portrait.tif"):
        picture.save(tmp_path / name)
    lines = re.findall(r"^    ((?:\w+=\$\()?curl .+)$", PAGE, re.M)
    assert len(lines) == 10
    script = "set -euo pipefail\n" + "\n".join(
        line.replace("curl ", "curl --fail-with-body -sS ") for line in lines
    )
    script = script.replace("http://127.0.0.1:8000", service.url)
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert Picture.read(tmp_path / "colour.png").width == 64
    assert Picture.read(tmp_path / "colour.jpg").bands == 3
    assert "upload-offset: " in done.stdout.lower()


def test_its_python_runs(service: Any, photo: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Picture.read(photo).save(tmp_path / "portrait.jpg")
    (code,) = re.findall(r"```python\n(.+?)```", PAGE, re.S)
    monkeypatch.chdir(tmp_path)
    exec(code.replace("http://127.0.0.1:8000", service.url), {})
    assert Picture.read(tmp_path / "colour.png").bands == 3


def test_every_address_is_in_its_table(service: Any) -> None:
    paths = service.client.get("/openapi.json").json()["paths"]
    known = {path.replace("{photo_id}", "{id}") for path in paths}
    documented = {
        path for path in re.findall(r"`(?:[A-Z]+ )?(/[\w/{}-]+)`", PAGE) if path not in ("/docs", "/openapi.json")
    }
    assert documented - {"/v1"} == known


def test_every_option_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        make_parser().parse_args(["serve", "--help"])
    known = set(re.findall(r"--[a-z-]+", capsys.readouterr().out))
    documented = set(re.findall(r"`(--[a-z-]+)", PAGE))
    assert documented <= known
    calls = re.findall(r"serve[,\"]? (?:\[)?(.+)", DEPLOY + DOCKERFILE)
    assert {option for call in calls for option in re.findall(r"--[a-z-]+", call)} <= known


def test_its_limits_are_the_defaults() -> None:
    from photochrom.server.settings import Settings

    documented = dict(re.findall(r"^\| `(--[a-z-]+)` \| (\w+) \|", PAGE, re.M))
    defaults = Settings()
    assert documented == {
        "--max-upload": f"{defaults.upload_bytes >> 20}M",
        "--max-pixels": str(defaults.pixels),
        "--queue": str(defaults.queue),
        "--timeout": f"{defaults.request_seconds / 60:.0f}m",
        "--keep": f"{defaults.keep_seconds / 3600:.0f}h",
        "--max-photos": str(defaults.photos),
        "--max-spool": f"{defaults.spool_bytes >> 30}G",
    }
