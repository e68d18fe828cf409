"""What a network is given of a photo, and how what it answers is laid on the photo again."""

from __future__ import annotations

from math import log
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageOps

from photochrom import Colorizer, Picture
from photochrom.color.recombine import lightness_of
from photochrom.inference.preprocess import network_shape, opaque_lightness, stretched, turned, turned_back

sides = st.integers(1, 20_000)
orientations = st.integers(1, 8)
small = st.tuples(st.integers(1, 6), st.integers(1, 6))


@given(sides, sides, st.integers(16, 512))
def test_a_network_is_given_the_area_it_was_trained_on_in_the_photos_aspect(
    height: int, width: int, size: int
) -> None:
    h, w = network_shape(height, width, size)
    assert network_shape(width, height, size) == (w, h)
    assert 1 <= min(h, w) <= max(h, w) <= size * size
    if max(height, width) < min(height, width) * size / 8:
        rounding = 0.5 / min(h, w)
        assert abs(log(h * w / size**2)) <= 2.2 * rounding
        assert abs(log(h * width / (w * height))) <= 2.2 * rounding


@pytest.mark.parametrize("photo", [(64, 64), (1000, 1000), (6000, 6000)])
def test_small_photos_are_enlarged_as_large_ones_are_shrunk(photo: tuple[int, int]) -> None:
    assert network_shape(*photo, 256) == (256, 256)


def test_a_strip_of_pixels_keeps_a_pixel_across() -> None:
    assert network_shape(1, 60_000, 32) == (1, 1024)


def photos(bands: int, dtype: type[np.unsignedinteger]) -> st.SearchStrategy[np.ndarray]:
    return small.flatmap(lambda shape: arrays(dtype, (*shape, bands)))


@settings(deadline=None)  # the first one makes a table
@given(st.sampled_from([(bands, dtype) for bands in (1, 3) for dtype in (np.uint8, np.uint16)]), st.data())
def test_what_is_opaque_has_its_own_lightness(kind: tuple[int, type], data: st.DataObject) -> None:
    bands, dtype = kind
    pixels = data.draw(photos(bands, dtype))
    own = lightness_of(pixels)
    assert np.array_equal(opaque_lightness(pixels, False), own)
    alpha = np.full((*pixels.shape[:2], 1), np.iinfo(dtype).max, dtype)
    np.testing.assert_allclose(opaque_lightness(np.concatenate([pixels, alpha], 2), True), own, atol=1e-3)


@settings(deadline=None, max_examples=40)
@given(photos(4, np.uint8), st.integers(0, 2**32 - 1))
def test_what_is_transparent_does_not_matter_and_is_as_light_as_the_rest(pixels: np.ndarray, seed: int) -> None:
    rng = np.random.default_rng(seed)
    clear = rng.random(pixels.shape[:2]) < 0.5
    pixels[..., 3] = np.where(clear, 0, 255)
    other = pixels.copy()
    other[clear, :3] = rng.integers(0, 256, (int(clear.sum()), 3))
    found = opaque_lightness(pixels, True)
    np.testing.assert_allclose(found, opaque_lightness(other, True), atol=1e-3)
    assert np.isfinite(found).all()
    if not clear.all():
        own = lightness_of(np.ascontiguousarray(pixels[..., :3]))
        np.testing.assert_allclose(found[~clear], own[~clear], atol=1e-3)
        np.testing.assert_allclose(found[clear], own[~clear].mean(), atol=1e-2)


def test_what_is_half_transparent_lies_halfway() -> None:
    pixels = np.array([[[255, 255], [0, 255], [255, 51]]], np.uint8)
    mean = (100 + 0 + 100 / 5) / 2.2
    np.testing.assert_allclose(opaque_lightness(pixels, True), [[100, 0, mean + (100 - mean) / 5]], atol=0.1)


def evenly(middle: float, contrast: float) -> np.ndarray:
    """Lightness whose 1st to 99th percentile are `contrast` apart, evenly about `middle`."""
    return np.linspace(middle - contrast / 1.96, middle + contrast / 1.96, 2001, dtype=np.float32).reshape(23, 87)


def middle_and_contrast(lightness: np.ndarray) -> tuple[float, float]:
    """The median, and the contrast as the middle third's shows it, which no clipping reaches."""
    low, middle, high = np.percentile(lightness, (33, 50, 67))
    return float(middle), float(high - low) * 98 / 34


@given(arrays(np.float32, st.tuples(st.integers(1, 8), st.integers(1, 8)), elements=st.floats(0, 100, width=32)))
def test_what_is_stretched_is_lightness_in_the_same_order(lightness: np.ndarray) -> None:
    found = stretched(lightness)
    assert found.dtype == np.float32
    assert found.min() >= 0
    assert found.max() <= 100
    assert (np.diff(found.ravel()[np.argsort(lightness.ravel(), kind="stable")]) >= 0).all()


