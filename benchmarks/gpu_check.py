"""What a GPU makes of the study and of the default network, before anything long begins: about 30 seconds.

    python benchmarks/gpu_check.py [--device cuda] [--seconds 30] [--stretch 720] [--set cudnn_benchmark=0]
    python benchmarks/gpu_check.py --device cpu --size 32 --photos 8 --batch 4     (the same in small)

Each network trains a few epochs of noise as `photochrom train` does it: its tests, checkpoint and log included.
Prints photos/s, the seconds that the first epoch takes longer than the next, the arithmetic reached, and peak
memory; then how long the whole study would take and in how many stretches of a given length it would be done, and
how many squares photochrom-1's recipe would see in nine minutes. The networks that the time does not hold are
reckoned from article-6 by their arithmetic, and marked with ~. `--profile` adds what article-6's steps consist of.
"""

from __future__ import annotations

import argparse
import itertools
import math
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import torch
from torch.utils.flop_counter import FlopCounterMode

from photochrom.data.photos import PhotoRef
from photochrom.data.photoset import PhotoSet
from photochrom.models import create_network
from photochrom.study.article import ARTICLE_NETWORKS, LEARNING_RATES
from photochrom.training import EpochLog, Recipe, load_recipe, train
from photochrom.training.device import choose_device

EPOCHS = 4  # of a network of the study: the first starts everything, the others are timed
RECIPE_SECONDS = 9 * 60  # of photochrom-1's recipe, whose squares are counted
STEPS = 10  # of a photochrom-1 epoch


@dataclass(frozen=True)
class Pace:
    """What one network of the study takes.

    Attributes:
        start: seconds before the first epoch, and that this one takes longer than the next.
        epoch: seconds of an epoch with its test.
        speed: photos/s in training.
    """

    start: float
    epoch: float
    speed: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--seconds", type=float, default=30, help="begin nothing more after these")
    parser.add_argument("--stretch", type=float, default=720, help="seconds in which a GPU is there at a time")
    parser.add_argument("--size", type=int, default=400)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--photos", type=int, default=200, help="of the dev set, and as many to test")
    parser.add_argument("--set", action="append", default=[], help="change a value of the recipes")
    parser.add_argument("--profile", action="store_true")
    args = parser.parse_args()
    changes = dict(pair.split("=", 1) for pair in args.set)
    device, began = choose_device(args.device), time.perf_counter()
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else f"{torch.get_num_threads()} threads"
    print(f"{name}, PyTorch {torch.__version__}, cuDNN {torch.backends.cudnn.version()}", flush=True)

    study = {"size": str(args.size), "batch": str(args.batch), "epochs": str(EPOCHS)} | changes
    dev = noise(args.photos, args.size, device)
    paces: dict[str, Pace] = {}

    def measure(network: str) -> None:
        paces[network] = pace(load_recipe(network, study), dev, device)

    measure("article-6")
    if args.profile:
        profile(load_recipe("article-6", study | {"epochs": "1"}), dev, device)
    default_network(args.size / 400, changes, device)
    for network in reversed(ARTICLE_NETWORKS[:-1]):
        left = args.seconds - (time.perf_counter() - began)
        larger = list(paces.values())[-1]
        if left > larger.start + EPOCHS * larger.epoch:
            measure(network)
    tell_study(paces, args.photos, args.size, args.stretch)
    print(f"the check took {time.perf_counter() - began:.0f} s")


def noise(count: int, size: int, device: torch.device) -> PhotoSet:
    """Make photos of noise, as they are held: a GPU is faster on zeros than it will be on photos."""
    pixels = torch.randint(256, (count, size, size, 3), dtype=torch.uint8, device=device)
    refs = [PhotoRef(f"{number:05}", None, Path(f"{number:05}.png")) for number in range(count)]
    return PhotoSet(refs, size, device=device, pixels=pixels)


