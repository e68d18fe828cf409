import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest

from deadly_photo import DeadlyRef
from photochrom import Colorizer
from photochrom.color.cielab import lab_to_rgb, lightness, quantize, rgb_to_lab, stack_lab
from photochrom.data.photos import find_photos
from photochrom.errors import DataError, NetworkError, OutputError
from photochrom.evaluation.jobs import missing_extras
from photochrom.evaluation.measure import Measurer
from photochrom.evaluation.methods import list_methods
from photochrom.evaluation.runner import evaluate
from photochrom.evaluation.simulated_hints import random_true_hints
from photochrom.inference.onnx_model import Network
from tiny_network import tint_card, write_network


def row(results, name):
    return next(entry for entry in results["rows"] if entry["name"] == name)


@pytest.fixture
def tint(tmp_path):
    return write_network(tmp_path / "tint.onnx", card=tint_card())


@pytest.fixture
def coloured():
    """A photo whose lightness has 8-bit greys of its own, and whose colours are within sRGB."""
    random = np.random.default_rng(3)
    light = np.linspace(35, 70, 64 * 64).reshape(64, 64)
    ab = random.uniform(-15, 15, (2, 2, 2)).repeat(32, axis=0).repeat(32, axis=1)
    return quantize(lab_to_rgb(stack_lab(light, ab)), np.uint8)


def test_networks_stand_beside_grey_and_the_mean_colour(photos, tint, tmp_path):
    results = evaluate([tint], photos, tmp_path / "out", fast=True)
    assert [entry["name"] for entry in results["rows"]] == ["grey", "mean colour", "tint"]
    assert results == json.loads((tmp_path / "out/results.json").read_text())
    grey = row(results, "grey")["scores"]
    assert grey["colorfulness"]["mean"] == 0
    assert grey["delta_cf"]["mean"] == pytest.approx(-results["actual"]["colorfulness"]["mean"])
    assert row(results, "mean colour")["scores"]["ab_error"]["mean"] < grey["ab_error"]["mean"]
    assert {entry["photo"] for entry in results["skipped"]} == {"broken.jpg", "empty.jpg"}
    assert results["data"]["photos"] == 5
    pairs = [(entry["of"], entry["against"]) for entry in results["differences"]]
    assert pairs == [("tint", "grey"), ("tint", "mean colour")]
    difference = results["differences"][0]["scores"]["psnr"]["mean"]
    assert difference == pytest.approx(row(results, "tint")["scores"]["psnr"]["mean"] - grey["psnr"]["mean"])
    assert row(results, "tint")["network_seconds"] > 0
    assert "left out" in results["missing"]["lpips"]
    page = (tmp_path / "out/report.html").read_text()
    assert "mean colour" in page
    for entry in results["gallery"]:
        assert all((tmp_path / "out" / path).is_file() for path in entry["pictures"].values())


def test_the_learned_metrics(photos, tint, tmp_path):
    if missing_extras():
        pytest.skip('needs  pip install "photochrom[metrics]"')
    results = evaluate([tint], photos, tmp_path / "out")
    scores = row(results, "tint")["scores"]
    assert 0 < scores["lpips"]["mean"] < 1
    assert scores["frechet"]["mean"] > 0
    assert "N = 5" in results["notes"]["frechet"]
    # Those of a later call are read back from the record.
    assert evaluate([tint], photos, tmp_path / "out")["rows"][2]["scores"] == scores


def test_a_merge_is_a_row_like_any_network(photos, tint, tmp_path):
    cool = write_network(tmp_path / "cool.onnx", card=tint_card(name="cool"), bias=(-5.0, -10.0))
    merge = f"{tint}+{cool}:0.25"
    results = evaluate([tint, cool, merge], photos, tmp_path / "out", fast=True, workers=1)
    mixed = row(results, "tint+cool:0.25")
    assert mixed["digest"] == Network(merge).sha256
    assert mixed["network_seconds"] > 0
    assert len({row(results, name)["scores"]["psnr"]["mean"] for name in ("tint", "cool", "tint+cool:0.25")}) == 3


