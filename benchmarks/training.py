"""Training article-6 at 400x400, batch 32, end to end, against the straightforward loop.

    python benchmarks/training.py [--photos 64] [--rounds 3]

The straightforward loop is what a tutorial writes: a Dataset that opens a JPEG and calls scikit-image's `rgb2lab`
for each item, a DataLoader, float32, PyTorch's default layout. Prints photos/s and ratios of one run; the bar is
1.7x. The photos are drawn by the script, so anyone can run it. Ours reads and decodes each photo once, before the
first epoch; that is not counted.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
import torch
from PIL import Image
from skimage.color import rgb2lab
from torch.utils.data import DataLoader, Dataset

from photochrom.models import create_network
from photochrom.training import load_recipe, train

SIZE, BATCH = 400, 32


def draw_photos(folder: Path, count: int) -> None:
    """Draw soft coloured shapes under a little grain: they compress and decode as photos do."""
    rng = np.random.default_rng(0)
    for number in range(count):
        coarse = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        soft = np.asarray(Image.fromarray(coarse).resize((SIZE, SIZE), Image.Resampling.BICUBIC), np.float32)
        grain = rng.normal(0, 8, (SIZE, SIZE, 1))
        Image.fromarray(np.clip(soft + grain, 0, 255).astype(np.uint8)).save(
            folder / f"{number:04}.jpg", quality=90
        )


class Straightforward(Dataset):
    """Opens and converts one photo at a time."""

    def __init__(self, folder: Path) -> None:
        self.paths = sorted(folder.glob("*.jpg"))

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        lab = rgb2lab(np.asarray(Image.open(self.paths[index]).convert("RGB")))
        lab = torch.from_numpy(lab.astype(np.float32)).permute(2, 0, 1)
        return lab[:1], lab[1:]


def straightforward(folder: Path) -> float:
    """Train one epoch after one warm-up step; return photos/s."""
    network = create_network("article-6")
    optimizer = torch.optim.Adam(network.parameters(), lr=0.001)
    loss_of = torch.nn.MSELoss()
    lightness, ab = torch.rand(BATCH, 1, SIZE, SIZE), torch.rand(BATCH, 2, SIZE, SIZE)
    loss_of(network(lightness), ab).backward()
    start, seen = time.perf_counter(), 0
    for lightness, ab in DataLoader(Straightforward(folder), batch_size=BATCH, shuffle=True):
        optimizer.zero_grad()
        loss = loss_of(network(lightness), ab)
        loss.backward()
        optimizer.step()
        seen += len(ab)
    return seen / (time.perf_counter() - start)


def ours(folder: Path, precision: str, compiled: bool) -> float:
    """Train two epochs by the recipe; return photos/s of the second."""
    changes = {"photos": "null", "epochs": "2", "test_fraction": "0", "test_photos": "0", "compile": str(compiled)}
    recipe = load_recipe("article-6", changes | {"precision": precision, "checkpoint_seconds": "1e9"})
    with tempfile.TemporaryDirectory() as run:
        return train(recipe, folder, run, progress=False).history[-1].photos_per_second


WAYS = {
    "straightforward, float32": straightforward,
    "photochrom, float32": lambda folder: ours(folder, "float32", False),
    "photochrom, bfloat16": lambda folder: ours(folder, "bfloat16", False),
    "photochrom, float32, compiled": lambda folder: ours(folder, "float32", True),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--compiled", action="store_true", help="try torch.compile too (a minute more a round)")
    parser.add_argument("--way", help=argparse.SUPPRESS)  # one way, in a process of its own: see below
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.way:
        print(WAYS[args.way](args.folder))
        return
    names = [name for name in WAYS if args.compiled or "compiled" not in name]
    speeds: dict[str, list[float]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as folder:
        draw_photos(Path(folder), args.photos)
        for _ in range(args.rounds):
            for name in names:
                # Training sets the process's memory allocator to its liking; the other ways must not profit.
                command = [sys.executable, __file__, "--way", name, "--folder", folder]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                speeds[name].append(float(done.stdout))
    base = median(speeds[names[0]])
    for name, values in speeds.items():
        print(f"{name:<30} {median(values):6.2f} photos/s   {median(values) / base:5.2f}x")


if __name__ == "__main__":
    main()
