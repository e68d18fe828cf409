from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom.upsample import enlarge_ab

sides = st.integers(1, 40)


def whole(ab: np.ndarray, height: int, width: int, **options: int) -> np.ndarray:
    return np.concatenate([strip for _, strip in enlarge_ab(ab, height, width, **options)])


@given(sides, sides, sides, sides, st.integers(1, 300))
@settings(deadline=None, max_examples=60)
def test_strips_cover_the_photo_and_do_not_show(h: int, w: int, height: int, width: int, strip: int) -> None:
    ab = np.random.default_rng(h * w).uniform(-80, 80, (h, w, 2)).astype(np.float32)
    end = 0
    for rows, planes in enlarge_ab(ab, height, width, strip=strip):
        assert rows.start == end
        assert planes.shape == (rows.stop - rows.start, width, 2)
        assert planes.dtype == np.float32
        end = rows.stop
    assert end == height
    assert np.allclose(whole(ab, height, width, strip=strip), whole(ab, height, width), atol=1e-3)


@given(sides, sides, sides, sides)
@settings(deadline=None, max_examples=30)
def test_one_colour_stays_that_colour(h: int, w: int, height: int, width: int) -> None:
    flat = np.tile(np.array([12.5, -40], np.float32), (h, w, 1))
    assert np.allclose(whole(flat, height, width), [12.5, -40], atol=1e-3)


def test_a_slope_stays_a_slope_in_its_place() -> None:
    slope = np.repeat(np.linspace(-60, 60, 32, dtype=np.float32)[None, :, None], 8, axis=0).repeat(2, axis=2)
    large = whole(slope, 64, 320)
    middle = large[32, 20:-20, 0]
    expected = -60 + ((np.arange(320) + 0.5) / 10 - 0.5) * 120 / 31
    assert (
        np.abs(middle - expected[20:-20]).max() < 0.5
    )  # a fifth of what lies between two of the network's pixels
    steps = np.diff(middle)
    assert 0.2 < steps.min() <= steps.max() < 0.6  # smooth: no blocks with jumps of 3.9 between them


def test_same_size_is_untouched() -> None:
    ab = np.random.default_rng(1).normal(0, 20, (9, 7, 2)).astype(np.float32)
    assert np.array_equal(whole(ab, 9, 7), ab)
