from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from photochrom.color.guided_upsample import GuidedUpsampler

sides = st.integers(1, 40)
Shape = tuple[int, int]


def random_colours(shape: Shape, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.uniform(-80, 80, (*shape, 2)).astype(np.float32), random_lightness(shape, seed)


def random_lightness(shape: Shape, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed + 1).uniform(0, 100, shape).astype(np.float32)


def whole(ab: np.ndarray, seen: np.ndarray, lightness: np.ndarray) -> np.ndarray:
    return GuidedUpsampler(ab, seen, *lightness.shape)(0, len(lightness), lightness)


def smooth(ab: np.ndarray, shape: Shape) -> np.ndarray:
    """What comes out where lightness says nothing: the bicubic surface."""
    return whole(ab, np.full(ab.shape[:2], 50, np.float32), np.full(shape, 50, np.float32))


@given(sides, sides, sides, sides, st.integers(1, 40))
@settings(deadline=None, max_examples=60)
def test_cuts_between_rows_do_not_show(h: int, w: int, height: int, width: int, step: int) -> None:
    ab, seen = random_colours((h, w), seed=h * w)
    lightness = random_lightness((height, width))
    upsample = GuidedUpsampler(ab, seen, height, width)
    strips = [upsample(y, min(height, y + step), lightness[y : y + step]) for y in range(0, height, step)]
    assert all(strip.shape[1:] == (width, 2) and strip.dtype == np.float32 for strip in strips)
    # A single column is summed in another order, which float32 notices.
    assert np.allclose(np.concatenate(strips), upsample(0, height, lightness), rtol=0, atol=1e-4)


def test_any_thread_may_ask_for_any_rows() -> None:
    ab, seen = random_colours((30, 45))
    lightness = random_lightness((600, 900))
    upsample = GuidedUpsampler(ab, seen, 600, 900)
    starts = np.random.default_rng(2).permutation(np.arange(0, 600, 25))
    with ThreadPoolExecutor(4) as pool:
        strips = dict(pool.map(lambda y: (y, upsample(y, y + 25, lightness[y : y + 25])), starts))
    parts = np.concatenate([strips[y] for y in sorted(strips)])
    # To the last bit on some processors; on others a matrix product rounds by how many rows it has.
    assert np.allclose(parts, upsample(0, 600, lightness), rtol=0, atol=1e-4)


@given(sides, sides, sides, sides)
@settings(deadline=None, max_examples=30)
def test_one_colour_stays_that_colour(h: int, w: int, height: int, width: int) -> None:
    flat = np.tile(np.array([12.5, -40], np.float32), (h, w, 1))
    large = whole(flat, random_lightness((h, w)), random_lightness((height, width)))
    assert np.allclose(large, [12.5, -40], atol=1e-3)


@pytest.mark.parametrize(
    ("small", "large"),
    [
        ((1, 1), (1, 1)),
        ((160, 160), (1, 1)),
        ((1, 25600), (1, 50000)),
        ((5657, 5), (30000, 24)),
        ((5, 5657), (3, 50000)),
        ((139, 185), (60, 80)),
        ((2, 300), (400, 7)),
    ],
)
def test_every_size_works_and_no_colour_is_beyond_those_proposed(small: Shape, large: Shape) -> None:
    ab, seen = random_colours(small)
    result = whole(ab, seen, random_lightness(large))
    assert result.shape == (*large, 2)
    assert (result >= ab.min(axis=(0, 1))).all()
    assert (result <= ab.max(axis=(0, 1))).all()


def test_a_slope_stays_a_slope_in_its_place() -> None:
    slope = np.repeat(np.linspace(-60, 60, 32, dtype=np.float32)[None, :, None], 8, axis=0).repeat(2, axis=2)
    middle = smooth(slope, (64, 320))[32, 20:-20, 0]
    expected = -60 + ((np.arange(320) + 0.5) / 10 - 0.5) * 120 / 31
    assert np.abs(middle - expected[20:-20]).max() < 0.01
    assert 0.3 < np.diff(middle).min() <= np.diff(middle).max() < 0.5  # smooth: no blocks with jumps of 3.9


def test_a_photo_of_the_networks_size_gets_what_was_proposed() -> None:
    ab, seen = random_colours((9, 7))
    assert np.array_equal(whole(ab, seen, seen), ab)


def test_a_smaller_photo_gets_averages() -> None:
    ab, _ = random_colours((120, 160))
    shrunk = smooth(ab, (12, 16))
    assert np.allclose(shrunk.mean(axis=(0, 1)), ab.mean(axis=(0, 1)), atol=0.5)
    assert 0.5 < np.std(shrunk) / (np.std(ab) / 10) < 2  # of 100 independent colours each


def two_fields() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A dark green and a bright orange field, the border aslant, and both as the network sees them."""
    y, x = np.mgrid[:240, :320]
    bright = (x + 0.4 * y > 190)[..., None]
    truth = np.where(bright, [80.0, 40.0, 60.0], [35.0, -30.0, 20.0]).astype(np.float32)
    small = truth.reshape(15, 16, 20, 16, 3).mean(axis=(1, 3))
    return truth[..., 1:], truth[..., 0], small[..., 1:], small[..., 0]


def test_colours_end_where_lightness_does() -> None:
    truth, lightness, ab, seen = two_fields()
    wrong = {
        "along edges": np.abs(whole(ab, seen, lightness) - truth).mean(),
        "smooth": np.abs(smooth(ab, lightness.shape) - truth).mean(),
    }
    assert wrong["along edges"] < 0.45 * wrong["smooth"]


def test_grain_does_not_turn_into_colour() -> None:
    ab, _ = random_colours((20, 30))
    ab = gaussian_filter(ab, (3, 3, 0))
    rng = np.random.default_rng(4)
    grain = (50 + rng.normal(0, 5, (320, 480))).astype(np.float32)
    seen = grain.reshape(20, 16, 30, 16).mean(axis=(1, 3))
    assert np.abs(whole(ab, seen, grain) - smooth(ab, grain.shape)).max() < 0.02 * np.ptp(ab)


def test_a_thin_white_line_does_not_get_the_opposite_colour() -> None:
    _, lightness, ab, seen = two_fields()
    drawn = lightness.copy()
    drawn[:, 200:202] = 100
    change = np.abs(whole(ab, seen, drawn) - whole(ab, seen, lightness))
    assert change.max() < 20 * 75 / 45 + 1  # a slope of 75/45 on a way of 20, not of 65


def test_a_slope_is_followed_for_20_units_of_lightness_and_no_further() -> None:
    seen = np.random.default_rng(5).uniform(10, 90, (9, 9)).astype(np.float32)
    seen[4, 4] = 50
    ab = np.repeat((seen - 50)[..., None], 2, axis=2)

    def change(beyond: float) -> float:
        drawn = seen.copy()
        drawn[4, 4] += beyond
        return float(whole(ab, seen, drawn)[4, 4, 0] - ab[4, 4, 0])

    assert 15 < change(20) < 20  # a, b are as steep as lightness, but for the grain that might be in it
    assert change(10) == pytest.approx(change(20) / 2, rel=1e-3)
    for far in (25, 60):
        assert change(far) == pytest.approx(change(20), rel=1e-3)
        assert change(-far) == pytest.approx(-change(20), rel=1e-3)
