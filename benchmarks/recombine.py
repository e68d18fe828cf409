"""Lightness and a, b to sRGB at the photo's depth, against scikit-image's lab2rgb, in one thread and in two.

    python benchmarks/recombine.py

Prints ns per pixel and the ratio for a photo whose colours sRGB can show, one with half of them beyond it, and
white paper with a faint cast. lab2rgb clips such colours, which is less work than fitting them.
"""

from __future__ import annotations

import argparse
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from skimage.color import lab2rgb

from _timing import take_turns
from photochrom.color.recombine import lightness_of, recombine


def photo(kind: str, depth: Any, side: int) -> tuple[Any, Any, Any]:
    """A smooth grey photo with some grain, its lightness, and smooth a, b for it."""
    rng = np.random.default_rng(0)
    low, high, spread = {"in gamut": (0.3, 0.8, 3), "half out": (0.05, 0.97, 20), "white paper": (1, 1, 2)}[kind]
    grid = np.linspace(0, 12, side)
    wave = np.sin(grid[:, None] + 2 * np.sin(grid)) / 2 + 0.5 + rng.normal(0, 0.02, (side, side))
    grey = np.clip(low + (high - low) * wave, 0, 1)
    angle = np.cos(grid)[:, None] * 3 + np.sin(grid / 2) * 4
    ab = np.stack([np.cos(angle), np.sin(angle)], axis=-1) * spread * (1 + wave[..., None])
    pixels = np.round(grey * np.iinfo(depth).max).astype(depth)[..., None]
    return pixels, lightness_of(pixels), ab.astype(np.float32)


def straightforward(pixels: Any, lightness: Any, ab: Any) -> Any:
    rgb = lab2rgb(np.dstack([lightness, ab]))
    return np.round(rgb * np.iinfo(pixels.dtype).max).astype(pixels.dtype)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=1500)
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()

    warnings.filterwarnings("ignore", message="Conversion from CIE-LAB")
    strip = max(1, (1 << 19) // args.side)
    rows = [slice(start, start + strip) for start in range(0, args.side, strip)]
    with ThreadPoolExecutor(2) as pool:
        for depth in (np.uint8, np.uint16):
            for kind in ("in gamut", "half out", "white paper"):
                parts = photo(kind, depth, args.side)

                def strips(each: Any, parts: Any = parts) -> None:
                    list(each(lambda part: recombine(*(plane[part] for plane in parts)), rows))

                seconds = take_turns(
                    {
                        "lab2rgb": lambda parts=parts: straightforward(*parts),
                        "1 thread": lambda strips=strips: strips(map),
                        "2 threads": lambda strips=strips: strips(pool.map),
                    },
                    args.rounds,
                )
                figures = "   ".join(
                    f"{name} {taken / args.side**2 * 1e9:6.1f} ({seconds['lab2rgb'] / taken:4.1f}x)"
                    for name, taken in seconds.items()
                )
                print(f"{np.iinfo(depth).bits:>2} bits, {kind:<12} ns/pixel: {figures}")


if __name__ == "__main__":
    main()
