"""A training step of the default network, against the network's own part of it, at the sizes of its recipe.

    python benchmarks/default_training.py [--device cuda] [--precision bfloat16] [--steps 12]

A step crops, ages and hints a batch of photos, passes it through the network and back, and moves the weights. The
network's own part is the passage forward and back over one batch that is ready. Prints photos/s of both, medians
of the steps, and their ratio: what a step takes beyond the network. The photos are noise drawn by the script.
"""

from __future__ import annotations

import argparse
import itertools

import torch

from _timing import take_turns
from photochrom.models import create_network
from photochrom.models.photochrom_1 import HintedNetwork
from photochrom.training import load_recipe
from photochrom.training.device import autocast, choose_device, cudnn_benchmark, keep_memory, precision_of
from photochrom.training.recipe import Recipe
from photochrom.training.step import Stepper


def measure(
    recipe: Recipe, epoch: int, device: torch.device, precision: torch.dtype, steps: int
) -> dict[str, float]:
    """Return photos/s of whole steps in an epoch and of the network's own part."""
    assert recipe.crop_from is not None
    phase = recipe.phase(epoch)
    count = phase.batch
    network = create_network(recipe.network)
    assert isinstance(network, HintedNetwork)
    network = network.to(device).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW([{"params": list(network.parameters()), "share": 1e-3}], fused=True)
    take_step = Stepper(recipe, network, optimizer, None, device, precision)
    shape = (count, 3, recipe.crop_from, recipe.crop_from)
    photos = torch.randint(256, shape, dtype=torch.uint8, device=device).to(memory_format=torch.channels_last)
    light = torch.rand(count, 1, phase.size, phase.size, device=device) * 100
    hints = torch.zeros(count, 3, phase.size, phase.size, device=device)

    numbers = itertools.count()

    def step() -> None:
        number = next(numbers)
        take_step(photos, epoch, number, number, number + 1)
        wait()

    def passage() -> None:
        network.zero_grad(set_to_none=True)
        with cudnn_benchmark(device, recipe.cudnn_benchmark):
            with autocast(device, precision):
                scores, weights = network.score(light, hints)
            (scores.mean() + weights.mean()).backward()
        wait()

    def wait() -> None:
        if device.type == "cuda":
            torch.cuda.synchronize(device)

    taken = take_turns({"step": step, "network": passage}, steps)
    return {way: count / seconds for way, seconds in taken.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--precision", choices=("auto", "float32", "bfloat16"), default="auto")
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--batch", type=int, help="photos in a step, in place of the recipe's numbers")
    args = parser.parse_args()
    device = choose_device(args.device)
    if device.type == "cpu":
        keep_memory()
    recipe = load_recipe("photochrom-1")
    if args.batch is not None:
        first = recipe.first.model_copy(update={"batch": args.batch}) if recipe.first is not None else None
        recipe = recipe.model_copy(update={"batch": args.batch, "first": first})
    precision = precision_of(args.precision, device)
    for epoch in (1, recipe.epochs):
        phase = recipe.phase(epoch)
        speed = measure(recipe, epoch, device, precision, args.steps)
        print(
            f"{phase.size}×{phase.size}, batch {phase.batch}: {speed['step']:.1f} photos/s, "
            f"the network's own part {speed['network']:.1f}, {speed['network'] / speed['step']:.2f}×"
        )


if __name__ == "__main__":
    main()
