"""From photos' figures to a report's: means with their uncertainty, paired differences, curves, the gallery."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from photochrom.errors import OutputError
from photochrom.evaluation.bootstrap import Interval, bootstrap_difference, bootstrap_mean
from photochrom.evaluation.calibration import summarize_calibration
from photochrom.evaluation.comparison import compare_networks
from photochrom.evaluation.cost import Cost
from photochrom.evaluation.frechet import frechet_distance
from photochrom.evaluation.hint_reach import REACH_METRICS
from photochrom.evaluation.inception import PREPROCESSING
from photochrom.evaluation.measure import MOST_ASKED
from photochrom.evaluation.methods import Method
from photochrom.evaluation.preprocessing import Preprocessing
from photochrom.evaluation.record import Line
from photochrom.io.atomic import replace_file

__all__ = ["METRICS", "compile_results", "write_json"]

Scores = dict[str, dict[str, float | None] | None]

METRICS: tuple[dict[str, Any], ...] = tuple(
    dict(zip(("group", "key", "title", "unit", "better", "digits", "description"), ("quality", *row), strict=True))
    for row in (
        ("psnr", "PSNR", "dB", "higher", 2,
         "Peak signal-to-noise ratio of the 8-bit sRGB picture, per photo, then the mean over photos."),
        ("ssim", "SSIM", "", "higher", 4,
         "Structural similarity of the 8-bit sRGB picture (7×7 windows, mean of the channels), per photo."),
        ("ciede2000", "CIEDE2000", "", "lower", 2, "Mean colour difference over a photo's pixels."),
        ("ciede2000_p95", "CIEDE2000 p95", "", "lower", 2,
         "The difference that 95 % of a photo's pixels stay below: how bad the worst places are."),
        ("ab_error", "a, b error", "", "lower", 2,
         "Mean distance of proposed and true a, b in CIELAB units."),
        ("colorfulness", "CF", "", "", 2,
         "Colorfulness with absolute values of the opponents, as the code of CIC, CT2 and DDColor computes it."),
        ("colorfulness_signed", "CF signed", "", "", 2,
         "Colorfulness as Hasler and Süsstrunk defined it in 2003, of signed opponents."),
        ("delta_cf", "ΔCF", "", "near zero", 2,
         "Mean CF of the results minus mean CF of the photos as they are; below zero is paler than real."),
        ("delta_cf_signed", "ΔCF signed", "", "near zero", 2, "The same with Hasler and Süsstrunk's CF."),
        ("lpips", "LPIPS", "", "lower", 4, "Learned perceptual distance, AlexNet, version 0.1, per photo."),
        ("frechet", "Fréchet", "", "lower", 2,
         "Fréchet distance of Inception-v3 features between all results and all photos. It depends on how many "
         "photos there are and how they are prepared: figures at different N cannot be compared."),
    )
)  # fmt: skip
"""Columns of the report, in its order."""

_HINTS = "hints"
"""The group of metrics that are measured only where somebody asks for hints."""

_PAIRED = ("psnr", "ssim", "ciede2000", "ciede2000_p95", "ab_error", "lpips")


def compile_results(
    lines: Sequence[Line],
    methods: Sequence[Method],
    preprocessing: Preprocessing,
    *,
    hints: Sequence[int],
    costs: Mapping[str, Cost],
    missing: Mapping[str, str],
) -> dict[str, Any]:
    """Put the figures of all photos together.

    Args:
        lines: one for each photo, in order; at least one was measured.
        methods: the rows.
        preprocessing: how photos were prepared.
        hints: numbers of colour points in the curves.
        costs: by network row.
        missing: by optional metric that was not measured, what it needs.

    Returns:
        JSON values: what `results.json` holds, but for the pictures of the gallery.
    """
    measured = [(line.key, line.measured) for line in lines if line.measured is not None]
    metrics = [*METRICS, *_hint_metrics(hints)]
    actual = {
        key: _as_dict(bootstrap_mean([one.actual[key] for _, one in measured]))
        for key in ("colorfulness", "colorfulness_signed")
    }
    rows = []
    for number, method in enumerate(methods, 1):
        own = [one for _, one in measured if method.name in one.scores]
        scores: Scores = {metric["key"]: None for metric in metrics}
        for key in own[0].scores[method.name] if own else ():
            scores[key] = _as_dict(bootstrap_mean([one.scores[method.name][key] for one in own]))
        for form in ("", "_signed") if own else ():
            results = [one.scores[method.name][f"colorfulness{form}"] for one in own]
            photos = [one.actual[f"colorfulness{form}"] for one in own]
            scores[f"delta_cf{form}"] = _as_dict(bootstrap_difference(results, photos))
        scores |= _of_hints(own, method.name, hints)
        features = [one.features for one in own if one.features is not None]
        if len(features) > 1:
            truths, results_features = (np.stack([feature[at] for feature in features]) for at in (0, number))
            distance = frechet_distance(truths, results_features)
            # A bootstrap would only show its bias, which grows as photos repeat.
            scores["frechet"] = {"mean": distance, "low": None, "high": None}
        cost = costs.get(method.name)
        rows.append(
            method.as_dict()
            | {"photos": len(own), "scores": scores}
            | (vars(cost) if cost else {"network_seconds": None, "photo_seconds": None, "peak_memory_mb": None})
        )
    return {
        "format": 1,
        "preprocessing": preprocessing.as_dict(),
        "data": {"photos": len(measured), "things": sum(bool(one.reach) for _, one in measured)},
        "skipped": [{"photo": line.key, "reason": line.skipped} for line in lines if line.measured is None],
        "failed": [
            {"row": name, "photo": key, "reason": reason}
            for key, one in measured
            for name, reason in one.failed.items()
        ],
        "metrics": [dict(metric) for metric in metrics],
        "missing": dict(missing),
        "notes": _notes(len(measured), missing),
        "rows": rows,
        "actual": actual,
        "differences": _differences(measured, methods),
        "comparisons": compare_networks([one.scores for _, one in measured], methods),
        "curves": _curves([one.curves for _, one in measured], hints),
        "asked": _curves([one.asked for _, one in measured], [count for count in hints if count <= MOST_ASKED]),
        "calibration": _calibration([one.calibration for _, one in measured]),
        "photos": [{"key": key, "scores": one.scores} for key, one in measured],
        "gallery": _chosen(measured, methods),
    }


def write_json(results: dict[str, Any], output: Path) -> None:
    """Write `results.json`, whole or not at all.

    Raises:
        OutputError: if it cannot be written.
    """
    path = output / "results.json"
    try:
        with replace_file(path) as temporary:
            temporary.write_text(json.dumps(results, indent=1, allow_nan=False), encoding="utf-8")
    except OSError as error:
        raise OutputError(path, f"cannot be written ({error.strerror})", "choose another --output") from error


def _notes(photos: int, missing: Mapping[str, str]) -> dict[str, str]:
    return {} if "frechet" in missing else {"frechet": f"N = {photos}; {PREPROCESSING}"}


def _hint_metrics(hints: Sequence[int]) -> list[dict[str, Any]]:
    """Return the columns about hints; none where there are no hints."""
    gains = [
        {
            "key": f"hints_{count}",
            "title": f"{count:,} hint{'s' if count > 1 else ''}",
            "unit": "dB",
            "better": "higher",
            "digits": 2,
            "description": f"PSNR gained over none by {count:,} of the photo's own colours at random places.",
        }
        for count in hints
        if count
    ]
    reach = [
        {"key": key, "title": title, "unit": "", "better": better, "digits": digits, "description": description}
        for key, (title, better, digits, description) in REACH_METRICS.items()
    ]
    return [{"group": _HINTS, **metric} for metric in (*gains, *reach)] if hints else []


def _of_hints(own: Sequence[Any], name: str, hints: Sequence[int]) -> Scores:
    """Return what hints bring a row, and how far they reach, on photos that it did not fail on."""
    scores: Scores = {}
    curves = [(one.curves[name], one.scores[name]["psnr"]) for one in own if name in one.curves]
    for at, count in enumerate(hints):
        if count and curves:
            some, none = zip(*((curve[at], psnr) for curve, psnr in curves), strict=True)
            scores[f"hints_{count}"] = _as_dict(bootstrap_difference(some, none))
    trials = [one.reach[name] for one in own if name in one.reach]
    for key in REACH_METRICS if trials else ():
        scores[key] = _as_dict(bootstrap_mean([trial[key] for trial in trials]))
    return scores


def _differences(measured: Sequence[Any], methods: Sequence[Method]) -> list[dict[str, Any]]:
    """Compare every network with the references and with the networks before it, photo by photo."""
    compared = []
    for against, of in combinations(methods, 2):
        if of.kind != "network":
            continue
        both = [one.scores for _, one in measured if {of.name, against.name} <= one.scores.keys()]
        if not both:
            continue
        scores = {
            key: _as_dict(
                bootstrap_difference([s[of.name][key] for s in both], [s[against.name][key] for s in both])
            )
            for key in _PAIRED
            if key in both[0][of.name]
        }
        compared.append({"of": of.name, "against": against.name, "photos": len(both), "scores": scores})
    return compared


def _curves(found: Sequence[Mapping[str, list[float]]], counts: Sequence[int]) -> dict[str, list[dict[str, Any]]]:
    curves: dict[str, list[dict[str, Any]]] = {}
    for name in dict.fromkeys(name for one in found for name in one):
        table = np.array([one[name] for one in found if name in one])
        curves[name] = [
            {"hints": count, "psnr": _as_dict(bootstrap_mean(table[:, at]))} for at, count in enumerate(counts)
        ]
    return curves


def _calibration(found: Sequence[Mapping[str, dict[str, list[float]]]]) -> dict[str, Any]:
    names = dict.fromkeys(name for one in found for name in one)
    return {name: summarize_calibration([one[name] for one in found if name in one]) for name in names}


def _chosen(measured: Sequence[Any], methods: Sequence[Method]) -> list[dict[str, Any]]:
    """Choose for each network the photos with the most, the median and the least gain over grey, in PSNR."""
    chosen = []
    for method in methods:
        gains = [
            (one.scores[method.name]["psnr"] - one.scores["grey"]["psnr"], key)
            for key, one in measured
            if method.kind == "network" and method.name in one.scores
        ]
        gains.sort()
        places = {"best": len(gains) - 1, "median": len(gains) // 2, "worst": 0} if gains else {}
        for kind, place in places.items():
            gain, key = gains[place]
            chosen.append({"key": key, "kind": kind, "of": method.name, "gain": gain, "pictures": {}})
    return chosen


def _as_dict(interval: Interval) -> dict[str, float | None]:
    return {"mean": float(interval.mean), "low": float(interval.low), "high": float(interval.high)}