def test_without_the_optional_packages_the_columns_say_so(photos, tint, tmp_path, monkeypatch):
    monkeypatch.setattr("photochrom.evaluation.lpips.find_spec", lambda name: None)
    results = evaluate([tint], photos, tmp_path / "out")
    assert row(results, "tint")["scores"]["lpips"] is None
    assert row(results, "tint")["scores"]["frechet"] is None
    assert 'pip install "photochrom[metrics]"' in results["missing"]["lpips"]


def test_it_goes_on_where_it_was_stopped(photos, tint, tmp_path):
    whole = evaluate([tint], photos, tmp_path / "whole", fast=True)

    def stop(what, done, of):
        if what == "measuring" and done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate([tint], photos, tmp_path / "out", fast=True, progress=stop)
    record = tmp_path / "out/measured.jsonl"
    with record.open("a") as file:
        file.write('{"number": 3, "key": "3')  # what a kill leaves
    again = []
    results = evaluate([tint], photos, tmp_path / "out", fast=True, progress=lambda *said: again.append(said))
    assert [done for what, done, _ in again if what == "measuring"] == [4, 5, 6, 7]
    assert results["photos"] == whole["photos"]
    assert len(record.read_text().splitlines()) == 1 + 7


def test_starting_over_leaves_nothing_of_the_evaluation_before(photos, tint, tmp_path):
    out, features = tmp_path / "out", tmp_path / "out/features/000000.npy"
    first = evaluate([tint], photos, out, fast=True)
    features.parent.mkdir()
    np.save(features, np.ones((4, 8), np.float32))
    for overwrite in (True, False):
        results = evaluate([tint], photos, out, fast=True, overwrite=overwrite)
        assert results["photos"] == first["photos"]
        assert row(results, "tint")["scores"]["frechet"] == row(first, "tint")["scores"]["frechet"]
    assert not features.exists()


def test_figures_of_two_setups_never_meet(photos, tint, tmp_path):
    evaluate([tint], photos, tmp_path / "out", fast=True)
    with pytest.raises(OutputError, match="another --output, or start over with --overwrite"):
        evaluate([tint], photos, tmp_path / "out", fast=True, preprocessing="squash256")
    write_network(tint, card=tint_card(), slope=0.2)  # other weights under the same name
    with pytest.raises(OutputError, match="holds an evaluation of other networks"):
        evaluate([tint], photos, tmp_path / "out", fast=True)
    evaluate([tint], photos, tmp_path / "out", fast=True, overwrite=True)


def test_a_network_that_proposes_no_numbers_is_reported_and_not_averaged_in(photos, tint, tmp_path):
    bad = write_network(tmp_path / "bad.onnx", card=tint_card(name="bad"), bias=(math.nan, 0))
    results = evaluate([bad, tint], photos, tmp_path / "out", fast=True)
    assert row(results, "bad")["photos"] == 0
    assert row(results, "bad")["scores"]["psnr"] is None
    assert row(results, "tint")["photos"] == 5
    assert {entry["row"] for entry in results["failed"]} == {"bad"}
    assert "no numbers" in results["failed"][0]["reason"]
    assert "no numbers" in (tmp_path / "out/report.html").read_text()


def test_rows_of_one_name_are_told_apart(photos, tint, tmp_path):
    other = write_network(tmp_path / "other.onnx", card=tint_card(), slope=0.3)
    names = [method.name for method in list_methods([tint, other, tint])]
    assert names == ["grey", "mean colour", str(tint), str(other)]


def test_a_network_of_the_bundled_ones_name_is_called_by_its_file(tmp_path):
    mine = write_network(tmp_path / "mine.onnx", card=tint_card(name="article-6"))
    assert [method.name for method in list_methods([mine, "article-6"])][2:] == [str(mine), "article-6"]


def test_a_photo_that_cannot_be_read_is_skipped(photos, tint, tmp_path):
    (photos / "zz-gone.png").symlink_to("nowhere.png")
    results = evaluate([tint], photos, tmp_path / "out", fast=True)
    assert "cannot be read" in str(results["skipped"])


