"""A training from photos to figures in small, before minutes of a GPU go to the long one: about 30 seconds there.

    python benchmarks/rehearsal.py photochrom-1 --data PHOTOS… [--measure PHOTOS] [--device cuda] [--within 540]

Takes photos from all over the data, trains on them for two epochs of each size of the recipe, exports the network
and measures it on four photos. Whatever would fail in the long run fails here: photos that this machine cannot
decode, too little memory, a loss that is no number, an export without its packages. Prints photos/s, what each
stage takes, and how many squares and epochs the time would hold. `recipes/on-one-gpu.sh train --check` begins so.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
import time
from pathlib import Path

from gpu_check import peak, seconds_of
from photochrom.data.photos import PhotoRef, find_photos, split_photos
from photochrom.data.photoset import PhotoSet
from photochrom.evaluation.runner import evaluate
from photochrom.training import Recipe, load_recipe, train
from photochrom.training.device import choose_device
from photochrom.training.epoch_order import EpochOrder
from photochrom.training.export import export_network

STEPS = 10  # of an epoch of the first phase
TESTED, MEASURED = 8, 4  # photos
UNUSABLE = 0.05  # share of photos that may be grey or damaged; more are a kind that this machine cannot read


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe")
    parser.add_argument("--data", nargs="+", required=True)
    parser.add_argument("--measure")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--within", type=float, default=540, help="seconds of the long run, all stages included")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--set", action="append", default=[], help="change a value of the recipe")
    args, _ = parser.parse_known_args()  # what else `photochrom train` takes
    began = time.perf_counter()
    recipe = load_recipe(args.recipe, dict(pair.split("=", 1) for pair in args.set))
    device = choose_device(args.device)
    print(f"started in {time.perf_counter() - began:.1f} s", flush=True)

    refs, _ = split_photos(find_photos(args.data), test_fraction=recipe.test_fraction, seed=recipe.seed)
    refs = refs[: recipe.photos]
    epoch = len(EpochOrder([ref.key for ref in refs], recipe.seed, recipe.collection_cap))
    phases = [recipe.phase(1), recipe.phase(recipe.epochs)]
    taken, stage = spread(refs, args.steps * phases[0].batch), time.perf_counter()
    training = PhotoSet.load(taken, recipe.crop_from or recipe.size, device=device)
    loading = (time.perf_counter() - stage) / len(taken)
    print(f"{len(taken) / (time.perf_counter() - stage):,.0f} photos/s loaded, {len(training.skipped)} skipped")
    if len(training.skipped) > max(1, UNUSABLE * len(taken)):
        print(f"too many are skipped; first: {training.skipped[0].key}: {training.skipped[0].error}")
        return 1
    testing = PhotoSet.load(spread(refs, TESTED), recipe.size, device=device)

    with tempfile.TemporaryDirectory() as folder:
        run, file = Path(folder) / "run", Path(folder) / "network.onnx"
        stage = time.perf_counter()
        history = train(
            shortened(recipe), (), run, device=str(device), progress=False, photos=(training, testing)
        ).history
        started = time.perf_counter() - stage - history[-1].seconds
        ends = seconds_of(history)
        speeds = [entry.photos_per_second for entry in history[1::2]]
        starts = [max(0.0, first - second) for first, second in zip(ends[::2], ends[1::2], strict=True)]
        for phase, speed, start in zip(phases, speeds, starts, strict=False):
            print(f"{phase.size}x{phase.size}, batch {phase.batch}: {speed:,.0f} photos/s, {start:.1f} s to start")
        print(f"loss {history[0].train_loss:.2f} to {history[-1].train_loss:.2f}; peak {peak(device)}", flush=True)
        stage = time.perf_counter()
        export_network(run, file, weights="float16")
        exporting, stage = time.perf_counter() - stage, time.perf_counter()
        print(f"exported in {exporting:.1f} s: {file.stat().st_size / 1e6:.1f} MB", flush=True)
        if args.measure:
            found = evaluate([file], args.measure, Path(folder) / "report", photos=MEASURED, fast=True)
            if found["failed"]:
                print(f"cannot be measured: {found['failed'][0]['reason']}")
                return 1
            print(f"measured in {time.perf_counter() - stage:.1f} s: {found['rows'][-1]['scores']['psnr']}")
    share = [1.0] if recipe.first_phase is None else [recipe.first_phase.epochs / recipe.epochs]
    share += [1 - share[0]] if len(speeds) > 1 else []
    per_square = sum(part / speed for part, speed in zip(share, speeds, strict=True))
    left = args.within - len(refs) * loading - started - sum(starts) - exporting
    squares = max(0.0, left) / per_square
    print(
        f"in {args.within:.0f} s: {len(refs) * loading:.0f} s to load {len(refs):,} photos, then {squares:,.0f} "
        f"squares, {squares / epoch:.1f} epochs of {epoch:,}"
    )
    print(f"all in order; the check took {time.perf_counter() - began:.0f} s")
    return 0


def spread(refs: list[PhotoRef], count: int) -> list[PhotoRef]:
    """Return so many photos from all over the list, so that every shard and kind of file is among them."""
    every = max(1, math.ceil(len(refs) / count))
    return refs[::every]


def shortened(recipe: Recipe) -> Recipe:
    """Return the recipe with two epochs of each size, of all photos that there are."""
    first = recipe.first_phase and recipe.first_phase.model_copy(update={"epochs": 2})
    changes = {"epochs": 4 if first else 2, "first_phase": first, "photos": None, "collection_cap": None}
    return recipe.model_copy(update=changes)


if __name__ == "__main__":
    sys.exit(main())
