import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from photochrom import Hint
from photochrom.inference.hint_planes import hint_planes

fractions = st.floats(0, 1)


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
