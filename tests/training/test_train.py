"""Training: it learns, two runs are identical, and what cannot work is said."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from photochrom.data.photos import find_photos, split_photos
from photochrom.data.photoset import PhotoSet
from photochrom.errors import CheckpointError, DataError, MissingExtraError, TrainingError
from photochrom.training import load_checkpoint, train
from photochrom.training.device import choose_device, precision_of
from training_runs import AUGMENTED, RECIPE, log_of, losses


def test_it_learns_and_leaves_checkpoint_recipe_and_log(photos, tmp_path):
    recipe = RECIPE.model_copy(update={"epochs": 25, "learning_rate": 0.01})
    result = train(recipe, photos, tmp_path / "run", progress=False)
    assert result.finished
    assert result.history[-1].test_loss < result.history[0].test_loss
    assert result.history[-1].train_loss < 0.6 * load_checkpoint(result.checkpoint).progress.facts["grey_loss"]
    log = log_of(tmp_path / "run")
    assert [(e["epoch"], e["train_loss"], e["test_loss"]) for e in log] == losses(result.history)
    loaded = load_checkpoint(tmp_path / "run")
    assert loaded.recipe == recipe
    assert loaded.finished
    assert not loaded.network.training
    assert loaded.progress.facts["photos"] == 12
    assert loaded.progress.facts["test_photos"] == 4


def test_two_runs_are_identical_and_another_seed_is_not(photos, tmp_path):
    one = train(AUGMENTED, photos, tmp_path / "one", progress=False)
    two = train(AUGMENTED, photos, tmp_path / "two", progress=False)
    assert losses(one.history) == losses(two.history)
    a, b = load_checkpoint(one.checkpoint).network, load_checkpoint(two.checkpoint).network
    assert all(torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True))
    other = train(AUGMENTED.model_copy(update={"seed": 4}), photos, tmp_path / "other", progress=False)
    assert losses(one.history) != losses(other.history)


def test_a_damaged_checkpoint_is_said(photos, tmp_path):
    path = train(RECIPE, photos, tmp_path / "run", progress=False).checkpoint
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(CheckpointError, match="is damaged"):
        load_checkpoint(path)
    path.write_bytes(b"no checkpoint at all")
    with pytest.raises(CheckpointError, match="is damaged or no checkpoint"):
        load_checkpoint(path)
    with pytest.raises(CheckpointError, match="there is no checkpoint"):
        load_checkpoint(tmp_path / "nowhere")


def test_bad_data_is_said_before_anything_is_written(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError):
        train(RECIPE, tmp_path / "empty", tmp_path / "run", progress=False)
    with pytest.raises(DataError, match="nowhere"):
        train(RECIPE, tmp_path / "nowhere", tmp_path / "run", progress=False)
    assert not (tmp_path / "run").exists()


def test_skipped_photos_are_named(photos, tmp_path):
    folder = tmp_path / "data" / "train_color"
    folder.mkdir(parents=True)
    for source in (photos / "train_color").iterdir():
        (folder / source.name).write_bytes(source.read_bytes())
    (folder / "torn.png").write_bytes((folder / "00.png").read_bytes()[:200])
    train(RECIPE, tmp_path / "data", tmp_path / "run", progress=False)
    assert "torn.png" in (tmp_path / "run" / "skipped.log").read_text()


def test_names_that_are_no_text_stop_no_training(photos, tmp_path):
    shutil.copytree(photos / "train_color", tmp_path / "data")
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/data/caf\xe9.png")).write_text("no photo")
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    (tmp_path / "run" / ".photochrom-of-another-command").mkdir(parents=True)
    train(RECIPE.model_copy(update={"epochs": 1}), tmp_path / "data", tmp_path / "run", progress=False)
    assert r"caf\udce9.png" in (tmp_path / "run" / "skipped.log").read_text()
    nameless = Path(os.fsdecode(os.fsencode(tmp_path) + b"/r\xe9n"))  # whose checkpoint could not be read again
    with pytest.raises(TrainingError, match="its name is no text in UTF-8"):
        train(RECIPE, photos, nameless, progress=False)
    assert not nameless.exists()


def test_photos_decoded_ahead_train_to_the_same_losses(photos, tmp_path):
    held = train(RECIPE, photos, tmp_path / "held", progress=False)
    parts = split_photos(find_photos(photos), test_fraction=0.1, seed=0)
    ahead = tuple(PhotoSet.load(refs, 32, hold=False, workers=1) for refs in parts)
    assert not ahead[0].on_device
    streamed = train(RECIPE, photos, tmp_path / "ahead", progress=False, photos=ahead)
    assert losses(streamed.history) == losses(held.history)


def test_bfloat16_and_channels_last_learn_too(photos, tmp_path):
    recipe = RECIPE.model_copy(update={"precision": "bfloat16", "epochs": 15, "learning_rate": 0.01})
    history = train(recipe, photos, tmp_path / "run", progress=False).history
    assert history[-1].train_loss < history[0].train_loss
    weights = load_checkpoint(tmp_path / "run").network.state_dict().values()
    assert all(w.dtype in (torch.float32, torch.int64) for w in weights)


def test_a_cosine_schedule_falls(photos, tmp_path):
    rates = [e.learning_rate for e in train(AUGMENTED, photos, tmp_path / "run", progress=False).history]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] == AUGMENTED.learning_rate
    assert rates[-1] < rates[0] / 5


def test_tensorboard_gets_the_losses(photos, tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    history = train(RECIPE, photos, tmp_path / "run", progress=False, tensorboard=True).history
    events = EventAccumulator(str(tmp_path / "run" / "tensorboard"))
    events.Reload()
    assert [e.value for e in events.Scalars("loss/train")] == pytest.approx([e.train_loss for e in history])


def test_a_missing_tensorboard_names_the_pip_command(photos, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(MissingExtraError, match=r'pip install "photochrom\[tensorboard\]"'):
        train(RECIPE, photos, tmp_path / "run", progress=False, tensorboard=True)


def test_devices():
    assert choose_device("cpu").type == "cpu"
    assert choose_device("auto").type in ("cpu", "cuda")
    with pytest.raises(TrainingError, match="there is no device 'gpu9'"):
        choose_device("gpu9")
    if not torch.cuda.is_available():
        with pytest.raises(TrainingError, match="PyTorch sees no device cuda"):
            choose_device("cuda")
    assert precision_of("auto", torch.device("cpu")) == torch.float32
    assert precision_of("auto", torch.device("cuda")) == torch.bfloat16


def test_a_step_s_memory_grows_with_the_photos():
    code = """
