from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from skimage.color import rgb2lab

from photochrom.color import lut
from photochrom.color.lut import MOST_CHROMA, LookupTable, halved
from photochrom.color.recombine import lightness_of, recombine

NOTHING = np.zeros((1, 1, 2), np.float32)
LEVELS = rgb2lab(np.repeat(np.arange(256)[:, None, None] / 255, 3, axis=2))[:, 0, 0]


def photo(bands: int, seed: int = 0, height: int = 120, width: int = 200) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, bands), np.uint8)


def colours(reach: float, height: int = 60, width: int = 100) -> np.ndarray:
    """Smooth a, b that go round the hues, up to a chroma."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return np.stack([np.cos(x / 15), np.sin(x / 15)], axis=-1) * (y / height * reach)[..., None]


def looked_up(pixels: np.ndarray, ab: np.ndarray) -> np.ndarray:
    table = LookupTable(NOTHING, pixels.shape[2])
    return table.recombine(table.levels(pixels), ab)


def spread(ab: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    return ab.repeat(2, axis=0).repeat(2, axis=1)[: pixels.shape[0], : pixels.shape[1]]


@pytest.mark.parametrize("bands", [1, 3])
@pytest.mark.parametrize("reach", [20.0, 60.0, MOST_CHROMA])
def test_lightness_is_the_photos_own_to_a_step(bands: int, reach: float) -> None:
    pixels = photo(bands)
    found = rgb2lab(looked_up(pixels, colours(reach)))[..., 0]
    wanted = lightness_of(pixels)
    steps = np.abs(np.interp(found, LEVELS, np.arange(256)) - np.interp(wanted, LEVELS, np.arange(256)))
    assert np.quantile(steps, 0.999) <= 1
    assert steps.max() <= 2


@pytest.mark.parametrize("bands", [1, 3])
def test_colours_are_those_of_recombine_to_half_a_unit(bands: int) -> None:
    pixels, ab = photo(bands), colours(40)
    lightness = lightness_of(pixels)
    found = looked_up(pixels, ab).astype(int)
    exact = recombine(pixels, lightness, spread(np.round(ab * 2) / 2, pixels))
    assert np.abs(found - exact).max() <= (0 if bands == 1 else 2)
    assert np.abs(found - recombine(pixels, lightness, spread(ab, pixels))).mean() < 0.5


def test_no_colour_gives_the_same_grey() -> None:
    grey = np.arange(256, dtype=np.uint8).reshape(8, 32, 1)
    found = looked_up(grey, np.zeros((4, 16, 2), np.float32))
    assert np.array_equal(found, grey.repeat(3, axis=2))


@pytest.mark.parametrize(("height", "width"), [(1, 1), (2, 1), (1, 2), (7, 9), (121, 200), (120, 199)])
def test_odd_sides(height: int, width: int) -> None:
    pixels = photo(1, height=height, width=width)
    ab = colours(50, -(-height // 2), -(-width // 2))
    exact = recombine(pixels, lightness_of(pixels), spread(np.round(ab * 2) / 2, pixels))
    assert np.array_equal(looked_up(pixels, ab), exact)
    small = halved(pixels[..., 0])
    assert small.shape == ab.shape[:2]
    assert np.abs(small[0, 0] - pixels[:2, :2].mean()) <= (0.5 if min(height, width) > 1 else 128)


def test_what_was_asked_before_does_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels, ab = photo(1), colours(100)
    whole = looked_up(pixels, ab)
    used = LookupTable(-ab, 1)
    used.recombine(photo(1, seed=1)[..., 0], -ab)
    tops = range(0, 120, 8)
    with ThreadPoolExecutor(4) as pool:
        strips = pool.map(
            lambda top: used.recombine(pixels[top : top + 8, :, 0], ab[top // 2 : top // 2 + 4]), tops
        )
        assert np.array_equal(np.concatenate(list(strips)), whole)
    monkeypatch.setattr(lut, "_MOST", 100)  # more colours than are kept
    assert np.array_equal(looked_up(pixels, ab), whole)
