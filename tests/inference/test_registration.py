"""Places are brought onto the very pixels where the lightness says so, and stay where they are elsewhere."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom.inference.registration import register

HEIGHT, WIDTH, SHIFT = 90, 120, 11  # of a photo; and how far right the second one of a scene is


def scene(seed: int) -> np.ndarray:
    """Lightness of a larger scene, in folds of some pixels."""
    noise = np.random.default_rng(seed).normal(size=(HEIGHT, WIDTH + SHIFT))
    for axis in (0, 1):
        noise = sum(np.roll(noise, step, axis) for step in range(-2, 3))
    return np.clip(50 + 12 * noise / noise.std(), 0, 100).astype(np.float32)


def grid() -> np.ndarray:
    """Places in pixels, far enough from the border for all that is tried."""
    y, x = np.mgrid[16 : HEIGHT - 16 : 8, 24 : WIDTH - 16 : 8].reshape(2, -1)
    return np.stack([x, y], 1).astype(np.float32)


def fractions(pixels: np.ndarray) -> np.ndarray:
    return (pixels / [WIDTH, HEIGHT]).astype(np.float32)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 99), st.floats(0.5, 1), st.floats(0, 30))
def test_a_place_that_is_pixels_off_is_found_under_any_exposure(
    seed: int, contrast: float, lighter: float
) -> None:
    whole = scene(seed)
    one, other = whole[:, :WIDTH], whole[:, SHIFT:] * np.float32(contrast) + np.float32(lighter)
    places = grid()
    there = places - [SHIFT, 0]
    off = np.random.default_rng(seed).integers(-3, 4, places.shape)
    found = register(one, other, fractions(places), fractions(there + off)) * [WIDTH, HEIGHT]
    away = np.hypot(*(found - there).T)
    assert np.mean(away < 0.01) > 0.97


def test_where_there_is_nothing_to_go_by_a_place_stays() -> None:
    flat = np.full((HEIGHT, WIDTH), 60, np.float32)
    found = fractions(grid() + 0.3)
    assert np.array_equal(register(flat, flat, fractions(grid()), found), found)
    other_scene = register(scene(0)[:, :WIDTH], scene(1)[:, :WIDTH], fractions(grid()), found)
    assert np.abs((other_scene - found) * [WIDTH, HEIGHT]).max() < 7  # by chance, but never far


def test_photos_of_other_sizes_and_places_at_the_border() -> None:
    corners = np.array([[0, 0], [1, 1], [0, 1]], np.float32)
    for shape in ((1, 1), (3, 50), (200, 7)):
        found = register(scene(0), np.full(shape, 50, np.float32), corners, corners)
        assert np.array_equal(found, corners)