def test_photos_that_are_marked_for_training_are_left_out(photos, tint, tmp_path):
    whole = evaluate([tint], photos, tmp_path / "whole", fast=True)
    for part in ("train_color", "test_color"):
        shutil.copytree(photos, tmp_path / "data" / part)
    results = evaluate([tint], tmp_path / "data", tmp_path / "out", fast=True)
    assert {Path(photo["key"]).parts[0] for photo in results["photos"]} == {"test_color"}
    assert len(results["photos"]) == len(whole["photos"])
    assert results["notes"]["parts"].endswith("that are marked for training are left out")
    assert results["notes"]["parts"] in (tmp_path / "out/report.html").read_text()
    only = evaluate([tint], tmp_path / "data/train_color", tmp_path / "only", fast=True)
    assert len(only["photos"]) == len(whole["photos"])  # there are no others, and nobody else is asked


def test_rows_that_differ_in_the_last_digits_are_two(photos, echo, tmp_path):
    results = evaluate([echo], photos, tmp_path / "out", fast=True, vividness=[0.3333333, 0.3333334])
    assert [each["name"] for each in results["rows"][2:]] == [
        "echo vividness 0.3333333",
        "echo vividness 0.3333334",
    ]


def test_each_vividness_is_a_row(photos, echo, tint, tmp_path):
    results = evaluate([echo, tint], photos, tmp_path / "out", fast=True, vividness=[0, 1])
    names = [entry["name"] for entry in results["rows"]]
    assert names == ["grey", "mean colour", "echo vividness 0", "echo vividness 1", "tint"]
    assert row(results, "echo vividness 0")["scores"]["colorfulness"]["mean"] == 0
    assert row(results, "echo vividness 1")["scores"]["colorfulness"]["mean"] > 10


def test_hints_are_worth_something(photos, echo, tint, tmp_path):
    results = evaluate([echo, tint], photos, tmp_path / "out", fast=True, hints=[0, 5, 200], vividness=[0])
    assert list(results["curves"]) == ["echo vividness 0", "tint"]  # the other is moved by them
    scores = row(results, "echo vividness 0")["scores"]
    assert scores["hints_5"]["mean"] > 0
    assert "hints_0" not in scores
    assert row(results, "tint")["scores"]["hints_200"]["mean"] > row(results, "tint")["scores"]["hints_5"]["mean"]
    assert row(results, "grey")["scores"].get("hints_5") is None
    page = (tmp_path / "out/report.html").read_text()
    assert "What hints bring" in page
    assert "200 hints" in page
    curve = results["curves"]["echo vividness 0"]
    assert [point["hints"] for point in curve] == [0, 5, 200]
    none, few, many = (point["psnr"]["mean"] for point in curve)
    assert none == row(results, "grey")["scores"]["psnr"]["mean"]
    assert none < few < many


def test_a_network_that_asks_and_says_how_sure_it_is_is_measured_by_that(photos, hinting, tint, tmp_path):
    results = evaluate([hinting, tint], photos, tmp_path / "out", fast=True, hints=[0, 3, 50])
    assert list(results["asked"]) == list(results["calibration"]) == ["hinting"]
    random, asked = results["curves"]["hinting"], results["asked"]["hinting"]
    assert [point["hints"] for point in asked] == [0, 3]  # nobody answers fifty questions
    assert asked[0] == random[0]
    assert asked[1]["psnr"]["mean"] > asked[0]["psnr"]["mean"]
    sure = results["calibration"]["hinting"]
    assert sum(one["share"] for one in sure["ranges"]) == pytest.approx(1)
    assert 0 < sure["gap"] < 1
    page = (tmp_path / "out/report.html").read_text()
    assert "where it asks" in page
    assert "as sure as right" in page
    assert (
        evaluate([hinting, tint], photos, tmp_path / "out", fast=True, hints=[0, 3, 50])["asked"]
        == results["asked"]
    )


def test_a_network_is_asked_for_no_point_where_none_is_counted(photos, hinting, tmp_path):
    results = evaluate([hinting], photos, tmp_path / "out", fast=True, hints=[0, 50])
    assert results["asked"]["hinting"] == results["curves"]["hinting"][:1]


