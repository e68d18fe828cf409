"""What leads a network: alternatives, suggestions, palettes, and how sure it is."""

from __future__ import annotations

import re
import threading
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
from photochrom.errors import CapabilityError, PhotoError
from photochrom.inference.onnx_model import Network
from photochrom.inference.preprocess import PhotoInfo
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


def test_suggestions_fall_where_it_is_uncertain_and_apart(colorizer: Colorizer, halves: Picture) -> None:
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


def test_a_hints_effect_is_the_difference_that_it_makes(colorizer: Colorizer, halves: Picture) -> None:
    prediction = colorizer.open(halves)
    hints = (Hint(0.75, 0.5, (20, -40)), Hint(0.2, 0.2, (-30, 10), reach=0.1))
    with_both, without = (prediction.ab(Options(hints=some)) for some in (hints, hints[:1]))
    effect = prediction.hint_effect(1, Options(hints=hints))
    assert effect == pytest.approx(np.hypot(*(with_both - without).transpose(2, 0, 1)), abs=1e-4)
    assert effect.max() > 20 > effect[32, 48] == 0
    with pytest.raises(ValueError, match="no hint 2 among 2"):
        prediction.hint_effect(2, Options(hints=hints))


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


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts what a prediction costs: files opened, small copies decoded, whole photos decoded, and passes."""
    count: Counter[str] = Counter()

    def counting(owner: type, name: str, key: str) -> None:
        own = getattr(owner, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            count[key] += 1
            return own(*args, **kwargs)

        monkeypatch.setattr(owner, name, call)

    counting(PhotoFile, "__init__", "opened")
    counting(PhotoFile, "shrunk", "shrunk")
    counting(PhotoFile, "strips", "decoded")
    counting(Network, "run", "passes")
    return count


def test_one_call_opens_and_shrinks_a_photo_once(
    hinting: Path, halves: Picture, tmp_path: Path, counted: Counter[str]
) -> None:
    photo = halves.save(tmp_path / "photo.jpg")
    result, sure = tmp_path / "colour.jpg", tmp_path / "sure.png"
    asked = ["--confidence", str(sure), "--suggest", "3"]
    assert main(["colorize", str(photo), "--output", str(result), "--network", str(hinting), *asked]) == 0
    assert counted == {"opened": 1, "shrunk": 1, "decoded": 1, "passes": 3}
    assert {path.name for path in tmp_path.iterdir()} >= {"colour.jpg", "colour.hints.json", "sure.png"}


def test_a_pass_is_made_once_for_each_set_of_hints(
    colorizer: Colorizer, halves: Picture, tmp_path: Path, counted: Counter[str]
) -> None:
    prediction = colorizer.open(halves.save(tmp_path / "photo.png"))
    hints = (Hint(0.2, 0.3, "#aa2020"),)
    for options in (Options(), Options(hints=hints), Options(saturation=0.5), Options(hints=hints, mark=False)):
        prediction.colors(options)
        prediction.confidence(options)
        prediction.candidates(0.9, 0.9, options)
        prediction.suggest(1, options)
    assert (counted["opened"], counted["shrunk"], counted["passes"]) == (1, 1, 2)
    blue = Options(palette=((5, -30),))
    prediction.colors(blue)
    prediction.confidence(blue)
    assert counted["passes"] == 3  # the distribution that the palette reweights is there
    prediction.colors(Options(vividness=1))
    assert counted["passes"] == 4
    assert 0 < prediction.nbytes < 3 << 19  # four passes
    for x in range(9):
        prediction.ab(Options(hints=(Hint(x / 9, 0.5, (0, 0)),)))
    assert prediction.nbytes < 3 << 19  # of many sets, the latest are cached


@pytest.mark.parametrize("orientation", [1, 6, 8])
def test_a_prediction_is_upright_however_the_photo_lies(
    colorizer: Colorizer, halves: Picture, tmp_path: Path, orientation: int
) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    PIL.Image.fromarray(halves.pixels[:40, :, 0]).save(tmp_path / "photo.png", exif=exif)
    prediction = colorizer.open(tmp_path / "photo.png")
    options = Options(hints=(Hint(0.5, 0.2, (40, 0)),))
    picture = prediction.colors(options)
    assert prediction.info.width, prediction.info.height == picture.pixels.shape[1::-1]
    assert np.array_equal(picture.pixels, colorizer(tmp_path / "photo.png", options).pixels)
    prediction.save(tmp_path / "colour.png", options)
    assert np.array_equal(Picture.read(tmp_path / "colour.png").pixels, picture.pixels)
    prediction.save(tmp_path / "colour.tif", options)
    lying = Picture.read(tmp_path / "colour.tif").pixels.astype(int)
    assert np.abs(lying - picture.pixels).max() <= 3  # its small copy was made before it was turned
    assert prediction.ab(options).shape[:2] == (51, 81) if orientation == 1 else (81, 51)


def test_a_picture_is_saved_as_a_file_is(colorizer: Colorizer, halves: Picture, tmp_path: Path) -> None:
    path = halves.save(tmp_path / "photo.png")
    for number, options in enumerate((Options(), Options(long_edge=30), Options(side_by_side=True))):
        for name, source in (("file", path), ("picture", halves)):
            colorizer.open(source).save(tmp_path / f"{name}-{number}.png", options)
        one, other = (Picture.read(tmp_path / f"{name}-{number}.png").pixels for name in ("file", "picture"))
        assert one.shape == other.shape
        assert np.abs(one.astype(int) - other).max() <= 1


def test_what_a_photo_is(colorizer: Colorizer, tmp_path: Path) -> None:
    colours = np.zeros((20, 30, 3), np.uint8)
    colours[:, :10, 0] = 200
    assert colorizer.open(colours).info == PhotoInfo(30, 20, 8, "", False, ())
    wide = Picture.from_array(np.full((20, 30), 30_000, np.uint16)).save(tmp_path / "wide.png")
    assert colorizer.open(wide).info == PhotoInfo(30, 20, 16, "png", True, ())
    assert colorizer.open(np.full((20, 30, 3), (90, 91, 92), np.uint8)).info.is_grey


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_a_large_photo_is_decoded_ahead_to_the_same_result(
    hinting: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (500, 700), np.uint8)
    path = Picture.from_array(pixels).save(tmp_path / f"photo{suffix}")
    monkeypatch.setattr("photochrom.io.reader.STRIP", 20_000)
    for name, large, threads in (("plain", 1 << 22, 2), ("ahead", 1, 2), ("alone", 1, 1)):
        monkeypatch.setattr("photochrom.inference.render._LARGE", large)
        Colorizer(hinting, threads=threads).open(path).save(tmp_path / f"{name}{suffix}")
    results = {(tmp_path / f"{name}{suffix}").read_bytes() for name in ("plain", "ahead", "alone")}
    assert len(results) == 1
    path.write_bytes(path.read_bytes()[:-20_000])
    monkeypatch.setattr("photochrom.inference.render._LARGE", 1)
    threads_before = threading.active_count()
    with pytest.raises(PhotoError, match="damaged or cut short"):
        Colorizer(hinting, threads=2).open(path).save(tmp_path / f"cut{suffix}")
    assert threading.active_count() == threads_before
    assert not (tmp_path / f"cut{suffix}").exists()
