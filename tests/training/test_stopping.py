"""Stopped, killed, diverged or out of room: the last good checkpoint is there, and resuming is exact."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from photochrom.errors import CheckpointError, DivergedError, TrainingError
from photochrom.training import load_checkpoint, load_data, train
from photochrom.training.deadline import Deadline
from training_runs import AUGMENTED, RECIPE, StopAfter, log_of, losses


@pytest.mark.parametrize("optimizer", ["adam", "adamw"])
def test_resuming_gives_the_losses_of_a_run_never_stopped(photos, tmp_path, optimizer):
    recipe = AUGMENTED.model_copy(update={"optimizer": optimizer, "weight_decay": 0.01, "schedule": "constant"})
    whole = train(recipe, photos, tmp_path / "whole", progress=False)
    train(recipe.model_copy(update={"epochs": 2}), photos, tmp_path / "parts", progress=False)
    parts = train(recipe, photos, tmp_path / "parts", progress=False, resume=True)
    assert losses(parts.history) == losses(whole.history)
    assert log_of(tmp_path / "parts")[-1]["train_loss"] == whole.history[-1].train_loss


@pytest.mark.parametrize("batches", [1, 2, 3, 4, 8])
def test_a_stop_in_mid_epoch_saves_and_resuming_is_exact(photos, tmp_path, batches):
    whole = train(AUGMENTED, photos, tmp_path / "whole", progress=False)
    training, testing = load_data(AUGMENTED, photos, torch.device("cpu"))
    stopped = train(
        AUGMENTED, photos, tmp_path / "run", progress=False, photos=(StopAfter(training, batches), testing)
    )
    assert not stopped.finished
    assert stopped.stopped_by == signal.SIGTERM
    assert load_checkpoint(tmp_path / "run").epoch == batches // 3
    resumed = train(AUGMENTED, photos, tmp_path / "run", progress=False, resume=True)
    assert losses(resumed.history) == losses(whole.history)


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 8])
def test_a_deadline_stops_between_two_steps_and_resuming_is_exact(photos, tmp_path, steps):
    class Counted(Deadline):
        left = steps

        def holds(self, steps):
            return self.left > 0

        def took(self, seconds):
            self.left -= 1

    whole = train(AUGMENTED, photos, tmp_path / "whole", progress=False)
    stopped = train(AUGMENTED, photos, tmp_path / "run", progress=False, deadline=Counted(0))
    assert (stopped.finished, stopped.stopped_by) == (False, 0)
    assert stopped.checkpoint.exists() == (steps > 0)
    if steps:
        progress = load_checkpoint(tmp_path / "run").progress
        assert (progress.epoch, progress.step) == divmod(steps, 3)
    resumed = train(AUGMENTED, photos, tmp_path / "run", progress=False, resume=True)
    assert losses(resumed.history) == losses(whole.history)


COMMAND = [sys.executable, "-m", "photochrom", "train"]
SETTINGS = ["size=32", "batch=4", "checkpoint_seconds=0"]


def start(photos, run, *more):
    changes = [part for setting in [*SETTINGS, *more] for part in ("--set", setting)]
    return subprocess.Popen(
        [*COMMAND, "article-2", "--data", str(photos), "--output", str(run), "--resume", "--quiet", *changes],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def wait_for_epochs(run, count, process):
    for _ in range(1200):
        if (run / "log.jsonl").exists() and len((run / "log.jsonl").read_text().splitlines()) >= count:
            return
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.05)
    raise AssertionError("the run does not get on")


@pytest.mark.slow
def test_kill_9_at_any_moment_leaves_a_good_checkpoint_and_exact_resume(photos, tmp_path):
    run = tmp_path / "run"
    reached = 0
    for pause in (0.0, 0.013, 0.031):
        process = start(photos, run, "epochs=100000")
        wait_for_epochs(run, reached + 3, process)
        time.sleep(pause)
        process.kill()
        process.wait()
        epoch = load_checkpoint(run).epoch  # raises if damaged
        assert epoch >= reached
        reached = epoch
    process = start(photos, run, f"epochs={reached + 2}")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert out.strip() == str(run / "checkpoint.safetensors")
    recipe = load_checkpoint(run).recipe
    whole = train(recipe, photos, tmp_path / "whole", progress=False)
    assert losses(load_checkpoint(run).history) == losses(whole.history)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_sigterm_save_and_exit_cleanly(photos, tmp_path, number):
    process = start(photos, tmp_path / "run", "epochs=100000")
    wait_for_epochs(tmp_path / "run", 3, process)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert "Traceback" not in err
    loaded = load_checkpoint(tmp_path / "run")
    assert loaded.epoch >= 3
    assert len(log_of(tmp_path / "run")) == loaded.epoch


def test_a_loss_that_is_no_number_stops_and_keeps_the_checkpoint(photos, tmp_path):
    train(RECIPE.model_copy(update={"epochs": 1, "learning_rate": 10.0}), photos, tmp_path / "run", progress=False)
    good = (tmp_path / "run" / "checkpoint.safetensors").read_bytes()

    class Poisoned(StopAfter):
        def batches(self, order, batch_size):
            for network in networks:
                torch.nn.init.constant_(next(network.parameters()), float("nan"))
            return self.photos.batches(order, batch_size)

    import photochrom.training.loop as loop

    networks = []
    recipe = RECIPE.model_copy(update={"epochs": 9, "learning_rate": 10.0})
    training, testing = load_data(recipe, photos, torch.device("cpu"))
    prepare = loop.prepare

    def remember(*args):
        state, network, optimizer, *rest = prepare(*args)
        networks.append(network)
        return state, network, optimizer, *rest

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "prepare", remember)
        with pytest.raises(DivergedError, match=r"loss is nan in epoch 2; .*epoch 1.*learning_rate below 10"):
            train(
                recipe,
                photos,
                tmp_path / "run",
                progress=False,
                resume=True,
                photos=(Poisoned(training, 0), testing),
            )
    assert (tmp_path / "run" / "checkpoint.safetensors").read_bytes() == good


def test_a_full_disk_is_said_and_the_old_checkpoint_stays(photos, tmp_path, monkeypatch):
    train(RECIPE, photos, tmp_path / "run", progress=False)
    good = (tmp_path / "run" / "checkpoint.safetensors").read_bytes()

    def full(self, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(TrainingError, match="disk is full"):
        train(RECIPE.model_copy(update={"epochs": 9}), photos, tmp_path / "run", progress=False, resume=True)
    monkeypatch.undo()
    assert (tmp_path / "run" / "checkpoint.safetensors").read_bytes() == good
    assert [p.name for p in (tmp_path / "run").iterdir() if p.name.startswith(".")] == []


def test_out_of_memory_says_what_to_lower(photos, tmp_path, monkeypatch):
    import photochrom.training.loop as loop

    def too_much(*args, **kwargs):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(loop, "rgb_to_lab", too_much)
    monkeypatch.setattr(loop, "grey_loss", lambda *args: 1.0)
    with pytest.raises(TrainingError, match=r"out of memory with batch=4, size=32; lower one of them"):
        train(RECIPE, photos, tmp_path / "run", progress=False)


def test_a_run_is_not_begun_over_another(photos, tmp_path):
    train(RECIPE, photos, tmp_path / "run", progress=False)
    with pytest.raises(CheckpointError, match="holds a run already; go on with --resume"):
        train(RECIPE, photos, tmp_path / "run", progress=False)
    with pytest.raises(CheckpointError, match=r"another recipe \(batch was 4, not 8\)"):
        train(RECIPE.model_copy(update={"batch": 8}), photos, tmp_path / "run", progress=False, resume=True)
    with pytest.raises(CheckpointError, match="other photos"):
        train(RECIPE, photos / "train_color", tmp_path / "run", progress=False, resume=True)


def test_a_step_that_ruins_the_weights_does_not_reach_the_checkpoint(photos, tmp_path, monkeypatch):
    """The last step's damage shows in no training loss: only in the test loss and in the weights themselves."""
    import photochrom.training.loop as loop

    train(RECIPE.model_copy(update={"epochs": 1}), photos, tmp_path / "run", progress=False)
    training, testing = load_data(RECIPE, photos, torch.device("cpu"))

    def ruined(*args):
        state, network, optimizer, *rest = prepare(*args)
        step, left = optimizer.step, [3]

        def ruin():
            step()
            left[0] -= 1
            if left[0] == 0:
                torch.nn.init.constant_(next(network.parameters()), float("nan"))

        optimizer.step = ruin
        return state, network, optimizer, *rest

    prepare = loop.prepare
    monkeypatch.setattr(loop, "prepare", ruined)
    for tested in (testing, None):
        with pytest.raises((DivergedError, CheckpointError)):
            train(RECIPE, photos, tmp_path / "run", progress=False, resume=True, photos=(training, tested))
        kept = load_checkpoint(tmp_path / "run")
        assert (kept.epoch, kept.progress.step) == (1, 2)  # the step before
        assert all(bool(tensor.isfinite().all()) for tensor in kept.weights.values())
    monkeypatch.undo()
    assert all(
        json.loads(line)["epoch"] == 1 for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()
    )


