"""Being stopped by Ctrl-C or SIGTERM, as an exception that says by which."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

TYPE_CHECKING = False  # typing's own costs a third of the time that --help takes
if TYPE_CHECKING:
    from types import FrameType
    from typing import NoReturn

__all__ = ["Stopped", "leave", "stoppable"]

_AGAIN = 1.0  # seconds in which a second signal is the same wish: some programs pass on what reached all anyway


class Stopped(KeyboardInterrupt):
    """The user or the system wants the program to end.

    Attributes:
        code: what it should exit with.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.code = 128 + number


@contextmanager
def stoppable() -> Iterator[None]:
    """Raise `Stopped` inside the block on such a signal."""
    if threading.current_thread() is not threading.main_thread():  # only there can signals be handled
        yield
        return
    first: list[float] = []

    def stop(number: int, frame: FrameType | None) -> None:
        first.append(time.monotonic())
        if len(first) == 1 or first[-1] - first[0] > _AGAIN:
            raise Stopped(number)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def leave(code: int) -> NoReturn:
    """End the process at once: a thread may still be deep in a photo that nobody waits for any more."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
