import numpy as np
import pytest

from photochrom import Hint
from photochrom.color.cielab import lab_to_rgb, quantize, rgb_to_lab


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
