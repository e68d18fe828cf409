"""The output of a call: the report, --json, --quiet, and one line for each thing that goes wrong."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from batch_calls import Colorize, results
from photochrom.inference.onnx_model import Network
from photochrom.io.picture import Picture

Printed = pytest.CaptureFixture[str]


@pytest.fixture
def mixed(photos: Path) -> Path:
    """Photos, and whatever else a folder may hold."""
    (photos / "bad.jpg").write_text("no photo")
    (photos / "left.doc").touch()
    (photos / "empty.jpg").touch()
    (photos / "gone.jpg").symlink_to("nowhere")
    (photos / "self.jpg").symlink_to("self.jpg")
    os.mkfifo(photos / "pipe.jpg")
    (photos / "folder.jpg").mkdir()
    (photos / "line\nbreak.jpg").write_text("no photo")
    shutil.copy(photos / "00.png", os.fsencode(photos) + b"/gro\xdf.png")
    shutil.copy(photos / "00.png", photos / "folder.jpg" / "Дед.png")
    pages = [Picture.from_array(np.full((9, 9), grey, np.uint8)).to_pil() for grey in (9, 99)]
    pages[0].save(photos / "pages.tif", save_all=True, append_images=pages[1:])
    return photos


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_report_tells_all(
    jobs: int, mixed: Path, tmp_path: Path, colorize: Colorize, tint: Path, capsys: Printed
) -> None:
    report, out = tmp_path / "report.json", tmp_path / "out"
    out.mkdir()
    (out / "05.png").write_text("somebody's")
    assert colorize(mixed, "-o", out, "-j", jobs, "--report", report, "--json", "--sheet") == 1
    printed = capsys.readouterr()
    output = json.loads(report.read_text())
    assert json.loads(printed.out) == output
    counts = {key: output[key] for key in ("done", "skipped", "failed", "skipped_because")}
    assert counts == {
        "done": 8,
        "skipped": 1,
        "failed": 6,
        "skipped_because": {"there but not made by photochrom": 1},
    }
    assert (output["stopped"], output["not_begun"]) == (False, 0)
    assert output["network"] == {"name": "tint", "version": "1", "sha256": Network(tint).sha256}
    rows = {os.path.relpath(row["source"], mixed): row for row in output["photos"]}
    assert len(rows) == len(output["photos"]) == 15
    for name, row in rows.items():
        assert row["seconds"] >= 0
        assert (row["reason"] == "") == (row["state"] == "done")
        if row["state"] == "done":
            assert Path(row["target"]).is_file(), name
        elif row["state"] == "failed":
            assert name in row["reason"]
    assert rows["folder.jpg/Дед.png"]["target"] == str(out / "folder.jpg/Дед.png")
    assert rows["gro\udcdf.png"]["state"] == "done"
    (warning,) = rows["pages.tif"]["warnings"]
    assert warning.startswith(str(mixed / "pages.tif"))
    lines = printed.err.splitlines()
    assert output["notes"] == [f"{mixed}: 1 file left out that is not known as a photo (.doc 1)"]
    assert f"photochrom: {output['notes'][0]}" == lines[0]
    assert len(lines) == 8
    assert all(line.startswith("photochrom: ") for line in lines)
    assert any("line\\nbreak.jpg: is no photo" in line for line in lines)
    assert (out / "sheet.jpg").is_file()
    assert {name for name in results(out) if "gro" in name} == {"gro\udcdf.png"}


def test_a_name_that_is_no_text_is_said_in_a_line(photos: Path, tmp_path: Path, tint: Path) -> None:
    Path(os.fsdecode(os.fsencode(photos) + b"/gro\xdf.jpg")).write_text("no photo")
    command = [sys.executable, "-m", "photochrom", "colorize", photos, "-o", tmp_path / "out", "-n", tint, "-j1"]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 1
    assert b"/gro\\udcdf.jpg: is no photo" in done.stderr
    assert done.stderr.count(b"\n") == 1


def test_folders_whose_names_are_no_text(photos: Path, tmp_path: Path, colorize: Colorize) -> None:
    folder, out = (Path(os.fsdecode(os.fsencode(tmp_path) + name)) for name in (b"/in\xff", b"/out\xff"))
    photos.rename(folder)
    for jobs in (1, 2):
        assert colorize(folder, "-o", out, "-j", jobs, "--overwrite", "--sheet") == 0
    assert len(results(out)) == 7
    assert colorize(folder / "00.png", "-o", out / "new\udcff.jpg") == 0
    assert (out / "new\udcff.jpg").is_file()


def test_quiet_prints_errors_only(mixed: Path, tmp_path: Path, colorize: Colorize, capsys: Printed) -> None:
    (mixed / "again").symlink_to(mixed)
    assert colorize(mixed, "-o", tmp_path / "out", "--quiet") == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert len(printed.err.splitlines()) == 6  # without the pages that were left out, and the circle of links


def test_a_report_that_cannot_be_written(
    photos: Path, tmp_path: Path, colorize: Colorize, capsys: Printed
) -> None:
    assert colorize(photos, "-o", tmp_path / "out", "--report", tmp_path / "none" / "report.json") == 1
    assert "its folder does not exist" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    (tmp_path / "taken.json").mkdir()
    assert colorize(photos, "-o", tmp_path / "out", "--report", tmp_path / "taken.json") == 1
    assert "taken.json: is a folder" in capsys.readouterr().err
    for report in ("/proc/report.json", tmp_path / f"{'x' * 300}.json"):
        assert colorize(photos, "-o", tmp_path / "out", "--report", report) == 1
        assert ".json: cannot be written (" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_report_that_cannot_be_written_any_more(
    photos: Path, tmp_path: Path, colorize: Colorize, capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "taken.json").mkdir()
    monkeypatch.setattr("photochrom.batch.report.check_report_file", lambda path: None)
    assert colorize(photos, "-o", tmp_path / "out", "--report", tmp_path / "taken.json") == 1
    assert "taken.json: cannot be written" in capsys.readouterr().err
    assert len(results(tmp_path / "out")) == 6


def test_times_are_kept(photos: Path, tmp_path: Path, colorize: Colorize, capsys: Printed) -> None:
    os.utime(photos / "00.png", (86_400, 86_400))
    assert colorize(photos, "-o", tmp_path / "out", "--keep-times") == 0
    assert (tmp_path / "out/00.png").stat().st_mtime == 86_400
    assert colorize(photos, "-o", tmp_path / "out", "--keep-times") == 0
    assert "(6 done already)" in capsys.readouterr().out


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_disk_that_fills_up(
    jobs: int, photos: Path, small_disk: Path, colorize: Colorize, capsys: Printed
) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (300, 400), np.uint8)
    for number in range(6):
        Picture.from_array(noise).save(photos / f"large{number}.png")
    Picture.from_array(noise[:20, :20]).save(photos / "zz small.png")
    assert colorize(photos, "-o", small_disk / "out", "-j", jobs) == 1
    lines = capsys.readouterr().err.splitlines()
    assert 4 <= len(lines) < 13
    assert all(line.startswith(f"photochrom: {small_disk}/out/") for line in lines)
    assert all("check the" in line for line in lines)
    assert all("work-" not in line for line in lines)
    for name in results(small_disk / "out"):
        assert Picture.read(small_disk / "out" / name).pixels.shape[2] == 3  # whole, or not there


def test_a_disk_that_is_full_already(photos: Path, small_disk: Path, colorize: Colorize, capsys: Printed) -> None:
    with contextlib.suppress(OSError):
        (small_disk / "ballast").write_bytes(bytes(1 << 20))
    assert colorize(photos, "-o", small_disk / "out") == 1
    error = capsys.readouterr().err
    assert error.startswith("photochrom: ")
    assert error.count("\n") == 1


def test_a_disk_that_may_only_be_read(photos: Path, small_disk: Path, colorize: Colorize, capsys: Printed) -> None:
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    assert colorize(photos, "-o", small_disk / "out") == 1
    error = capsys.readouterr().err
    assert error.startswith(f"photochrom: {small_disk}/out/.photochrom: cannot be made (Read-only file system)")
    assert error.count("\n") == 1
