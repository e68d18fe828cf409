"""A folder of small photos: what a second core is worth, and whether memory stays as it is.

    python benchmarks/folder.py [--photos 10000] [--network NETWORK]

Colorizes the folder with one job on one core, then with two jobs on two cores. Prints photos per second of each,
the ratio, whose bar is 1.7, and the resident memory of program and workers when a fifth of the photos is
done, at its highest after that, and at the end. Linux only.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).parents[1]
BAR = 1.7
VARIANTS = 50
SIDES = (640, 480)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=2000)
    parser.add_argument("--network", default="photochrom-1")
    args = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        sys.exit("needs two cores")
    with tempfile.TemporaryDirectory() as folder:
        photos = Path(folder, "photos")
        make_photos(photos, args.photos)
        speeds = []
        for jobs in (1, 2):
            output = Path(folder, f"out-{jobs}")
            arguments = ["--jobs", str(jobs), "--network", args.network, "--output", str(output)]
            seconds, memory = run([str(photos), *arguments], set(cores[:jobs]), args.photos)
            speeds.append(args.photos / seconds)
            print(f"{jobs} job(s) on {jobs} core(s): {speeds[-1]:6.2f} photos/s   {describe(memory)}", flush=True)
    ratio = speeds[1] / speeds[0]
    print(f"ratio {ratio:.2f} (bar {BAR})")
    sys.exit(ratio < BAR)


def make_photos(folder: Path, count: int) -> None:
    """Cut `VARIANTS` photos of one size out of the examples, and give them `count` names in folders of 500."""
    chance = np.random.default_rng(0)
    examples = [Image.open(path).convert("L") for path in sorted((ROOT / "examples").glob("*.[jp][pn]g"))]
    first: list[bytes] = []
    for number in range(count):
        path = folder / f"{number // 500:03}" / f"{number:06}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        if number >= VARIANTS:
            path.write_bytes(first[number % VARIANTS])
            continue
        example = examples[number % len(examples)]
        share = chance.uniform(0.5, 1)
        width, height = (round(side * share) for side in example.size)
        left, top = (
            int(chance.integers(0, full - part + 1))
            for full, part in zip(example.size, (width, height), strict=True)
        )
        example.resize(SIDES, box=(left, top, left + width, top + height)).save(path, quality=88)
        first.append(path.read_bytes())


def run(arguments: list[str], cores: set[int], count: int) -> tuple[float, list[tuple[float, int, list[int]]]]:
    """Run the program; return its seconds, and (share done, its memory, its workers' memory) again and again."""
    command = [sys.executable, "-m", "photochrom", "colorize", *arguments, "--quiet"]
    output = Path(arguments[-1])
    samples = []
    start = time.perf_counter()
    process = subprocess.Popen(command, preexec_fn=lambda: os.sched_setaffinity(0, cores))
    while process.poll() is None:
        done = sum(len(files) for _, _, files in os.walk(output)) / count
        samples.append((done, resident(process.pid), [resident(pid) for pid in workers(process.pid)]))
        time.sleep(max(0.2, 0.0002 * count))
    if process.returncode:
        sys.exit("the program failed")
    return time.perf_counter() - start, [sample for sample in samples if sample[1]]


def workers(pid: int) -> list[int]:
    """Return the processes that the program started to colorize."""
    try:
        tasks = Path(f"/proc/{pid}/task").glob("*/children")  # a thread starts them
        children = [int(child) for task in tasks for child in task.read_text().split()]
        return [child for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]
    except OSError:
        return []


def resident(pid: int) -> int:
    """Return the resident memory of a process in MiB, or 0 if it is gone."""
    try:
        found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        found = None
    return int(found[1]) // 1024 if found else 0


def describe(samples: list[tuple[float, int, list[int]]]) -> str:
    """Say how memory went."""
    later = [sample for sample in samples if sample[0] >= 0.2] or samples
    whole = [sample for sample in later if len(sample[2]) == len(later[0][2])]
    parts = {"program": [own for _, own, _ in whole], "workers": [sum(theirs) for *_, theirs in whole]}
    return "   ".join(
        f"{name} {values[0]} MiB at 20 %, at most {max(values)}, {values[-1]} at the end"
        for name, values in parts.items()
        if any(values)
    )


if __name__ == "__main__":
    main()
