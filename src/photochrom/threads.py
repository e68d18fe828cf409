"""Work that goes on a few items ahead of the reader, with results in the items' order."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Generic, TypeVar

__all__ = ["ReadAhead", "in_order", "map_in_order", "usable_cores"]

T = TypeVar("T")
R = TypeVar("R")

_DEPTH = 4  # items ahead for each thread: a reader that takes them by bursts finds some that are done


def in_order(submit: Callable[[T], Future[R]], items: Iterable[T], ahead: int) -> Iterator[Future[R]]:
    """Have work on items begun, some ahead of the reader, and give it in the items' order once it is through.

    Args:
        submit: begins the work on one item.
        items: what is worked on.
        ahead: how many items are begun at a time; more than there are workers, so that none waits for the reader.

    Yields:
        For each item a future that is done. What is left when the reader goes away is cancelled. What taking an
        item raises is raised in that item's turn.
    """
    waiting = iter(items)
    begun: deque[Future[R]] = deque()
    failure: Exception | None = None
    try:
        while True:
            while len(begun) < ahead and failure is None:
                try:
                    item = next(waiting)
                except StopIteration:
                    break
                except Exception as error:
                    failure = error
                    break
                begun.append(submit(item))
            if not begun:
                if failure is not None:
                    raise failure
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
        ahead: how many items are begun at a time. If None, four for each thread: a reader that takes them by
            bursts finds some that are done. One thread is then the reader's own.
    """
    if threads == 1 and ahead is None:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="photochrom") as pool:
        for future in in_order(lambda item: pool.submit(work, item), items, ahead or _DEPTH * threads + 1):
            yield future.result()


class ReadAhead(Generic[T]):
    """Reads items on a thread of its own, at once, while the reader still does something else.

    Args:
        items: to be read to the end, by one reader.
        limit: how many items may wait for the reader.
    """

    def __init__(self, items: Iterable[T], limit: int) -> None:
        self._items = items
        self._room = threading.Semaphore(limit)
        self._closed = False
        self._read: SimpleQueue[tuple[T] | BaseException | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="photochrom-ahead", daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[T]:
        """Give the items in their order; what reading them raises is raised here."""
        while (found := self._read.get()) is not None:
            if isinstance(found, BaseException):
                raise found
            self._room.release()
            yield found[0]

    def close(self) -> None:
        """Stop reading, and wait until it has stopped."""
        self._closed = True
        self._room.release()
        self._thread.join()

    def _run(self) -> None:
        try:
            for item in self._items:
                self._room.acquire()
                if self._closed:
                    return
                self._read.put((item,))
        except BaseException as error:  # it belongs to the reader
            self._read.put(error)
        else:
            self._read.put(None)


def usable_cores() -> int:
    """Count the processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
