"""A training step of the default network, against the network's own part of it, at the sizes of its recipe.

    python benchmarks/default_training.py [--device cuda] [--steps 12]

A step crops, ages and hints a batch of photos, passes it through the network and back, and moves the weights. The
network's own part is the passage forward and back over one batch that is ready. Prints photos/s of both, medians
of the steps, and their ratio: what a step takes beyond the network. The photos are noise drawn by the script.
"""

from __future__ import annotations

import argparse
import itertools

import torch

from _timing import take_turns
from photochrom.data.augment import zoomed
from photochrom.networks import create_network
from photochrom.networks.hinted import HintedNetwork
from photochrom.training import load_recipe
from photochrom.training.device import autocast, choose_device, keep_memory
from photochrom.training.objective import objective_of
from photochrom.training.recipe import Phase, Recipe
from photochrom.training.seeds import seeded_generator


def measure(recipe: Recipe, phase: Phase, device: torch.device, steps: int) -> dict[str, float]:
    """Return photos/s of whole steps and of the network's own part."""
    assert recipe.crop_from is not None
    assert phase.least_crop is not None
    least = phase.least_crop
    network = create_network(recipe.network)
    assert isinstance(network, HintedNetwork)
    network = network.to(device).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-6, fused=True)
    objective = objective_of(recipe, network, device, torch.bfloat16)
    shape = (phase.batch, 3, recipe.crop_from, recipe.crop_from)
    photos = torch.randint(256, shape, dtype=torch.uint8, device=device).to(memory_format=torch.channels_last)
    light = torch.rand(phase.batch, 1, phase.size, phase.size, device=device) * 100
    hints = torch.zeros(phase.batch, 3, phase.size, phase.size, device=device)

    seeds = itertools.count()

    def step() -> None:
        seed = next(seeds)
        squares = zoomed(photos, phase.size, least, flip=True, generator=seeded_generator(seed))
        loss = objective.loss(squares, seeded_generator(seed, 1))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 3.0)
        optimizer.step()
        wait()

    def passage() -> None:
        network.zero_grad(set_to_none=True)
        with autocast(device, torch.bfloat16):
            scores, weights = network.score(light, hints)
        (scores.mean() + weights.mean()).backward()
        wait()

    def wait() -> None:
        if device.type == "cuda":
            torch.cuda.synchronize(device)

    taken = take_turns({"step": step, "network": passage}, steps)
    return {way: phase.batch / seconds for way, seconds in taken.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--batch", type=int, help="photos in a step, in place of the recipe's numbers")
    args = parser.parse_args()
    device = choose_device(args.device)
    if device.type == "cuda":
        torch.backends.cudnn.benchmark = True
    else:
        keep_memory()
    recipe = load_recipe("photochrom-1")
    for phase in (recipe.phase(1), recipe.phase(recipe.epochs)):
        phase = phase.model_copy(update={"batch": args.batch or phase.batch})
        speed = measure(recipe, phase, device, args.steps)
        print(
            f"{phase.size}×{phase.size}, batch {phase.batch}: {speed['step']:.1f} photos/s, "
            f"the network's own part {speed['network']:.1f}, {speed['network'] / speed['step']:.2f}×"
        )


if __name__ == "__main__":
    main()
