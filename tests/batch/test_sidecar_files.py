"""Sidecars in folders: merged or copied, photos done again where they change, and none of them lost."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import pytest

from batch_calls import Colorize, results
from photochrom.batch.plan import Plan, make_plan
from photochrom.batch.watch import watch
from photochrom.cli.main import main

Printed = pytest.CaptureFixture[str]
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"


def rated(path: Path, rating: int) -> Path:
    path.write_text(
        f'<rdf:RDF xmlns:rdf="{RDF}"><rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
        f'xmp:Rating="{rating}"/></rdf:RDF>'
    )
    return path


def said(capsys: Printed) -> str:
    return capsys.readouterr().out.rpartition(",")[0]


def test_a_photo_is_done_again_when_its_sidecar_comes_changes_or_goes(
    photos: Path, tmp_path: Path, colorize: Colorize, capsys: Printed
) -> None:
    out = tmp_path / "out"
    sidecar = photos / "00.xmp"
    steps = [
        (lambda: None, "6 colorized, 0 skipped, 0 failed"),
        (lambda: rated(sidecar, 1), "1 colorized, 5 skipped (5 done already), 0 failed"),
        (lambda: None, "0 colorized, 6 skipped (6 done already), 0 failed"),
        (lambda: rated(sidecar, 5), "1 colorized, 5 skipped (5 done already), 0 failed"),
        (sidecar.unlink, "1 colorized, 5 skipped (5 done already), 0 failed"),
    ]
    for number, (change, expected) in enumerate(steps):
        change()
        assert colorize(photos, "-o", out, "--format", "webp") == 0
        printed = capsys.readouterr()
        assert printed.out.rpartition(",")[0] == expected, number
        assert "left out" not in printed.err  # an .xmp is no unknown file
        rating = {1: "1", 2: "1", 3: "5"}.get(number)
        assert (f'xmp:Rating="{rating}"'.encode() in (out / "00.webp").read_bytes()) == (rating is not None)
    assert len(results(out)) == 6


def test_ignored_sidecars_make_nothing_be_done_again(
    photos: Path, tmp_path: Path, colorize: Colorize, capsys: Printed
) -> None:
    for number in range(2):
        rated(photos / "00.xmp", number)
        assert colorize(photos, "-o", tmp_path / "out", "--sidecars", "ignore") == 0
    assert "6 done already" in said(capsys)
    assert len(results(tmp_path / "out")) == 6


def test_copies_lie_beside_the_results_and_edited_ones_stay(
    photos: Path, tmp_path: Path, colorize: Colorize, capsys: Printed
) -> None:
    out, report = tmp_path / "out", tmp_path / "report.json"
    rated(photos / "00.xmp", 1)
    rated(photos / "01.png.xmp", 2)
    call = (photos, "-o", out, "--sidecars", "copy", "--format", "webp", "--report", report)
    assert colorize(*call) == 0
    assert results(out) == sorted([*(f"0{n}.webp" for n in range(6)), "00.xmp", "01.webp.xmp"])
    assert b'xmp:Rating="2"' in (out / "01.webp.xmp").read_bytes()
    assert b"DigitalSourceType" in (out / "01.webp.xmp").read_bytes()
    assert b"Rating" not in (out / "01.webp").read_bytes()
    rated(photos / "00.xmp", 3)
    rated(photos / "01.png.xmp", 4)
    rated(out / "01.webp.xmp", 9)  # by somebody else
    capsys.readouterr()
    assert colorize(*call) == 0
    assert said(capsys) == "2 colorized, 4 skipped (4 done already), 0 failed"
    assert b'xmp:Rating="3"' in (out / "00.xmp").read_bytes()
    assert b'xmp:Rating="9"' in (out / "01.webp.xmp").read_bytes()
    warnings = [line for row in json.loads(report.read_text())["photos"] for line in row["warnings"]]
    assert f"{out / '01.webp.xmp'}: is there and not photochrom's; left alone" in warnings
    assert colorize(*call, "--overwrite") == 0
    assert b'xmp:Rating="4"' in (out / "01.webp.xmp").read_bytes()
    assert not list((out / ".photochrom").glob("work*/*"))


def test_a_single_photo_has_its_copy(photos: Path, tmp_path: Path, colorize: Colorize, capsys: Printed) -> None:
    sidecar = rated(photos / "00.xmp", 1)
    before = sidecar.read_bytes()
    target = tmp_path / "new" / "result.jpg"
    assert colorize(photos / "00.png", "-o", target, "--sidecars", "copy") == 0
    assert b'xmp:Rating="1"' in (target.parent / "result.xmp").read_bytes()
    target.unlink()
    assert colorize(photos / "00.png", "-o", target, "--sidecars", "copy") == 1
    assert "result.xmp: is already there" in capsys.readouterr().err
    assert not target.exists()
    assert colorize(photos / "00.png", "-o", photos / "00.jpg", "--sidecars", "copy") == 0
    assert sidecar.read_bytes() == before


def test_a_sidecar_that_comes_later_has_its_photo_looked_at_again(tmp_path: Path) -> None:
    folder, looks = tmp_path / "in", 0
    folder.mkdir()
    (folder / "a.jpg").touch()

    def look() -> Plan:
        nonlocal looks
        looks += 1
        if looks == 4:
            rated(folder / "a.xmp", 1)
        return make_plan([folder], tmp_path / "out", empty=True)

    rounds = list(islice(((looks, [item.name for item in plan.items]) for plan in watch(look, pause=0)), 2))
    assert rounds == [(2, ["a.jpg"]), (5, ["a.jpg"])]


def test_another_word_is_no_way_to_deal_with_them(photos: Path, capsys: Printed) -> None:
    with pytest.raises(SystemExit):
        main(["colorize", str(photos), "--sidecars", "move"])
    assert "merge" in capsys.readouterr().err