@given(st.floats(95, 97))
def test_a_photo_that_is_not_faded_is_left_as_it_is(contrast: float) -> None:
    lightness = evenly(50, contrast)
    np.testing.assert_allclose(stretched(lightness), lightness, atol=1e-3)


@given(st.floats(33, 94), st.floats(0, 1))
def test_a_faded_photo_gets_the_contrast_of_others_and_comes_nearer_to_the_middle(
    contrast: float, where: float
) -> None:
    middle = contrast / 1.96 + where * (100 - contrast / 0.98) if contrast < 98 else 50
    moved, found = middle_and_contrast(stretched(evenly(middle, contrast)))
    assert found == pytest.approx(95, abs=0.5)
    # What it is stretched by, its middle comes nearer by: what was 95 / gain wide may lie anywhere, 95 may not.
    assert moved - 50 == pytest.approx((middle - 50) * contrast / 95, abs=0.1)


@given(st.floats(0.5, 31), st.floats(20, 80))
def test_grain_is_stretched_threefold_at_most(contrast: float, middle: float) -> None:
    moved, found = middle_and_contrast(stretched(evenly(middle, contrast)))
    assert found == pytest.approx(3 * contrast, rel=0.02)
    assert moved - 50 == pytest.approx((middle - 50) / 3, abs=0.1)


def test_a_flat_photo_stays_flat() -> None:
    assert stretched(np.full((4, 5), 80, np.float32)) == pytest.approx(60)


@given(arrays(np.float32, small, elements=st.floats(0, 100, width=32)), orientations)
def test_a_photo_is_turned_as_other_programs_turn_it(plane: np.ndarray, orientation: int) -> None:
    image = Image.fromarray(plane)
    image.getexif()[0x0112] = orientation
    assert np.array_equal(turned(plane, orientation), np.asarray(ImageOps.exif_transpose(image)))


@given(
    small.flatmap(lambda shape: arrays(np.float32, (*shape, 2), elements=st.floats(-9, 9, width=32))), orientations
)
def test_turning_back_undoes_turning(planes: np.ndarray, orientation: int) -> None:
    upright = np.stack([turned(planes[..., at], orientation) for at in range(2)], axis=2)
    assert np.array_equal(turned_back(upright, orientation), planes)


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(8, 1024))
def test_the_network_sees_the_same_area_of_every_photo(height: int, width: int, size: int) -> None:
    h, w = network_shape(height, width, size)
    assert 1 <= h <= size * size
    assert 1 <= w <= size * size
    if min(h, w) >= 16:
        assert h * w == pytest.approx(size * size, rel=0.07)
        assert h / w == pytest.approx(height / width, rel=0.07)


def test_what_the_network_sees_is_antialiased(tint: Path) -> None:
    stripes = np.zeros((640, 640), np.uint8)
    stripes[:, ::2] = 255
    ab = Colorizer(tint).open(stripes).ab()
    assert ab[4:-4, 4:-4].std(axis=(0, 1)).max() < 0.5  # an even grey, not moiré


def test_a_faded_photo_gets_the_colours_of_the_photo(tint: Path, grey: np.ndarray) -> None:
    colorizer = Colorizer(tint)
    plain, faded = (colorizer.open(Picture.from_array(p)).ab() for p in (grey, (grey // 3 + 90).astype(np.uint8)))
    assert np.abs(plain - faded).mean() < 0.15 * np.ptp(plain)


def test_an_even_photo_is_no_trouble(tint: Path) -> None:
    for level in (0, 77, 255):
        even = np.full((30, 40), level, np.uint8)
        assert np.isfinite(Colorizer(tint).open(Picture.from_array(even)).ab()).all()
        assert np.ptp(Colorizer(tint)(even).pixels[5:-5, 5:-5], axis=(0, 1)).max() == 0


def test_a_flat_photo_is_stretched_and_its_middle_comes_to_50() -> None:
    flat = np.linspace(70, 80, 101, dtype=np.float32)[None]
    seen = stretched(flat)
    assert np.ptp(seen) == pytest.approx(30)  # threefold at most
    assert np.median(seen) == pytest.approx(75 + (50 - 75) * (1 - 1 / 3), abs=0.01)
    whole = np.linspace(0, 100, 101, dtype=np.float32)[None]
    assert np.array_equal(stretched(whole), whole)


@given(st.integers(1, 8), st.integers(1, 5), st.integers(1, 5))
def test_what_is_turned_comes_back_to_where_it_lay(orientation: int, height: int, width: int) -> None:
    planes = np.arange(height * width * 2, dtype=np.float32).reshape(height, width, 2)
    upright = np.stack([turned(planes[..., band], orientation) for band in (0, 1)], axis=2)
    assert np.array_equal(turned_back(upright, orientation), planes)
