"""The colours that one place of a photo may have."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from photochrom import Colorizer, Hint, Options
from photochrom.color.cielab import rgb_to_lab
from photochrom.hints import color_ab


def test_candidates_are_of_the_place_and_clearly_different(colorizer: Colorizer) -> None:
    pixels = np.full((64, 64), 40, np.uint8)
    pixels[:, 32:] = 180
    left, right = (colorizer.open(pixels).candidates(x, 0.5) for x in (0.2, 0.8))
    for place, x in ((left, 0.2), (right, 0.8)):
        own = rgb_to_lab(np.full(3, pixels[32, int(x * 64)], np.uint8))[0]
        assert place.lightness == pytest.approx(own, abs=0.5)
        for color in (place.current, *place.suggestions):
            lab = rgb_to_lab(np.frombuffer(bytes.fromhex(color[1:]), np.uint8))
            assert lab[0] == pytest.approx(place.lightness, abs=1)  # colours that this place can have
        assert 1 <= len(place.suggestions) <= 6
        for number, one in enumerate(place.suggestions):
            assert all(np.hypot(*np.subtract(color_ab(one), color_ab(o))) > 4 for o in place.suggestions[:number])
    assert color_ab(right.suggestions[0]) == pytest.approx((8, 16), abs=4)  # the network's own guess


def test_a_hint_is_the_current_colour_and_hides_no_suggestion(colorizer: Colorizer) -> None:
    pixels = np.full((64, 64), 140, np.uint8)
    plain = colorizer.open(pixels).candidates(0.5, 0.5)
    hinted = colorizer.open(pixels).candidates(0.5, 0.5, Options(hints=(Hint(0.5, 0.5, (20, -20)),)))
    assert color_ab(hinted.current) == pytest.approx((20, -20), abs=2)
    assert hinted.suggestions == plain.suggestions


def test_a_network_without_a_distribution_suggests_nothing(tint: Path) -> None:
    plain = Colorizer(tint).open(np.full((40, 40), 120, np.uint8))
    place = plain.candidates(1, 1)
    assert place.suggestions == ()
    assert color_ab(place.current)[1] > 10
    with pytest.raises(ValueError, match="outside the photo"):
        plain.candidates(1.1, 0)
    told = plain.candidates(0.5, 0.5, Options(hints=(Hint(0.5, 0.5, (-30, 10)),)))
    assert color_ab(told.current) == pytest.approx((-30, 10), abs=1.5)
