"""Work that goes on ahead of the reader."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom.threads import ReadAhead, map_in_order


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


def test_what_taking_an_item_raises_comes_after_what_was_taken() -> None:
    def items() -> Iterator[int]:
        yield from range(3)
        raise ValueError("no more")

    results = map_in_order(lambda item: item, items(), 2, ahead=10)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="no more"):
        next(results)


def test_items_are_read_before_they_are_asked_for_and_no_more_than_the_limit() -> None:
    read: list[int] = []

    def items() -> Iterator[int]:
        for number in range(20):
            read.append(number)
            yield number

    ahead = ReadAhead(items(), 5)
    deadline = time.monotonic() + 5
    while len(read) < 6 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)
    assert read == [0, 1, 2, 3, 4, 5]  # five that wait, and one in the hand
    assert list(ahead) == list(range(20))
    ahead.close()


def test_an_error_reaches_the_reader_in_its_turn() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise OSError("the disk is gone")

    ahead = iter(ReadAhead(items(), 5))
    assert next(ahead) == 1
    with pytest.raises(OSError, match="the disk is gone"):
        next(ahead)


def test_a_reader_that_leaves_stops_the_reading() -> None:
    before = threading.active_count()
    ahead = ReadAhead(iter(range(10**9)), 2)
    assert next(iter(ahead)) == 0
    ahead.close()
    assert threading.active_count() == before
