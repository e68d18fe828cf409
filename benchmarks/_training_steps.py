"""A process that takes training steps by a recipe for some seconds whenever it is asked to, and says how fast.

    python benchmarks/_training_steps.py RECIPE PRECISION BATCH SECONDS

`training.py --busy` starts one for each number of threads and way of waiting, for both are decided before PyTorch
loads. Each line of its input makes it answer with a line: photos/s.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
from pathlib import Path

from _busy import per_second
from photochrom.training import load_recipe  # first of all, as `photochrom train` does: it says how threads wait
from photochrom.training.device import choose_device, keep_memory, precision_of
from photochrom.training.setup import prepare
from photochrom.training.step import Stepper


def main() -> None:
    import torch

    name, precision, batch, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
    recipe, device = load_recipe(name, {"pretrained": "false"}), choose_device("cpu")
    keep_memory()
    with tempfile.TemporaryDirectory() as run:
        _, network, optimizer, mean = prepare(recipe, Path(run), device, resume=False)
    network.train()
    take_step = Stepper(recipe, network, optimizer, mean, device, precision_of(precision, device))
    side = recipe.crop_from or recipe.size
    photos = torch.randint(256, (batch, side, side, 3), dtype=torch.uint8).permute(0, 3, 1, 2)
    numbers = itertools.count()

    def step() -> None:
        number = next(numbers)
        take_step(photos, 1, number, number, number + 1)

    for _ in sys.stdin:
        print(per_second(step, seconds) * batch, flush=True)


if __name__ == "__main__":
    main()
