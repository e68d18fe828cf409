"""Completion, as shells do it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from photochrom.cli.main import main

BASH = """
source /dev/stdin <<< "$SCRIPT"
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
_shtab_photochrom photochrom "${COMP_WORDS[$COMP_CWORD]}" "${COMP_WORDS[$((COMP_CWORD - 1))]}"
echo "${COMPREPLY[*]}"
"""


@pytest.fixture(scope="module")
def bash_script() -> str:
    command = [sys.executable, "-m", "photochrom", "completion", "bash"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.skipif(shutil.which("bash") is None or os.name == "nt", reason="bash is not installed")
@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("co", "colorize completion"),
        ("networks s", "show"),
        ("colorize --viv", "--vividness"),
        ("colorize --device c", "cpu cuda coreml"),
        ("colorize -o a", "a.png"),
        ("networks show a", "a.png"),
        ("completion z", "zsh"),
    ],
)
def test_bash_completes(tmp_path: Path, bash_script: str, typed: str, completed: str) -> None:
    (tmp_path / "a.png").touch()
    command = ["bash", "--norc", "-c", BASH, "bash", "photochrom", *typed.split(" ")]
    environment = {**os.environ, "SCRIPT": bash_script}
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split() == completed.split()


def test_every_shell_is_told_that_the_first_word_may_be_a_photo(capsys: pytest.CaptureFixture[str]) -> None:
    marks = {"bash": "-o default", "zsh": "_commands\n  _files", "fish": "__fish_is_first_arg -F"}
    for shell, mark in marks.items():
        assert main(["completion", shell]) == 0
        assert mark in capsys.readouterr().out
