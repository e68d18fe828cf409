from __future__ import annotations

import subprocess
import sys

import pytest

from photochrom import __version__
from photochrom.cli.main import COMMANDS, main


def python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


HEAVY = (
    "torch",
    "onnxruntime",
    "numpy",
    "PIL",
    "pyvips",
    "pydantic",
    "rich",
    "onnx",
    "matplotlib",
    "yaml",
    "shtab",
    "typing",
)


def test_importing_loads_nothing_heavy() -> None:
    code = f"import sys, photochrom; print([name for name in {HEAVY} if name in sys.modules])"
    assert python(code).strip() == "[]"


@pytest.mark.parametrize(
    "arguments", [["--help"], ["colorize", "--help"], ["networks", "show", "--help"], ["--version"]]
)
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom photochrom.cli.main import main\n"
        f"try:\n    main({arguments})\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    assert python(code).strip().splitlines()[-1] == "[]"


def test_colorizing_does_not_need_torch() -> None:
    code = "import sys, photochrom; photochrom.Colorizer, photochrom.Picture; print('torch' in sys.modules)"
    assert python(code).strip() == "False"


def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["--help"])
    assert stop.value.code == 0
    listed = capsys.readouterr().out
    for command in COMMANDS:
        assert command in listed
        with pytest.raises(SystemExit) as stop:
            main([command, "--help"])
        assert stop.value.code == 0


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"photochrom {__version__}\n"


@pytest.mark.parametrize(
    "arguments", [[], ["tint"], ["colorize"], ["--vividness", "0.8"], ["networks", "shwo"], ["completion", "csh"]]
)
def test_wrong_arguments_exit_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert "photochrom" in capsys.readouterr().err


def test_ctrl_c_ends_with_130_and_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("photochrom.inference.onnx_model.list_networks", interrupted)
    assert main(["networks"]) == 130
    assert capsys.readouterr().err == "photochrom: interrupted\n"


def test_a_reader_that_goes_away_is_no_error() -> None:
    command = f"{sys.executable} -m photochrom networks --json | true"
    for _ in range(3):
        done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
        assert done.stderr == ""


def test_python_m_photochrom_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "photochrom", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == f"photochrom {__version__}"


def test_a_name_too_long_for_the_file_system_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (
        ["colorize", "x" * 300, "--output", "out"],
        ["train", "x" * 300, "--data", ".", "--output", "out"],
    ):
        assert main(words) == 1
        assert capsys.readouterr().err.count("\n") == 1
