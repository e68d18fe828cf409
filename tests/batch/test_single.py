"""One photo to a file that is named, and standard input to standard output."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from batch_calls import Colorize, results
from photochrom.cli.main import main
from photochrom.io.picture import Picture

Printed = pytest.CaptureFixture[str]


def piped(tint: Path, *arguments: object, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "photochrom", "colorize", *map(str, arguments), "--network", str(tint)]
    return subprocess.run(command, input=stdin, capture_output=True, check=False)


def test_a_file_is_named(photos: Path, tmp_path: Path, colorize: Colorize, capsys: Printed) -> None:
    target = tmp_path / "new" / "result.webp"
    assert colorize(photos / "03.png", "-o", target) == 0
    assert Picture.read(target).format == ".webp"
    assert [path.name for path in target.parent.iterdir()] == ["result.webp"]
    assert capsys.readouterr().out.startswith("1 colorized, 0 skipped, 0 failed")
    before = target.read_bytes()
    assert colorize(photos / "03.png", "-o", target, "--saturation", 0) == 1
    assert capsys.readouterr().err.endswith("is already there; give another name, or --overwrite to replace it\n")
    assert target.read_bytes() == before
    assert colorize(photos / "03.png", "-o", target, "--saturation", 0, "--overwrite") == 0
    assert target.read_bytes() != before


def test_a_folder_named_like_a_photo_is_a_folder(photos: Path, tmp_path: Path, colorize: Colorize) -> None:
    (tmp_path / "out.jpg").mkdir()
    assert colorize(photos / "03.png", "-o", tmp_path / "out.jpg") == 0
    assert results(tmp_path / "out.jpg") == ["03.png"]
    assert colorize(photos, "-o", tmp_path / "all.jpg") == 0
    assert len(results(tmp_path / "all.jpg")) == 6


def test_a_format_is_that_of_the_name_by_whatever_suffix(photos: Path, tmp_path: Path, colorize: Colorize) -> None:
    assert colorize(photos / "03.png", "-o", tmp_path / "out.jpeg", "--format", "jpg") == 0
    assert Picture.read(tmp_path / "out.jpeg").format == ".jpg"


def test_a_wrong_name_costs_no_bits(tmp_path: Path, colorize: Colorize) -> None:
    Picture.from_array(np.full((20, 30), 40_000, np.uint16)).save(tmp_path / "deep.png")
    (tmp_path / "deep.png").rename(tmp_path / "photo.jpg")
    assert colorize(tmp_path / "photo.jpg", "-o", tmp_path / "out") == 0
    assert results(tmp_path / "out") == ["photo.png"]
    assert Picture.read(tmp_path / "out/photo.png").pixels.dtype == np.uint16


def test_a_photo_by_itself_is_never_written_over(photos: Path, colorize: Colorize, capsys: Printed) -> None:
    photo = photos / "03.png"
    before = photo.read_bytes()
    (photos / "link.png").hardlink_to(photo)
    for target in (photo, photos / "link.png", photos / ".." / "photos" / "03.png"):
        assert colorize(photo, "-o", target, "--overwrite") == 1
        assert "written over itself" in capsys.readouterr().err
    assert photo.read_bytes() == before


def test_what_fails_leaves_nothing(photos: Path, tmp_path: Path, colorize: Colorize, capsys: Printed) -> None:
    (photos / "bad.png").write_text("no photo")
    for source, target in (("bad.png", "out.png"), ("03.png", "out.gif"), ("none.png", "out.png")):
        assert colorize(photos / source, "-o", tmp_path / target) == 1
        error = capsys.readouterr().err
        assert error.startswith("photochrom: ")
        assert error.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]


@pytest.mark.parametrize(("name", "options", "suffix"), [
    ("a.png", [], ".png"),
    ("a.jpg", [], ".jpg"),
    ("a.webp", [], ".webp"),
    ("a.bmp", [], ".bmp"),
    ("a.gif", [], ".png"),
    ("a.png", ["--format", "jpg"], ".jpg"),
])  # fmt: skip
def test_standard_input_to_standard_output(
    name: str, options: list[str], suffix: str, photos: Path, tmp_path: Path, tint: Path
) -> None:
    Picture.read(photos / "04.png").to_pil().save(tmp_path / name)
    done = piped(tint, "-", *options, stdin=(tmp_path / name).read_bytes())
    assert (done.returncode, done.stderr) == (0, b"")
    result = Picture.read(done.stdout)
    assert result.format == suffix
    assert result.pixels.shape == (20, 30, 3)


def test_a_stream_at_one_end(photos: Path, tmp_path: Path, tint: Path) -> None:
    done = piped(tint, "-", "-o", tmp_path / "out.png", stdin=(photos / "03.png").read_bytes())
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"1 colorized")
    done = piped(tint, photos / "03.png", "-o", "-")
    assert done.stdout == (tmp_path / "out.png").read_bytes()


@pytest.mark.parametrize("stdin", [b"", b"no photo", "cut"])
def test_bad_input_is_one_line_and_no_output(stdin: bytes | str, photos: Path, tint: Path) -> None:
    sent = (photos / "03.png").read_bytes()[:-30] if isinstance(stdin, str) else stdin
    done = piped(tint, "-", stdin=sent)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"photochrom: standard input: ")
    assert done.stderr.count(b"\n") == 1


def test_a_reader_that_goes_away_is_no_error(photos: Path, tint: Path) -> None:
    command = f"{sys.executable} -m photochrom colorize {photos / '03.png'} -o - -n {tint} --format bmp | true"
    assert subprocess.run(command, shell=True, capture_output=True, check=False).stderr == b""


def test_a_terminal_gets_no_photo(photos: Path, tint: Path) -> None:
    pty = pytest.importorskip("pty", reason="there is no pseudo-terminal on Windows")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "photochrom", "colorize", "-", "-n", str(tint)]
    done = subprocess.run(command, stdout=theirs, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    os.close(theirs)
    os.close(ours)
    assert done.returncode == 2
    assert b"standard output is a terminal" in done.stderr


CONTRADICTIONS = [
    (["-", "b.jpg", "-o", "out"], "one photo by itself"),
    (["a.jpg", "b.jpg", "-o", "-"], "one photo at a time"),
    (["a.jpg", "b.jpg", "-o", "c.jpg"], "c.jpg: is named as one photo, but there are more"),
    (["a.jpg", "-o", "out", "--report", "a.txt"], "ends in .json"),
    (["a", "-o", "out", "--watch", "--sheet"], "never ends"),
    (["-", "-o", "a.jpg", "--watch"], "need a folder"),
    (["a.jpg", "-o", "b.jpg", "--sheet"], "need a folder"),
    (["-", "--json"], "--report FILE.json in place of --json"),
    (["-", "-o", "out"], "give a file such as photo.jpg"),
    (["a.jpg", "-o", "b.jpg", "--format", "png"], "contradict each other"),
]


@pytest.mark.parametrize(("words", "said"), CONTRADICTIONS)
def test_options_that_contradict_each_other_are_refused(words: list[str], said: str, capsys: Printed) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["colorize", *words])
    assert stop.value.code == 2
    assert said in capsys.readouterr().err
