"""The findings' logic, on histories made by hand, in both directions."""

from __future__ import annotations

from typing import Any

import pytest

from photochrom.study.colors import Colours
from photochrom.study.findings import Finding, compute_findings
from photochrom.study.results import RunResult, best_run
from photochrom.training import EpochLog, load_recipe

RATES = (0.01, 0.001, 0.0001)


def run_of(
    network: str, train: list[float], test: list[float] | None, rate: float = 0.001, **changes: Any
) -> RunResult:
    recipe = load_recipe("article-final" if network == "final" else network)
    recipe = recipe.model_copy(update={"learning_rate": rate, "epochs": changes.pop("epochs", len(train))})
    tested = test or [None] * len(train)
    history = [
        EpochLog(epoch, one, other, rate, 10.0, float(epoch))
        for epoch, (one, other) in enumerate(zip(train, tested, strict=True), start=1)
    ]
    facts = {"photos": 4, "test_photos": 2, "grey_loss": 100.0}
    role = "final" if network == "final" else "dev"
    return RunResult(f"{network}-lr{rate:g}", role, recipe, history, facts, **changes)


def colours(chroma: float, least: float, true: float = 20.0) -> Colours:
    return Colours(4, chroma, true, least, max(least, 0.0), 50.0, 100.0, 0.4)


def finding(runs: list[RunResult], key: str, measured: dict[tuple[str, str], Colours] | None = None) -> Finding:
    found = {one.key: one for one in compute_findings(runs, measured or {})}
    assert list(found) == ["colourless", "unet", "deeper", "dilation", "two-dilations", "final"]
    return found[key]


@pytest.mark.parametrize(
    ("chroma", "least", "verdict"),
    [
        pytest.param(2.0, 0.0, "reproduced", id="colourless"),
        pytest.param(12.0, 0.0, "not reproduced", id="colourful"),
        pytest.param(2.0, -1.0, "not reproduced", id="proposes a negative a"),
    ],
)
def test_networks_1_and_2_cannot_colour(chroma: float, least: float, verdict: str) -> None:
    runs = [run_of(name, [90.0], [95.0]) for name in ("article-1", "article-2")]
    measured = {(runs[0].name, part): colours(1.0, 0.0) for part in ("train", "test")}
    measured |= {(runs[1].name, part): colours(chroma, least) for part in ("train", "test")}
    found = finding(runs, "colourless", measured)
    assert found.verdict == verdict
    assert len(found.evidence) == 4


def test_colourlessness_is_asked_of_training_photos_as_well() -> None:
    runs = [run_of(name, [90.0], [95.0]) for name in ("article-1", "article-2")]
    measured = {(run.name, part): colours(1.0, 0.0) for run in runs for part in ("train", "test")}
    measured[runs[0].name, "train"] = colours(15.0, 0.0)
    assert finding(runs, "colourless", measured).verdict == "not reproduced"


@pytest.mark.parametrize(
    ("three", "verdict"),
    [
        pytest.param([70.0, 40.0, 30.0], "reproduced", id="faster and lower"),
        pytest.param([90.0, 85.0, 30.0], "not reproduced", id="lower but no faster"),
        pytest.param([61.0, 61.0, 61.0], "not reproduced", id="never as low"),
    ],
)
def test_the_unet_converges_faster_and_lower(three: list[float], verdict: str) -> None:
    runs = [run_of("article-2", [100.0, 80.0, 60.0], None), run_of("article-3", three, None)]
    assert finding(runs, "unet").verdict == verdict


@pytest.mark.parametrize(
    ("train", "test", "verdict"),
    [(30.0, 110.0, "reproduced"), (30.0, 90.0, "not reproduced"), (60.0, 110.0, "not reproduced")],
)
def test_the_deeper_network_overfits(train: float, test: float, verdict: str) -> None:
    runs = [run_of("article-3", [50.0], [100.0]), run_of("article-4", [train], [test])]
    assert finding(runs, "deeper").verdict == verdict


@pytest.mark.parametrize(("test", "verdict"), [(90.0, "reproduced"), (110.0, "not reproduced")])
def test_dilation_lowers_the_test_loss(test: float, verdict: str) -> None:
    runs = [run_of("article-4", [50.0], [100.0]), run_of("article-5", [50.0], [test])]
    assert finding(runs, "dilation").verdict == verdict


