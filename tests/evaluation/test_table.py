import io

import pytest
from rich.console import Console

from evaluation_results import interval, results
from photochrom.evaluation.results import METRICS
from photochrom.evaluation.table import print_table


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


def test_which_network_is_better_is_the_last_line():
    comparison = {"sentence": "other is better than \x1b[31mone."}
    assert printed(results(comparisons=[comparison])).splitlines()[-1] == "other is better than �[31mone."
