"""Training article-6 at 400x400, batch 32, end to end, against the straightforward loop.

    python benchmarks/training.py [--photos 64] [--rounds 3]

The straightforward loop is what a tutorial writes: a Dataset that opens a JPEG and calls scikit-image's `rgb2lab`
for each item, a DataLoader, float32, PyTorch's default layout. Prints photos/s and ratios of one run; the bar is
1.7x. The photos are drawn by the script, so anyone can run it. Ours reads and decodes each photo once, before the
first epoch; that is not counted.

    python benchmarks/training.py --busy 2 [--recipe photochrom-1] [--precision bfloat16] [--batch 32] [--rounds 5]

measures training steps alone, by one thread and by two, on a quiet machine and beside so many other processes at
full load. Two threads wait for each other spinning, as GCC's OpenMP does by default; asleep at once
(OMP_WAIT_POLICY=PASSIVE); and as photochrom has it. The bars for the last: 0.9 of one thread where the machine is
busy, 0.97 of spinning where it is quiet. Exits with 1 below one of them.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import numpy as np
import torch
from PIL import Image
from skimage.color import rgb2lab
from torch.utils.data import DataLoader, Dataset

from _busy import Speeds, print_speeds, quiet_and_busy, ratio
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


def ours(folder: Path, precision: str) -> float:
    """Train two epochs by the recipe; return photos/s of the second."""
    changes = {"photos": "null", "epochs": "2", "test_fraction": "0", "test_photos": "0"}
    recipe = load_recipe("article-6", changes | {"precision": precision, "checkpoint_seconds": "1e9"})
    with tempfile.TemporaryDirectory() as run:
        return train(recipe, folder, run, progress=False).history[-1].photos_per_second


WAYS = {
    "straightforward, float32": straightforward,
    "photochrom, float32": lambda folder: ours(folder, "float32"),
    "photochrom, bfloat16": lambda folder: ours(folder, "bfloat16"),
}


WAITING = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME")  # photochrom heeds the user's
SECONDS = 2.0  # of steps in each turn


def beside_others(args: argparse.Namespace) -> dict[str, Speeds]:
    """Measure training steps by one thread and two, quiet and busy."""
    settings = {
        "one thread": {"OMP_NUM_THREADS": "1"},
        "two threads, spinning": {"OMP_NUM_THREADS": "2", "GOMP_SPINCOUNT": "300000"},
        "two threads, PASSIVE": {"OMP_NUM_THREADS": "2", "OMP_WAIT_POLICY": "PASSIVE"},
        "two threads, photochrom": {"OMP_NUM_THREADS": "2"},
    }
    script = Path(__file__).with_name("_training_steps.py")
    command = [sys.executable, str(script), args.recipe, args.precision, str(args.batch), str(SECONDS)]
    clean = {key: value for key, value in os.environ.items() if key not in WAITING}

    def asking(process: subprocess.Popen[str]) -> Callable[[], float]:
        def ask() -> float:
            assert process.stdin is not None
            assert process.stdout is not None
            print(file=process.stdin, flush=True)
            return float(process.stdout.readline())

        return ask

    with ExitStack() as stack:
        ways = {}
        for name, setting in settings.items():
            process = subprocess.Popen(
                command, env=clean | setting, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            ways[name] = asking(process)
        return quiet_and_busy(ways, args.busy, args.rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--busy", type=int, metavar="N", help="measure waiting threads beside N busy processes")
    parser.add_argument("--recipe", default="article-6", help="with --busy")
    parser.add_argument("--precision", default="auto", help="with --busy")
    parser.add_argument("--batch", type=int, default=BATCH, help="with --busy: photos in a step")
    parser.add_argument("--way", help=argparse.SUPPRESS)  # one way, in a process of its own: see below
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.way:
        print(WAYS[args.way](args.folder))
        return
    if args.busy:
        speeds = beside_others(args)
        print(f"{args.recipe}, {args.precision}, batch {args.batch}: ratios are medians of {args.rounds} rounds")
        print_speeds(speeds, "photos/s", args.busy)
        one, spinning, _, own = speeds.values()
        beside, alone = ratio(own.busy, one.busy), ratio(own.quiet, spinning.quiet)
        print(f"photochrom's two threads: {beside:.2f} of one thread, busy (bar 0.9)")
        print(f"                          {alone:.2f} of spinning, quiet (bar 0.97)")
        sys.exit(beside < 0.9 or alone < 0.97)
    names = list(WAYS)
    taken: dict[str, list[float]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as folder:
        draw_photos(Path(folder), args.photos)
        for _ in range(args.rounds):
            for name in names:
                # Training sets the process's memory allocator to its liking; the other ways must not profit.
                command = [sys.executable, __file__, "--way", name, "--folder", folder]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                taken[name].append(float(done.stdout))
    base = median(taken[names[0]])
    for name, values in taken.items():
        print(f"{name:<30} {median(values):6.2f} photos/s   {median(values) / base:5.2f}x")


if __name__ == "__main__":
    main()
