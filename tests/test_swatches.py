from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from skimage.color import rgb2lab

from photochrom import swatches
from photochrom.join import join, lightness_of
from photochrom.swatches import MOST_CHROMA, Swatches

LEVELS = rgb2lab(np.repeat(np.arange(256)[:, None, None] / 255, 3, axis=2))[:, 0, 0]


def photo(bands: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (120, 200, bands), np.uint8)


def colours(reach: float) -> np.ndarray:
    """Smooth a, b that go round the hues, up to a chroma."""
    y, x = np.mgrid[:120, :200].astype(np.float32)
    return np.stack([np.cos(x / 30), np.sin(x / 30)], axis=-1) * (y / 119 * reach)[..., None]


@pytest.mark.parametrize("bands", [1, 3])
@pytest.mark.parametrize("reach", [20.0, 60.0, MOST_CHROMA])
def test_lightness_is_the_photos_own_to_a_step(bands: int, reach: float) -> None:
    pixels = photo(bands)
    lightness = lightness_of(pixels)
    found = rgb2lab(Swatches().join(pixels, lightness, colours(reach)))[..., 0]
    steps = np.abs(np.interp(found, LEVELS, np.arange(256)) - np.interp(lightness, LEVELS, np.arange(256)))
    assert np.quantile(steps, 0.999) <= 1
    assert steps.max() <= 2


@pytest.mark.parametrize("bands", [1, 3])
def test_colours_are_those_of_a_join_to_half_a_unit(bands: int) -> None:
    pixels, ab = photo(bands), colours(40)
    lightness = lightness_of(pixels)
    halves = np.round(ab * 2) / 2
    looked_up = Swatches().join(pixels, lightness, ab).astype(int)
    assert np.abs(looked_up - join(pixels, lightness, halves)).max() <= (0 if bands == 1 else 2)
    assert np.abs(looked_up - join(pixels, lightness, ab)).mean() < 0.5


def test_no_colour_gives_the_same_grey() -> None:
    grey = np.arange(256, dtype=np.uint8).reshape(8, 32, 1)
    found = Swatches().join(grey, lightness_of(grey), np.zeros((8, 32, 2), np.float32))
    assert np.array_equal(found, grey.repeat(3, axis=2))


def test_what_was_joined_before_does_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels, ab = photo(1), colours(100)
    lightness = lightness_of(pixels)
    whole = Swatches().join(pixels, lightness, ab)
    used = Swatches()
    used.join(photo(1, seed=1), lightness_of(photo(1, seed=1)), -ab)
    parts = [slice(start, start + 7) for start in range(0, 120, 7)]
    with ThreadPoolExecutor(4) as pool:
        strips = pool.map(lambda part: used.join(pixels[part], lightness[part], ab[part]), parts)
        assert np.array_equal(np.concatenate(list(strips)), whole)
    monkeypatch.setattr(swatches, "_MOST", 100)  # more colours than are kept
    assert np.array_equal(Swatches().join(pixels, lightness, ab), whole)
