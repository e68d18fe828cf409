"""What leads a network: alternatives, suggestions, palettes, and how sure it is."""

from __future__ import annotations

import re
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom import Colorizer, Hint, Options, Picture
from photochrom.cli.main import main
from photochrom.color.cielab import rgb_to_lab
from photochrom.errors import CapabilityError
from photochrom.inference.onnx_model import Network
from photochrom.io.reader import PhotoFile


@pytest.mark.slow
def test_the_page_about_options_runs(halves: Picture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).parents[2] / "docs" / "options.md").read_text(encoding="utf-8")
    (listed,) = re.findall(r"```json\n(.+?)```", page, re.S)
    (code,) = re.findall(r"```python\n(.+?)```", page, re.S)
    monkeypatch.chdir(tmp_path)
    halves.save("portrait.jpg")
    Picture.from_array(np.full((9, 9, 3), (200, 90, 40), np.uint8)).save("painting.jpg")
    names: dict[str, Any] = {}
    exec(code, names)
    assert np.array_equal(names["several"][0].pixels, names["picture"].pixels)
    Path("colour.jpg").unlink()  # of the Python example
    Path("hints.json").write_text(listed)
    for line in re.findall(r"^    photochrom (.+portrait.+)$", page, re.M):
        assert main([*line.split(), "--overwrite"]) == 0
    assert {"colour-4.jpg", "colour.hints.json", "sure.png"} <= {path.name for path in tmp_path.iterdir()}


def ab_of(picture: Picture) -> np.ndarray:
    return rgb_to_lab(picture.pixels)[..., 1:]


def test_alternatives_differ_and_the_first_is_what_was_asked_for(colorizer: Colorizer, halves: Picture) -> None:
    options = Options(vividness=0.8, hints=(Hint(0.6, 0.9, (-10, 20)),))
    prediction = colorizer.open(halves)
    results = [prediction.colors(each) for each in prediction.alternatives(4, options)]
    assert np.array_equal(results[0].pixels, colorizer(halves, options).pixels)
    for one, other in combinations(results, 2):
        assert np.hypot(*(ab_of(one) - ab_of(other)).transpose(2, 0, 1)).mean() > 1
    for result in results:  # what the user said holds in all of them
        assert ab_of(result)[57, 38] == pytest.approx((-10, 20), abs=2)


def test_alternatives_are_the_seeds_and_no_noise(colorizer: Colorizer, halves: Picture) -> None:
    found = [each.hints for each in colorizer.open(halves).alternatives(3, seed=7)]
    assert found == [each.hints for each in colorizer.open(halves).alternatives(3, seed=7)]
    assert found != [each.hints for each in colorizer.open(halves).alternatives(3, seed=8)]
    assert found[0] == ()
    assert all(len(hints) < 5 for hints in found)
    assert [each.hints for each in colorizer.open(halves).alternatives(1)] == [()]


def test_suggestions_fall_where_it_is_doubtful_and_apart(colorizer: Colorizer, halves: Picture) -> None:
    hints = colorizer.open(halves).suggest(4)
    assert len(hints) == 4
    assert all(hint.x > 0.5 for hint in hints)
    for one, other in combinations(hints, 2):
        assert np.hypot(one.x - other.x, one.y - other.y) > 0.1
    assert hints[0].ab == pytest.approx((8, 16), abs=3)  # the network's own guess
    assert all(isinstance(hint.color, str) for hint in hints)
    known = Options(hints=(Hint(hints[0].x, hints[0].y, (0, 0)),))
    first = colorizer.open(halves).suggest(1, known)[0]
    assert np.hypot(first.x - hints[0].x, first.y - hints[0].y) > 0.1


@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 12))
@settings(deadline=None, max_examples=15)
def test_any_photo_gets_points_inside_and_never_one_twice(
    colorizer: Colorizer, height: int, width: int, count: int
) -> None:
    hints = colorizer.open(np.full((height, width), 150, np.uint8)).suggest(count)
    assert 1 <= len(hints) <= count
    assert len({(hint.x, hint.y) for hint in hints}) == len(hints)


