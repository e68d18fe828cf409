"""What of a folder is taken, what is not, and that both are said."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from batch_calls import Colorize, Start, results, until
from photochrom.batch.plan import make_plan, result_name
from photochrom.io.folder_rules import FolderRules
from photochrom.io.picture import Picture

Printed = pytest.CaptureFixture[str]


@pytest.fixture
def album(photos: Path) -> Path:
    """Six photos, and what programs and disks leave behind beside them."""
    for name in ("@eaDir/00.png/SYNO_THUMB_M.jpg", ".thumbnails/a.jpg", "#recycle/b.jpg", "._00.png", "Thumbs.db"):
        (photos / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(photos / "01.png", photos / name)
    (photos / ".DS_Store").touch()
    return photos


def planned(folder: Path, *patterns: str, to: str = "out") -> dict[str, str]:
    plan = make_plan([folder], folder.parent / to, rules=FolderRules(patterns))
    return {item.name: item.result for item in plan.items}


def test_what_is_left_out_is_counted(album: Path, tmp_path: Path, colorize: Colorize, capsys: Printed) -> None:
    assert colorize(album, "-o", tmp_path / "out", "--report", tmp_path / "report.json") == 0
    assert results(tmp_path / "out") == [f"{number:02}.png" for number in range(6)]
    line = f"{album}: 3 folders and 2 files left out by rule (hidden 2, thumbnails 2, trash 1); see --include"
    assert line in capsys.readouterr().err.replace("\n", " ")
    assert line in json.loads((tmp_path / "report.json").read_text())["notes"]


def test_patterns_leave_out_and_take_in_and_the_last_holds(
    album: Path, tmp_path: Path, colorize: Colorize, capsys: Printed
) -> None:
    patterns = ("--exclude", "0*.png", "--include", "03.png", "--include", ".thumbnails/")
    assert colorize(album, "-o", tmp_path / "out", *patterns) == 0
    assert results(tmp_path / "out") == [".thumbnails/a.png", "03.png"]  # a PNG by content
    assert "by --exclude '0*.png' 5" in capsys.readouterr().err.replace("\n", " ")
    with pytest.raises(SystemExit) as end:
        colorize(album, "-o", tmp_path / "out", "--exclude", " ")
    assert end.value.code == 2


def test_the_folder_of_a_manifest_is_never_searched(album: Path, tmp_path: Path, colorize: Colorize) -> None:
    assert colorize(album, "-o", tmp_path / "out") == 0
    shutil.copy(album / "01.png", tmp_path / "out/.photochrom/left.png")
    assert not any(".photochrom" in name for name in planned(tmp_path / "out", "!.*", to="else"))


def test_an_unknown_suffix_is_decided_by_content(photos: Path) -> None:
    for old, new in (
        ("00.png", "scan"),
        ("01.png", "1920.05"),
        ("02.png", "pair.mpo"),
        ("03.png", "alone.png_original"),
    ):
        (photos / old).rename(photos / new)
    shutil.copy(photos / "04.png", photos / "04.png_original")
    shutil.copy(photos / "04.png", photos / "05.png~")
    (photos / "BMW.txt").write_text("BMW is a maker of cars.")
    plan = make_plan([photos], photos.parent / "out")
    assert {item.name: item.result for item in plan.items} == {
        "04.png": "04.png",
        "05.png": "05.png",
        "1920.05": "1920.05.png",
        "alone.png_original": "alone.png_original.png",
        "pair.mpo": "pair.mpo.png",
        "scan": "scan.png",
    }
    assert plan.left_out == [
        f"{photos}: 2 files left out by rule (backups beside their photo 2); see --include",
        f"{photos}: 1 file left out that is not known as a photo (.txt 1)",
    ]


def test_a_photo_without_suffix_takes_no_other_s_result(photos: Path, tmp_path: Path, colorize: Colorize) -> None:
    shutil.copy(photos / "00.png", photos / "03")
    assert planned(photos)["03"] == "03-2.png"
    assert colorize(photos, "-o", tmp_path / "out") == 0
    assert len(results(tmp_path / "out")) == 7


def test_a_named_photo_is_named_by_its_content(photos: Path, tmp_path: Path) -> None:
    Image.fromarray(np.full((20, 30), 99, np.uint8)).save(tmp_path / "q", "JPEG")
    assert result_name("q", tmp_path / "q") == "q.jpg"
    assert result_name("q", tmp_path / "q", ".png") == "q.png"
    assert result_name("x.heic", tmp_path / "x.heic") == "x.jpg"  # none is there: refused in its turn


def test_watching_leaves_the_same_out(tmp_path: Path, photos: Path, start: Start) -> None:
    inbox, out = tmp_path / "inbox", tmp_path / "out"
    (inbox / "@eaDir").mkdir(parents=True)
    process = start(inbox, "-o", out, "--watch", "--exclude", "no*")
    until(lambda: (out / ".photochrom/manifest.sqlite").exists())
    for name in ("@eaDir/a.png", "b.png.part", "no.png", "yes.png"):
        shutil.copy(photos / "01.png", inbox / name)
    until(lambda: (out / "yes.png").exists())
    process.terminate()
    process.communicate()
    assert results(out) == ["yes.png"]


def test_a_photo_by_itself_may_be_what_a_folder_leaves_out(
    album: Path, tmp_path: Path, colorize: Colorize
) -> None:
    assert colorize(album / "@eaDir/00.png/SYNO_THUMB_M.jpg", "-o", tmp_path / "out") == 0
    assert len(results(tmp_path / "out")) == 1
    assert Picture.read(tmp_path / "out" / results(tmp_path / "out")[0]).bands == 3
