"""Folders by Ray against the worker pool on the same cores, and what the ledger costs as it grows.

    python benchmarks/cluster.py engines [--photos 20000] [--turns 1] [--network NETWORK]
    python benchmarks/cluster.py start [--turns 3]
    python benchmarks/cluster.py scaling [--photos 1000]
    python benchmarks/cluster.py ledger [--counts 1000,10000,100000]

`engines` colorizes one folder by `--engine local` and by `--engine ray` in turns, each with all cores, and
compares the results byte for byte; the bar is 0.85 of the local speed. Ray's start is counted. `start` is how much
longer a call of one photo takes by Ray. `scaling` colorizes with one worker and with two. `ledger` plans and
records photos that need no file, and prints what each costs; the bar is 1.5 times what it costs with the fewest.
"""

from __future__ import annotations

import argparse
import filecmp
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from folder import make_photos
from photochrom.batch.cluster.ledger import Ledger
from photochrom.batch.cluster.sources import StoredPhoto
from photochrom.io.storage import Storage

ENGINES_BAR, LEDGER_BAR = 0.85, 1.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("engines", "start", "scaling", "ledger"))
    parser.add_argument("--photos", type=int, default=1000)
    parser.add_argument("--turns", type=int, default=1)
    parser.add_argument("--network", default="photochrom-1")
    parser.add_argument("--counts", default="1000,10000,100000")
    args = parser.parse_args()
    if args.what == "ledger":
        sys.exit(not ledger([int(count) for count in args.counts.split(",")]))
    with tempfile.TemporaryDirectory() as folder:
        photos = Path(folder, "photos")
        make_photos(photos, 1 if args.what == "start" else args.photos)
        if args.what == "engines":
            sys.exit(not engines(photos, args))
        (start if args.what == "start" else scaling)(photos, args)


def engines(photos: Path, args: argparse.Namespace) -> bool:
    """Compare the two engines; return whether the bar is met and all results are the same."""
    seconds: dict[str, list[float]] = {"local": [], "ray": []}
    cores = len(os.sched_getaffinity(0))
    for turn in range(args.turns):
        for engine in seconds if turn % 2 == 0 else reversed(seconds):
            output = photos.with_name(f"{engine}-{turn}")
            seconds[engine].append(run(photos, output, engine, cores, args.network))
            speed = args.photos / seconds[engine][-1]
            print(f"{engine:5}: {speed:6.2f} photos/s, {seconds[engine][-1]:.1f} s", flush=True)
    names = [path.relative_to(photos) for path in sorted(photos.rglob("*.jpg"))]
    match, differing, missing = filecmp.cmpfiles(
        photos.with_name("local-0"), photos.with_name("ray-0"), names, shallow=False
    )
    ratio = statistics.median(seconds["local"]) / statistics.median(seconds["ray"])
    print(f"{len(match):,} results the same, {len(differing):,} differ, {len(missing):,} are missing")
    print(f"ray is {ratio:.2f} of local (bar {ENGINES_BAR})")
    return ratio >= ENGINES_BAR and not differing and not missing


def start(photos: Path, args: argparse.Namespace) -> None:
    """Print what Ray and its actors take before the first photo."""
    later = []
    for turn in range(args.turns):
        local, ray = (
            run(photos, photos.with_name(f"{engine}-{turn}"), engine, 1, args.network)
            for engine in ("local", "ray")
        )
        later.append(ray - local)
    print(f"a call of one photo takes {statistics.median(later):.1f} s longer by ray")


def scaling(photos: Path, args: argparse.Namespace) -> None:
    """Print what a second worker is worth."""
    one, two = (run(photos, photos.with_name(f"of-{n}"), "ray", n, args.network) for n in (1, 2))
    print(
        f"one worker {args.photos / one:.2f}, two {args.photos / two:.2f} photos/s: {one / two / 2:.0%} efficiency"
    )


def run(photos: Path, output: Path, engine: str, jobs: int, network: str) -> float:
    """Colorize the folder in a process of its own; return its seconds."""
    command = [sys.executable, "-m", "photochrom", "colorize", str(photos), "--output", str(output), "--quiet"]
    began = time.perf_counter()
    subprocess.run([*command, "--engine", engine, "--jobs", str(jobs), "--network", network], check=True)
    return time.perf_counter() - began


def ledger(counts: list[int]) -> bool:
    """Print what planning, recording and knowing again cost for a photo; return whether the bar is met."""
    costs = []
    with tempfile.TemporaryDirectory() as folder:
        ledger_call(Storage(folder), 100)  # loads what it needs
    for count in counts:
        with tempfile.TemporaryDirectory() as folder:
            output = Storage(folder)
            seconds = [ledger_call(output, count), ledger_call(output, count)]
        costs.append(sum(seconds) / count * 1e3)
        print(f"{count:9,} photos: {costs[-1]:.3f} ms each to plan, record and know again", flush=True)
    ratio = max(costs) / costs[0]
    print(f"the dearest is {ratio:.2f} times what it is with {counts[0]:,} (bar {LEDGER_BAR})")
    return ratio <= LEDGER_BAR


def ledger_call(output: Storage, count: int) -> float:
    """Do what a call does with the ledger, but for the photos themselves."""
    began = time.perf_counter()
    photos = [StoredPhoto("s3://b", f"{n:07}.jpg", f"{n:07}.jpg", 5, "5 tag") for n in range(count)]
    with Ledger(output, "{}") as held:
        for photo in photos:
            held.decide(photo, overwrite=False, skip_colored=False, retry_failed=False)
        units = ([{"result": photo.result} for photo in photos[n : n + 8]] for n in range(0, count, 8))
        list(held.claim(units))
        for photo in photos:
            row = {"result": photo.result, "file": "", "source": photo.source, "photo": photo.stamp}
            row |= {"made": "5 x", "state": "done", "reason": "", "code": "", "warnings": "[]", "seconds": 0.1}
            held.record(row)
        held.finish()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