def test_a_stop_before_the_first_step_leaves_nothing_to_trip_over(photos, tmp_path):
    class StoppedAtOnce(StopAfter):
        def __len__(self):
            if self.left:
                self.left = 0
                os.kill(os.getpid(), signal.SIGTERM)
            return len(self.photos)

    training, testing = load_data(RECIPE, photos, torch.device("cpu"))
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        train(RECIPE, photos, tmp_path / "run", progress=False, photos=(StoppedAtOnce(training, 1), testing))
    finally:
        signal.signal(signal.SIGTERM, before)
    assert train(RECIPE, photos, tmp_path / "run", progress=False, resume=True).finished


def test_a_cosine_run_cannot_be_made_longer(photos, tmp_path):
    train(AUGMENTED, photos, tmp_path / "run", progress=False)
    with pytest.raises(CheckpointError, match="epochs was 5, not 9"):
        train(AUGMENTED.model_copy(update={"epochs": 9}), photos, tmp_path / "run", progress=False, resume=True)


AHEAD = """
import sys
from photochrom.data.photos import find_photos, split_photos
from photochrom.data.photoset import PhotoSet
from photochrom.training import Recipe, train

if __name__ == "__main__":
    recipe = Recipe(name="t", network="article-2", size=32, batch=4, epochs=100000, checkpoint_seconds=0)
    parts = split_photos(find_photos(sys.argv[1]), test_fraction=0.1, seed=0)
    photos = tuple(PhotoSet.load(refs, 32, hold=False, workers=1) for refs in parts)
    result = train(recipe, (), sys.argv[2], progress=False, photos=photos)
    sys.exit(128 + result.stopped_by)
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_whole_group_stops_cleanly_while_workers_decode(photos, tmp_path, number):
    (tmp_path / "ahead.py").write_text(AHEAD)
    for pause in (0.0, 0.02):
        run = tmp_path / f"run-{pause}"
        process = subprocess.Popen(
            [sys.executable, str(tmp_path / "ahead.py"), str(photos), str(run)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        wait_for_epochs(run, 2, process)
        time.sleep(pause)
        os.killpg(process.pid, number)  # as a terminal or a scheduler does
        _, err = process.communicate(timeout=60)
        assert process.returncode == 128 + number, err
        assert "Traceback" not in err
        assert load_checkpoint(run).epoch >= 2
