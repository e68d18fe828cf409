"""The report: one page that needs nothing else, and numbers that are the runs' own."""

from __future__ import annotations

import json
import os
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from photochrom.models import create_network
from photochrom.study import PlannedRun, plan_study, run_study
from photochrom.study.words import say_duration, say_loss

VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """Collects what a page refers to, its text, and whether its tags match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.references: list[str] = []
        self.tags: list[str] = []
        self.open: list[str] = []
        self.text = ""
        self.ids: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "srcset", "data", "action", "poster", "background"):
                self.references.append(value or "")
            if name == "id":
                self.ids.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def page(study: Path) -> Page:
    return Page((study / "report.html").read_text(encoding="utf-8"))


def test_the_page_needs_nothing_else(study: Path, page: Page) -> None:
    assert page.open == []
    assert not {"script", "link", "iframe", "object", "embed", "base"} & set(page.tags)
    for reference in page.references:
        assert reference.startswith(("data:image/webp;base64,", "#")), reference[:80]
        if reference.startswith("#"):
            assert reference[1:] in page.ids
    source = (study / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"https?://|file:|url\(|@import", source)
    assert len(source) < 6_000_000


def test_the_page_says_what_was_done(page: Page) -> None:
    words = " ".join(page.text.split())
    assert "reduced scale" in words
    for expected in (
        "reproduced", "not tested", "40 min", "2 h 30 min", "3 days", "32×32",
        "can never propose a negative a or b", "67,458 parameters", "364,026 parameters",
    ):  # fmt: skip
        assert expected in words


def test_every_figure_is_a_png_beside_the_page(study: Path, page: Page) -> None:
    names = {path.name for path in (study / "figures").iterdir()}
    assert names == {"overview-loss.png"} | {
        f"{of}-{kind}.png"
        for of in ("article-1", "article-3", "final")
        for kind in ("loss", "train", "test", "activations")
    }
    assert page.tags.count("img") == len(names)
    for path in (study / "figures").iterdir():
        with Image.open(path) as figure:
            figure.verify()
            assert figure.format == "PNG"


def test_the_json_numbers_are_those_of_the_logs(study: Path, plan: list[PlannedRun]) -> None:
    report = json.loads((study / "report.json").read_text(encoding="utf-8"), parse_constant=pytest.fail)
    runs = [run for network in report["networks"] for run in network["runs"]] + [report["final"]]
    assert {run["name"] for run in runs} == {run.name for run in plan}
    for run in runs:
        lines = (study / "runs" / run["name"] / "log.jsonl").read_text(encoding="utf-8").splitlines()
        assert run["history"] == [json.loads(line) for line in lines]
        assert run["status"] == "finished"
        assert run["train_loss"] == run["history"][-1]["train_loss"]  # two epochs: the last tenth is one
        assert run["seconds"] == run["history"][-1]["seconds"]
    for network in report["networks"]:
        expected = sum(p.numel() for p in create_network(network["name"]).parameters())
        assert network["parameters"] == sum(layer["parameters"] for layer in report["layers"][network["name"]])
        assert network["parameters"] == expected
    final = report["final"]
    assert final["colours"]["test"]["mse"] == pytest.approx(final["history"][-1]["test_loss"], rel=1e-4)
    assert final["colours"]["test"]["grey_mse"] == pytest.approx(final["facts"]["grey_loss"], rel=1e-4)
    assert [finding["verdict"] for finding in report["findings"]].count("not tested") == 5  # 2, 4, 5, 6 left out


def test_a_study_without_test_photos_or_final_run_has_a_report_too(tmp_path: Path, photos: Path) -> None:
    plan = plan_study(
        networks=["article-2"], learning_rates=[0.001], epochs=1, photos=4, test_photos=0, size=16, final=False
    )
    result = run_study(plan, photos / "train_color", tmp_path, device="cpu", progress=False)
    assert result.report is not None
    page = Page(result.report.read_text(encoding="utf-8"))
    assert "left out" in page.text
    assert not (tmp_path / "figures" / "article-2-test.png").exists()


def test_photos_of_names_that_are_no_text_have_a_report_too(tmp_path: Path, photos: Path) -> None:
    for path in (photos / "train_color").iterdir():
        try:
            shutil.copy(path, os.fsencode(tmp_path) + b"/caf\xe9-" + os.fsencode(path.name))
        except OSError:
            pytest.skip("this file system takes only UTF-8 names")
    (tmp_path / "broken.png").write_text("no photo")
    os.rename(tmp_path / "broken.png", os.fsencode(tmp_path) + b"/caf\xe9.png")  # noqa: PTH104
    plan = plan_study(
        networks=["article-2"], learning_rates=[0.001], epochs=1, photos=4, test_photos=2, size=16, final=False
    )
    result = run_study(plan, tmp_path, tmp_path / "study", device="cpu", progress=False)
    assert result.report is not None
    assert r"caf\udce9-" in json.dumps(json.loads((tmp_path / "study/report.json").read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(3.21, "3.2 s"), (59, "59 s"), (2400, "40 min"), (9000, "2 h 30 min"), (7200, "2 h"), (259200, "3 days"),
     (90000, "1 day 1 h")],
)  # fmt: skip
def test_durations_are_said_as_people_do(seconds: float, said: str) -> None:
    assert say_duration(seconds) == said


def test_losses_out_of_all_bounds_stay_legible() -> None:
    assert [say_loss(value) for value in (1.234, -5.0, 27020026.67, None, float("nan"))] == [
        "1.23", "−5.00", "2.7×10⁷", "–", "–",
    ]  # fmt: skip
