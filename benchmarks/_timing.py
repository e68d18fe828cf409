"""Times that can be compared: taken in turns within one run, the median of several."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median


def take_turns(
    ways: Mapping[str, Callable[[], object]],
    rounds: int,
    *,
    warm_up: bool = True,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float]:
    """Run each way once to warm up, then all in turn `rounds` times; return the median seconds of each.

    `clock` may be `time.process_time`: the seconds of all processors together, which other work disturbs less.
    """
    for way in ways.values() if warm_up else ():
        way()
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            start = clock()
            way()
            seconds[name].append(clock() - start)
    return {name: median(taken) for name, taken in seconds.items()}
