"""RGB to CIELAB on the CPU, against scikit-image, on a batch of photos.

    python benchmarks/color.py

Prints the times in ns per pixel and the ratio; the bar is 5x.
"""

from __future__ import annotations

import argparse

import numpy as np
import torch
from skimage.color import rgb2lab

from _timing import take_turns
from photochrom.color.cielab import rgb_to_lab


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=16)
    parser.add_argument("--size", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=9)
    args = parser.parse_args()

    photos = np.random.default_rng(0).integers(0, 256, (args.photos, args.size, args.size, 3), dtype=np.uint8)
    tensor = torch.from_numpy(photos).permute(0, 3, 1, 2)  # channels last, as the training loop holds them
    seconds = take_turns(
        {
            "scikit-image": lambda: rgb2lab(photos),
            "photochrom, NumPy": lambda: rgb_to_lab(photos),
            "photochrom, torch": lambda: rgb_to_lab(tensor, axis=1),
        },
        args.rounds,
    )
    pixels = args.photos * args.size**2
    for name, taken in seconds.items():
        print(f"{name:<18} {taken / pixels * 1e9:7.1f} ns/pixel   {seconds['scikit-image'] / taken:5.2f}x")


if __name__ == "__main__":
    main()
