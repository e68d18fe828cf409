"""A run that is given a time has as many epochs as the time holds, and keeps them when it is resumed."""

import os
import subprocess
import sys
import time

import pytest

from photochrom.cli.main import main
from photochrom.data.photos import find_photos, split_photos
from photochrom.data.photoset import PhotoSet
from photochrom.errors import TrainingError
from photochrom.training import load_checkpoint, load_recipe, train
from photochrom.training.recipe import Phase
from training_runs import RECIPE, StopAfter

PHASED = RECIPE.model_copy(
    update={"crop_from": 32, "epochs": 9, "first_phase": Phase(epochs=3, size=16, batch=4), "schedule": "cosine"}
)


def test_the_time_is_used_and_not_overrun(photos, tmp_path):
    began = time.perf_counter()
    result = train(RECIPE, photos, tmp_path / "run", progress=False, within=12)
    took = time.perf_counter() - began
    recipe = load_recipe(tmp_path / "run" / "recipe.yaml")
    assert result.finished
    assert recipe.epochs == len(result.history) > RECIPE.epochs
    assert recipe.model_copy(update={"epochs": RECIPE.epochs}) == RECIPE
    assert load_checkpoint(result.checkpoint).recipe == recipe
    assert 3 < took < 60  # other tests run beside this one, and the machine may slow down


def test_both_phases_get_their_share(photos, tmp_path):
    train(PHASED, photos, tmp_path / "run", progress=False, within=6)
    recipe = load_recipe(tmp_path / "run" / "recipe.yaml")
    assert recipe.epochs > PHASED.epochs
    assert recipe.first_phase.epochs / recipe.epochs == pytest.approx(1 / 3, abs=0.1)


def test_a_time_that_holds_no_epoch_is_said_before_anything_is_written(photos, tmp_path):
    with pytest.raises(TrainingError, match=r"an epoch of 12 photos takes 0\.\d minutes, and 0\.0 are left"):
        train(RECIPE, photos, tmp_path / "run", progress=False, within=0.01)
    with pytest.raises(TrainingError, match="an epoch of either size of 12 photos"):
        train(PHASED, photos, tmp_path / "run", progress=False, within=0.01)
    assert not (tmp_path / "run").exists()


def test_a_run_that_goes_on_keeps_its_epochs(photos, tmp_path):
    parts = split_photos(find_photos(photos), test_fraction=0.1, seed=0)
    training, testing = (PhotoSet.load(refs, 32) for refs in parts)
    stopped = train(
        PHASED, photos, tmp_path / "run", progress=False, within=6, photos=(StopAfter(training, 5), testing)
    )
    assert not stopped.finished
    epochs = load_checkpoint(stopped.checkpoint).recipe.epochs
    resumed = train(
        PHASED, photos, tmp_path / "run", progress=False, resume=True, within=1, photos=(training, testing)
    )
    assert resumed.finished
    assert len(resumed.history) == epochs


def test_a_time_is_read_with_its_unit(photos, tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["train", "article-3", "--data", str(photos), "--output", str(tmp_path / "run"), "--within", "soon"])
    assert "'soon' is no time, such as 90s, 15m or 1h" in capsys.readouterr().err


def test_a_processor_without_bfloat16_is_told_what_is_faster(photos, tmp_path):
    command = [sys.executable, "-m", "photochrom", "train", "article-3", "--data", str(photos), "--device", "cpu"]
    command += ["--set", "size=32", "--set", "batch=4", "--set", "epochs=1"]
    plain = os.environ | {"ATEN_CPU_CAPABILITY": "avx2"}
    for precision, warned in (("bfloat16", True), ("float32", False)):
        whole = [*command, "--output", str(tmp_path / precision), "--set", f"precision={precision}"]
        done = subprocess.run(whole, capture_output=True, text=True, env=plain, check=True)
        assert ("--set precision=float32 is several times as fast" in done.stderr) == warned
