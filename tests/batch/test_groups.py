"""Groups of an album: whoever took over whose colours is together, by whatever way."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from photochrom.batch.groups import Groups


def test_two_groups_and_a_photo_by_itself() -> None:
    groups = Groups()
    groups.add("x/a", ["x/b", "x/c"])
    groups.add("y/a", ["y/b"])
    groups.add("alone", [])
    assert groups.all() == [["x/a", "x/b", "x/c"], ["y/a", "y/b"]]
    assert groups.numbers() == {"x/a": 1, "x/b": 1, "x/c": 1, "y/a": 2, "y/b": 2}
    assert groups.line() == "5 alike in 2 groups"


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)).filter(lambda pair: pair[0] != pair[1])))
def test_groups_are_the_same_in_whatever_order_photos_come(pairs: list[tuple[int, int]]) -> None:
    found = []
    for order in (pairs, [(other, one) for one, other in reversed(pairs)]):
        groups = Groups()
        for one, other in order:
            groups.add(str(one), [str(other)])
        found.append(groups.all())
    assert found[0] == found[1]
    of = {photo: number for number, group in enumerate(found[0]) for photo in group}
    assert all(of[str(one)] == of[str(other)] for one, other in pairs)
    assert sum(map(len, found[0])) == len({side for pair in pairs for side in pair})
