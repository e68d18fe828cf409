from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from photochrom.cli.main import main
from photochrom.io.picture import Picture

Printed = pytest.CaptureFixture[str]


LEFT_OUT = (
    "{}: 1 folder and 1 file left out by rule (hidden 2); see --include",
    "{}: 1 file left out that is not known as a photo (.txt 1)",
)


@pytest.fixture
def album(tmp_path: Path, grey: np.ndarray) -> Path:
    """A folder with photos at several depths, and what else lies around in such folders."""
    album = tmp_path / "album"
    for name in ("one.png", "sub/two.JPG", "sub/deep/drei größer.png"):
        path = album / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Picture.from_array(grey).save(path)
    (album / "notes.txt").write_text("no photo")
    (album / "._one.png").write_text("what macOS leaves behind")
    (album / ".cache").mkdir()
    shutil.copy(album / "one.png", album / ".cache" / "small.png")
    return album


def colorize(tint: Path, *arguments: object) -> int:
    return main(["colorize", *map(str, arguments), "--network", str(tint)])


def tree(folder: Path) -> list[str]:
    """All files below a folder but those of the manifest."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(str(path) for path in found if path.parts[0] != ".photochrom")


def test_a_folder_is_mirrored(tint: Path, album: Path, tmp_path: Path, capsys: Printed) -> None:
    out = tmp_path / "new" / "out"
    assert colorize(tint, album, "-o", out) == 0
    assert tree(out) == ["one.png", "sub/deep/drei größer.png", "sub/two.JPG"]
    for name in tree(out):
        result = Picture.read(out / name)
        assert result.pixels.shape == (40, 60, 3)
        assert (result.pixels[30, 50, 0] > result.pixels[30, 50, 2]).all()  # warm
    printed = capsys.readouterr()
    assert printed.out.startswith("3 colorized, 0 skipped")
    assert printed.err == "".join(f"photochrom: {line.format(album)}\n" for line in LEFT_OUT)


def test_results_that_are_there_are_left_alone(tint: Path, album: Path, tmp_path: Path, capsys: Printed) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "one.png").write_text("precious")
    assert colorize(tint, album, "-o", out) == 0
    assert (out / "one.png").read_text() == "precious"
    assert "2 colorized, 1 skipped (1 there but not made by photochrom; --overwrite" in capsys.readouterr().out
    assert colorize(tint, album, "-o", out, "--overwrite") == 0
    assert Picture.read(out / "one.png").pixels.shape == (40, 60, 3)
    assert "3 colorized, 0 skipped" in capsys.readouterr().out


def test_a_bad_photo_is_one_line_and_the_rest_is_done(
    tint: Path, album: Path, tmp_path: Path, capsys: Printed
) -> None:
    (album / "bad.jpg").write_text("no photo")
    (album / "cut.png").write_bytes((album / "one.png").read_bytes()[:-40])
    assert colorize(tint, album, tmp_path / "missing.jpg", "-o", tmp_path / "out") == 1
    printed = capsys.readouterr()
    assert printed.out.startswith("3 colorized, 0 skipped, 3 failed")
    hidden, unknown, *lines = printed.err.splitlines()
    assert [hidden, unknown] == [f"photochrom: {line.format(album)}" for line in LEFT_OUT]
    assert len(lines) == 3
    for line, name in zip(lines, ("bad.jpg", "cut.png", "missing.jpg"), strict=True):
        assert line.startswith("photochrom: ")
        assert name in line
    assert tree(tmp_path / "out") == ["one.png", "sub/deep/drei größer.png", "sub/two.JPG"]


def test_single_files_go_straight_into_the_folder(tint: Path, album: Path, tmp_path: Path) -> None:
    assert colorize(tint, album / "sub/two.JPG", album / "one.png", album / "one.png", "-o", tmp_path / "out") == 0
    assert tree(tmp_path / "out") == ["one.png", "two.JPG"]


def test_a_format_that_is_only_read_becomes_png(tint: Path, tmp_path: Path, grey: np.ndarray) -> None:
    Picture.from_array(grey).to_pil().save(tmp_path / "photo.gif")
    assert colorize(tint, tmp_path / "photo.gif", "-o", tmp_path / "out") == 0
    assert tree(tmp_path / "out") == ["photo.png"]


def refused(code: int, capsys: Printed, out: Path) -> str:
    printed = capsys.readouterr()
    assert code == 1
    assert printed.err.startswith("photochrom: ")
    assert printed.err.count("\n") == 1
    assert printed.out == ""
    assert not out.exists()
    return printed.err


def test_two_photos_for_one_result_are_refused_before_work(
    tint: Path, album: Path, tmp_path: Path, capsys: Printed
) -> None:
    other, out = tmp_path / "other", tmp_path / "out"
    other.mkdir()
    shutil.copy(album / "one.png", other / "one.png")
    assert ", as would " in refused(colorize(tint, album, other, "-o", out), capsys, out)


def test_a_photo_is_never_written_over_itself(tint: Path, album: Path, capsys: Printed) -> None:
    before = (album / "one.png").read_bytes()
    for out in (album, album / "sub" / ".."):
        assert colorize(tint, album, "-o", out, "--overwrite") == 1
        assert "written over itself" in capsys.readouterr().err
    assert (album / "one.png").read_bytes() == before


def test_an_output_folder_inside_is_not_read_again(tint: Path, album: Path, capsys: Printed) -> None:
    for said in ("3 colorized, 0 skipped", "0 colorized, 3 skipped"):
        assert colorize(tint, album, "-o", album / "colour") == 0
        assert capsys.readouterr().out.startswith(said)


def test_what_cannot_begin_is_one_line(tint: Path, album: Path, tmp_path: Path, capsys: Printed) -> None:
    out, empty = tmp_path / "out", tmp_path / "empty"
    empty.mkdir()
    assert "holds no photos" in refused(colorize(tint, empty, "-o", out), capsys, out)
    assert "no such network file" in refused(colorize(tmp_path / "x.onnx", album, "-o", out), capsys, out)
    assert "out of range" in refused(colorize(tint, album, "-o", out, "--network-size", "1"), capsys, out)
    blocked = album / "notes.txt" / "out"
    assert "cannot be made" in refused(colorize(tint, album, "-o", blocked), capsys, blocked)


WRONG = [
    *[("--quality", value, "from 1 to 100") for value in ("0", "101", "high", "9.5")],
    *[("--saturation", value, "is no number from 0") for value in ("-1", "9", "nan", "much")],
    *[("--size", value, "from 1 to 65535") for value in ("0", "70000")],
    *[("--jobs", value, "from 1 on") for value in ("0", "-1", "two")],
    ("--max-pixels", "0", "from 1 on"),
    ("--format", "gif", "use one of avif, bmp, jfif, jpe, jpeg, jpg, png, tif"),
    ("--device", "gpu", "invalid choice"),
]


@pytest.mark.parametrize(("argument", "value", "said"), WRONG)
def test_an_impossible_value_is_refused(argument: str, value: str, said: str, capsys: Printed) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["colorize", "a.jpg", "-o", "out", f"{argument}={value}"])
    assert stop.value.code == 2
    assert said in capsys.readouterr().err


def test_quality_and_quiet(tint: Path, album: Path, tmp_path: Path, capsys: Printed) -> None:
    sizes = []
    for quality in (10, 95):
        out = tmp_path / str(quality)
        assert colorize(tint, album / "sub/two.JPG", "-o", out, "--quality", quality, "--quiet") == 0
        sizes.append((out / "two.JPG").stat().st_size)
    assert sizes[0] < sizes[1]
    printed = capsys.readouterr()
    assert printed.out + printed.err == ""


def test_a_terminal_gets_a_bar_and_errors_above_it(tint: Path, album: Path, tmp_path: Path) -> None:
    (album / "bad.jpg").write_text("no photo")
    pty = pytest.importorskip("pty", reason="there is no pseudo-terminal on Windows")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "photochrom", "colorize", album, "-o", tmp_path / "out", "--network", tint]
    done = subprocess.run(command, stderr=theirs, stdout=subprocess.PIPE, text=True, check=False)
    os.close(theirs)
    shown = os.read(ours, 100_000).decode()
    os.close(ours)
    assert done.returncode == 1
    assert done.stdout.startswith("3 colorized")
    assert "Colorizing" in shown
    assert "bad.jpg: is no photo" in shown.replace("\r\n", "")


def test_a_sheet_shows_before_and_after(tint: Path, album: Path, tmp_path: Path, capsys: Printed) -> None:
    out = tmp_path / "out"
    assert colorize(tint, album, "-o", out, "--sheet") == 0
    sheet = Picture.read(out / "sheet.jpg")
    assert sheet.width > 1600
    coloured = np.ptp(sheet.pixels.astype(int), axis=2) > 25
    assert 0.005 < coloured.mean() < 0.5  # the results are, the page and the photos before are not
    before = (out / "sheet.jpg").read_bytes()
    assert colorize(tint, album, "-o", out, "--sheet") == 0  # drawn again, from results that were there
    assert (out / "sheet.jpg").read_bytes() == before
    (out / "sheet.jpg").write_text("precious")
    assert colorize(tint, album, "-o", out, "--sheet") == 0
    assert "left alone" in capsys.readouterr().out
    assert (out / "sheet.jpg").read_text() == "precious"


def test_a_sheet_shows_no_other_picture_as_a_result(tint: Path, album: Path, tmp_path: Path) -> None:
    out, whole = tmp_path / "out", tmp_path / "whole"
    assert colorize(tint, album, "-o", whole, "--sheet") == 0
    names = [name for name in tree(whole) if "sheet" not in name]
    out.mkdir()
    red = np.full((40, 60, 3), (250, 0, 0), np.uint8)
    for name in names[1:]:
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        Picture.from_array(red).save(out / name)
    assert colorize(tint, album, "-o", out, "--sheet") == 0
    sheet, all_of_them = (Picture.read(folder / "sheet.jpg").pixels for folder in (out, whole))
    assert sheet.size < all_of_them.size
    assert not ((sheet[..., 0] > 220) & (sheet[..., 1:].max(2) < 40)).any()


def test_a_sheet_has_pages(tint: Path, tmp_path: Path) -> None:
    for number in range(25):
        Picture.from_array(np.full((9, 9), 9 * number, np.uint8)).save(tmp_path / f"{number}.png")
    assert colorize(tint, tmp_path, "-o", tmp_path / "out", "--sheet", "-q") == 0
    assert [name for name in tree(tmp_path / "out") if "sheet" in name] == ["sheet-2.jpg", "sheet.jpg"]


def test_a_last_row_that_is_not_full_stands_in_the_middle(tmp_path: Path) -> None:
    from photochrom.io.contact_sheet import SheetWriter, sheet_pages

    photo = Picture.from_array(np.zeros((300, 400), np.uint8))
    (page,) = sheet_pages(tmp_path / "sheet.png", 7)
    writer = SheetWriter([page])
    for _ in range(7):
        writer.add("", photo, photo)
    writer.close()
    last = Picture.read(page).pixels[-150, :, 0]  # through the last row's photos
    dark = np.flatnonzero(last < 50)
    assert dark[0] == len(last) - 1 - dark[-1] > 200


def test_a_photo_named_like_the_sheet_is_refused(tint: Path, album: Path, tmp_path: Path, capsys: Printed) -> None:
    shutil.copy(album / "sub/two.JPG", album / "sheet.jpg")
    out = tmp_path / "out"
    assert "where the sheet goes" in refused(colorize(tint, album, "-o", out, "--sheet"), capsys, out)


def test_a_sheet_takes_any_name_shape_and_depth(tmp_path: Path) -> None:
    from photochrom.io.contact_sheet import SheetWriter, sheet_pages

    names = ["x" * 300 + ".png", "Дед и бабушка.jpg", "家族.png", "<b>&amp;", "new\nline", "\udcff.png", " "]
    shapes = [(1, 1), (1, 900), (900, 1), (40, 60, 3), (40, 60, 4), (40, 60, 2), (700, 500)]
    writer = SheetWriter(sheet_pages(tmp_path / "sheet.png", len(names)))
    for number, (name, shape) in enumerate(zip(names, shapes, strict=True)):
        photo = Picture.from_array(np.full(shape, 90, np.uint8 if number % 2 else np.uint16))
        writer.add(name, photo, photo)
    writer.close()
    assert tree(tmp_path) == ["sheet.png"]
