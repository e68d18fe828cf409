"""What a user types first: photos without a command, and without a place for the results."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from photochrom.cli.main import COMMANDS, main, parse_arguments
from photochrom.io.picture import Picture

Printed = pytest.CaptureFixture[str]


@pytest.fixture
def here(tmp_path: Path, grey: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder where the command runs, with a photo and a file that has a command's name."""
    Picture.from_array(grey).save(tmp_path / "a.png")
    shutil.copy(tmp_path / "a.png", tmp_path / "train")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def results(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "colorized").iterdir() if path.is_file())


@pytest.mark.parametrize("words", [["colorize", "a.png"], ["a.png"], ["--saturation", "0.8", "a.png"]])
def test_results_go_to_colorized_and_the_last_line_says_so(
    here: Path, tint: Path, words: list[str], capsys: Printed
) -> None:
    assert main([*words, "--network", str(tint)]) == 0
    printed = capsys.readouterr()
    assert printed.out.splitlines()[-1] == "results: colorized/  (-o OUT puts them elsewhere)"
    assert printed.err == ""
    assert results(here) == ["a.png"]
    assert Picture.read(here / "colorized" / "a.png").pixels.shape == (40, 60, 3)


def test_no_place_is_named_where_nothing_came_out(here: Path, tint: Path, capsys: Printed) -> None:
    assert main(["missing.jpg", "-n", str(tint)]) == 1
    printed = capsys.readouterr()
    assert "missing.jpg: there is no such file" in printed.err
    assert "results:" not in printed.out


def test_more_than_a_result_lies_beside_it(here: Path, tint: Path, hinting: Path, capsys: Printed) -> None:
    assert main(["a.png", "--suggest", "2", "--format", "jpg", "-n", str(hinting)]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("results: colorized/a.jpg")
    assert results(here) == ["a.hints.json", "a.jpg"]


def test_a_stream_still_goes_to_the_stream(here: Path, tint: Path) -> None:
    command = [sys.executable, "-m", "photochrom", "-", "--network", str(tint)]
    photo = (here / "a.png").read_bytes()
    done = subprocess.run(command, input=photo, capture_output=True, check=True)
    assert done.stdout.startswith(b"\x89PNG")
    assert not (here / "colorized").exists()


def test_a_command_wins_over_a_file_of_its_name(here: Path, tint: Path) -> None:
    with pytest.raises(SystemExit):  # for want of --data
        parse_arguments(["train", "article-6"])
    assert main(["./train", "-n", str(tint)]) == 0
    assert results(here) == ["train.png"]


@pytest.mark.parametrize(
    ("words", "paths"),
    [
        (["album/"], ["album/"]),
        (["nowhere.jpg", "train"], ["nowhere.jpg", "train"]),
        (["-o", "out", "a.png"], ["a.png"]),
        (["--", "a.png"], ["a.png"]),
        (["photos*"], ["photos*"]),
    ],
)
def test_what_can_only_be_a_photo_is_colorized(here: Path, words: list[str], paths: list[str]) -> None:
    args = parse_arguments(words)
    assert (args.command, args.paths) == ("colorize", paths)


@pytest.mark.parametrize(
    ("typed", "meant"), [("colorzie", "colorize"), ("sreve", "serve"), ("network", "networks")]
)
def test_a_slip_in_a_command_is_no_photo(here: Path, typed: str, meant: str, capsys: Printed) -> None:
    with pytest.raises(SystemExit) as stop:
        main([typed])
    assert stop.value.code == 2
    assert f"{typed} is no command, and there is no such file; did you mean {meant}?" in capsys.readouterr().err


def test_a_folder_that_cannot_be_made_is_one_line(here: Path, tint: Path, capsys: Printed) -> None:
    (here / "colorized").write_text("a file")
    assert main(["a.png", "-n", str(tint)]) == 1
    error = capsys.readouterr().err
    assert error.startswith("photochrom: colorized")
    assert "give another folder as --output" in error
    assert error.count("\n") == 1


def test_every_command_is_listed_by_its_own_help(capsys: Printed) -> None:
    for command in COMMANDS:
        with pytest.raises(SystemExit):
            main([command, "--help"])
        assert capsys.readouterr().out.startswith(f"usage: photochrom {command} [")


def test_help_writes_an_option_and_its_value_once(capsys: Printed) -> None:
    with pytest.raises(SystemExit):
        main(["colorize", "--help"])
    printed = capsys.readouterr().out
    assert "-o, --output OUT" in printed
    assert "-o OUT" not in printed.split("examples:")[0]
    assert "--device {auto,cpu,cuda,openvino,directml,coreml}" in printed