def test_no_network_sees_the_true_colours(echo, coloured, monkeypatch):
    seen = []
    run = Network.run

    def spy(self, planes, hints=None, vividness=None, *, outputs=("ab",)):
        seen.append((planes.copy(), None if hints is None else hints.copy()))
        return run(self, planes, hints, vividness, outputs=outputs)

    monkeypatch.setattr(Network, "run", spy)
    methods = [one for one in list_methods([echo], [0]) if one.path is not None]
    other = quantize(lab_to_rgb(stack_lab(lightness(coloured), np.zeros((64, 64, 2)))), np.uint8)
    assert not np.array_equal(coloured, other)
    for photo in (coloured, other):
        Measurer(methods, (3, 4))(photo, "key")
    # Two photos of one lightness, the one with colours and the other without, are the same to a network.
    assert len(seen) == 2
    assert np.abs(seen[0][0] - seen[1][0]).max() < 2.0  # one step of 8 bits, stretched threefold
    assert seen[0][1] is seen[1][1] is None

    seen.clear()
    measured = Measurer(methods, (3, 4), hints=[3])(coloured, "key")
    assert list(measured.curves) == ["echo vividness 0"]
    hints = max((hints for _, hints in seen if hints is not None), key=lambda hints: hints[0, 2].sum())
    lab = rgb_to_lab(coloured)
    points = random_true_hints(lab, 3, "key")
    side = math.ceil(7 / 256 * 256)
    assert 0 < hints[0, 2].sum() <= 3 * side**2  # nothing beyond the three squares
    assert set(np.unique(hints[0, 2])) == {0, 1}
    expected = {tuple(np.float32(point.ab).tolist()) for point in points}
    assert {tuple(values) for values in hints[0, :2, hints[0, 2] == 1].tolist()} <= expected
    assert (hints[0, :2, hints[0, 2] == 0] == 0).all()


def test_places_depend_on_the_photo_alone(coloured):
    lab = rgb_to_lab(coloured)
    assert random_true_hints(lab, 2, "one") == random_true_hints(lab, 9, "one")[:2]
    assert random_true_hints(lab, 2, "one") != random_true_hints(lab, 2, "other")
    (point,) = random_true_hints(lab, 1, "one")
    x, y = int(point.x * 64), int(point.y * 64)
    assert np.abs(np.array(point.ab) - lab[y, x, 1:]).max() < 60  # the colour thereabouts, not of elsewhere


def test_vividness_only_where_a_network_takes_it(tint, coloured):
    with pytest.raises(NetworkError, match="tint: takes no vividness"):
        Colorizer(tint)(coloured, vividness=1)


def test_nothing_to_measure(tint, tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/empty.jpg").touch()
    with pytest.raises(DataError, match="none of the 1 photos can be measured"):
        evaluate([tint], tmp_path / "photos", tmp_path / "out", fast=True)
    with pytest.raises(DataError, match="no preprocessing"):
        evaluate([tint], tmp_path / "photos", tmp_path / "out", preprocessing="val5k")


@pytest.mark.parametrize("deaths", [1, 2])
def test_a_worker_that_is_killed_loses_nothing(deaths, photos, tint, tmp_path, monkeypatch):
    whole = evaluate([tint], photos, tmp_path / "whole", fast=True)
    reads = tmp_path / "reads"

    def find(data, **how):
        # Its first read is for the mean colour; then it is measured.
        fatal = range(2, 2 + deaths)
        return [DeadlyRef.of(ref, reads, fatal) if ref.key == "3.png" else ref for ref in find_photos(data, **how)]

    monkeypatch.setattr("photochrom.evaluation.runner.find_photos", find)
    results = evaluate([tint], photos, tmp_path / "out", fast=True)
    assert len(reads.read_text()) == 3
    if deaths == 1:
        assert results["photos"] == whole["photos"]
        assert results["skipped"] == whole["skipped"]
        return
    assert results["photos"] == [photo for photo in whole["photos"] if photo["key"] != "3.png"]
    (failed,) = (one for one in results["skipped"] if one not in whole["skipped"])
    assert failed["photo"] == "3.png"
    assert "was ended (out of memory?), as did another before" in failed["reason"]
    # It may have been for want of memory: the same command tries it again, and it alone.
    again = []
    results = evaluate([tint], photos, tmp_path / "out", fast=True, progress=lambda *said: again.append(said))
    assert results["photos"] == whole["photos"]
    assert [done for what, done, _ in again if what == "measuring"] == [7]
