import json
import os
import signal
import subprocess
import sys
import time

import pytest
from PIL import Image

from photochrom.cli.main import main
from tiny_network import tint_card, write_network


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(3):
        Image.new("RGB", (40, 50), (90 + 40 * number, 120, 60)).save(folder / f"{number}.png")
    return folder


@pytest.fixture
def tint(tmp_path):
    return write_network(tmp_path / "tint.onnx", card=tint_card())


def test_a_table_figures_and_a_page(photos, tint, tmp_path, capsys):
    out = tmp_path / "out"
    options = ["--data", str(photos), "--output", str(out), "--fast", "--quiet", "--jobs", "1"]
    assert main(["evaluate", str(tint), *options]) == 0
    printed = capsys.readouterr()
    for word in ("grey", "mean colour", "tint", "PSNR", "CIEDE2000", str(out / "report.html")):
        assert word in printed.out
    results = json.loads((out / "results.json").read_text())
    assert results["command"].startswith(f"photochrom evaluate {tint} --data {photos}")
    assert (out / "report.html").stat().st_size > 10_000


def test_the_last_sentence_says_whether_my_network_is_better_than_the_bundled_one(tmp_path, capsys):
    """Photos of one colour, and a network that knows it: surely better on its own photos than article-6."""
    folder = tmp_path / "mine"
    folder.mkdir()
    for number in range(20):
        Image.new("RGB", (16, 16), (150 + number, 120 + number, 90)).save(folder / f"{number:02}.png")
    card = tint_card(name="article-6")  # as the export of a fine-tuned one is called
    mine = write_network(tmp_path / "mine.onnx", card=card, slope=0.0, bias=(9.0, 21.0))
    out = tmp_path / "out"
    options = ["--data", str(folder), "--output", str(out), "--fast", "--quiet", "--jobs", "1"]
    assert main(["evaluate", str(mine), "article-6", *options]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    (comparison,) = json.loads((out / "results.json").read_text())["comparisons"]
    assert (comparison["of"], comparison["against"], comparison["verdict"]) == (str(mine), "article-6", "better")
    assert 0 < comparison["psnr"]["low"] < comparison["psnr"]["high"]
    assert comparison["better_on"] == comparison["photos"] == 20
    assert printed.endswith(f"higher on 20 of 20 photos. report: {out}/report.html".replace("  ", " "))
    assert f"{mine} is better than article-6 on such photos: +" in printed


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--data", "nowhere"], "nowhere"),
        (["--data", "PHOTOS", "--hints", "1,x"], "is no list of numbers up to 10000 such as 0,1,10"),
        (["--data", "PHOTOS", "--vividness", "2"], "is no list of numbers 0 to 1"),
        (["--data", "PHOTOS", "--photos", "0"], "is no number of 1 or more"),
    ],
)
def test_wrong_arguments_are_one_line(photos, tint, tmp_path, capsys, options, line):
    options = [str(photos) if option == "PHOTOS" else option for option in options]
    try:
        code = main(["evaluate", str(tint), *options, "--output", str(tmp_path / "out"), "--fast"])
    except SystemExit as stop:
        code = stop.code
    assert code in (1, 2)
    assert line in capsys.readouterr().err


def test_a_network_that_is_not_there(photos, tmp_path, capsys):
    assert main(["evaluate", "article-7", "--data", str(photos), "--output", str(tmp_path / "out")]) == 1
    assert "did you mean article-6?" in capsys.readouterr().err


@pytest.mark.slow
def test_sigterm_stops_it_and_the_same_command_goes_on(photos, tint, tmp_path):
    for number in range(3, 300):
        os.link(photos / "0.png", photos / f"{number}.png")
    command = [sys.executable, "-m", "photochrom", "evaluate", str(tint), "--data", str(photos), "--fast"]
    command += ["--output", str(tmp_path / "out"), "--quiet"]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    record = tmp_path / "out/measured.jsonl"
    deadline = time.monotonic() + 60
    while not (record.exists() and len(record.read_text().splitlines()) > 5):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    running.send_signal(signal.SIGTERM)
    _, printed = running.communicate(timeout=30)
    assert running.returncode == 128 + signal.SIGTERM
    assert "the same command goes on" in printed
    assert "Traceback" not in printed
    done = len(record.read_text().splitlines()) - 1
    assert 5 <= done < 300
    assert subprocess.run(command, stdout=subprocess.DEVNULL, check=False, timeout=120).returncode == 0
    assert len(record.read_text().splitlines()) == 301
