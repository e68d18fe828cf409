"""Folders by Ray against the worker pool on the same cores.

    python benchmarks/cluster.py engines [--photos 20000] [--turns 1] [--network NETWORK]
    python benchmarks/cluster.py start [--turns 3]
    python benchmarks/cluster.py scaling [--photos 1000]

`engines` colorizes one folder by `--engine local` and by `--engine ray` in turns, each with all cores, and
compares the results byte for byte; the bar is 0.85 of the local speed. Ray's start is counted. `start` is how much
longer a call of one photo takes by Ray. `scaling` colorizes with one worker and with two, and takes what a call of
one photo takes from both, which more workers do not shorten.
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

ENGINES_BAR = 0.85


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("engines", "start", "scaling"))
    parser.add_argument("--photos", type=int, default=1000)
    parser.add_argument("--turns", type=int, default=1)
    parser.add_argument("--network", default="photochrom-1")
    args = parser.parse_args()
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
    """Print what a second worker is worth, with the start of the cluster and without."""
    few = photos.with_name("few")
    make_photos(few, 1)
    begun = run(few, photos.with_name("of-few"), "ray", 1, args.network)
    one, two = (run(photos, photos.with_name(f"of-{n}"), "ray", n, args.network) for n in (1, 2))
    print(f"one worker {args.photos / one:.2f}, two {args.photos / two:.2f} photos/s: {one / two / 2:.0%}")
    one, two, more = one - begun, two - begun, args.photos - 1
    print(
        f"without the {begun:.1f} s of a call of one photo {more / one:.2f} and {more / two:.2f} photos/s: "
        f"{one / two / 2:.0%} efficiency"
    )


def run(photos: Path, output: Path, engine: str, jobs: int, network: str) -> float:
    """Colorize the folder in a process of its own; return its seconds."""
    command = [sys.executable, "-m", "photochrom", "colorize", str(photos), "--output", str(output), "--quiet"]
    began = time.perf_counter()
    subprocess.run([*command, "--engine", engine, "--jobs", str(jobs), "--network", network], check=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
