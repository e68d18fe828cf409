"""Photos/s from shards to CIELAB batches, and how long training waits for them.

    python benchmarks/data.py [--photos 600] [--rounds 3] [--workers 2] [--recipe article-6]

The straightforward way is what a tutorial writes: a Dataset over a folder that reads each JPEG, resizes it and
converts it to CIELAB by scikit-image, and a DataLoader with as many workers. Ours reads the same photos from
shards and converts whole batches. All end in float32 CIELAB of 160×160. Prints photos/s and ratios:

* held: decoded once, and then drawn from memory, as `photochrom train` does where they fit; both the first epoch,
  which decodes, and each further one, whose bar is 10
* streamed (`shuffle_buffer`), from shards that hold the files as they are, and from those packed by
  `photochrom shards --resize`, to 192 pixels and to the 160 that are trained at; the bar for the last is 10
* decoding alone: libjpeg-turbo on as many threads, without a filter, which no way of streaming them can beat

The first batch is not timed, so that workers have started.

Then training steps by the recipe, at 160×160 and on all processors, on batches that are streamed: how much of the
steps' time the loop waits for the next batch; the bar is 5 %. The photos, of 640×480, are drawn by the script.
Exits with 1 below a bar.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import numpy as np
import simplejpeg
import skimage.color
import skimage.io
import skimage.transform
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from photochrom.color.cielab import rgb_to_lab
from photochrom.data.packing.examine import Rules
from photochrom.data.packing.pack import pack_shards
from photochrom.data.photos import PhotoRef, find_photos
from photochrom.data.photoset import PhotoSet
from photochrom.data.stream import PhotoStream, find_shards
from photochrom.threads import map_in_order
from photochrom.training import load_recipe
from photochrom.training.device import keep_memory
from photochrom.training.distributed import Ranks
from photochrom.training.setup import prepare
from photochrom.training.step import Stepper

SIZE, BATCH = 160, 32
FASTER, WAITING = 10.0, 0.05  # the bars
CPU = torch.device("cpu")


def draw_photos(folder: Path, count: int) -> None:
    """Draw soft coloured shapes under a little grain: they compress and decode as photos do."""
    rng = np.random.default_rng(0)
    grain = rng.normal(0, 6, (480, 640, 1)).astype(np.float32)
    for number in range(count):
        coarse = Image.fromarray(rng.integers(0, 256, (9, 12, 3), dtype=np.uint8))
        soft = np.asarray(coarse.resize((640, 480), Image.Resampling.BICUBIC), np.float32)
        Image.fromarray(np.clip(soft + np.roll(grain, number, 0), 0, 255).astype(np.uint8)).save(
            folder / f"{number:05}.jpg", quality=90
        )


class Straightforward(Dataset[Tensor]):
    """Reads, resizes and converts one photo at a time."""

    def __init__(self, folder: Path) -> None:
        self.paths = sorted(folder.glob("*.jpg"))

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Tensor:
        rgb = skimage.io.imread(self.paths[index])
        rgb = skimage.transform.resize(rgb, (SIZE, SIZE), anti_aliasing=True)
        return torch.from_numpy(skimage.color.rgb2lab(rgb).astype(np.float32)).permute(2, 0, 1)


def decoded(shards: Path, workers: int) -> float:
    """Return photos/s of decoding alone: nothing is shrunk, and nothing is looked at that a file says besides."""

    def work(ref: PhotoRef) -> int:
        return len(simplejpeg.decode_jpeg(ref.read()))

    refs = find_photos(shards)
    began = time.perf_counter()
    for _ in map_in_order(work, refs, workers, ahead=4 * workers):
        pass
    return len(refs) / (time.perf_counter() - began)


def held(shards: Path, workers: int) -> tuple[float, float]:
    """Return photos/s of an epoch that decodes and holds, and of one from memory."""
    began = time.perf_counter()
    photos = PhotoSet.load(find_photos(shards), SIZE, workers=workers, min_chroma=0, hold=True)
    seconds = []
    for _ in range(2):
        for batch in photos.batches(torch.randperm(len(photos)), BATCH):
            assert rgb_to_lab(batch, axis=1).shape[1:] == (3, SIZE, SIZE)
        seconds.append(time.perf_counter() - began)
    return len(photos) / seconds[0], len(photos) / (seconds[1] - seconds[0])


def streamed(stream: PhotoStream, key: int) -> Iterator[Tensor]:
    for batch, _ in stream.epoch(key, BATCH, 0, Ranks().own):
        yield rgb_to_lab(batch, axis=1)


def rate(batches: Iterator[Tensor], photos: int) -> float:
    """Return photos/s from the second batch on."""
    count = len(next(batches))
    began = time.perf_counter()
    count = photos - count
    for batch in batches:
        assert batch.shape[1:] == (3, SIZE, SIZE)
    return count / (time.perf_counter() - began)


def waiting(stream: PhotoStream, name: str) -> tuple[float, float]:
    """Train an epoch; return the share of its time that it waits for batches, and photos/s."""
    recipe = load_recipe(name, {"size": str(SIZE), "crop_from": "null", "first_phase": "null", "batch": str(BATCH),
                                "least_crop": "null", "pretrained": "false", "flip": "true"})  # fmt: skip
    with tempfile.TemporaryDirectory() as run:
        _, network, optimizer, mean = prepare(recipe, Path(run), CPU, resume=False)
    take_step = Stepper(recipe, network.train(), optimizer, mean, CPU, torch.float32)
    waited = took = 0.0
    done = 0
    batches = stream.epoch(1, BATCH, 0, Ranks().own)
    for step in range(len(stream) // BATCH):
        began = time.perf_counter()
        batch, numbers = next(batches)
        got = time.perf_counter()
        float(take_step(batch, 1, step, step, 1000, photos=numbers))
        if step >= 2:  # in the first ones the buffer is filled, and memory fetched
            waited += got - began
            took += time.perf_counter() - began
            done += len(batch)
        if took > 60:
            break
    batches.close()
    return waited / took, done / took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--recipe", default="article-6")
    args = parser.parse_args()
    keep_memory()
    with tempfile.TemporaryDirectory() as temporary:
        folder, shards = Path(temporary, "photos"), Path(temporary, "shards")
        folder.mkdir()
        draw_photos(folder, args.photos)
        keep = frozenset({"duplicate", "cut-out", "drawing"})
        streams = {}
        for name, resize in (("as they are", None), ("--resize 192", 192), (f"--resize {SIZE}", SIZE)):
            rules = Rules(keep=keep, resize=resize)
            packed = pack_shards(
                [str(folder)], shards / name, rules=rules, shard_size=20_000_000, jobs=args.workers
            )
            assert packed.photos == args.photos
            streams[name], _ = PhotoStream.open(
                find_shards(shards / name),
                SIZE,
                device=CPU,
                buffer=200,
                test_fraction=0,
                seed=0,
                workers=args.workers,
            )
        loader = DataLoader(Straightforward(folder), BATCH, shuffle=True, num_workers=args.workers)
        first, further = "held, the epoch that decodes", "held, each further epoch"
        names = {name: f"streamed, {name}" for name in streams}
        alone = {name: f"decoding alone, {name}" for name in streams}
        rates: dict[str, list[float]] = {}
        for number in range(args.rounds):
            found = {"folder": rate(iter(loader), args.photos)}
            found[first], found[further] = held(shards / "as they are", args.workers)
            found |= {names[name]: rate(streamed(stream, number), args.photos) for name, stream in streams.items()}
            found |= {line: decoded(shards / name, args.workers) for name, line in alone.items()}
            for line, speed in found.items():
                rates.setdefault(line, []).append(speed)
        base = rates.pop("folder")
        print(f"folder + scikit-image, {args.workers} workers: {median(base):.0f} photos/s")
        ratios = {}
        for line, speeds in rates.items():
            ratios[line] = median(one / other for one, other in zip(speeds, base, strict=True))
            print(f"{line}: {median(speeds):.0f} photos/s, ratio {ratios[line]:.1f}")
        for name, line in alone.items():
            print(f"{names[name]}: {ratios[names[name]] / ratios[line]:.0%} of the speed of decoding alone")
        reached = min(ratios[further], ratios[names[f"--resize {SIZE}"]])
        print(f"bar for further epochs, and for --resize {SIZE}: {FASTER:g}")
        share, speed = waiting(streams["as they are"], args.recipe)
        print(f"{args.recipe} at {SIZE}×{SIZE}, {torch.get_num_threads()} threads: {speed:.1f} photos/s, "
              f"waits for data {share:.2%} of the time (bar {WAITING:.0%})")  # fmt: skip
    sys.exit(reached < FASTER or share > WAITING)


if __name__ == "__main__":
    main()
