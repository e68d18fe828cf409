"""Work that goes on a few items ahead of the reader, with results in the items' order."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

__all__ = ["in_order", "map_in_order", "usable_cores"]

T = TypeVar("T")
R = TypeVar("R")


def in_order(submit: Callable[[T], Future[R]], items: Iterable[T], ahead: int) -> Iterator[Future[R]]:
    """Have work on items begun, some ahead of the reader, and give it in the items' order once it is through.

    Args:
        submit: begins the work on one item.
        items: what is worked on.
        ahead: how many items are begun at a time; more than there are workers, so that none waits for the reader.

    Yields:
        For each item a future that is done. What is left when the reader goes away is cancelled.
    """
    waiting = iter(items)
    begun: deque[Future[R]] = deque()
    try:
        while True:
            while len(begun) < ahead:
                try:
                    item = next(waiting)
                except StopIteration:
                    break
                begun.append(submit(item))
            if not begun:
                return
            begun[0].exception()  # waits
            yield begun.popleft()
    finally:
        for future in begun:
            future.cancel()


def map_in_order(
    work: Callable[[T], R], items: Iterable[T], threads: int, *, ahead: int | None = None
) -> Iterator[R]:
    """Work on items with some threads, and give the results in the items' order.

    Args:
        work: done to each item.
        items: what is worked on; taken from by the reader's own thread.
        threads: how many.
        ahead: how many items are begun at a time. If None, one more than threads; and of one thread, which is
            then the reader's own, none.
    """
    if threads == 1 and ahead is None:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="photochrom") as pool:
        for future in in_order(lambda item: pool.submit(work, item), items, ahead or threads + 1):
            yield future.result()


def usable_cores() -> int:
    """Count the processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
