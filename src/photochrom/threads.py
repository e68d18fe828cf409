"""Work on threads, a few items ahead of the reader, with results in the items' order."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

__all__ = ["map_in_order", "usable_cores"]

T = TypeVar("T")
R = TypeVar("R")


def map_in_order(work: Callable[[T], R], items: Iterable[T], threads: int) -> Iterator[R]:
    """Work on items with some threads, a few ahead, and give the results in the items' order."""
    if threads == 1:
        yield from map(work, items)
        return
    waiting = iter(items)
    with ThreadPoolExecutor(threads, thread_name_prefix="photochrom") as pool:
        ahead: deque[Future[R]] = deque()
        try:
            while True:
                while len(ahead) <= threads and (item := next(waiting, None)) is not None:
                    ahead.append(pool.submit(work, item))
                if not ahead:
                    return
                yield ahead.popleft().result()
        finally:
            for future in ahead:
                future.cancel()


def usable_cores() -> int:
    """Count the processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
