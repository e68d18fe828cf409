"""What an evaluation may have found, made up."""

from photochrom.evaluation.results import METRICS


def interval(mean, spread=0.5):
    return {"mean": mean, "low": mean - spread, "high": mean + spread}


def row(name, kind, mean):
    scores = {metric["key"]: interval(mean) for metric in METRICS}
    scores["frechet"] = {"mean": mean, "low": None, "high": None}
    cost = {"network_seconds": 0.0123, "photo_seconds": 0.05, "peak_memory_mb": 321.4, "parameters": 1234567}
    if kind == "reference":
        cost = dict.fromkeys(cost)
    return {"name": name, "kind": kind, "photos": 12, "scores": scores, **cost}


def results(**changes):
    return {
        "preprocessing": {"name": "center256"},
        "data": {"photos": 12, "things": 7},
        "metrics": [dict(metric) for metric in METRICS],
        "missing": {},
        "notes": {"frechet": "N = 12; prepared so"},
        "skipped": [],
        "failed": [],
        "curves": {},
        "asked": {},
        "calibration": {},
        "comparisons": [],
        "rows": [row("grey", "reference", 20.0), row("one", "network", 21.0), row("other", "network", 22.0)],
        **changes,
    }
