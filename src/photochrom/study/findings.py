"""The article's findings, each as a criterion that a study's numbers meet or fail.

Networks are compared at the same learning rate, at every one where both runs came to their end; a finding about
two networks holds when it holds at more than half of those. Losses are settled ones: medians over the last
tenth of the epochs, because single epochs jump, test losses at high learning rates a thousandfold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from photochrom.study.colors import Colours
from photochrom.study.results import RunResult, best_run
from photochrom.study.words import say_loss

__all__ = ["COLOURFUL_SHARE", "COLOURLESS_SHARE", "Evidence", "Finding", "Verdict", "compute_findings"]

Verdict = Literal["reproduced", "not reproduced", "not yet run", "not tested"]

COLOURLESS_SHARE = 0.5
"""Below this share of the true mean chroma a network counts as unable to colour."""

COLOURFUL_SHARE = 0.25
"""From this share of the true mean chroma on, a network colours photos it never saw.

Lower than `COLOURLESS_SHARE`, which counts on photos that were trained on as well: the mean squared error
rewards caution, so that even a good network answers unknown photos with muted colours.
"""

Measured = Mapping[tuple[str, str], Colours]
"""By the run's name and ``"train"`` or ``"test"``."""


@dataclass(frozen=True)
class Evidence:
    """One row of numbers behind a finding.

    Attributes:
        label: what they are of: a learning rate, a network.
        text: the numbers, as a sentence.
        holds: whether they meet the criterion.
        numbers: the same numbers for programs.
    """

    label: str
    text: str
    holds: bool
    numbers: dict[str, float | None]


@dataclass(frozen=True)
class Finding:
    """One finding of the article, and what this study says of it.

    Attributes:
        key: short name.
        claim: what the article found.
        criterion: what exactly was asked of the numbers.
        verdict: computed from `evidence`.
        evidence: this study's numbers.
        missing: why there is no verdict, or which runs may still change it; else empty.
    """

    key: str
    claim: str
    criterion: str
    verdict: Verdict
    evidence: list[Evidence]
    missing: str = ""


def compute_findings(runs: Sequence[RunResult], measured: Measured) -> list[Finding]:
    """Hold the article's six findings against the runs of a study.

    Args:
        runs: of the plan, done or not. A finding for which runs are still to come is "not yet run"; one whose runs
            were left out or diverged, or that has no test photos, is "not tested".
        measured: colours that networks proposed: of the best dev runs and the final run, on training and test
            photos where there are any.
    """
    return [
        _cannot_colour(runs, measured),
        _compare(
            runs, "unet", "article-2", "article-3", _converges,
            "The U-Net (network 3) converges faster and lower than the plain autoencoder of the same size (2).",
            "Network 3's settled training loss is below network 2's, and network 3 comes down to that loss of "
            "network 2 in fewer epochs than network 2 itself.",
            needs_test=False,
        ),
        _compare(
            runs, "deeper", "article-3", "article-4", _overfits,
            "The deeper U-Net (4) lowers the training loss and raises the test loss against network 3.",
            "Settled training loss of 4 below that of 3, and settled test loss of 4 above that of 3.",
        ),
        _compare(
            runs, "dilation", "article-4", "article-5", _tests_lower,
            "A dilated convolution between encoder and decoder (5) lowers the test loss again.",
            "Settled test loss of 5 below that of 4.",
        ),
        _compare(
            runs, "two-dilations", "article-5", "article-6", _gap_shrinks,
            "With two dilated convolutions, network 6 overfits less than network 5.",
            "The gap between settled test and training loss is smaller for 6 than for 5.",
        ),
        _final_colours(runs, measured),
    ]  # fmt: skip


