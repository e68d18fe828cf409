"""What leads a network: alternatives, suggestions, palettes, and how sure it is."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom import Colorizer, Hint, Options, Picture, palette_of
from photochrom.cli.main import main
from photochrom.color.ab_bins import bin_centers
from photochrom.color.cielab import rgb_to_lab
from photochrom.errors import NetworkError, PhotoError
from photochrom.hints import color_ab
from photochrom.inference.palette import steered
from photochrom.inference.posterior import doubt, draw, mean_colour


@pytest.fixture(scope="module")
def colorizer(hinting: Path) -> Colorizer:
    return Colorizer(hinting)


@pytest.mark.slow
def test_the_page_about_wishes_runs(halves: Picture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).parents[2] / "docs" / "wishes.md").read_text(encoding="utf-8")
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


@pytest.fixture
def halves() -> Picture:
    """Dark and sure on the left, light and doubtful on the right."""
    pixels = np.full((64, 64), 10, np.uint8)
    pixels[:, 32:] = 180
    return Picture.from_array(pixels)


def ab_of(picture: Picture) -> np.ndarray:
    return rgb_to_lab(picture.pixels)[..., 1:]


def test_alternatives_differ_and_the_first_is_what_was_wished(colorizer: Colorizer, halves: Picture) -> None:
    wishes = Options(vividness=0.8, hints=(Hint(0.6, 0.9, (-10, 20)),))
    results = colorizer.open(halves).alternatives(4, wishes)
    assert np.array_equal(results[0].pixels, colorizer(halves, wishes).pixels)
    for one, other in combinations(results, 2):
        assert np.hypot(*(ab_of(one) - ab_of(other)).transpose(2, 0, 1)).mean() > 1
    for result in results:  # what the user said holds in all of them
        assert ab_of(result)[57, 38] == pytest.approx((-10, 20), abs=2)


def test_alternatives_are_the_seeds_and_no_noise(colorizer: Colorizer, halves: Picture) -> None:
    sets = colorizer.open(halves).alternative_hints(3, seed=7)
    assert sets == colorizer.open(halves).alternative_hints(3, seed=7)
    assert sets != colorizer.open(halves).alternative_hints(3, seed=8)
    assert sets[0] == ()
    for hints, result in zip(sets, colorizer.open(halves).alternatives(3, seed=7), strict=True):
        assert len(hints) < 5
        assert np.array_equal(result.pixels, colorizer(halves, hints=hints).pixels)
    assert colorizer.open(halves).alternative_hints(1) == [()]


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


def test_a_palette_has_colours_of_equal_share() -> None:
    pixels = np.zeros((40, 40, 3), np.uint8)
    pixels[:, :30], pixels[:, 30:] = (180, 60, 50), (40, 90, 190)
    palette = palette_of(pixels, 8)
    assert palette == palette_of(Picture.from_array(pixels), 8)
    red, blue = (color_ab(color) for color in ("#b43c32", "#285abe"))
    near = [min((red, blue), key=lambda c: np.hypot(c[0] - a, c[1] - b)) for a, b in palette]
    assert [near.count(red), near.count(blue)] == [6, 2]
    assert len(palette_of(pixels[:1, :1], 5)) == 5


def test_a_reference_without_colours_is_refused(tmp_path: Path, halves: Picture) -> None:
    path = halves.save(tmp_path / "grey.png")
    clear = np.zeros((9, 9, 4), np.uint8)
    clear[..., 0] = 200  # red that nobody sees
    for source, name in (
        (path, "grey.png"),
        (np.full((9, 9, 3), 99, np.uint8), "reference"),
        (clear, "reference"),
    ):
        with pytest.raises(PhotoError, match=f"{name}: has no colours to take"):
            palette_of(source)


@given(st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=20)
def test_steering_keeps_probabilities_and_comes_nearer_to_the_palette(seed: int) -> None:
    random = np.random.default_rng(seed)
    chances = (
        random.dirichlet(np.full(len(bin_centers()), 0.3), (5, 6)).transpose(2, 0, 1)[None].astype(np.float32)
    )
    wanted = random.uniform(-40, 40, (1, 2))
    moved = steered(chances, [tuple(wanted[0])])
    assert moved.shape == chances.shape
    assert moved.sum(1) == pytest.approx(1, abs=1e-4)
    off = [np.hypot(*(mean_colour(each)[0].mean((1, 2)) - wanted[0])) for each in (chances, moved)]
    assert off[1] < off[0]


def test_doubt_is_the_expected_squared_error() -> None:
    centers = bin_centers()
    chances = np.zeros((1, len(centers), 1, 2), np.float32)
    chances[0, [10, 50], 0, 0] = 0.25, 0.75
    chances[0, 20, 0, 1] = 1
    mean = 0.25 * centers[10] + 0.75 * centers[50]
    error = 0.25 * ((centers[10] - mean) ** 2).sum() + 0.75 * ((centers[50] - mean) ** 2).sum()
    assert doubt(chances)[0, 0] == pytest.approx((error, 0), rel=1e-4, abs=1e-3)
    random = np.random.default_rng(0)
    drawn = {draw(chances[0, :, 0, 0], random) for _ in range(20)}
    assert drawn == {tuple(centers[50].tolist())}  # the other one is too unlikely


def test_what_cannot_be_asked_is_refused(tint: Path, colorizer: Colorizer, halves: Picture) -> None:
    plain = Colorizer(tint)
    with pytest.raises(NetworkError, match="gives no confidence"):
        plain.confidence(halves)
    for ask in (plain.alternatives, plain.suggest_hints):
        with pytest.raises(NetworkError, match="tint: gives no distribution"):
            ask(halves, 2)
    for ask in (colorizer.alternatives, colorizer.suggest_hints):
        with pytest.raises(ValueError, match="use 1 or more"):
            ask(halves, 0)
