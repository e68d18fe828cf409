"""Planning and running: what is finished stays, what is half done goes on, what diverges is a result."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from photochrom.data.photos import PhotoRef
from photochrom.errors import CheckpointError, RecipeError, TrainingError
from photochrom.study import ladder, plan_study, read_runs, run_study
from photochrom.study.ladder import PlannedRun
from photochrom.training import load_checkpoint, train
from photochrom.training.checkpoint import Progress
from photochrom.training.failures import finite

SMALL: dict[str, Any] = {
    "networks": ["article-1"], "learning_rates": [0.001], "epochs": 2, "photos": 6, "size": 32, "final": False,
}  # fmt: skip


def test_the_whole_ladder_is_the_articles() -> None:
    plan = plan_study()
    assert len(plan) == 19
    networks = [f"article-{number}" for number in range(1, 7)]
    assert [run.name for run in plan[:18]] == [
        f"{network}-lr{rate}" for rate in ("0.001", "0.01", "0.0001") for network in networks
    ]
    assert {(r.recipe.epochs, r.recipe.photos, r.recipe.size, r.recipe.batch) for r in plan[:18]} == {
        (200, 200, 400, 32)
    }
    final = plan[-1]
    assert (final.name, final.role, final.recipe.network) == ("article-final", "final", "article-6")
    assert (final.recipe.photos, final.recipe.epochs) == (2000, 300)


def test_runs_of_nearly_one_rate_have_folders_of_their_own() -> None:
    plan = plan_study(**{**SMALL, "learning_rates": [0.0012345671, 0.0012345672]})
    assert [run.name for run in plan] == ["article-1-lr0.0012345671", "article-1-lr0.0012345672"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"networks": ["article-9"]}, "article-9"),
        ({"networks": []}, "at least one network"),
        ({"changes": {"epochs": "3"}}, "--epochs"),
        ({"changes": {"bathc": "3"}}, "did you mean batch"),
        ({"epochs": 0}, "epochs"),
        ({"learning_rates": [-1.0]}, "learning_rate"),
    ],
)
def test_impossible_plans_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        plan_study(**options)


def test_finished_runs_are_not_run_again(
    study: Path, photos: Path, plan: list[PlannedRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ladder, "train", lambda *_, **__: pytest.fail("was run again"))
    before = {path: path.stat().st_mtime_ns for path in study.glob("runs/*/*")}
    said: list[str] = []
    result = run_study(plan, photos, study, device="cpu", progress=False, say=said.append)
    assert result.report is not None
    assert sum("is done already" in line for line in said) == len(plan) == 5
    assert {path: path.stat().st_mtime_ns for path in study.glob("runs/*/*")} == before


def test_a_stopped_study_goes_on_where_it_was(
    tmp_path: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_study(**SMALL | {"learning_rates": [0.01, 0.001]})
    whole = tmp_path / "whole"
    run_study(plan, photos, whole, device="cpu", progress=False)

    from photochrom.training import loop

    measured = loop._test

    def stop_after_the_first_epoch(*args: Any) -> float:
        os.kill(os.getpid(), signal.SIGTERM)
        return measured(*args)

    stopped = tmp_path / "stopped"
    with monkeypatch.context() as patch:
        patch.setattr(loop, "_test", stop_after_the_first_epoch)
        result = run_study(plan, photos, stopped, device="cpu", progress=False, pack=tmp_path / "study.tar")
    assert (result.report, result.stopped_by) == (None, signal.SIGTERM)
    assert result.packed == [tmp_path / "study.tar"]
    assert result.left == {"article-1-lr0.01": 1, "article-1-lr0.001": 2}
    assert [len(run.history) for run in read_runs(plan, stopped / "runs")] == [1, 0]

    assert run_study(plan, photos, stopped, device="cpu", progress=False).report is not None
    for one, other in zip(read_runs(plan, whole / "runs"), read_runs(plan, stopped / "runs"), strict=True):
        assert [entry.train_loss for entry in one.history] == [entry.train_loss for entry in other.history]


def test_a_run_that_diverges_is_a_result(tmp_path: Path, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_study(**SMALL | {"learning_rates": [0.01, 0.001]})
    real, calls = ladder.train, []

    def diverge_first(recipe: Any, data: Any, output: Path, **options: Any) -> Any:
        calls.append(recipe.name)
        if recipe.learning_rate == 0.01:
            result = real(recipe.model_copy(update={"epochs": 1}), data, output, **options)
            finite(float("nan"), recipe, Progress(epoch=1, history=result.history))
        return real(recipe, data, output, **options)

    monkeypatch.setattr(ladder, "train", diverge_first)
    for _ in range(2):
        result = run_study(plan, photos, tmp_path, device="cpu", progress=False)
    assert calls == ["article-1-lr0.01", "article-1-lr0.001"]
    first, second = read_runs(plan, tmp_path / "runs")
    assert (first.status, len(first.history), second.status) == ("diverged", 1, "finished")
    assert result.report is not None
    page = result.report.read_text(encoding="utf-8")
    assert "the loss is nan in epoch 2" in page
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert report["networks"][0]["runs"][0]["status"] == "diverged"
    assert report["networks"][0]["best"] == "article-1-lr0.001"


def test_a_full_disk_ends_the_study(tmp_path: Path, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(*_: Any, **__: Any) -> None:
        raise TrainingError(None, "the disk is full", "free some space and go on with --resume")

    monkeypatch.setattr(ladder, "train", fill)
    with pytest.raises(TrainingError, match="disk is full"):
        run_study(plan_study(**SMALL), photos, tmp_path, device="cpu", progress=False)


def test_a_run_of_another_recipe_or_other_photos_is_refused(tmp_path: Path, photos: Path) -> None:
    run_study(plan_study(**SMALL), photos, tmp_path / "study", device="cpu", progress=False)
    with pytest.raises(CheckpointError, match=r"batch 32.*choose another --output"):
        run_study(
            plan_study(**SMALL, changes={"batch": "4"}), photos, tmp_path / "study", device="cpu", progress=False
        )
    with pytest.raises(CheckpointError, match=r"holds 2 epochs.*choose another --output"):
        run_study(plan_study(**SMALL | {"epochs": 1}), photos, tmp_path / "study", device="cpu", progress=False)
    others = tmp_path / "others" / "train_color"
    others.mkdir(parents=True)
    for number in range(8):
        Image.new("RGB", (32, 32), (200, 20 * number, 30)).save(others / f"other-{number}.png")
    with pytest.raises(CheckpointError, match="other photos"):
        run_study(plan_study(**SMALL), tmp_path / "others", tmp_path / "study", device="cpu", progress=False)


def test_a_finished_run_can_be_made_longer(tmp_path: Path, photos: Path) -> None:
    run_study(plan_study(**SMALL), photos, tmp_path, device="cpu", progress=False)
    longer = plan_study(**SMALL | {"epochs": 3})
    run_study(longer, photos, tmp_path, device="cpu", progress=False)
    assert len(read_runs(longer, tmp_path / "runs")[0].history) == 3


def test_a_mark_of_divergence_counts_for_its_own_recipe_alone(
    tmp_path: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def diverge(recipe: Any, data: Any, output: Path, **_: Any) -> None:
        output.mkdir(parents=True)
        finite(float("nan"), recipe, Progress())

    with monkeypatch.context() as patch:
        patch.setattr(ladder, "train", diverge)
        run_study(plan_study(**SMALL), photos, tmp_path, device="cpu", progress=False)
    assert read_runs(plan_study(**SMALL), tmp_path / "runs")[0].status == "diverged"
    again = plan_study(**SMALL, changes={"precision": "bfloat16"})
    assert run_study(again, photos, tmp_path, device="cpu", progress=False).report is not None
    assert read_runs(again, tmp_path / "runs")[0].complete


def test_a_stop_in_a_run_s_last_epoch_stops_the_study(
    tmp_path: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []
    train = ladder.train

    def stopped_at_the_end(recipe: Any, *args: Any, **options: Any) -> Any:
        begun.append(recipe.name)
        return replace(train(recipe, *args, **options), stopped_by=int(signal.SIGTERM))

    monkeypatch.setattr(ladder, "train", stopped_at_the_end)
    plan = plan_study(**{**SMALL, "learning_rates": [0.001, 0.0001]})
    result = run_study(plan, photos, tmp_path, device="cpu", progress=False)
    assert result.stopped_by == signal.SIGTERM
    assert begun == [plan[0].name]


def test_no_photo_is_decoded_twice(tmp_path: Path, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The dev set is a part of the final run's photos, and all runs share their test photos."""
    from photochrom.data import decode

    decoded: Counter[str] = Counter()
    real = decode.decode

    def count(ref: PhotoRef, *args: Any, **options: Any) -> Any:
        decoded[ref.key] += 1
        return real(ref, *args, **options)

    monkeypatch.setattr(decode, "decode", count)
    plan = plan_study(**SMALL | {"epochs": 1, "final": True, "final_epochs": 1, "final_photos": 8})
    run_study(plan, photos, tmp_path, device="cpu", progress=False, photographs=False)
    dev = [f"train_color/{number}.png" for number in range(6)]  # after them, a few are decoded ahead in vain
    assert [decoded[key] for key in dev + [f"test_color/{number}.png" for number in range(3)]] == [1] * 9
    final = read_runs(plan, tmp_path / "runs")[1]
    alone = train(plan[1].recipe, photos, tmp_path / "alone", device="cpu", progress=False)
    assert [entry.train_loss for entry in final.history] == [entry.train_loss for entry in alone.history]
    assert load_checkpoint(tmp_path / "alone").progress.data == final.checkpoint.progress.data