def _cannot_colour(runs: Sequence[RunResult], measured: Measured) -> Finding:
    claim = (
        "Networks 1 and 2 cannot colour: their final ReLU means that they can never propose a negative a or b, "
        "hence no green and no blue, which is why they stay colourless."
    )
    criterion = (
        "For both networks, at their best learning rate: no proposed a or b is below 0, and the mean proposed "
        f"chroma is below {COLOURLESS_SHARE:.0%} of the true one, on training and on test photos."
    )
    evidence, missing, to_come = [], [], []
    for network in ("article-1", "article-2"):
        run = best_run(runs, network)
        seen = (
            []
            if run is None
            else [(part, measured[run.name, part]) for part in ("train", "test") if (run.name, part) in measured]
        )
        if not seen:
            missing.append(network)
        to_come += [
            one.name for one in runs if one.recipe.network == network and one.role == "dev" and not one.ended
        ]
        for part, colours in seen:
            negative = min(colours.least_a, colours.least_b) < 0
            evidence.append(
                Evidence(
                    f"{network}, {_PARTS[part]}",
                    f"least a {say_loss(colours.least_a)}, least b {say_loss(colours.least_b)}; mean chroma "
                    f"{say_loss(colours.chroma)} of a true {say_loss(colours.true_chroma)} ({colours.share:.0%}); "
                    f"{colours.out_of_reach:.0%} of the pixels have a negative a or b",
                    not negative and colours.share < COLOURLESS_SHARE,
                    {
                        "least_a": colours.least_a,
                        "least_b": colours.least_b,
                        "chroma": colours.chroma,
                        "true_chroma": colours.true_chroma,
                        "out_of_reach": colours.out_of_reach,
                    },
                )
            )
    if missing:
        awaited = all(any(name.startswith(f"{network}-") for name in to_come) for network in missing)
        verdict: Verdict = "not yet run" if awaited else "not tested"
        return Finding(
            "colourless", claim, criterion, verdict, evidence, f"no finished run of {' or '.join(missing)}"
        )
    verdict = "reproduced" if all(one.holds for one in evidence) else "not reproduced"
    return Finding("colourless", claim, criterion, verdict, evidence, _so_far(to_come))


def _final_colours(runs: Sequence[RunResult], measured: Measured) -> Finding:
    claim = "The final network, trained on ten times the photos, colours photos that it never saw."
    criterion = (
        f"On the test photos its mean proposed chroma is at least {COLOURFUL_SHARE:.0%} of the true one, and its "
        "test loss after the last epoch is below that of an answer without colour."
    )
    run = next((run for run in runs if run.role == "final"), None)
    if run is None or not run.complete:
        why = "the final run was left out" if run is None else f"the final run is {run.status}"
        to_come = run is not None and not run.ended
        return Finding("final", claim, criterion, "not yet run" if to_come else "not tested", [], why)
    colours, loss = measured.get((run.name, "test")), run.history[-1].test_loss
    if colours is None or loss is None:
        return Finding("final", claim, criterion, "not tested", [], "there are no test photos")
    grey = float(run.facts["grey_loss"])
    holds = colours.share >= COLOURFUL_SHARE and loss < grey
    text = (
        f"mean chroma {say_loss(colours.chroma)} of a true {say_loss(colours.true_chroma)} ({colours.share:.0%}); "
        f"test loss {say_loss(loss)}, without colour {say_loss(grey)}"
    )
    numbers: dict[str, float | None] = {
        "chroma": colours.chroma, "true_chroma": colours.true_chroma, "test_loss": loss, "grey_loss": grey,
    }  # fmt: skip
    verdict: Verdict = "reproduced" if holds else "not reproduced"
    return Finding(
        "final", claim, criterion, verdict, [Evidence(f"{run.name}, test photos", text, holds, numbers)]
    )


_PARTS = {"train": "training photos", "test": "test photos"}

_Comparison = Callable[[RunResult, RunResult], tuple[bool, str, dict[str, float | None]]]


