"""A 24-megapixel JPEG from file to file, against what libvips needs to decode it and encode it in RGB.

    python benchmarks/fullsize.py [--photo FILE]

The bar: at most 2.5 times libvips' decoding and encoding, the network included. Exits with 1 beyond it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from _photos import make_photo
from _timing import take_turns
from photochrom import Colorizer
from photochrom.io.vips import libvips

BAR = 2.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photo", type=Path, help="a large JPEG of your own")
    parser.add_argument("--rounds", type=int, default=9)
    args = parser.parse_args()
    vips, colorizer = libvips(), Colorizer()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        photo = args.photo or make_photo(folder / "photo.jpg", 6000, 4000, Q=90)
        result = folder / "result.jpg"

        def decode_and_encode() -> None:
            image = vips.Image.new_from_file(str(photo), access="sequential")
            image.colourspace("srgb").write_to_file(str(folder / "plain.jpg"), Q=92)

        seconds = take_turns(
            {
                "libvips: decode, encode in RGB": decode_and_encode,
                "small copy": lambda: colorizer.open(photo).info,
                "small copy and network pass": lambda: colorizer.open(photo).ab(),
                "photochrom: file to file": lambda: colorizer.open(photo).save(result, overwrite=True),
            },
            rounds=args.rounds,
        )
        image = vips.Image.new_from_file(str(photo))
        size = f"{image.width}×{image.height}, {photo.stat().st_size / 1e6:.1f} MB"
    base, whole = next(iter(seconds.values())), seconds["photochrom: file to file"]
    print(size)
    for way, taken in seconds.items():
        print(f"{way:<32} {taken * 1000:7.0f} ms   {taken / base:5.2f}x")
    print(f"bar{'':<43} {BAR:5.2f}x")
    sys.exit(whole / base > BAR)


if __name__ == "__main__":
    main()
