"""The memory that packing photos into shards takes, by how many photos there are.

    python benchmarks/shards_memory.py [--counts 10000 100000] [--jobs 1]

The photos are small and drawn by the script, a thousand to a folder; each is another one, so none is left out as a
copy. Prints photos/s, the size of the state on disk and the peak of the process that packs: its resident memory
(VmHWM), in which pages of SQLite's cache count, up to 64 MB. Each count runs in a process of its own. The bar: the
largest count takes at most 100 MB more than the smallest. Exits with 1 below it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

SIDE = 24
BAR = 100 * 2**20


def draw(folder: Path, first: int, last: int) -> None:
    """Write small photos of random colours as JPEG."""
    from photochrom.io.vips import image_from_array

    for number in range(first, last):
        rng = np.random.default_rng(number)
        pixels = rng.integers(0, 256, (6, 6, 3), dtype=np.uint8).repeat(SIDE // 6, 0).repeat(SIDE // 6, 1)
        place = folder / f"{number // 1000:05}"
        place.mkdir(exist_ok=True)
        image_from_array(pixels).write_to_file(str(place / f"{number}.jpg"), Q=75, strip=True)


def pack(source: str, output: str, jobs: int) -> None:
    from photochrom.data.packing.examine import Rules
    from photochrom.data.packing.pack import pack_shards

    rules = Rules(min_side=1, keep=frozenset({"grey", "cut-out", "drawing"}))
    began = time.perf_counter()
    packed = pack_shards([source], output, rules=rules, shard_size=20_000_000, jobs=jobs)
    seconds = time.perf_counter() - began
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    peak = int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) * 1024
    state = (Path(output) / ".packing.sqlite").stat().st_size
    seen = packed.photos + sum(packed.left_out.values())
    print(json.dumps({"seen": seen, "packed": packed.photos, "seconds": seconds, "peak": peak, "state": state}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--counts", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--pack", nargs=2, help=argparse.SUPPRESS)  # one count, in a process of its own
    args = parser.parse_args()
    if args.pack:
        pack(*args.pack, args.jobs)
        return
    peaks = []
    with tempfile.TemporaryDirectory() as temporary:
        source, drawn = Path(temporary, "photos"), 0
        source.mkdir()
        print("photos     packed     photos/s   peak MB   state MB")
        for count in sorted(args.counts):
            draw(source, drawn, count)
            drawn = count
            command = [sys.executable, __file__, "--jobs", str(args.jobs), "--pack", str(source)]
            result = subprocess.run(
                [*command, str(Path(temporary, f"shards-{count}"))], check=True, capture_output=True, text=True
            )
            found = json.loads(result.stdout)
            assert found["seen"] == count
            peaks.append(found["peak"])
            print(
                f"{count:<10} {found['packed']:<10} {count / found['seconds']:<10.0f} "
                f"{found['peak'] / 2**20:<9.0f} {found['state'] / 2**20:.0f}",
                flush=True,
            )
    grown = peaks[-1] - peaks[0]
    print(f"from the smallest to the largest: {grown / 2**20:+.0f} MB (bar: +{BAR / 2**20:.0f} MB)")
    sys.exit(grown > BAR)


if __name__ == "__main__":
    main()
