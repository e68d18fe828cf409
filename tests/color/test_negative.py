"""Negatives, and the positives that are made of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom import Colorizer, Options, Picture
from photochrom.color.negative import apply_curves, positive_curves
from photochrom.color.recombine import lightness_of
from photochrom.io.reader import PhotoFile

ORANGE = (0.98, 0.62, 0.38)


def positive(dtype: type = np.uint8) -> np.ndarray:
    """A grey photo H×W×3 from black to white."""
    y, x = np.mgrid[:90, :120]
    light = (0.5 + 0.5 * np.sin(x / 17) * np.cos(y / 13))[..., None].repeat(3, axis=2)
    light[:4, :4], light[-4:, -4:] = 0, 1
    return np.rint(light * np.iinfo(dtype).max).astype(dtype)


def negative(of: np.ndarray, mask: tuple[float, float, float] = ORANGE, density: float = 0.85) -> np.ndarray:
    top = np.iinfo(of.dtype).max
    return np.rint((1 - of / top * density) * mask * top).astype(of.dtype)


@given(st.sampled_from([np.uint8, np.uint16]), st.tuples(*[st.floats(0.3, 1.0)] * 3), st.floats(0.4, 0.95))
@settings(deadline=None, max_examples=30)
def test_the_positive_is_what_was_photographed_whatever_the_base(
    dtype: type, mask: tuple[float, float, float], density: float
) -> None:
    film = negative(positive(dtype), mask, density)
    made = apply_curves(film, positive_curves(film))
    # 8 bits leave few steps to a dense and dark channel.
    off = lightness_of(made) - lightness_of(positive(dtype))
    assert np.abs(off).mean() < (2 if dtype == np.uint8 else 0.7)


def test_curves_fall_and_reach_from_white_to_black() -> None:
    film = negative(positive())
    for curve in positive_curves(film).astype(int):
        assert (np.diff(curve) <= 0).all()
        assert (curve[0], curve[-1]) == (255, 0)


def test_transparent_pixels_neither_count_nor_change() -> None:
    film = negative(positive())
    alpha = np.full((90, 120, 1), 255, np.uint8)
    alpha[:, :60] = 0
    film_with = np.concatenate([np.where(alpha > 0, film, 255), alpha], axis=2)
    curves = positive_curves(film_with, has_alpha=True)
    assert np.array_equal(curves, positive_curves(film[:, 60:]))
    assert np.array_equal(apply_curves(film_with, curves)[..., 3:], alpha)


def test_a_negative_without_contrast_stays_one_tone() -> None:
    flat = np.full((9, 9, 3), (200, 130, 80), np.uint8)
    assert np.ptp(apply_curves(flat, positive_curves(flat))) == 0


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_a_file_of_a_negative_becomes_a_positive_in_colour(suffix: str, tint: Path, tmp_path: Path) -> None:
    film = tmp_path / f"film{suffix}"
    Picture.from_array(negative(positive(np.uint16))).save(film)
    options = Options(negative=True)
    with_file = Colorizer(tint).open(film)
    notes = with_file.save(tmp_path / f"out{suffix}", options)
    result = Picture.read(tmp_path / f"out{suffix}")
    assert np.abs(result.lightness() - lightness_of(positive(np.uint16))).mean() < 0.7
    assert np.array_equal(with_file.colors(options).pixels, result.pixels)
    assert not notes
    inverted = with_file.photo(negative=True)
    assert isinstance(inverted, PhotoFile)
    assert np.array_equal(
        np.concatenate(list(inverted.strips())), np.concatenate(list(inverted.view(negative=True).strips()))
    )
    untouched = np.concatenate(list(with_file.photo().strips()))
    assert np.array_equal(untouched, negative(positive(np.uint16)))


def test_a_picture_in_memory_is_inverted_too(tint: Path) -> None:
    made = Colorizer(tint)(negative(positive()), Options(negative=True))
    assert np.abs(made.lightness() - lightness_of(positive())).mean() < 2
