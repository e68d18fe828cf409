"""`photochrom study --within`: what fits is done, what does not is said, and nothing of it is lost."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from photochrom.cli.main import main
from photochrom.errors import TrainingError
from photochrom.study import budget, plan_study, read_runs, run_study, study
from photochrom.training import deadline, load_checkpoint, load_data, loop, train
from photochrom.training.deadline import Deadline

PLAN = plan_study(
    networks=["article-1"], learning_rates=[0.001, 0.01], epochs=2, photos=6, size=32, final=False,
    changes={"batch": "2"},
)  # fmt: skip
STEP, TEST, REPORT = 10.0, 5.0, 11.0  # seconds of the clock below: REPORT is what is kept for one network


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A clock that only training moves: by ten seconds for a step, five for a test."""
    clock = SimpleNamespace(now=0.0, monotonic=lambda: clock.now, perf_counter=lambda: clock.now)
    for module in (budget, study, deadline, loop):
        monkeypatch.setattr(module, "time", clock)
    step, test = loop.Stepper.__call__, loop._test

    def timed_step(*args: Any, **kwargs: Any) -> Any:
        clock.now += STEP
        return step(*args, **kwargs)

    def timed_test(*args: Any) -> Any:
        clock.now += TEST
        return test(*args)

    monkeypatch.setattr(loop.Stepper, "__call__", timed_step)
    monkeypatch.setattr(loop, "_test", timed_test)
    return clock


def study_within(seconds: float, photos: Path, output: Path, said: list[str] | None = None) -> study.StudyResult:
    say = (lambda line: None) if said is None else said.append
    return run_study(
        PLAN, photos, output, device="cpu", progress=False, photographs=False, within=seconds, say=say
    )


def test_it_stops_before_the_step_that_would_be_too_much_and_goes_on_exactly(
    tmp_path: Path, photos: Path, clock: SimpleNamespace
) -> None:
    said: list[str] = []
    epoch = 3 * STEP + TEST
    result = study_within(epoch + STEP + REPORT + 9.9, photos, tmp_path / "study", said)
    assert clock.now == epoch + STEP
    progress = load_checkpoint(tmp_path / "study" / "runs" / PLAN[0].name).progress
    assert (progress.epoch, progress.step) == (1, 1)
    assert result.left == {PLAN[0].name: 1, PLAN[1].name: 2}
    assert said[-1] == "2 of 2 runs are left, with so many epochs: article-1-lr0.001 (1), article-1-lr0.01 (2)"
    assert result.report is not None
    assert "0 of 2 runs" in result.report.read_text(encoding="utf-8")

    result = study_within(1000, photos, tmp_path / "study")
    assert result.left == {}
    for run in PLAN:
        train(run.recipe, photos, tmp_path / run.name, device="cpu", progress=False)
        whole, parts = (
            load_checkpoint(tmp_path / run.name),
            load_checkpoint(tmp_path / "study" / "runs" / run.name),
        )
        assert all(torch.equal(tensor, parts.weights[name]) for name, tensor in whole.weights.items())


def test_a_test_that_does_not_fit_is_not_begun(tmp_path: Path, photos: Path, clock: SimpleNamespace) -> None:
    """The third step would fit, but after it comes the epoch's test, which cannot be broken off."""
    study_within(3 * STEP + REPORT + 1, photos, tmp_path)
    assert load_checkpoint(tmp_path / "runs" / PLAN[0].name).progress.step == 2
    assert clock.now == 2 * STEP


def test_a_run_is_not_begun_in_a_time_that_does_not_hold_it(
    tmp_path: Path, photos: Path, clock: SimpleNamespace
) -> None:
    result = study_within(2 * (3 * STEP + TEST) + REPORT, photos, tmp_path)
    assert [run.status for run in read_runs(PLAN, tmp_path / "runs")] == ["finished", "not begun"]
    assert result.left == {PLAN[1].name: 2}


