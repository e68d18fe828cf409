"""What a run of the fuzzer once found, tried again."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from fuzz.check import Check
from fuzz.run import SECONDS, make_input
from fuzz.seeds import make_seeds
from photochrom.colorizer import Colorizer
from photochrom.options import Options

CORPUS = sorted((Path(__file__).parent / "corpus").iterdir())


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_what_was_found_stays_mended(path: Path, tint: Path, tmp_path: Path) -> None:
    check = Check(Colorizer(tint, device="cpu", threads=1), tmp_path)
    # The suffix is that of the target; the name says what was wrong.
    before = time.process_time()
    _, wrong = check(path.read_bytes(), path.suffix, Options())
    assert not wrong
    assert time.process_time() - before < SECONDS


def test_inputs_follow_from_their_number_alone() -> None:
    seeds = make_seeds()
    assert seeds == make_seeds()
    for number in range(200):
        assert make_input(number, 1, seeds) == make_input(number, 1, seeds)
    assert make_input(3, 1, seeds) != make_input(3, 2, seeds)


def test_a_short_run_finds_nothing(tmp_path: Path) -> None:
    command = [sys.executable, str(Path(__file__).with_name("run.py")), "--count", "42", "--processes", "1"]
    done = subprocess.run([*command, "--out", str(tmp_path)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "| all     |      42 |" in (tmp_path / "summary.md").read_text()
