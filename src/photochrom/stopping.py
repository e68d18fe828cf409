"""Being stopped by Ctrl-C or SIGTERM: as an exception, as a number to look at, or not at all."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

TYPE_CHECKING = False  # typing's own costs a third of the time that --help takes
if TYPE_CHECKING:
    from types import FrameType
    from typing import NoReturn

__all__ = ["SIGNALS", "SecondSignal", "Stopped", "leave", "signals_held", "stop_requests", "stoppable"]

SIGNALS = (signal.SIGINT, signal.SIGTERM)
"""What asks a program to end."""

_AGAIN = 1.0  # seconds in which a second signal is the same request: some programs pass on what reached all anyway


class Stopped(KeyboardInterrupt):
    """The user or the system wants the program to end.

    Attributes:
        code: what it should exit with.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.code = 128 + number


class SecondSignal:
    """Tells a second request to end from an echo of the first."""

    def __init__(self) -> None:
        self._first: float | None = None

    def __call__(self) -> bool:
        """Take note of a signal, and say whether it is a second one."""
        now = time.monotonic()
        if self._first is None:
            self._first = now
        return now - self._first > _AGAIN


@contextmanager
def stoppable() -> Iterator[None]:
    """Raise `Stopped` inside the block on such a signal; again on a second one."""
    raised, is_second = False, SecondSignal()

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal raised
        if is_second() or not raised:
            raised = True
            raise Stopped(number)

    with _handled(stop):
        yield


@contextmanager
def stop_requests() -> Iterator[Callable[[], int]]:
    """Turn such a signal into a number that the block looks at now and then; a second one kills."""
    received = 0
    before = {int(number): signal.getsignal(number) for number in SIGNALS}

    def remember(number: int, frame: FrameType | None) -> None:
        nonlocal received
        received = number
        signal.signal(number, before[number])

    with _handled(remember):
        yield lambda: received


@contextmanager
def signals_held() -> Iterator[None]:
    """Hold such signals back, and have the processes that the block starts hold them back for good.

    Ctrl-C goes to all processes of a terminal at once; those that work for this one leave it to this one.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # now: where it starts later, it lets both signals through when it is done
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def leave(code: int) -> NoReturn:
    """End the process at once: a thread may still be deep in a photo that nobody waits for any more."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


@contextmanager
def _handled(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Have a function called on such signals."""
    if threading.current_thread() is not threading.main_thread():  # only there can signals be handled
        yield
        return
    before = {number: signal.signal(number, handler) for number in SIGNALS}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
