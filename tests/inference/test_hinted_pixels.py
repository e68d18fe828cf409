import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from photochrom import Hint
from photochrom.inference.hinted_pixels import HintedPixels

fractions = st.floats(0, 1)


@given(fractions, fractions, st.integers(1, 300), st.integers(1, 300))
def test_a_hint_lies_where_it_was_set_and_covers_its_share(x, y, height, width):
    a, b, mask = HintedPixels.of([Hint(x, y, (20, -40))], height, width).planes(height, width)
    assert mask[min(int(y * height), height - 1), min(int(x * width), width - 1)] == 1
    side = max(1, round(7 / 256 * (height * width) ** 0.5))
    assert 1 <= mask.sum() <= side**2
    assert np.array_equal(a, 20 * mask)
    assert np.array_equal(b, -40 * mask)


def test_the_later_of_two_holds():
    a, _, mask = HintedPixels.of([Hint(0.5, 0.5, (10, 0)), Hint(0.5, 0.5, (30, 0))], 256, 256).planes(256, 256)
    assert set(np.unique(a)) == {0, 30}
    assert mask.sum() == 49  # 7×7 of 256×256, as published


def test_no_hints_are_no_mask():
    none = HintedPixels.of([], 5, 4)
    assert not none.planes(5, 4).any()
    assert not none.digest


points = st.builds(Hint, fractions, fractions, st.tuples(st.integers(-60, 60), st.integers(-60, 60)))
strokes = st.builds(
    lambda places, color: Hint(color=color, stroke=tuple(places)),
    st.lists(st.tuples(fractions, fractions), min_size=1, max_size=3),
    st.tuples(st.integers(-60, 60), st.integers(-60, 60)),
)


@given(st.lists(points | strokes, max_size=12), st.integers(1, 60), st.integers(1, 60))
def test_all_hints_together_are_as_one_drawn_over_the_other(hints, height, width):
    drawn = np.zeros((3, height * width), np.float32)
    for hint in hints:
        drawn[:, hint.shape.pixels(height, width)] = np.array([*hint.ab, 1])[:, None]
    found = HintedPixels.of(hints, height, width)
    assert np.array_equal(found.planes(height, width), drawn.reshape(3, height, width))
    assert set(found.which.tolist()) == set(range(len(found)))


def test_the_digest_is_of_colours_and_places_alone():
    hint = Hint(0.3, 0.4, (10, 5))

    def digest(*hints):
        return HintedPixels.of(hints, 64, 64).digest

    assert digest(hint) == digest(hint.with_reach(0.2))
    covered = Hint(0.3, 0.4, (0, 0))
    assert digest(covered, hint) == digest(hint)
    assert len({digest(), digest(hint), digest(covered), digest(Hint(0.4, 0.4, (10, 5)))}) == 4
