"""Which of two networks is better on these photos, in one sentence: a paired test with its interval."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from photochrom.evaluation.bootstrap import Interval, bootstrap_difference
from photochrom.evaluation.methods import Method
from photochrom.evaluation.table import say_number
from photochrom.inference.catalogue import bundled_networks

__all__ = ["FEWEST", "compare_networks"]

FEWEST = 20
"""Photos that a verdict needs: a bootstrap of fewer gives intervals that are too narrow."""

Scores = Mapping[str, Mapping[str, float]]


def compare_networks(photos: Sequence[Scores], methods: Sequence[Method]) -> list[dict[str, Any]]:
    """Compare each network with the bundled one, or where there is none or several with the first one.

    PSNR decides, by its mean paired difference: the network is better or worse where the 95 % interval (percentile
    bootstrap over photos) does not hold 0. Where CIEDE2000 is as sure of the opposite, neither is better.

    Args:
        photos: scores by row, then by metric, of each photo.
        methods: the rows. Rows of two networks are compared at the same vividness.

    Returns:
        JSON values: ``"of"`` and ``"against"``, names of rows; ``"verdict"``, one of ``"better"``, ``"worse"``,
        ``"mixed"``, ``"undecided"``, ``"same"`` and ``"too few"``; ``"photos"`` that both were measured on;
        ``"better_on"``, how many of them have a higher PSNR; the intervals ``"psnr"`` and ``"ciede2000"``; and
        the ``"sentence"`` that says all this.
    """
    found = []
    for of, against in _pairs([method for method in methods if method.kind == "network"]):
        both = [scores for scores in photos if {of.name, against.name} <= scores.keys()]
        if both:
            found.append(_compared(of.name, against.name, both))
    return found


def _pairs(networks: Sequence[Method]) -> Iterator[tuple[Method, Method]]:
    bundled = set(bundled_networks().values())
    ours = [method for method in networks if method.path in bundled]
    base = ours[0] if len({method.path for method in ours}) == 1 else next(iter(networks), None)
    for of in networks:
        for against in networks:
            same = of.vividness == against.vividness or None in (of.vividness, against.vividness)
            if base is not None and against.path == base.path != of.path and same:
                yield of, against


def _compared(of: str, against: str, photos: Sequence[Scores]) -> dict[str, Any]:
    one, other = ({key: [scores[name][key] for scores in photos] for key in _KEYS} for name in (of, against))
    psnr, ciede2000 = (bootstrap_difference(one[key], other[key]) for key in _KEYS)
    better_on = int(np.sum(np.asarray(one["psnr"]) > np.asarray(other["psnr"])))
    verdict = _verdict(psnr, ciede2000, len(photos), same=one == other)
    return {
        "of": of,
        "against": against,
        "verdict": verdict,
        "photos": len(photos),
        "better_on": better_on,
        "psnr": psnr._asdict(),
        "ciede2000": ciede2000._asdict(),
        "sentence": _sentence(of, against, verdict, len(photos), better_on, psnr, ciede2000),
    }


_KEYS = "psnr", "ciede2000"


def _verdict(psnr: Interval, ciede2000: Interval, photos: int, *, same: bool) -> str:
    if same:
        return "same"
    if photos < FEWEST:
        return "too few"
    if (psnr.low > 0 and ciede2000.low > 0) or (psnr.high < 0 and ciede2000.high < 0):
        return "mixed"
    return "better" if psnr.low > 0 else "worse" if psnr.high < 0 else "undecided"


def _sentence(
    of: str, against: str, verdict: str, photos: int, better_on: int, psnr: Interval, ciede2000: Interval
) -> str:
    count = f"{photos:,} photo{'' if photos == 1 else 's'}"
    if verdict == "same":
        return f"{of} and {against} are equally good on each of {count}."
    decibels = f"{_signed(psnr.mean)} dB PSNR"
    if verdict == "too few":
        return (
            f"{count} are too few to tell whether {of} is better than {against}: {decibels}; "
            f"give {FEWEST} or more that neither was trained on."
        )
    facts = f"{decibels} (95 % interval {_ends(psnr)}), higher on {better_on:,} of {count}"
    if verdict == "mixed":
        by_psnr, by_color = ("better", "worse") if psnr.low > 0 else ("worse", "better")
        return (
            f"{of} is {by_psnr} than {against} by PSNR, and {by_color} by CIEDE2000: {facts}; "
            f"CIEDE2000 {_signed(ciede2000.mean)} ({_ends(ciede2000)})."
        )
    if verdict == "undecided":
        return f"Whether {of} is better than {against} these photos do not tell: {facts}."
    return f"{of} is {verdict} than {against} on such photos: {facts}."


def _signed(value: float) -> str:
    text = say_number(value, 2)
    return text if value < 0 or not text.strip("0.") else f"+{text}"


def _ends(interval: Interval) -> str:
    return f"{_signed(interval.low)} to {_signed(interval.high)}"
