"""Whether a photo has colours of its own, whatever tone the paper, the chemistry and the years gave it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom.color.cielab import lab_to_rgb
from photochrom.color.own_colors import MEASURES, color_score, has_colors, measure_colors


def scene(height: int = 96, width: int = 128, seed: int = 0) -> np.ndarray:
    """Lightness 5..95 of something that has edges, slopes and texture."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width] / np.array([height, width])[:, None, None]
    light = 45 + 25 * np.sin(7 * x + 3 * y) + 15 * np.sign(np.sin(11 * y - 5 * x))
    return np.clip(light + random.normal(0, 3, light.shape), 5, 95)


def photo(light: np.ndarray, a: np.ndarray | float, b: np.ndarray | float, dtype: type = np.uint8) -> np.ndarray:
    lab = np.stack(np.broadcast_arrays(light, a, b), axis=-1).astype(float)
    top = np.iinfo(dtype).max
    return np.rint(np.clip(lab_to_rgb(lab), 0, 1) * top).astype(dtype)


@given(
    hue=st.floats(0.7, 1.6) | st.floats(3.7, 4.9),
    chroma=st.floats(0, 25),
    bent=st.floats(0.3, 1),
    seed=st.integers(0, 9),
)
@settings(deadline=None, max_examples=40)
def test_a_toned_photo_has_no_colours_of_its_own(hue: float, chroma: float, bent: float, seed: int) -> None:
    light = scene(seed=seed)
    strength = chroma * np.interp(light, [0, 30, 70, 100], [0.2, 1, 1, bent])
    assert not has_colors(photo(light, strength * np.cos(hue), strength * np.sin(hue)))


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_a_photo_of_things_in_colours_has_them_also_when_faded(share: float) -> None:
    light = scene()
    hues = np.repeat(np.repeat(np.random.default_rng(1).uniform(0, 6.28, (6, 8)), 16, 0), 16, 1)
    assert has_colors(photo(light, 22 * share * np.cos(hues), 22 * share * np.sin(hues)))


def test_yellowed_and_stained_paper_is_no_colour_of_the_photo() -> None:
    light = scene()
    y, x = np.mgrid[:96, :128] / 100
    stain = np.exp(-((y - 0.3) ** 2 + (x - 0.5) ** 2) / 0.2)
    assert not has_colors(photo(light, 2 + 4 * stain, 9 + 14 * stain))
    assert not has_colors(photo(light, 1, 12))


def test_depth_and_what_is_transparent_make_no_difference() -> None:
    light, hues = scene(), np.repeat(np.repeat(np.random.default_rng(1).uniform(0, 6.28, (6, 8)), 16, 0), 16, 1)
    colored = photo(light, 20 * np.cos(hues), 20 * np.sin(hues), np.uint16)
    grey = photo(light, 0, 0, np.uint16)
    assert has_colors(colored)
    assert not has_colors(grey)
    clear = np.zeros((*light.shape, 1), np.uint16)
    half = np.where(np.arange(128) < 64, 65535, 0).astype(np.uint16)[None, :, None] + clear
    assert not has_colors(np.concatenate([colored, clear], axis=2), has_alpha=True)
    assert not has_colors(np.concatenate([np.where(half > 0, grey, colored), half], axis=2), has_alpha=True)
    assert has_colors(np.concatenate([np.where(half > 0, colored, grey), half], axis=2), has_alpha=True)


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=60)
def test_a_photo_of_any_size_has_a_score(height: int, width: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)
    assert np.isfinite(measure_colors(pixels)).all()
    assert len(measure_colors(pixels)) == len(MEASURES)
    assert not np.isnan(color_score(pixels))
    grey = pixels[..., :1].repeat(3, axis=2)
    assert not has_colors(grey)


def test_one_strong_colour_is_no_toning() -> None:
    assert has_colors(np.full((5, 4, 3), (255, 0, 0), np.uint8))
    balloon = photo(scene(), 0, 0)
    balloon[20:36, 40:56] = (220, 30, 20)
    assert has_colors(balloon)
