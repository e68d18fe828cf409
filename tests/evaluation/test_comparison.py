from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom.evaluation.comparison import FEWEST, compare_networks
from photochrom.evaluation.methods import Method
from photochrom.inference.catalogue import bundled_networks

BUNDLED = bundled_networks()["photochrom-1"]


def network(name, path=None, vividness=None):
    return Method(name, "network", "", path or Path(f"{name}.onnx"), vividness=vividness)


def photos(count, **psnr):
    """Scores of photos that differ from each other far more than two networks do on any of them."""
    hardness = np.random.default_rng(1).uniform(15, 35, count)
    noise = np.random.default_rng(2).normal(0, 0.5, (len(psnr), count))
    return [
        {
            name: {"psnr": hard + gain + own, "ciede2000": 30 - hard - gain - own}
            for (name, gain), own in zip(psnr.items(), noise[:, at], strict=True)
        }
        for at, hard in enumerate(hardness)
    ]


def compared(found, *names):
    (comparison,) = compare_networks(found, [Method("grey", "reference", ""), *map(network, names)])
    return comparison


def test_a_small_difference_shows_although_photos_differ_far_more():
    found = compared(photos(60, old=0.0, mine=0.5), "old", "mine")
    assert found["verdict"] == "better"
    assert 0 < found["psnr"]["low"] < 0.5 < found["psnr"]["high"] + 0.2
    assert found["sentence"].startswith("mine is better than old on such photos: +0.")
    assert found["sentence"].endswith(f"higher on {found['better_on']} of 60 photos.")
    assert found["better_on"] > 30


def test_what_the_photos_do_not_tell_is_said():
    found = compared(photos(60, old=0.0, mine=0.01), "old", "mine")
    assert found["verdict"] == "undecided"
    assert found["sentence"].startswith("Whether mine is better than old these photos do not tell: ")


def test_few_photos_give_no_verdict():
    found = compared(photos(FEWEST - 1, old=0.0, mine=3.0), "old", "mine")
    assert found["verdict"] == "too few"
    assert found["sentence"].startswith("19 photos are too few to tell whether mine is better than old: +")
    assert compared(photos(FEWEST, old=0.0, mine=3.0), "old", "mine")["verdict"] == "better"


def test_two_measures_that_disagree_give_no_winner():
    found = photos(60, old=0.0, mine=1.0)
    for scores in found:
        scores["mine"]["ciede2000"] = scores["old"]["ciede2000"] + 2
    said = compared(found, "old", "mine")
    assert said["verdict"] == "mixed"
    assert "mine is better than old by PSNR, and worse by CIEDE2000: +" in said["sentence"]
    assert "CIEDE2000 +2.00 (+2.00 to +2.00)" in said["sentence"]


def test_a_copy_is_neither_better_nor_worse():
    found = [{"old": scores["old"], "copy": dict(scores["old"])} for scores in photos(30, old=0.0)]
    said = compared(found, "old", "copy")
    assert said["verdict"] == "same"
    assert said["sentence"] == "copy and old are equally good on each of 30 photos."


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-3, 3), min_size=FEWEST, max_size=40))
def test_the_other_way_round_it_says_the_opposite(gains):
    found = [
        {"one": {"psnr": 20.0, "ciede2000": 9.0}, "other": {"psnr": 20 + gain, "ciede2000": 9 - gain}}
        for gain in gains
    ]
    there, back = compared(found, "one", "other"), compared(found, "other", "one")
    opposite = {"better": "worse", "worse": "better"}
    assert back["verdict"] == opposite.get(there["verdict"], there["verdict"])
    assert back["psnr"]["low"] == pytest.approx(-there["psnr"]["high"])


@pytest.mark.parametrize("order", [("mine", "photochrom-1"), ("photochrom-1", "mine")])
def test_the_bundled_network_is_what_others_are_compared_with(order):
    methods = {"mine": network("mine"), "photochrom-1": network("photochrom-1", BUNDLED)}
    found = photos(30, **{"photochrom-1": 0.0, "mine": 1.0})
    (said,) = compare_networks(found, [methods[name] for name in order])
    assert (said["of"], said["against"], said["verdict"]) == ("mine", "photochrom-1", "better")


def test_each_vividness_is_compared_with_its_own():
    paths = Path("old.onnx"), Path("mine.onnx")
    methods = [network(f"{path.stem} {value}", path, value) for path in paths for value in (0.0, 1.0)]
    methods.append(network("plain"))
    found = photos(30, **{method.name: 0.0 for method in methods})
    pairs = [(one["of"], one["against"]) for one in compare_networks(found, methods)]
    assert pairs == [
        ("mine 0.0", "old 0.0"), ("mine 1.0", "old 1.0"), ("plain", "old 0.0"), ("plain", "old 1.0"),
    ]  # fmt: skip


def test_photos_that_one_network_failed_on_do_not_count():
    found = photos(40, old=0.0, mine=1.0)
    for scores in found[:10]:
        del scores["mine"]
    assert compared(found, "old", "mine")["photos"] == 30
    assert compare_networks(found[:10], [network("old"), network("mine")]) == []


def test_one_network_alone_is_compared_with_nothing():
    assert compare_networks(photos(30, old=0.0), [network("old")]) == []
