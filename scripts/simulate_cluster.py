"""Simulate a cluster's queue: stragglers, photos that fail, machines that are taken away; and show the tail.

    python scripts/simulate_cluster.py [--photos 10000000] [--workers 400] [--seconds 0.15] [--lost-per-hour 0.05]

Units of eight photos go to workers as `--engine ray` gives them. The time of a unit is log-normal, and a share
of units are stragglers (a huge scan, a slow disk). A machine of many workers is taken away at a stated rate, as
preemptible ones are, with the units that it had begun, which go back to the queue; another takes its place some
minutes later. A share of photos ends its worker three times, and is set aside. Printed are the length of the
whole, against the ideal of workers that never wait nor lose anything; what the lost work came to; and the tail:
how long the last hundredth, thousandth and the last unit of all took to come in. All random choices are of
--seed.
"""

from __future__ import annotations

import argparse
import heapq
import random
from collections import deque
from dataclasses import dataclass, field
from itertools import count

UNIT = 8
TRIES = 3


@dataclass
class Cluster:
    """What is simulated; times in seconds."""

    units: int
    workers: int
    seconds: float
    spread: float
    straggler_share: float
    straggler_times: float
    per_machine: int
    lost_per_hour: float
    back_after: float
    deadly_share: float
    seed: int
    ended: list[float] = field(default_factory=list)
    lost: float = 0.0
    worked: float = 0.0


def simulate(cluster: Cluster) -> float:
    """Run the queue dry; return the seconds that it took."""
    chance = random.Random(cluster.seed)
    machines = max(1, cluster.workers // cluster.per_machine)
    mean = -(cluster.spread**2) / 2  # so that a unit takes `seconds` on average
    queue = deque((0, chance.random() < cluster.deadly_share * UNIT) for _ in range(cluster.units))
    running: list[dict[int, tuple[float, tuple[int, bool]]]] = [{} for _ in range(machines)]
    life = [0] * machines  # how often each was taken away: what was foreseen in an earlier life is void
    idle = deque((machine, slot, 0) for machine in range(machines) for slot in range(cluster.per_machine))
    events: list[tuple[float, int, str, int, int, int]] = []
    order = count()

    def at(when: float, what: str, machine: int, slot: int = 0) -> None:
        heapq.heappush(events, (when, next(order), what, machine, slot, life[machine]))

    def give_out(now: float) -> None:
        while queue and idle:
            machine, slot, of_life = idle.popleft()
            if of_life == life[machine]:
                length = cluster.seconds * chance.lognormvariate(mean, cluster.spread)
                if chance.random() < cluster.straggler_share:
                    length *= cluster.straggler_times
                running[machine][slot] = (now, queue.popleft())
                at(now + length, "done", machine, slot)

    def doom(now: float, machine: int) -> None:
        if cluster.lost_per_hour:
            at(now + chance.expovariate(cluster.lost_per_hour / 3600), "lost", machine)

    for machine in range(machines):
        doom(0.0, machine)
    now = 0.0
    while len(cluster.ended) < cluster.units:
        give_out(now)
        now, _, what, machine, slot, of_life = heapq.heappop(events)
        if of_life != life[machine]:
            continue
        if what == "done":
            began, (tries, deadly) = running[machine].pop(slot)
            cluster.worked += now - began
            idle.append((machine, slot, of_life))
            if deadly and tries < TRIES:
                cluster.lost += now - began
                queue.append((tries + 1, deadly))
            else:
                cluster.ended.append(now)
        elif what == "lost":
            for began, unit in running[machine].values():
                cluster.lost += now - began
                cluster.worked += now - began
                queue.append(unit)
            running[machine] = {}
            life[machine] += 1
            at(now + cluster.back_after, "back", machine)
        else:
            idle.extend((machine, free, of_life) for free in range(cluster.per_machine))
            doom(now, machine)
    return now


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=400)
    parser.add_argument("--seconds", type=float, default=0.15, help="that a photo takes one worker")
    parser.add_argument("--spread", type=float, default=0.3, help="sigma of a unit's log-normal time")
    parser.add_argument("--straggler-share", type=float, default=0.001)
    parser.add_argument("--straggler-times", type=float, default=50)
    parser.add_argument("--per-machine", type=int, default=8, help="workers of a machine")
    parser.add_argument("--lost-per-hour", type=float, default=0.05, help="how often a machine is taken away")
    parser.add_argument("--back-after", type=float, default=180, help="seconds until another takes its place")
    parser.add_argument("--deadly-share", type=float, default=1e-6, help="of photos that end their worker")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    cluster = Cluster(
        args.photos // UNIT, args.workers, args.seconds * UNIT, args.spread, args.straggler_share,
        args.straggler_times, args.per_machine, args.lost_per_hour, args.back_after, args.deadly_share, args.seed,
    )  # fmt: skip
    whole = simulate(cluster)
    slower = 1 + args.straggler_share * (args.straggler_times - 1)
    ideal = cluster.units * cluster.seconds * slower / args.workers
    ends = sorted(cluster.ended)
    print(f"{whole / 3600:.2f} hours; ideal {ideal / 3600:.2f}: {whole / ideal:.3f} times")
    print(f"work lost and done again: {cluster.lost / cluster.worked:.3%}")
    for share, what in ((0.99, "last hundredth"), (0.999, "last thousandth")):
        print(f"the {what} took {(whole - ends[int(share * (len(ends) - 1))]) / 60:.1f} minutes")
    print(f"the last unit took {whole - ends[-2] if len(ends) > 1 else whole:.1f} s longer than the one before")


if __name__ == "__main__":
    main()
