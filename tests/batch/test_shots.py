"""Of each shot one file is colorized, and the others are counted."""

from __future__ import annotations

from pathlib import Path

from photochrom.batch.plan import make_plan
from photochrom.io.folder_rules import FolderRules


def plan_of(folder: Path, *names: str, rules: FolderRules | None = None) -> tuple[list[str], list[str]]:
    for name in names:
        path = folder / "album" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    plan = make_plan([folder / "album"], folder / "out", rules=rules)
    prefix = f"{folder / 'album'}: "
    return [item.name for item in plan.items], [
        line.removeprefix(prefix) for line in [*plan.notes, *plan.left_out]
    ]


def test_a_raw_stands_for_its_jpeg(tmp_path: Path) -> None:
    names = ("DSC_1.NEF", "DSC_1.JPG", "dsc_2.dng", "DSC_2.jpeg", "DSC_3.JPG", "deep/DSC_1.JPG", "a.cr3", "a.heic")
    found, notes = plan_of(tmp_path, *names)
    assert sorted(found) == ["DSC_1.NEF", "DSC_3.JPG", "a.cr3", "deep/DSC_1.JPG", "dsc_2.dng"]
    assert notes == [
        "camera raws come out as TIFF (--format chooses another kind)",
        "3 HEIC and JPEG photos left out; the raws of their shots are colorized",
    ]


def test_a_scan_beside_a_raw_is_another_photo(tmp_path: Path) -> None:
    found, notes = plan_of(tmp_path, "a.nef", "a.tif", "a.png")
    assert sorted(found) == ["a.nef", "a.png", "a.tif"]
    assert notes == ["camera raws come out as TIFF (--format chooses another kind)"]


def test_films_of_live_photos_are_told(tmp_path: Path) -> None:
    found, notes = plan_of(tmp_path, "IMG_1.HEIC", "IMG_1.MOV", "IMG_2.JPG", "IMG_2.mov", "film.mov")
    assert sorted(found) == ["IMG_1.HEIC", "IMG_2.JPG"]
    assert notes == [
        "HEIC photos come out as JPEG, those of more than 8 bits as PNG (--format chooses another kind)",
        "2 films of Live Photos left out; their photos are colorized",
        "1 file left out that is not known as a photo (.mov 1)",
    ]


def test_what_is_left_out_stands_for_nothing(tmp_path: Path) -> None:
    names = ("1.NEF", "1.JPG", "raw/2.dng", "raw/2.heic", "3.cr3", "3.jpg", "4.HEIC", "4.MOV")
    found, notes = plan_of(tmp_path, *names, rules=FolderRules(["*.NEF", "raw/*.dng", "4.*"]))
    assert sorted(found) == ["1.JPG", "3.cr3", "raw/2.heic"]
    assert "1 JPEG photo left out; the raw of its shot is colorized" in notes
    assert not [line for line in notes if "Live Photo" in line]


def test_files_that_are_named_are_all_colorized(tmp_path: Path) -> None:
    names = [tmp_path / name for name in ("a.nef", "a.jpg")]
    for path in names:
        path.write_bytes(b"")
    assert [item.source for item in make_plan(names, tmp_path / "out").items] == names