@pytest.mark.parametrize(("test", "verdict"), [(80.0, "reproduced"), (120.0, "not reproduced")])
def test_network_6_overfits_less(test: float, verdict: str) -> None:
    runs = [run_of("article-5", [50.0], [100.0]), run_of("article-6", [40.0], [test])]
    assert finding(runs, "two-dilations").verdict == verdict


@pytest.mark.parametrize(
    ("chroma", "test", "verdict"),
    [(8.0, 80.0, "reproduced"), (1.0, 80.0, "not reproduced"), (8.0, 101.0, "not reproduced")],
)
def test_the_final_network_colours(chroma: float, test: float, verdict: str) -> None:
    run = run_of("final", [50.0, 40.0], [90.0, test])
    assert finding([run], "final", {(run.name, "test"): colours(chroma, -9.0)}).verdict == verdict


def test_most_learning_rates_decide() -> None:
    def verdict_of(*tests: float) -> str:
        fours = [run_of("article-4", [50.0], [100.0], rate) for rate in RATES]
        fives = [run_of("article-5", [50.0], [test], rate) for test, rate in zip(tests, RATES, strict=False)]
        return finding([*fours, *fives], "dilation").verdict

    assert verdict_of(90.0, 90.0, 110.0) == "reproduced"
    assert verdict_of(90.0, 110.0, 110.0) == "not reproduced"
    assert verdict_of(90.0, 110.0) == "not reproduced"  # a half is not most


def test_what_is_still_to_come_is_not_yet_run() -> None:
    five, broken_off = run_of("article-5", [50.0], [90.0]), run_of("article-4", [50.0], [100.0], epochs=9)
    assert finding([broken_off, five], "dilation").verdict == "not yet run"
    unfinished = run_of("final", [50.0], [90.0], epochs=9)
    assert finding([unfinished], "final").verdict == "not yet run"
    assert finding([unfinished], "final").missing == "the final run is not finished"
    begun = [run_of("article-1", [50.0], [90.0]), run_of("article-2", [50.0], [90.0], epochs=9)]
    measured = {(begun[0].name, "train"): colours(1.0, 0.0)}
    assert finding(begun, "colourless", measured).verdict == "not yet run"
    assert finding(begun[:1], "colourless", measured).verdict == "not tested"


def test_a_verdict_says_which_runs_may_still_change_it() -> None:
    runs = [run_of("article-4", [50.0], [100.0]), run_of("article-5", [50.0], [90.0])]
    assert finding(runs, "dilation").missing == ""
    runs += [run_of("article-4", [], [], 0.01, epochs=9), run_of("article-5", [9.0], [9.0], 0.01)]
    assert finding(runs, "dilation").verdict == "reproduced"
    assert finding(runs, "dilation").missing == "so far, without article-4-lr0.01"


def test_what_was_left_out_or_diverged_is_not_tested() -> None:
    assert {one.verdict for one in compute_findings([], {})} == {"not tested"}
    five = run_of("article-5", [50.0], [90.0])
    for four in (
        run_of("article-4", [50.0], [100.0], diverged="the loss is nan in epoch 2"),
        run_of("article-4", [50.0], None),
        run_of("article-4", [50.0], [100.0], 0.01),
    ):
        found = finding([four, five], "dilation")
        assert found.verdict == "not tested"
        assert found.missing


def test_settled_losses_are_medians_of_the_last_tenth() -> None:
    run = run_of("article-4", [90.0] * 18 + [40.0, 20.0], [100.0] * 18 + [70.0, 50.0])
    assert (run.settled_over, run.train_loss, run.test_loss) == (2, 30.0, 60.0)
    wild = run_of("article-4", [50.0] * 30, [100.0] * 28 + [1e7, 90.0])
    assert wild.test_loss == 100.0


def test_the_best_run_is_finished_and_has_the_least_test_loss() -> None:
    runs = [
        run_of("article-4", [10.0], [80.0], 0.01),
        run_of("article-4", [20.0], [70.0], 0.001),
        run_of("article-4", [5.0], [60.0], 0.0001, diverged="the loss is inf in epoch 2"),
    ]
    assert best_run(runs, "article-4") is runs[1]
    assert best_run(runs, "article-5") is None