def run(recipe: Recipe, training: PhotoSet, testing: PhotoSet, device: torch.device) -> list[EpochLog]:
    """Train by a recipe; return its epochs."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)
    with tempfile.TemporaryDirectory() as folder:
        return train(
            recipe, (), Path(folder) / "run", device=str(device), progress=False, photos=(training, testing)
        ).history


def peak(device: torch.device) -> str:
    return f"{torch.cuda.max_memory_allocated(device) / 1e9:.1f} GB" if device.type == "cuda" else "not measured"


def seconds_of(epochs: list[EpochLog]) -> list[float]:
    """Return what each epoch took, its test included."""
    ends = [0.0, *(epoch.seconds for epoch in epochs)]
    return [end - start for start, end in itertools.pairwise(ends)]


def pace(recipe: Recipe, photos: PhotoSet, device: torch.device) -> Pace:
    """Train a network of the study for a few epochs and print how it went."""
    began = time.perf_counter()
    epochs = run(recipe, photos, photos, device)
    whole = time.perf_counter() - began
    epoch = median(seconds_of(epochs)[1:])
    start = max(0.0, whole - EPOCHS * epoch)
    speed = median(entry.photos_per_second for entry in epochs[1:])
    arithmetic = flops(recipe.network, recipe.size)
    print(
        f"{recipe.network} at {recipe.size}x{recipe.size}, batch {recipe.batch}: {speed:,.0f} photos/s, an epoch "
        f"of {len(photos)} with its test {epoch:.2f} s, {start:.1f} s to start; "
        f"{speed * arithmetic / 1e12:.1f} TFLOP/s of {arithmetic / 1e9:.1f} GFLOP a photo; peak {peak(device)}",
        flush=True,
    )
    return Pace(start, epoch, speed)


def flops(network: str, size: int) -> int:
    """Count the arithmetic of a training step with one photo, by PyTorch's own counter."""
    with torch.device("meta"):
        built = create_network(network)
    with FlopCounterMode(display=False) as counter:
        built(torch.empty(1, 1, size, size, device="meta")).sum().backward()
    return int(counter.get_total_flops())


def default_network(scale: float, changes: dict[str, str], device: torch.device) -> None:
    """Train photochrom-1 for two epochs of each size and print how many squares its recipe would see."""
    recipe = load_recipe("photochrom-1", changes)
    assert recipe.first_phase is not None
    planned = recipe.first_phase.epochs, recipe.epochs - recipe.first_phase.epochs
    if scale < 1:  # on a CPU, in small
        small = {"size": 64, "batch": 4}
        recipe = recipe.model_copy(
            update=small | {"first_phase": recipe.first_phase.model_copy(update=small | {"size": 32})}
        )
        assert recipe.first_phase is not None
    first = recipe.first_phase.model_copy(update={"epochs": 2})
    recipe = recipe.model_copy(update={"epochs": 4, "first_phase": first, "pretrained": False})
    assert recipe.crop_from is not None
    training = noise(STEPS * first.batch, recipe.crop_from, device)
    testing = noise(recipe.batch, recipe.size, device)
    epochs = run(recipe, training, testing, device)
    taken = seconds_of(epochs)
    starts = max(0.0, taken[0] - taken[1]), max(0.0, taken[2] - taken[3])
    speeds = epochs[1].photos_per_second, epochs[3].photos_per_second
    for phase, speed, start in zip((first, recipe), speeds, starts, strict=True):
        print(
            f"photochrom-1 at {phase.size}x{phase.size}, batch {phase.batch}: {speed:,.0f} photos/s, "
            f"{start:.1f} s to start; peak of both sizes {peak(device)}",
            flush=True,
        )
    per_photo = sum(share / speed for share, speed in zip(planned, speeds, strict=True)) / sum(planned)
    seen = (RECIPE_SECONDS - sum(starts)) / per_photo
    print(f"in {RECIPE_SECONDS / 60:.0f} minutes its recipe sees {seen:,.0f} squares", flush=True)


def tell_study(paces: dict[str, Pace], photos: int, size: int, stretch: float) -> None:
    """Print what the study takes: each network at each learning rate, and the final run."""
    known, whole = paces["article-6"], 0.0
    dev, final = load_recipe("article-6"), load_recipe("article-final")
    assert dev.photos is not None
    assert final.photos is not None
    for network in ARTICLE_NETWORKS:
        ratio = flops(network, size) / flops("article-6", size)
        one = paces.get(network, Pace(known.start, known.epoch * ratio, known.speed / ratio))
        seconds = one.start + len(LEARNING_RATES) * dev.epochs * one.epoch * dev.photos / photos
        whole += seconds
        print(
            f"{'' if network in paces else '~'}{network}: {seconds:.0f} s for its {len(LEARNING_RATES)} dev runs"
        )
    testing = known.epoch - photos / known.speed
    seconds = known.start + final.epochs * (final.photos / known.speed + testing * dev.photos / photos)
    print(f"the final run: {seconds:.0f} s")
    whole += seconds
    stretches = f"{math.ceil(whole / stretch)} stretches of {stretch / 60:.0f} minutes"
    print(f"the whole study at {size}x{size}: {whole:.0f} s, {stretches}")


def profile(recipe: Recipe, photos: PhotoSet, device: torch.device) -> None:
    """Print what takes the time of an epoch."""
    kinds = [torch.profiler.ProfilerActivity.CPU]
    if device.type == "cuda":
        kinds.append(torch.profiler.ProfilerActivity.CUDA)
    with torch.profiler.profile(activities=kinds) as watched:
        run(recipe, photos, photos, device)
    order = "self_cuda_time_total" if device.type == "cuda" else "self_cpu_time_total"
    print(watched.key_averages().table(sort_by=order, row_limit=16, max_name_column_width=60))


if __name__ == "__main__":
    main()