def test_photos_that_would_take_too_long_to_load_are_not_begun(
    tmp_path: Path, photos: Path, clock: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def loaded(recipe: Any, *args: Any, **options: Any) -> Any:
        sets = load_data(recipe, *args, **options)
        clock.now += 2 * len(sets[0])
        return sets

    monkeypatch.setattr(study, "load_data", loaded)
    plan = [PLAN[0], *plan_study(networks=["article-1"], learning_rates=[0.001], size=32, final_photos=8)[1:]]
    dev = 2 * 6 + 2 * (3 * STEP + TEST)
    for spare, loads in ((4 - 1, 1), (4 + 1, 2)):
        clock.now = 0.0
        run_study(
            plan, photos, tmp_path / str(spare), device="cpu", progress=False, photographs=False,
            within=dev + REPORT + 3 + spare,
        )  # fmt: skip
        assert clock.now == dev + (0 if loads == 1 else 16)


def test_a_time_that_holds_nothing_is_said(tmp_path: Path, photos: Path, clock: SimpleNamespace) -> None:
    with pytest.raises(TrainingError, match=r"--within holds no step of training.*give more time"):
        study_within(REPORT - 1, photos, tmp_path)
    assert not (tmp_path / "runs").exists()


def test_a_finished_study_needs_no_time(tmp_path: Path, photos: Path, clock: SimpleNamespace) -> None:
    study_within(1000, photos, tmp_path)
    assert study_within(1, photos, tmp_path).report is not None


def test_a_step_is_thought_to_take_as_long_as_the_longest_of_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline, "time", SimpleNamespace(monotonic=lambda: 100.0))
    until = Deadline(110, step=20)
    assert not until.holds(1)
    for seconds in (4, 6, *[5] * 6):
        until.took(seconds)
    assert until.holds(10 / 6)
    assert not until.holds(1.7)
    until.took(5)
    until.took(5)
    assert until.holds(2)


def test_the_report_says_what_there_is_so_far(
    tmp_path: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--networks", "article-1,article-2", "--learning-rates", "0.001", "--photos", "6", "--size", "32"]
    where = ["--data", str(photos), "--output", str(tmp_path), "--device", "cpu", "--no-training"]
    plan = plan_study(networks=["article-1", "article-2"], learning_rates=[0.001], photos=6, size=32, epochs=3)
    shorter = plan[0].recipe.model_copy(update={"epochs": 1})
    train(shorter, photos, tmp_path / "runs" / plan[0].name, device="cpu", progress=False)
    assert main(["study", *where, *options, "--epochs", "3"]) == 0
    assert "3 of 3 runs are left" in capsys.readouterr().err
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert "0 of 3 runs" in page
    assert "(article-1-lr0.001: 1 of 3 epochs so far)" in page
    assert "the final run (not yet run)" in page
    verdicts = {finding["key"]: finding["verdict"] for finding in report["findings"]}
    assert verdicts["colourless"] == verdicts["final"] == "not yet run"
    assert verdicts["unet"] == "not tested"  # network 3 was left out
    assert [network["shown"] for network in report["networks"]] == [plan[0].name, None]
    assert "after 1 of 3 epochs" in page
    assert {time["seconds"] for row in report["times"] for time in row["article"]} == {2400, 9000, 259200}
    figures = {path.name for path in (tmp_path / "figures").iterdir()}
    assert figures == {f"article-1-{kind}.png" for kind in ("loss", "train", "test", "activations")}

    assert main(["study", *where, *options, "--epochs", "3", "--no-photos"]) == 0
    assert [path.name for path in (tmp_path / "figures").iterdir()] == ["article-1-loss.png"]
    text = (tmp_path / "report.json").read_text(encoding="utf-8")
    assert ".png" not in text
    assert "test_color" not in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert json.loads(text)["networks"][0]["runs"][0]["colours"]["test"]["photos"] == 3
