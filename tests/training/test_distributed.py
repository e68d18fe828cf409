"""Several processes under torchrun: one network, the losses of one process, and no run lost when one is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from photochrom.errors import TrainingError
from photochrom.training import load_checkpoint, load_recipe, train
from photochrom.training.device import choose_device
from photochrom.training.distributed import Ranks, ranks_of
from training_runs import log_of, losses

TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node"]
# Eight photos, three a step: in most steps one process has more of them than the other.
SETTINGS = {
    "article-6": {"size": "32", "crop_from": "40", "flip": "true"},
    "photochrom-1": {
        "size": "64", "crop_from": "64", "least_crop": "48", "first_phase": "null", "pretrained": "false",
        "no_hint_prob": "0.4", "recolor_prob": "0.5", "degrade_prob": "0.5", "drop_path": "0.4",
        "test_photos": "2", "ema_decay": "0.9",
    },
}  # fmt: skip
COMMON = {
    "learning_rate": "0.0001",
    "batch": "3",
    "epochs": "7",
    "precision": "float32",
    "photos": "8",
    "checkpoint_seconds": "0",
}


def start(processes, name, photos, run, changes, *more, restarts=0):
    sets = [part for key, value in changes.items() for part in ("--set", f"{key}={value}")]
    command = [*TORCHRUN, str(processes), "--max-restarts", str(restarts), "--monitor-interval", "0.1"]
    return subprocess.Popen(
        [*command, "-m", "photochrom", "train", name, "--data", str(photos), "--output", str(run), *sets, *more],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def finish(process):
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    return out, err


def single(name, photos, run, changes):
    torch.set_num_threads(1)
    return train(load_recipe(name, changes), photos, run, progress=False)


def same_losses(run, whole, within=1e-4):
    ours, theirs = losses(load_checkpoint(run).history), losses(whole.history)
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        assert [value is None for value in one] == [value is None for value in other]
        assert [value or 0 for value in one] == pytest.approx([value or 0 for value in other], rel=within)


@pytest.mark.slow
@pytest.mark.torchrun
@pytest.mark.parametrize("name", ["article-6", "photochrom-1"])
def test_two_processes_have_the_losses_of_one_over_21_steps(photos, tmp_path, name):
    changes = COMMON | SETTINGS[name]
    process = start(2, name, photos, tmp_path / "two", changes)
    whole = single(name, photos, tmp_path / "one", changes)
    out, err = finish(process)
    same_losses(tmp_path / "two", whole)
    assert out.splitlines() == [str(tmp_path / "two" / "checkpoint.safetensors")]  # the first one speaks for both
    assert err.count("8 photos at") == 1
    assert ", 2 processes;" in err


@pytest.mark.slow
@pytest.mark.torchrun
def test_a_killed_process_ends_in_a_restart_from_the_last_checkpoint(photos, tmp_path):
    changes = COMMON | SETTINGS["article-6"] | {"epochs": "30", "test_photos": "0", "checkpoint_seconds": "0.3"}
    run = tmp_path / "run"
    process = start(2, "article-6", photos, run, changes, restarts=3)
    wait_for_epochs(run, 3, process)
    second = next(c for c in psutil.Process(process.pid).children() if c.environ().get("RANK") == "1")
    second.send_signal(signal.SIGKILL)
    _, err = finish(process)
    assert "going on in epoch" in err
    assert [entry["epoch"] for entry in log_of(run)] == list(range(1, 31))
    same_losses(run, single("article-6", photos, tmp_path / "one", changes), within=1e-3)


@pytest.mark.slow
@pytest.mark.torchrun
def test_all_stop_at_the_same_step_and_one_process_goes_on(photos, tmp_path):
    changes = COMMON | SETTINGS["article-6"] | {"test_photos": "0"}
    run = tmp_path / "run"
    process = start(2, "article-6", photos, run, changes | {"epochs": "100000"})
    try:
        wait_for_epochs(run, 2, process)
    finally:
        process.terminate()  # torchrun hands it on
        _, err = process.communicate(timeout=60)
    assert err.count("saved. Go on with --resume") == 1
    progress = load_checkpoint(run).progress
    changes["epochs"] = str(progress.epoch + 2)
    torch.set_num_threads(1)
    train(load_recipe("article-6", changes), photos, run, progress=False, resume=True)
    same_losses(run, single("article-6", photos, tmp_path / "one", changes), within=1e-3)


@pytest.mark.slow
@pytest.mark.torchrun
def test_what_is_wrong_with_a_recipe_is_said_once_however_late_the_first_process_is(photos, tmp_path, monkeypatch):
    (tmp_path / "late").mkdir()
    (tmp_path / "late" / "sitecustomize.py").write_text(
        "import os, time\nif os.environ.get('RANK') == '0':\n    time.sleep(4)\n"
    )
    paths = str(tmp_path / "late"), os.environ.get("PYTHONPATH")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
    process = start(2, "article-6", photos, tmp_path / "run", {"depth": "9"})
    _, err = process.communicate(timeout=120)
    assert process.returncode == 1
    said = [line for line in err.splitlines() if line.startswith("photochrom: ")]
    assert len(said) == 1
    assert "depth" in said[0]
    assert not (tmp_path / "run").exists()


def test_a_process_that_alone_has_come_upon_an_error_says_so(monkeypatch):
    waited: list[float] = []
    monkeypatch.setattr("photochrom.training.distributed.time.sleep", waited.append)
    with pytest.raises(TrainingError, match="no GPU"), Ranks(rank=1, count=2).alike():
        raise TrainingError(None, "there is no GPU", "get one")
    assert waited


def wait_for_epochs(run: Path, count: int, process: subprocess.Popen[str]) -> int:
    for _ in range(2400):
        path = run / "log.jsonl"
        done = len(path.read_text().splitlines()) if path.exists() else 0
        if done >= count and (run / "checkpoint.safetensors").exists():
            return done
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.05)
    raise AssertionError("the run does not get on")


@given(st.integers(1, 70), st.integers(1, 9))
def test_every_photo_is_one_process_s(photos: int, count: int) -> None:
    parts = [Ranks(rank, count).own(range(photos)) for rank in range(count)]
    assert sorted(photo for part in parts for photo in part) == list(range(photos))
    assert max(map(len, parts)) == Ranks(0, count).most(photos)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_torchrun_s_variables_tell_who_one_is() -> None:
    environment = {
        "RANK": "5", "WORLD_SIZE": "8", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "4", "MASTER_ADDR": "x",
        "MASTER_PORT": "1", "TORCHELASTIC_RESTART_COUNT": "2",
    }  # fmt: skip
    ranks = ranks_of(environment)
    assert ranks == Ranks(5, 8, 1, 4, restarted=True)
    assert not ranks.main
    del environment["MASTER_ADDR"]
    assert ranks_of(environment) == Ranks()


def test_each_process_of_a_machine_gets_a_gpu_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    assert [choose_device("cuda", Ranks(rank, 4, rank % 2, 2)).index for rank in range(4)] == [0, 1, 0, 1]
    assert choose_device("cuda").index is None


def test_processes_of_a_machine_do_not_share_a_gpu() -> None:
    with pytest.raises(TrainingError, match="one GPU for 2 processes"):
        choose_device("cuda:1", Ranks(0, 2, 0, 2))
