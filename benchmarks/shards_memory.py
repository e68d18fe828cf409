"""The memory that packing photos into shards takes, by how many photos there are.

    python benchmarks/shards_memory.py [--counts 10000 100000] [--small 0] [--jobs 2]
    python benchmarks/shards_memory.py --state 1000000

The photos are small and drawn by the script, a thousand to a folder; each is another one, so none is left out as a
copy. `--small` packs once more, with so many files beside those of the largest count that are left out by their
header, as too small: hard links, for a million photos take long to decode. Prints files/s, the size of the state
on disk and the peak of the process that packs: its resident memory (VmHWM), in which pages of SQLite's cache
count, up to 64 MB. Each row runs in a process of its own. The bar: the largest takes at most 100 MB more than the
smallest. Exits with 1 below it.

`--state` notes so many photos, each with a hash of its own, in the state alone, without files; it prints the same.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

SIDE, LEAST = 24, 16
BAR = 100 * 2**20


def draw(folder: Path, first: int, last: int) -> None:
    """Write small photos of random colours as JPEG."""
    for number in range(first, last):
        pixels = np.random.default_rng(number).integers(0, 256, (6, 6, 3), dtype=np.uint8)
        photo = Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.NEAREST)
        photo.save(_place(folder, "photos", number), quality=75)


def link(folder: Path, count: int) -> None:
    """Write files that are too small: one to each folder, and links to it."""
    for number in range(count):
        path = _place(folder, "small", number)
        if number % 1000 == 0:
            first = path
            Image.new("RGB", (LEAST - 1, LEAST - 1), (200, 90, 40)).save(first)
        else:
            path.hardlink_to(first)


def _place(folder: Path, kind: str, number: int) -> Path:
    above = folder / kind / f"{number // 1000:05}"
    above.mkdir(parents=True, exist_ok=True)
    return above / f"{number}.jpg"


def pack(source: str, output: str, jobs: int) -> None:
    from photochrom.data.packing.examine import Rules
    from photochrom.data.packing.pack import pack_shards

    rules = Rules(min_side=LEAST, keep=frozenset({"grey", "cut-out", "drawing"}))
    began = time.perf_counter()
    packed = pack_shards([source], output, rules=rules, shard_size=20_000_000, jobs=jobs)
    seconds = time.perf_counter() - began
    state = (Path(output) / ".packing.sqlite").stat().st_size
    seen = packed.photos + sum(packed.left_out.values())
    report(seen=seen, packed=packed.photos, seconds=seconds, state=state)


def note(path: str, count: int) -> None:
    from photochrom.data.packing.state import PackingState

    state, draws = PackingState(Path(path), {}), random.Random(0)
    began = time.perf_counter()
    for number in range(count):
        state.is_copy(draws.getrandbits(64) - (1 << 63))
        state.note(f"/archive/photos/{number // 1000:05}/{number}.jpg", None, "")
        if number % 5000 == 0:
            state.commit()  # as a shard does that is whole
    state.commit()
    seconds = time.perf_counter() - began
    state.close()
    report(seen=count, packed=count, seconds=seconds, state=Path(path).stat().st_size)


def report(**found: float) -> None:
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    peak = int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) * 1024
    print(json.dumps(found | {"peak": peak}))


def in_a_process(*arguments: str) -> dict[str, float]:
    """Run a part of this script by itself, print what it found, and return it."""
    done = subprocess.run([sys.executable, __file__, *arguments], check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    print(
        f"{found['seen']:<10} {found['packed']:<10} {found['seen'] / found['seconds']:<10.0f} "
        f"{found['peak'] / 2**20:<9.0f} {found['state'] / 2**20:.0f}",
        flush=True,
    )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--counts", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--small", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--state", type=int)
    parser.add_argument("--pack", nargs=2, help=argparse.SUPPRESS)  # one count, in a process of its own
    parser.add_argument("--note", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.pack:
        pack(*args.pack, args.jobs)
        return
    if args.note:
        note(args.note[0], int(args.note[1]))
        return
    counts = sorted(args.counts)
    with tempfile.TemporaryDirectory() as temporary:
        print("files      packed     files/s    peak MB   state MB")
        if args.state is not None:
            in_a_process("--note", f"{temporary}/state", str(args.state))
            return
        source, drawn, peaks = Path(temporary, "in"), 0, []
        rows = [(count, 0) for count in counts] + ([(counts[-1], args.small)] if args.small else [])
        for count, small in rows:
            draw(source, drawn, count)
            drawn = count
            link(source, small)
            output = str(Path(temporary, f"shards-{count + small}"))
            found = in_a_process("--jobs", str(args.jobs), "--pack", str(source), output)
            assert found["seen"] == count + small
            peaks.append(found["peak"])
    grown = peaks[-1] - peaks[0]
    print(f"from the smallest to the largest: {grown / 2**20:+.0f} MB (bar: +{BAR / 2**20:.0f} MB)")
    sys.exit(grown > BAR)


if __name__ == "__main__":
    main()
