"""A reference's colours, and a distribution that is moved towards them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom import Colorizer, Hint, Options, Picture, palette_of
from photochrom.color.ab_bins import bin_centers
from photochrom.errors import PhotoError
from photochrom.hints import color_ab
from photochrom.inference.palette import reweighted
from photochrom.inference.predictive_distribution import mean_colour


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
def test_reweighting_keeps_probabilities_and_comes_nearer_to_the_palette(seed: int) -> None:
    random = np.random.default_rng(seed)
    probabilities = (
        random.dirichlet(np.full(len(bin_centers()), 0.3), (5, 6)).transpose(2, 0, 1)[None].astype(np.float32)
    )
    wanted = random.uniform(-40, 40, (1, 2))
    moved = reweighted(probabilities, [tuple(wanted[0])])
    assert moved.shape == probabilities.shape
    assert moved.sum(1) == pytest.approx(1, abs=1e-4)
    off = [np.hypot(*(mean_colour(each)[0].mean((1, 2)) - wanted[0])) for each in (probabilities, moved)]
    assert off[1] < off[0]


def test_a_palettes_strength_goes_from_nothing_to_all_of_it(hinting: Path, halves: Picture) -> None:
    opened = Colorizer(hinting).open(halves)
    blue = ((10.0, -40.0),)
    own = Hint(0.9, 0.9, (40, 40))

    def ab(strength: float) -> np.ndarray:
        return opened.ab(Options(palette=blue, palette_strength=strength, hints=(own,)))

    without, whole = opened.ab(Options(hints=(own,))), opened.ab(Options(palette=blue, hints=(own,)))
    assert np.array_equal(ab(0), without)
    assert np.array_equal(ab(1), whole)
    assert np.abs(whole - without).max() > 5
    assert ab(0.25) == pytest.approx(0.75 * without + 0.25 * whole, abs=1e-3)
    assert ab(0.5)[57, 57] == pytest.approx((40, 40), abs=0.1)  # a hint holds at any strength
