"""Calls that are stopped, killed or crashed: nothing half-written stays, and the next call goes on."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from batch_calls import Colorize, Start, results, until
from photochrom.batch import run
from photochrom.cli.main import main
from photochrom.io.picture import Picture

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks up processes in /proc")


def children(process: subprocess.Popen[str]) -> list[int]:
    """Worker processes, without the one that multiprocessing keeps to track resources."""
    listed = []
    for task in Path(f"/proc/{process.pid}/task").glob("*/children"):  # a thread starts them
        with suppress(FileNotFoundError, ProcessLookupError):  # and may be gone
            listed += task.read_text().split()
    return [int(pid) for pid in listed if b"spawn_main" in command(pid)]


def command(pid: str) -> bytes:
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def alive(pids: list[int]) -> bool:
    return any(Path(f"/proc/{pid}").exists() and "(zombie)" not in status(pid) for pid in pids)


def status(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return "(zombie)"


def opened(pid: int) -> list[str]:
    try:
        return [os.path.realpath(fd) for fd in Path(f"/proc/{pid}/fd").iterdir()]
    except OSError:  # it ended, or closed one just now
        return []


def whole(out: Path) -> int:
    names = [path for path in out.glob("*.png") if not path.name.startswith(".")]
    for path in names:
        assert Picture.read(path).pixels.shape == (1200, 1600, 3)
    return len(names)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("jobs", [1, 2])
def test_stopped(
    jobs: int,
    number: signal.Signals,
    code: int,
    slow: Path,
    tmp_path: Path,
    start: Start,
    colorize: Colorize,
) -> None:
    out = tmp_path / "out"
    process = start(slow, "-o", out, "--jobs", jobs)
    until(lambda: list(out.glob("*.png")))
    workers = children(process)
    assert len(workers) == (0 if jobs == 1 else 2)
    begun = time.monotonic()
    os.killpg(process.pid, number)  # all of the group, as a terminal does
    printed, errors = process.communicate()
    assert time.monotonic() - begun < 5  # a second, on a machine that is not busy
    assert (process.returncode, errors) == (code, "")
    assert "colorized" in printed
    assert printed.endswith(" (stopped; the same command goes on)\n")
    assert not alive(workers)
    done = whole(out)
    assert 1 <= done < 6
    assert all(not name.startswith(".photochrom/work") for name in results(out))
    assert colorize(slow, "-o", out) == 0
    assert whole(out) == 6


def test_what_starts_over_is_not_said_to_go_on(slow: Path, tmp_path: Path, start: Start) -> None:
    out = tmp_path / "out"
    process = start(slow, "-o", out, "--jobs", 1, "--overwrite")
    until(lambda: list(out.glob("*.png")))
    process.send_signal(signal.SIGINT)
    assert process.communicate()[0].endswith(" s (stopped)\n")


def test_the_report_says_that_a_call_was_stopped(slow: Path, tmp_path: Path, start: Start) -> None:
    out = tmp_path / "out"
    process = start(slow, "-o", out, "--jobs", 1, "--json")
    until(lambda: list(out.glob("*.png")))
    process.send_signal(signal.SIGINT)
    output = json.loads(process.communicate()[0])
    assert output["stopped"] is True
    assert 1 <= output["not_begun"] == 6 - output["done"]


def test_killed_it_goes_on_and_no_worker_outlives_it(
    slow: Path, tmp_path: Path, start: Start, colorize: Colorize, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    process = start(slow, "-o", out, "--jobs", 2)
    until(lambda: len(list(out.glob("*.png"))) >= 2)
    workers = children(process)
    process.kill()
    process.wait()
    until(lambda: not alive(workers), seconds=2)
    done = whole(out)
    assert 2 <= done < 6
    assert colorize(slow, "-o", out) == 0
    assert capsys.readouterr().out.startswith(f"{6 - done} colorized, {done} skipped ({done} done already)")
    assert results(out) == [f"{number:02}.png" for number in range(6)]


def test_a_worker_that_dies_loses_nothing(slow: Path, tmp_path: Path, start: Start) -> None:
    out = tmp_path / "out"
    process = start(slow, "-o", out, "--jobs", 2)
    until(lambda: list(out.glob("*.png")))
    os.kill(children(process)[0], signal.SIGKILL)
    printed, errors = process.communicate()
    assert (process.returncode, errors) == (0, "")
    assert printed.startswith("6 colorized, 0 skipped, 0 failed")
    assert whole(out) == 6


def test_a_photo_whose_every_worker_dies_fails_alone(slow: Path, tmp_path: Path, start: Start) -> None:
    out = tmp_path / "out"
    # Large, so that it is open for long enough to be seen.
    noise = np.random.default_rng(1).integers(0, 255, (2400, 3200), np.uint8)
    Picture.from_array(noise).save(slow / "03.png", overwrite=True)
    process = start(slow, "-o", out, "--jobs", 2)
    killed = 0

    def is_through() -> bool:
        nonlocal killed
        for pid in children(process):
            # Whoever has this photo open is killed, and the next one that has it.
            if killed < 2 and str(slow / "03.png") in opened(pid):
                os.kill(pid, signal.SIGKILL)
                until(lambda pid=pid: not alive([pid]))
                killed += 1
        return process.poll() is not None

    until(is_through, seconds=60)
    printed, errors = process.communicate()
    assert process.returncode == 1
    assert printed.startswith("5 colorized, 0 skipped, 1 failed")
    says = "the process that worked on it was ended (out of memory?), as did another before; try it by itself"
    assert errors == f"photochrom: {slow / '03.png'}: {says}\n"
    assert whole(out) == 5


def test_two_calls_at_once(slow: Path, tmp_path: Path, start: Start, colorize: Colorize) -> None:
    out = tmp_path / "out"
    first = start(slow, "-o", out, "--jobs", 1)
    until(lambda: list(out.glob(".photochrom/work-*/*")))
    second = start(slow, "-o", out, "--jobs", 1)
    printed, errors = second.communicate()
    assert (second.returncode, printed) == (1, "")
    assert (
        errors == f"photochrom: {out}: another photochrom is writing there; wait for it, or give another folder\n"
    )
    assert first.communicate()[0].startswith("6 colorized")
    assert colorize(slow, "-o", out) == 0


def test_several_processes_make_what_one_does(photos: Path, tmp_path: Path, colorize: Colorize) -> None:
    (photos / "bad.jpg").write_text("no photo")
    (photos / "pipe.jpg").unlink(missing_ok=True)
    os.mkfifo(photos / "pipe.jpg")
    for jobs in (1, 3):
        assert colorize(photos, "-o", tmp_path / str(jobs), "-j", jobs, "--sheet") == 1
    names = results(tmp_path / "1")
    assert names == results(tmp_path / "3")
    assert len(names) == 7
    for name in names:
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "3" / name).read_bytes()


def test_few_photos_are_not_worth_processes(
    photos: Path, tint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    real = run.open_pool
    monkeypatch.setattr(run, "open_pool", lambda setup, workers: real(setup, asked.append(workers) or 1))
    for _ in range(2):
        assert main(["colorize", str(photos), "-o", str(tmp_path / "out"), "-n", str(tint)]) == 0
        for name in "ab":
            shutil.copy(photos / "00.png", photos / f"{name}.png")
    assert asked == [1, len(os.sched_getaffinity(0))]


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_network_that_cannot_be_opened_is_one_line(
    jobs: int, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damaged = tmp_path / "damaged.onnx"
    damaged.write_text("no network")
    words = ["colorize", str(photos), "-o", str(tmp_path / "out"), "-j", str(jobs), "-n", str(damaged)]
    assert main(words) == 1
    errors = capsys.readouterr().err
    assert errors.startswith(f"photochrom: {damaged}: is no ONNX network")
    assert errors.count("\n") == 1
    assert not (tmp_path / "out").exists()
