"""Alternatives: each is found by itself, and none has a colour that the network does not find plausible."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom import Colorizer, Options, Picture
from photochrom.cli.main import main
from photochrom.color.ab_bins import CELL, bin_centers
from photochrom.inference.alternatives import LEAST_PERCENTILE, AlternativeSearch
from photochrom.inference.forward_passes import Passes
from photochrom.inference.onnx_model import Network
from photochrom.inference.predictive_distribution import percentile


@given(st.integers(0, 2**32 - 1), st.floats(0.02, 3))
@settings(deadline=None, max_examples=10)
def test_a_percentile_is_the_share_of_what_is_no_likelier(seed: int, evenness: float) -> None:
    centers = bin_centers()
    one = np.random.default_rng(seed).dirichlet(np.full(len(centers), evenness)).astype(np.float32)
    ranks = percentile(np.repeat(one[:, None, None], len(centers), 2), centers.T[:, None])[0]
    assert ranks.max() == pytest.approx(100, abs=0.01)
    assert ranks.min() >= 0
    for bound in (1, 5, 50):
        assert 100 * one[ranks <= bound].sum() <= bound + 0.01
    away = np.full((2, 1, 1), 400, np.float32)
    assert percentile(one[:, None, None], away)[0, 0] < 0.01


@pytest.mark.parametrize("vividness", [None, 1.0])
def test_no_place_of_an_alternative_lies_below_the_stated_percentile(
    hinting: Path, vividness: float | None
) -> None:
    options = Options(vividness=vividness)
    lightness = np.repeat(np.array([[5.0, 70.0]], np.float32), 32, 1).repeat(64, 0)
    passes = Passes(Network(hinting), lightness)
    base = passes.probabilities(options)

    def ranks(ab: np.ndarray) -> np.ndarray:
        places = ab.reshape(64 // CELL, CELL, 64 // CELL, CELL, 2).mean((1, 3))
        return percentile(base, places.transpose(2, 0, 1))

    least = np.minimum(ranks(passes.ab(options)), LEAST_PERCENTILE)
    assert LEAST_PERCENTILE >= 1
    found = 0
    for seed in range(4):
        for way in AlternativeSearch(passes, options, seed=seed).first(4)[1:]:
            found += 1
            assert (ranks(passes.ab(options.model_copy(update={"hints": way}))) >= least - 0.01).all()
    assert found > 6


def test_those_of_fewer_come_first_and_a_search_goes_on(
    hinting: Path, halves: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes = 0
    run = Network.run

    def counted(*args: object, **kwargs: object) -> object:
        nonlocal passes
        passes += 1
        return run(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(Network, "run", counted)
    at_once = Colorizer(hinting).open(halves)
    four, whole = at_once.alternatives(4, seed=3), passes
    passes = 0
    one_by_one = Colorizer(hinting).open(halves)
    some = [one_by_one.alternatives(n, seed=3) for n in (2, 3, 4)]
    assert some == [four[:2], four[:3], four]
    assert passes == whole
    assert one_by_one.alternatives(2, seed=4) != four[:2]
    assert one_by_one.nbytes > at_once.nbytes * 0.9


def test_there_are_fewer_where_no_other_colours_are_plausible(
    hinting: Path, halves: Picture, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo, result = halves.save(tmp_path / "photo.png"), tmp_path / "colour.png"
    known = tmp_path / "known.json"
    known.write_text('{"hints": [{"area": [[0, 0], [1, 0], [1, 1], [0, 1]], "color": "#406080"}]}')
    asked = ["--alternatives", "4", "--confidence", str(tmp_path / "sure.png"), "--hints", str(known)]
    assert main(["colorize", str(photo), "--output", str(result), "--network", str(hinting), *asked]) == 0
    made = {path.name for path in tmp_path.iterdir()}
    assert made == {"photo.png", "known.json", "colour-1.png", "sure.png"}
    assert "has only 1 colouring that" in capsys.readouterr().err
