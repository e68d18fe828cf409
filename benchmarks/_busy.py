"""Speeds on a quiet machine, and beside other processes that keep its processors busy."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median


@dataclass
class Speeds:
    """What one way did in each round.

    Attributes:
        quiet: with nothing beside it.
        busy: beside other processes at full load.
    """

    quiet: list[float]
    busy: list[float]


def quiet_and_busy(ways: Mapping[str, Callable[[], float]], processes: int, rounds: int) -> dict[str, Speeds]:
    """Measure ways in turns; each returns its speed over a second or more.

    Args:
        ways: what is measured.
        processes: how many others are at full load in the busy turns.
        rounds: in each of which every way is measured quiet and busy.
    """
    for way in ways.values():
        way()
    speeds = {name: Speeds([], []) for name in ways}
    names = list(ways)
    with _load(processes) as send:
        for _ in range(rounds):
            send(signal.SIGSTOP)
            for name in names:
                speeds[name].quiet.append(ways[name]())
            send(signal.SIGCONT)
            for name in names:
                speeds[name].busy.append(ways[name]())
            names.append(names.pop(0))  # none has the same neighbour always
    return speeds


def ratio(speeds: list[float], base: list[float]) -> float:
    """Return the median over the rounds of how many times as fast it was."""
    return median(speed / other for speed, other in zip(speeds, base, strict=True))


def print_speeds(speeds: Mapping[str, Speeds], unit: str, processes: int) -> None:
    """Print medians, and ratios against the first way."""
    base = next(iter(speeds.values()))
    print(f"{'':<24} {'quiet':>12}         beside {processes} busy process{'es' if processes > 1 else ''}")
    for name, way in speeds.items():
        print(
            f"{name:<24} {median(way.quiet):6.2f} {unit} {ratio(way.quiet, base.quiet):5.2f}x   "
            f"{median(way.busy):6.2f} {unit} {ratio(way.busy, base.busy):5.2f}x"
        )


def per_second(work: Callable[[], object], seconds: float) -> float:
    """Work again and again for so long; return how often in a second."""
    began, times = time.perf_counter(), 0
    while (taken := time.perf_counter() - began) < seconds:
        work()
        times += 1
    return times / taken


@contextmanager
def _load(count: int) -> Iterator[Callable[[signal.Signals], None]]:
    """Give a function that sends a signal to each of `count` processes that never rest."""
    processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]

    def send(number: signal.Signals) -> None:
        for process in processes:
            process.send_signal(number)

    try:
        yield send
    finally:
        for process in processes:
            process.kill()
            process.wait()
