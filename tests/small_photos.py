"""Photos for clusters to work on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image


def save_photos(folder: Path, count: int, seed: int = 0, side: int = 40) -> list[Path]:
    """Make grey JPEG files that differ."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number:03d}.jpg" for number in range(count)]
    for number, path in enumerate(paths):
        noise = np.random.default_rng([seed, number])
        pixels = np.kron(noise.integers(0, 256, (6, 8), np.uint8), np.ones((side // 8, side // 8), np.uint8))
        Image.fromarray(pixels).save(path, quality=95)
    return paths
