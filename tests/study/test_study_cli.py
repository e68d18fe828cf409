"""`photochrom study` and `photochrom inspect` as a user types them."""

from __future__ import annotations

from pathlib import Path

import pytest

from photochrom.cli.main import main

SMALL = [
    *("--networks", "article-1,article-3", "--learning-rates", "0.01,0.001", "--epochs", "2", "--photos", "6"),
    *("--test-photos", "3", "--size", "32", "--final-epochs", "2", "--final-photos", "8", "--device", "cpu"),
]


def test_study_and_inspect(study: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "--data", str(photos), "--output", str(study), *SMALL]) == 0
    printed = capsys.readouterr()
    assert printed.out.strip() == str(study / "report.html")
    assert "is done already" in printed.err

    run, photo = study / "runs" / "article-final", photos / "test_color" / "0.png"
    assert main(["inspect", str(run), str(photo), "--output", str(tmp_path / "sheets")]) == 0
    drawn = capsys.readouterr().out.split()
    assert len(drawn) == len(list((tmp_path / "sheets").iterdir())) == 13


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--networks", "article-7"], "article-1, article-2"),
        (["--set", "epochs=3"], "use --epochs"),
        (["--set", "batch"], "key=value"),
        (["--device", "abacus"], "abacus"),
    ],
)
def test_one_line_says_what_is_wrong(
    arguments: list[str], message: str, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["study", "--data", str(photos), "--output", str(tmp_path / "study"), *arguments]) == 1
    error = capsys.readouterr().err
    assert error.startswith("photochrom: ")
    assert error.count("\n") == 1
    assert message in error


def test_missing_data_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "--data", str(tmp_path / "none"), "--output", str(tmp_path / "study"), *SMALL]) == 1
    assert "none" in capsys.readouterr().err
