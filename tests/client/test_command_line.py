"""``photochrom colorize --server`` does what ``photochrom colorize`` does, by a real service."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from photochrom.cli.main import main
from photochrom.io.picture import Picture
from xmp_packets import packet_of

Printed = pytest.CaptureFixture[str]


@pytest.fixture
def album(tmp_path: Path, grey: np.ndarray) -> Path:
    """A folder with good photos, a broken one, one with colours and one of 16 bits."""
    album = tmp_path / "album"
    for name in ("one.png", "sub/two.JPG", "sub/deep/drei größer.tif"):
        path = album / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Picture.from_array(grey).save(path)
    (album / "broken.jpg").write_bytes(b"\xff\xd8\xff no photo")
    red = np.zeros((40, 60, 3), np.uint8)
    red[..., 0] = 200
    Picture.from_array(red).save(album / "red.png")
    os.utime(album / "one.png", (1_000_000_000, 1_000_000_000))
    return album


def colorize(network: Path | str, *arguments: object) -> int:
    return main(["colorize", *map(str, arguments), "--network", str(network)])


def by_service(service: Any, *arguments: object) -> int:
    return main(["colorize", *map(str, arguments), "--server", service.url])


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file() and ".photochrom" not in path.parts)
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def report(path: Path) -> list[dict[str, Any]]:
    rows = json.loads(path.read_text())["photos"]
    return sorted(({**row, "seconds": 0} for row in rows), key=lambda row: str(row["source"]))


def test_a_folder_becomes_the_same_by_a_service(
    service: Any, hinting: Path, album: Path, tmp_path: Path, capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = service.metric("photochrom_photos")
    options = ("--keep-times", "--vividness", 0.7, "--format", "jpg", "--report")
    said = []
    for way, call in (("here", lambda *a: colorize(hinting, *a)), ("there", lambda *a: by_service(service, *a))):
        folder = tmp_path / way
        folder.mkdir()
        monkeypatch.chdir(folder)
        assert call(album, "-o", "out", *options, folder / "report.json") == 1  # one is broken
        printed = capsys.readouterr()
        said.append((sorted(printed.err.splitlines()), printed.out.split(" failed")[0]))
    here, there = tmp_path / "here", tmp_path / "there"
    assert files(there / "out") == files(here / "out")
    assert sorted(files(there / "out")) == ["one.jpg", "red.jpg", "sub/deep/drei größer.jpg", "sub/two.JPG"]
    assert (there / "out" / "one.jpg").stat().st_mtime == 1_000_000_000
    assert said[0] == said[1]
    assert report(there / "report.json") == report(here / "report.json")
    assert service.metric("photochrom_photos") == before
    # What was done by a service is known here, and the other way round.
    monkeypatch.chdir(here)
    assert by_service(service, album, "-o", "out", "--vividness", 0.7, "--format", "jpg", "--keep-times") == 1
    assert "0 colorized, 4 skipped" in capsys.readouterr().out


def test_one_photo_and_all_that_may_be_asked_of_it(
    service: Any, hinting: Path, album: Path, tmp_path: Path, capsys: Printed
) -> None:
    before = service.metric("photochrom_photos")
    hints = tmp_path / "hints.json"
    hints.write_text('{"version": 1, "hints": [{"x": 0.5, "y": 0.5, "color": "#804020"}]}')
    arguments = ("--alternatives", 2, "--suggest", 2, "--hints", hints)
    results = []
    for way, call in (("here", lambda *a: colorize(hinting, *a)), ("there", lambda *a: by_service(service, *a))):
        out = tmp_path / way / "one.png"
        assert call(album / "one.png", "-o", out, *arguments, "--confidence", tmp_path / way / "sure.png") == 0
        results.append(files(tmp_path / way))
    assert results[0] == results[1]
    assert sorted(results[1]) == ["one-1.png", "one-2.png", "one.hints.json", "sure.png"]
    assert service.metric("photochrom_photos") == before


def test_a_pipe(service: Any, hinting: Path, album: Path) -> None:
    command = [sys.executable, "-m", "photochrom", "colorize", "-"]
    content = (album / "sub" / "two.JPG").read_bytes()
    ways = (["--network", str(hinting)], ["--server", service.url])
    results = [subprocess.run([*command, *way], input=content, capture_output=True, check=True) for way in ways]
    assert results[0].stdout == results[1].stdout
    assert results[1].stdout[:2] == b"\xff\xd8"
    refused = subprocess.run([*command, "--server", service.url], input=b"letter", capture_output=True)
    assert refused.returncode == 1
    assert refused.stderr.startswith(b"photochrom: standard input: ")


def test_skipped_for_their_colours(service: Any, album: Path, tmp_path: Path, capsys: Printed) -> None:
    assert by_service(service, album / "red.png", "-o", tmp_path / "out", "--skip-colored") == 0
    assert "1 with colours already" in capsys.readouterr().out
    assert not files(tmp_path / "out")


def test_sidecars_are_copied(service: Any, hinting: Path, album: Path, tmp_path: Path) -> None:
    (album / "one.xmp").write_bytes(packet_of("<exif:UserComment>Aunt</exif:UserComment>"))
    results = []
    for way, call in (("here", lambda *a: colorize(hinting, *a)), ("there", lambda *a: by_service(service, *a))):
        assert call(album / "one.png", "-o", tmp_path / way, "--sidecars", "copy") == 0
        results.append(files(tmp_path / way))
    assert results[0] == results[1]
    assert b"Aunt" in results[1]["one.xmp"]


def test_a_sidecar_that_the_service_does_not_see_is_told(
    service: Any, album: Path, tmp_path: Path, capsys: Printed
) -> None:
    (album / "one.xmp").write_text("<x:xmpmeta xmlns:x='adobe:ns:meta/'/>")
    assert by_service(service, album / "one.png", "-o", tmp_path / "out") == 0
    assert "one.xmp: is left aside, for the service gets the photo alone" in capsys.readouterr().err


def test_what_goes_wrong_is_a_line(
    service: Any, album: Path, tmp_path: Path, capsys: Printed, start: Callable[..., Any]
) -> None:
    one, before = album / "one.png", service.metric("photochrom_photos")
    assert main(["colorize", str(one), "-o", str(tmp_path / "o"), "--server", "nowhere"]) == 1
    assert "nowhere: is no address of a service" in capsys.readouterr().err
    assert main(["colorize", str(one), "--server", service.url, "-n", "none", "-o", str(tmp_path / "o")]) == 1
    assert "none: " in capsys.readouterr().err
    for option in (
        ("--device", "cpu"),
        ("--network-size", "64"),
        ("--consistent",),
        ("--like", album / "red.png"),
    ):
        with pytest.raises(SystemExit) as wrong:
            by_service(service, one, *option)
        assert wrong.value.code == 2
        assert f"{option[0]} is of a network on this computer" in capsys.readouterr().err
    assert by_service(service, one, "-o", tmp_path / "few.png", "--max-pixels", 100) == 1
    assert f"{one}: 60×40 are 2,400 pixels, more than the 100 that are allowed" in capsys.readouterr().err
    assert not (tmp_path / "o").exists()
    assert service.metric("photochrom_photos") == before


def test_the_key_comes_from_the_environment(
    start: Callable[..., Any], album: Path, tmp_path: Path, capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tokens").write_text("a-token-0123456789abcdef")
    guarded = start("--token-file", str(tmp_path / "tokens"))
    assert by_service(guarded, album / "one.png", "-o", tmp_path / "out.png") == 1
    assert "A token is needed" in capsys.readouterr().err
    monkeypatch.setenv("PHOTOCHROM_API_KEY", "a-token-0123456789abcdef")
    assert by_service(guarded, album / "one.png", "-o", tmp_path / "out.png") == 0
    assert Picture.read(tmp_path / "out.png").bands == 3


def test_what_needs_no_client_loads_none() -> None:
    code = (
        "import sys, photochrom, photochrom.cli.colorize, photochrom.batch.run, photochrom.workers.local\n"
        "print([name for name in ('httpx', 'photochrom.client', 'fastapi') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    code = "import sys, photochrom.client.remote\nprint({'fastapi', 'starlette', 'torch'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
