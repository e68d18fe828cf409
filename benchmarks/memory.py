"""Peak resident memory of a whole process for photos that are larger than what one likes to hold.

    python benchmarks/memory.py           # 108-megapixel JPEG, 16-bit 60-megapixel TIFF
    python benchmarks/memory.py --giga    # and a tiled TIFF of a gigapixel: takes minutes and 2 GB of disk

Exits with 1 if one is beyond its bar.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _photos import make_photo

COLORIZE = """
import resource, sys
from photochrom import Colorizer
Colorizer().open(sys.argv[1]).save(sys.argv[2])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
PHOTOS = {
    "108-megapixel JPEG": ("photo.jpg", 12000, 9000, 400, {"Q": 90}),
    "60-megapixel TIFF of 16 bits": ("photo.tif", 9500, 6320, 400, {"wide": True}),
}
TILED = {"tile": True, "tile_width": 256, "tile_height": 256, "compression": "jpeg", "Q": 85}
GIGA = {"1-gigapixel tiled TIFF": ("photo.tif", 32768, 32768, 1000, TILED)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--giga", action="store_true")
    missed = False
    for name, (file, width, height, bar, options) in (PHOTOS | (GIGA if parser.parse_args().giga else {})).items():
        with tempfile.TemporaryDirectory() as folder:
            photo = make_photo(Path(folder) / file, width, height, **options)
            result = Path(folder) / f"result{photo.suffix}"
            start = time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-c", COLORIZE, str(photo), str(result)],
                capture_output=True,
                text=True,
                check=True,
            )
            seconds = time.perf_counter() - start
            peak = int(done.stdout) / 1000  # kB on Linux
            print(f"{name:<30} {peak:6.0f} MB (bar {bar} MB)   {seconds:5.1f} s")
            missed |= peak > bar
    sys.exit(missed)


if __name__ == "__main__":
    main()
