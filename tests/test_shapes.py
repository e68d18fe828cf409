"""Shapes: which pixels they cover, cut into rows or not, upright or as a photo's pixels lie."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom.inference.preprocess import turned
from photochrom.shapes import Area, Points, Stroke

sides = st.integers(1, 40)
places = st.tuples(st.floats(0, 1), st.floats(0, 1))
shapes = st.one_of(
    st.builds(Points, st.lists(places, min_size=1, max_size=4).map(tuple)),
    st.builds(Stroke, st.lists(places, min_size=1, max_size=5).map(tuple), st.floats(0.001, 0.5)),
    st.builds(Area, st.lists(places, min_size=3, max_size=6).map(tuple)),
)


def whole(shape, height, width):
    return shape.mask(0, height, height, width)


@settings(max_examples=100, deadline=None)
@given(shapes, sides, sides, st.data())
def test_rows_are_those_of_the_whole(shape, height, width, data):
    top = data.draw(st.integers(0, height))
    bottom = data.draw(st.integers(top, height))
    assert np.array_equal(shape.mask(top, bottom, height, width), whole(shape, height, width)[top:bottom])


@settings(max_examples=100, deadline=None)
@given(shapes, sides, sides)
def test_it_has_a_pixel_at_least_and_those_of_its_mask(shape, height, width):
    pixels = shape.pixels(height, width)
    assert len(pixels)
    assert pixels.min() >= 0
    assert pixels.max() < height * width
    mask = whole(shape, height, width)
    if mask.any():
        assert np.array_equal(np.sort(pixels), np.flatnonzero(mask))


@settings(max_examples=100, deadline=None)
@given(shapes, st.integers(2, 40), st.integers(2, 40))
def test_distance_is_0_within_and_grows_outwards(shape, height, width):
    distance = shape.distance(np.arange(height) + 0.5, np.arange(width) + 0.5, height, width)
    if isinstance(shape, Area):
        assert (distance[whole(shape, height, width)] == 0).all()
    for steps in (np.diff(distance, axis=0), np.diff(distance, axis=1)):
        assert (np.abs(steps) <= 1 + 1e-6).all()  # no pixel is more than one farther than its neighbour


@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_turns_as_photos_do(orientation):
    shape = Area(((0.1, 0.15), (0.62, 0.2), (0.33, 0.81)))  # no corner or side through the middle of a pixel
    stored_height, stored_width = (30, 20) if orientation < 5 else (20, 30)
    stored = whole(shape.turned(orientation), stored_height, stored_width)
    assert np.array_equal(turned(stored, orientation), whole(shape, 30, 20))


def test_an_area_is_what_lies_within():
    square = whole(Area(((0.25, 0.5), (0.75, 0.5), (0.75, 1), (0.25, 1))), 8, 8)
    expected = np.zeros((8, 8), bool)
    expected[4:, 2:6] = True
    assert np.array_equal(square, expected)


def test_a_loop_in_an_area_is_no_hole():
    once = ((0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9))
    assert whole(Area(once + once), 20, 20)[10, 10]


def test_a_stroke_is_as_wide_as_it_says_of_the_longer_side():
    mask = whole(Stroke(((0.0, 0.5), (1.0, 0.5)), 0.1), 100, 200)
    assert np.array_equal(mask.sum(0), np.full(200, 20))
    thin = whole(Stroke(((0.0, 0.0), (1.0, 1.0)), 1e-6), 50, 70)
    assert thin.any(0).all()
    assert thin.any(1).all()
    assert thin.sum() < 3 * 70
