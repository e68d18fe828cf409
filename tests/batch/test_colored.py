"""Photos that have colours already, and results that have none."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from batch_calls import Colorize, results
from photochrom.io.picture import Picture

Printed = pytest.CaptureFixture[str]
REPLACED = "has colours already; they were replaced"


def colored(path: Path, share: float = 1.0) -> Path:
    hues = np.repeat(np.repeat(np.random.default_rng(1).integers(0, 256, (6, 8, 3)), 16, 0), 16, 1)
    pixels = 128 + (hues - 128) * share
    Picture.from_array(pixels.astype(np.uint8)).save(path)
    return path


@pytest.fixture
def album(photos: Path) -> Path:
    colored(photos / "colour.png")
    return photos


def test_colours_that_are_replaced_are_told(
    album: Path, tmp_path: Path, colorize: Colorize, capsys: Printed
) -> None:
    assert colorize(album, "-o", tmp_path / "out", "--report", tmp_path / "report.json") == 0
    said = capsys.readouterr().err
    assert f"{album / 'colour.png'}: {REPLACED}" in said.replace("\n", " ")
    assert said.count(REPLACED) == 1
    rows = json.loads((tmp_path / "report.json").read_text())["photos"]
    assert [row["source"] for row in rows if any(REPLACED in line for line in row["warnings"])] == [
        str(album / "colour.png")
    ]


def test_coloured_photos_are_skipped_and_remembered(
    album: Path, tmp_path: Path, colorize: Colorize, capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, report = tmp_path / "out", tmp_path / "report.json"
    assert colorize(album, "-o", out, "--skip-colored", "--report", report) == 0
    assert capsys.readouterr().out.startswith("6 colorized, 1 skipped (1 with colours already), 0 failed")
    assert "colour.png" not in results(out)
    assert json.loads(report.read_text())["skipped_because"] == {"with colours already": 1}
    with monkeypatch.context() as patched:  # it is not opened again
        patched.setattr("photochrom.batch.jobs.RecordedRender.run", None)
        assert colorize(album, "-o", out, "--skip-colored") == 0
    assert "7 skipped (6 done already, 1 with colours already)" in capsys.readouterr().out
    (album / "colour.png").unlink()
    Picture.from_array(np.full((20, 30), 99, np.uint8)).save(album / "colour.png")
    assert colorize(album, "-o", out, "--skip-colored") == 0
    assert "colour.png" in results(out)


def test_without_the_option_a_skipped_photo_is_done(
    album: Path, tmp_path: Path, colorize: Colorize, capsys: Printed
) -> None:
    assert colorize(album, "-o", tmp_path / "out", "--skip-colored") == 0
    assert colorize(album, "-o", tmp_path / "out") == 0
    assert "1 colorized, 6 skipped (6 done already)" in capsys.readouterr().out


def test_one_photo_is_skipped_too(album: Path, tmp_path: Path, colorize: Colorize, capsys: Printed) -> None:
    for photo, done in (("colour.png", 0), ("03.png", 1)):
        assert colorize(album / photo, "-o", tmp_path / f"result-{photo}", "--skip-colored") == 0
        assert capsys.readouterr().out.startswith(f"{done} colorized, {1 - done} skipped")
        assert (tmp_path / f"result-{photo}").exists() == bool(done)
    with pytest.raises(SystemExit) as end:
        colorize(album / "colour.png", "-o", "-", "--skip-colored")
    assert end.value.code == 2
    assert "may leave nothing for standard output" in capsys.readouterr().err


def halftone(path: Path) -> Path:
    y, x = np.mgrid[:160, :200]
    light = 0.5 + 0.35 * np.sin(x / 40) * np.cos(y / 33)
    screen = (np.sin(x * 1.3) * np.sin(y * 1.3) + 1) / 2
    Image.fromarray(light > screen).save(path)
    return path


@pytest.mark.parametrize("suffix", ["tif", "png"])
def test_a_page_of_black_and_white_alone_says_that_it_stays_so(
    suffix: str, tmp_path: Path, colorize: Colorize, capsys: Printed
) -> None:
    page = halftone(tmp_path / f"page.{suffix}")
    assert colorize(page, "-o", tmp_path / "out.png") == 0
    assert "came out without colours, for its pixels are black or white" in capsys.readouterr().err.replace(
        "\n", " "
    )
    assert np.ptp(Picture.read(tmp_path / "out.png").pixels, axis=2).max() == 0
    assert colorize(page, "-o", tmp_path / "small.png", "--size", 50) == 0  # dots become greys
    assert "without colours" not in capsys.readouterr().err
    assert np.ptp(Picture.read(tmp_path / "small.png").pixels, axis=2).mean() > 3