import torch
from photochrom.models import create_network
from photochrom.training.device import measure_step
network = create_network("article-2")
TRIED = (2, 64), (64, 256)
sizes = [measure_step(network, batch, size, torch.device("cpu"), torch.float32) for batch, size in TRIED]
assert all(p.grad is None for p in network.parameters())
print(*sizes)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    small, large = map(int, done.stdout.split())
    assert large > small >= 0
    assert large > 64 * 256 * 256 * 4 * 20  # twenty planes of each photo are the least that a step holds


def test_a_step_that_memory_has_no_room_for_is_refused_before_it_is_tried(photos, tmp_path, monkeypatch):
    # Less than nothing: a process that freed much before takes no more from the system for a step.
    monkeypatch.setattr("photochrom.training.device.free_bytes", lambda device: -1)
    with pytest.raises(TrainingError, match=r"64 photos at 256x256 takes about .* are free; lower batch or size"):
        train(
            RECIPE.model_copy(update={"size": 256, "batch": 64}),
            photos,
            tmp_path / "run",
            device="cpu",
            progress=False,
        )
    assert not (tmp_path / "run").exists()


def test_settings_that_cannot_work_are_said(photos, tmp_path):
    for changes in ({"size": 8, "batch": 1}, {"size": 8, "batch": 11}):
        recipe = RECIPE.model_copy(update=changes)
        with pytest.raises(TrainingError, match="size=8 leaves article-3 one value for batch norm"):
            train(recipe, photos, tmp_path / "run", progress=False)


def test_a_user_s_own_recipe_is_never_written_over(photos, tmp_path):
    own = tmp_path / "recipe.yaml"
    own.write_text("name: own # mine\nnetwork: article-1\n")
    with pytest.raises(TrainingError, match=r"recipe\.yaml: is there and is another recipe"):
        train(RECIPE, photos, tmp_path, progress=False)
    assert "# mine" in own.read_text()


def test_an_output_that_cannot_be_a_folder_is_said_before_loading(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(TrainingError, match=r"cannot be written .*is no writable folder"):
        train(RECIPE, tmp_path / "no photos", tmp_path / "file" / "run", progress=False)


def test_only_test_photos_is_said(photos, tmp_path):
    with pytest.raises(DataError, match="all 4 photos are marked for testing"):
        train(RECIPE, photos / "test_color", tmp_path / "run", progress=False)
