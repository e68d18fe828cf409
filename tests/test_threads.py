"""Work that goes on ahead of the reader."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom.threads import map_in_order


@settings(deadline=None)  # threads take their time on a busy machine
@given(st.lists(st.none() | st.integers(), max_size=30), st.integers(1, 4), st.none() | st.integers(1, 9))
def test_results_come_in_the_order_of_the_items(items: list[int | None], threads: int, ahead: int | None) -> None:
    assert list(map_in_order(lambda item: (item,), items, threads, ahead=ahead)) == [(item,) for item in items]


@pytest.mark.parametrize(("threads", "ahead", "most"), [(1, None, 1), (2, None, 9), (1, 4, 4), (3, 6, 6)])
def test_no_more_items_are_begun_than_are_wanted(threads: int, ahead: int | None, most: int) -> None:
    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        for number in range(1, 21):
            taken = number
            yield number

    for result in map_in_order(lambda item: item, items(), threads, ahead=ahead):
        assert taken <= result - 1 + most
    assert taken == 20


def test_what_fails_fails_in_its_turn_and_the_rest_is_given_up() -> None:
    begun, hold = [], threading.Event()

    def work(item: int) -> int:
        begun.append(item)
        if item == 1:
            raise ValueError(item)
        hold.wait(0.2 if item > 1 else 0)
        return item

    results = map_in_order(work, range(100), 2, ahead=10)
    assert next(results) == 0
    with pytest.raises(ValueError, match="1"):
        next(results)
    assert len(begun) < 10
