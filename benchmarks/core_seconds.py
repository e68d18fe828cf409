"""What one photo takes one core, file to file, by size; and what packing it into a shard takes. For docs/scale.md.

    python benchmarks/core_seconds.py [--network NETWORK] [--rounds 5]

Prints the processor time of one thread, which other processes disturb less than the time of day; medians. The
photos are one of examples/ enlarged, in grey: without grain, so real ones are larger files and take longer.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = os.environ["VIPS_CONCURRENCY"] = "1"

from PIL import Image

from photochrom import Colorizer

ROOT = Path(__file__).parents[1]
SIZES = ((640, 480), (4000, 3000), (6000, 4000))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", default="photochrom-1")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    example = Image.open(ROOT / "examples" / "temple.jpg").convert("L")
    colorizer = Colorizer(args.network, threads=1)
    with tempfile.TemporaryDirectory() as folder:
        photo, result = Path(folder, "photo.jpg"), Path(folder, "result.jpg")
        for size in SIZES:
            example.resize(size, Image.Resampling.LANCZOS).save(photo, quality=92)
            seconds = timed(lambda: colorizer.open(photo).save(result, overwrite=True), args.rounds)
            sizes = " to ".join(f"{path.stat().st_size / 1e6:.2f}" for path in (photo, result))
            print(f"{size[0]}x{size[1]}: {seconds:.2f} core seconds, {sizes} MB", flush=True)
        print(f"packing 500x375: {packing(Path(folder)):.4f} core seconds a photo")


def timed(act: Callable[[], object], rounds: int) -> float:
    """Return the processor time that it takes, the median of some rounds after one."""
    act()
    found = []
    for _ in range(rounds):
        began = time.process_time()
        act()
        found.append(time.process_time() - began)
    return statistics.median(found)


def packing(folder: Path, count: int = 200) -> float:
    """Return the processor time that a colour photo takes to be looked at and packed at 256 pixels."""
    from photochrom.data.packing.examine import Rules
    from photochrom.data.packing.pack import pack_shards

    example = Image.open(ROOT / "docs" / "images" / "sheet.jpg").convert("RGB")
    (folder / "photos").mkdir()
    for number in range(count):
        left, top = number * 37 % (example.width - 500), number * 53 % (example.height - 375)
        example.crop((left, top, left + 500, top + 375)).save(folder / "photos" / f"{number}.jpg", quality=92)
    keep = frozenset({"small", "grey", "cut-out", "drawing", "duplicate"})
    began = time.process_time()
    packed = pack_shards([str(folder / "photos")], folder / "shards", rules=Rules(resize=256, keep=keep), jobs=1)
    return (time.process_time() - began) / packed.photos


if __name__ == "__main__":
    main()