@pytest.mark.parametrize("orientation", [1, 6])
def test_confidence_has_the_upright_photos_shape(
    colorizer: Colorizer, halves: Picture, tmp_path: Path, orientation: int
) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    PIL.Image.fromarray(halves.pixels[:40, :, 0]).save(tmp_path / "photo.tif", exif=exif)
    sure = colorizer.open(tmp_path / "photo.tif").confidence()
    assert sure.dtype == np.float32
    assert sure.shape == ((40, 64) if orientation == 1 else (64, 40))
    dark, light = (sure[20, 8], sure[20, 56]) if orientation == 1 else (sure[8, 20], sure[56, 20])
    assert 0 <= light < dark - 0.2 <= 0.8
    colorizer.open(tmp_path / "photo.tif").save_confidence(tmp_path / "sure.png")
    written = Picture.read(tmp_path / "sure.png").pixels
    assert np.abs(written[..., 0] / 255 - sure).max() < 0.01


def test_confidence_is_of_the_colours_that_a_palette_leads_to(colorizer: Colorizer, halves: Picture) -> None:
    blue = Options(palette=((5, -30), (0, -25)))
    assert np.abs(colorizer.open(halves).confidence(blue) - colorizer.open(halves).confidence()).max() > 0.1


def test_a_palette_draws_colours_towards_it_and_hints_hold(colorizer: Colorizer, halves: Picture) -> None:
    blue, plain = Options(palette=((5, -30), (0, -25))), colorizer(halves)
    moved = colorizer(halves, blue)
    light = np.s_[8:-8, 40:-8]
    assert ab_of(moved)[light][..., 1].mean() < ab_of(plain)[light][..., 1].mean() - 5
    assert ab_of(moved)[8:-8, 4:20] == pytest.approx(ab_of(plain)[8:-8, 4:20], abs=4)  # sure of its own there
    hinted = colorizer(halves, blue, hints=[Hint(0.75, 0.5, (20, 20))])
    assert ab_of(hinted)[32, 48] == pytest.approx((20, 20), abs=2)


def test_what_cannot_be_asked_is_refused(tint: Path, colorizer: Colorizer, halves: Picture) -> None:
    plain, prediction = Colorizer(tint).open(halves), colorizer.open(halves)
    with pytest.raises(CapabilityError, match="gives no confidence"):
        plain.confidence()
    for ask in (plain.alternatives, plain.suggest):
        with pytest.raises(CapabilityError, match="tint: gives no distribution"):
            ask(2)
    for ask in (prediction.alternatives, prediction.suggest):
        with pytest.raises(ValueError, match="use 1 or more"):
            ask(0)
    with pytest.raises(ValueError, match="outside the photo"):
        prediction.candidates(1.1, 0.5)


def test_all_that_is_asked_of_a_photo_opens_it_once(
    hinting: Path, halves: Picture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command line's own way: a result, a map of confidence and three suggestions of one file."""
    photo = halves.save(tmp_path / "photo.png")
    counts = Counter()

    def counted(owner: type, name: str) -> None:
        method = getattr(owner, name)

        def call(self: Any, *args: Any, **named: Any) -> Any:
            counts[name] += 1
            return method(self, *args, **named)

        monkeypatch.setattr(owner, name, call)

    counted(PhotoFile, "_open_header")
    counted(PhotoFile, "shrunk")
    counted(Network, "run")
    line = ["colorize", str(photo), "-o", str(tmp_path / "result.png"), "--network", str(hinting)]
    assert main([*line, "--confidence", str(tmp_path / "sure.png"), "--suggest", "3"]) == 0
    assert counts["_open_header"] == 1
    assert counts["shrunk"] == 1
    assert 1 <= counts["run"] <= 3


def test_asking_again_passes_through_the_network_no_more(
    colorizer: Colorizer, halves: Picture, monkeypatch
) -> None:
    prediction = colorizer.open(halves)
    first = prediction.colors()
    run = Network.run
    passes = []
    monkeypatch.setattr(Network, "run", lambda self, *args, **named: passes.append(1) or run(self, *args, **named))
    assert np.array_equal(prediction.colors().pixels, first.pixels)
    prediction.confidence()
    prediction.candidates(0.5, 0.5)
    assert passes == []
    prediction.colors(Options(hints=(Hint(0.5, 0.5, (20, 20)),)))
    assert passes == [1]
