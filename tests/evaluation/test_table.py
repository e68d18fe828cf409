import io

import pytest
from rich.console import Console

from photochrom.evaluation.results import METRICS
from photochrom.evaluation.table import print_table


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
        "protocol": {"name": "center256"},
        "data": {"photos": 12},
        "metrics": [dict(metric) for metric in METRICS],
        "missing": {},
        "notes": {"frechet": "N = 12; prepared so"},
        "skipped": [],
        "failed": [],
        "rows": [row("grey", "reference", 20.0), row("one", "network", 21.0), row("other", "network", 22.0)],
        **changes,
    }


def printed(what, width=120, **options):
    console = Console(file=io.StringIO(), width=width, **options)
    print_table(what, console)
    return console.file.getvalue()


@pytest.mark.parametrize("width", range(60, 170, 10))
def test_no_figure_is_ever_cut(width):
    what = results()
    what["rows"][0]["scores"]["delta_cf_signed"] = interval(-44.69, 10.25)
    text = printed(what, width)
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= width
    assert "−44.69 ±10.25" in text
    assert "1,234,567" in text
    for metric in METRICS:
        assert metric["title"] in text


def test_n_stands_beside_every_frechet_distance():
    assert "Fréchet, N=12" in printed(results())
    apart = results()
    apart["rows"][1]["photos"] = 11
    text = printed(apart)
    assert "(N=11)" in text
    assert "(N=12)" in text


def test_the_best_network_is_bold_and_a_reference_never():
    text = printed(results(), force_terminal=True, color_system="standard")
    assert "\x1b[1m22.00 ±0.50" in text
    assert "\x1b[1m20.00" not in text


def test_what_is_missing_says_what_to_install():
    what = results(missing={"lpips": 'LPIPS needs it: run  pip install "photochrom[metrics]"'})
    for entry in what["rows"]:
        entry["scores"]["lpips"] = None
    assert 'LPIPS was not measured: LPIPS needs it: run  pip install "photochrom[metrics]"' in printed(what)


def test_what_went_wrong_is_counted():
    text = printed(
        results(
            skipped=[{"photo": "a", "reason": "is no photo"}],
            failed=[{"row": "one", "photo": "b", "reason": "no numbers\n\x1b[31m"}],
        )
    )
    assert "1 photo skipped" in text
    assert "one failed on 1 photo" in text
    assert "\x1b" not in text
