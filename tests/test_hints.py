import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom import Hint
from photochrom.color.cielab import lab_to_rgb, quantize, rgb_to_lab
from photochrom.hints import hint_planes

fractions = st.floats(0, 1)


def test_a_colour_is_a_b_or_srgb():
    assert Hint(0, 0, (12, -30)).ab == (12.0, -30.0)
    light, a, b = rgb_to_lab(np.array([200, 30, 60], np.uint8)).tolist()
    assert Hint(0, 0, "#c81e3c").ab == pytest.approx((a, b))
    assert Hint(0, 0, "C81E3C").ab == pytest.approx((a, b))
    back = quantize(lab_to_rgb(np.array([light, *Hint(0, 0, "#c81e3c").ab])), np.uint8)
    assert np.abs(back.astype(int) - [200, 30, 60]).max() <= 1


@pytest.mark.parametrize(
    ("place", "color", "line"),
    [
        ((1.2, 0.5), "#ffffff", "lies outside the photo"),
        ((0.5, float("nan")), "#ffffff", "lies outside the photo"),
        ((0.5, 0.5), "red", 'write it as "#rrggbb"'),
        ((0.5, 0.5), "#ff00zz", 'write it as "#rrggbb"'),
        ((0.5, 0.5), (300, 0), "is no colour"),
        ((0.5, 0.5), (float("nan"), 0), "is no colour"),
    ],
)
def test_a_wrong_hint_is_refused_when_it_is_made(place, color, line):
    with pytest.raises(ValueError, match=line):
        Hint(*place, color)


@given(fractions, fractions, st.integers(1, 300), st.integers(1, 300))
def test_a_hint_lies_where_it_was_set_and_covers_its_share(x, y, height, width):
    a, b, mask = hint_planes([Hint(x, y, (20, -40))], height, width)
    assert mask[min(int(y * height), height - 1), min(int(x * width), width - 1)] == 1
    side = max(1, round(7 / 256 * (height * width) ** 0.5))
    assert 1 <= mask.sum() <= side**2
    assert np.array_equal(a, 20 * mask)
    assert np.array_equal(b, -40 * mask)


def test_the_later_of_two_holds():
    a, _, mask = hint_planes([Hint(0.5, 0.5, (10, 0)), Hint(0.5, 0.5, (30, 0))], 256, 256)
    assert set(np.unique(a)) == {0, 30}
    assert mask.sum() == 49  # 7×7 of 256×256, as published


def test_no_hints_are_no_mask():
    assert not hint_planes([], 5, 4).any()