def _compare(
    runs: Sequence[RunResult], key: str, one: str, other: str, comparison: _Comparison,
    claim: str, criterion: str, *, needs_test: bool = True,
) -> Finding:  # fmt: skip
    evidence, to_come = [], []
    criterion += " At more than half of the learning rates at which both runs came to their end."
    for rate in _rates(runs):
        first, second = (_dev_run(runs, network, rate) for network in (one, other))
        if first is None or second is None or first.diverged or second.diverged:
            continue
        if not (first.complete and second.complete):
            to_come += [run.name for run in (first, second) if not run.ended]
            continue
        if needs_test and (first.test_loss is None or second.test_loss is None):
            return Finding(key, claim, criterion, "not tested", [], "there are no test photos")
        holds, text, numbers = comparison(first, second)
        evidence.append(Evidence(f"learning rate {rate:g}", text, holds, numbers))
    if not evidence:
        why = f"at no learning rate did both {one} and {other} come to their end"
        return Finding(key, claim, criterion, "not yet run" if to_come else "not tested", [], why)
    verdict: Verdict = "reproduced" if sum(row.holds for row in evidence) * 2 > len(evidence) else "not reproduced"
    return Finding(key, claim, criterion, verdict, evidence, _so_far(to_come))


def _so_far(to_come: Sequence[str]) -> str:
    return f"so far, without {', '.join(to_come)}" if to_come else ""


def _converges(two: RunResult, three: RunResult) -> tuple[bool, str, dict[str, float | None]]:
    own, theirs = two.epochs_to(two.train_loss), three.epochs_to(two.train_loss)
    lower = three.train_loss < two.train_loss
    faster = theirs is not None and own is not None and theirs < own
    text = (
        f"training loss {say_loss(two.train_loss)} → {say_loss(three.train_loss)}; "
        f"{say_loss(two.train_loss)} is reached in epoch {own} by 2, "
        f"{'never' if theirs is None else f'in epoch {theirs}'} by 3"
    )
    numbers = {
        "train_loss_2": two.train_loss, "train_loss_3": three.train_loss, "epochs_2": own, "epochs_3": theirs,
    }  # fmt: skip
    return lower and faster, text, numbers


def _overfits(three: RunResult, four: RunResult) -> tuple[bool, str, dict[str, float | None]]:
    before, after = _tested(three), _tested(four)
    holds = four.train_loss < three.train_loss and after > before
    text = (
        f"training loss {say_loss(three.train_loss)} → {say_loss(four.train_loss)}; "
        f"test loss {say_loss(before)} → {say_loss(after)}"
    )
    return holds, text, {
        "train_loss_3": three.train_loss, "train_loss_4": four.train_loss,
        "test_loss_3": before, "test_loss_4": after,
    }  # fmt: skip


def _tests_lower(four: RunResult, five: RunResult) -> tuple[bool, str, dict[str, float | None]]:
    before, after = _tested(four), _tested(five)
    numbers: dict[str, float | None] = {"test_loss_4": before, "test_loss_5": after}
    return after < before, f"test loss {say_loss(before)} → {say_loss(after)}", numbers


def _gap_shrinks(five: RunResult, six: RunResult) -> tuple[bool, str, dict[str, float | None]]:
    before, after = _tested(five) - five.train_loss, _tested(six) - six.train_loss
    text = (
        f"gap {say_loss(before)} ({say_loss(_tested(five))} − {say_loss(five.train_loss)}) → "
        f"{say_loss(after)} ({say_loss(_tested(six))} − {say_loss(six.train_loss)})"
    )
    return after < before, text, {"gap_5": before, "gap_6": after}


def _tested(run: RunResult) -> float:
    assert run.test_loss is not None  # `_compare` asked
    return run.test_loss


def _rates(runs: Sequence[RunResult]) -> list[float]:
    return sorted({run.recipe.learning_rate for run in runs if run.role == "dev"}, reverse=True)


def _dev_run(runs: Sequence[RunResult], network: str, rate: float) -> RunResult | None:
    for run in runs:
        if (run.role, run.recipe.network, run.recipe.learning_rate) == ("dev", network, rate):
            return run
    return None
