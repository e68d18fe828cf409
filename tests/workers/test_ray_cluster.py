"""A cluster that is no longer there: said at once, and in nobody's way who wants none."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from photochrom.cli.main import main
from small_photos import save_photos

pytest.importorskip("ray")


@pytest.fixture
def ray_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder where Ray looks for a cluster of this machine; its sockets' paths have to be short."""
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setattr("ray._private.services.find_gcs_addresses", set)  # other tests may have a cluster running
    with tempfile.TemporaryDirectory(prefix="r", ignore_cleanup_errors=True) as folder:
        monkeypatch.setenv("RAY_TMPDIR", folder)
        yield Path(folder, "ray")


@pytest.fixture
def dead() -> str:
    """Address of a port that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


@pytest.mark.parametrize("way", ["--ray-address", "RAY_ADDRESS", "auto", "none"])
def test_a_cluster_that_does_not_answer_is_told_at_once_and_nothing_is_begun(
    ray_folder: Path, dead: str, way: str, tint: Path, tmp_path: Path, monkeypatch, capsys
) -> None:
    save_photos(tmp_path / "photos", 1)
    call = ["colorize", str(tmp_path / "photos"), "-o", str(tmp_path / "out"), "--engine", "ray", "-n", str(tint)]
    if way == "RAY_ADDRESS":
        monkeypatch.setenv("RAY_ADDRESS", dead)
    else:
        call += ["--ray-address", dead if way == "--ray-address" else "auto"]
    if way == "auto":
        ray_folder.mkdir()
        (ray_folder / "ray_current_cluster").write_text(dead)
    began = time.monotonic()
    assert main(call) == 1
    assert time.monotonic() - began < 10
    line = capsys.readouterr().err
    # Ray knows this machine by another address
    subject = {"none": "auto", "auto": rf"[\d.]+:{dead.rpartition(':')[2]}"}.get(way, dead)
    why = "none runs on this machine" if way == "none" else "[^)]*refused[^)]*"
    assert re.fullmatch(
        rf"photochrom: {subject}: the cluster cannot be reached \({why}\); start it, or .*\n", line
    )
    assert not (tmp_path / "out").exists()
    assert main([*call, "--plan"]) == 0


@pytest.fixture
def killed(
    ray_folder: Path, dead: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Callable[[], None]]:
    """Kills a cluster that asks for a token, started for the test."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home" / ".ray").mkdir(parents=True)
    (tmp_path / "home" / ".ray" / "auth_token").write_text("0123456789abcdef" * 4)
    start = [Path(sys.executable).with_name("ray"), "start", "--head", "--num-cpus=1", "--include-dashboard=false"]
    subprocess.run([*start, f"--port={dead.rpartition(':')[2]}"], check=True, capture_output=True)

    def kill() -> None:
        for process in psutil.process_iter(["cmdline"]):
            with suppress(psutil.Error):
                if str(ray_folder) in " ".join(process.info["cmdline"] or []):
                    process.kill()

    yield kill
    kill()


@pytest.mark.ray
@pytest.mark.slow
def test_a_cluster_that_asks_for_a_token_or_is_killed(
    killed: Callable[[], None], ray_folder: Path, dead: str, tint: Path, tmp_path: Path
) -> None:
    save_photos(tmp_path / "photos", 2)

    def colorize(output: str, *more: str, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [
            sys.executable, "-m", "photochrom", "colorize", str(tmp_path / "photos"), "-o", str(tmp_path / output),
            "--engine", "ray", "-n", str(tint), "--jobs", "1", *more,
        ]  # fmt: skip
        variables = os.environ | environment
        return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False, env=variables)

    refused = colorize("refused", "--ray-address", dead)
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1].endswith("where it asks for a token, set RAY_AUTH_MODE=token")
    let_in = colorize("let in", "--ray-address", dead, RAY_AUTH_MODE="token")
    assert let_in.returncode == 0, let_in.stderr
    killed()
    assert (ray_folder / "ray_current_cluster").read_text().endswith(f":{dead.rpartition(':')[2]}")
    alone = colorize("alone")  # what it left behind is in nobody's way who wants none
    assert alone.returncode == 0, alone.stderr
    assert len(list((tmp_path / "alone").glob("*.jpg"))) == 2
