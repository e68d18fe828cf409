"""Calibrate how photochrom tells photos that have colours from grey ones that are toned, yellowed or stained.

    python scripts/calibrate_own_colors.py --data PHOTOS [PHOTOS ...] --judge OTHER_PHOTOS [...] [--fit]

Colour photos are faded, and grey ones made of them are toned by script. With `--fit` the weights of
`photochrom.color.own_colors` are found on the photos of `--data`, and written. The table is of the photos of
`--judge`, which the weights have never seen: the share that is taken for coloured, by kind. It fails where more
than 1 % of the toned or less than 95 % of the faded ones are. Folders, shards and patterns are taken, as in
training.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from photochrom.color import own_colors
from photochrom.color.chroma import MIN_CHROMA, mean_chroma
from photochrom.color.cielab import lab_to_rgb, linear_to_srgb, rgb_to_lab, srgb_to_linear
from photochrom.data.photos import find_photos
from photochrom.inference.preprocess import network_shape
from photochrom.io.reader import PhotoFile

Floats = np.ndarray[Any, Any]
WEIGHTS = Path(own_colors.__file__).with_name("own_colors.json")
SIZE = 256
HIDDEN = 12
TONED = ("grey", "sepia", "selenium", "cyanotype", "split-toned", "yellowed", "unevenly stained")
HARDER = ("with a border", "with foxing")
HARD = ("sepia", "unevenly stained")
FADES = (1.0, 0.75, 0.5)
FADED = (*(f"chroma x {share:g}" for share in FADES), "yellowed, chroma x 0.5")
ALLOWED, NEEDED = 0.01, 0.95


def load(data: list[str], count: int, rng: np.random.Generator) -> list[Floats]:
    """Small copies, uint8, of photos that have colour to begin with."""
    refs = find_photos(data)
    photos: list[Floats] = []
    for index in rng.permutation(len(refs)):
        photo = PhotoFile(refs[index].read(), name=refs[index].key)
        pixels = photo.shrunk(*network_shape(photo.height, photo.width, SIZE))[..., : photo.bands]
        if photo.bands == 3 and pixels.dtype == np.uint8 and mean_chroma(pixels) >= MIN_CHROMA:
            photos.append(pixels)
        if len(photos) == count:
            break
    return photos


def fade(lab: Floats, share: float, rng: np.random.Generator | None = None) -> Floats:
    """A colour photo with a share of its chroma; with `rng` also of less contrast, and on yellow paper."""
    lab = lab * np.array([1, share, share], np.float32)
    if rng is not None:
        lab[..., 0] = 20 + 0.7 * lab[..., 0]
        lab[..., 1:] += rng.uniform((0, 0), (10, 18))
    return np.clip(lab_to_rgb(lab), 0, 1)


def tone(kind: str, lab: Floats, rng: np.random.Generator) -> Floats:
    """A grey photo, toned."""
    light = lab[..., 0].astype(np.float64)
    if rng.random() < 0.3:  # faded
        light = rng.uniform(0, 25) + light * rng.uniform(0.5, 0.75)
    if kind in ("unevenly stained", *HARDER):
        base = tone(str(rng.choice(["grey", "sepia", "yellowed", "selenium", "cyanotype"])), lab, rng)
        return {"unevenly stained": stain, "with a border": border, "with foxing": fox}[kind](base, rng)
    if kind == "yellowed":
        grey = lab_to_rgb(np.stack([light, 0 * light, 0 * light], axis=-1))
        paper = np.clip(rng.normal((0.95, 0.88, 0.7), 0.05), 0, 1)
        return linear_to_srgb(srgb_to_linear(np.clip(grey, 0, 1)) * srgb_to_linear(paper))
    low, high, weakest, strongest = {
        "grey": (0, 360, 0, 2),
        "sepia": (45, 95, 3, 32),
        "selenium": (-50, 50, 2, 10),
        "cyanotype": (210, 285, 10, 40),
        "split-toned": (40, 100, 3, 18),
    }[kind]
    places = np.linspace(0, 100, 5)
    chroma = rng.uniform(weakest, strongest) * np.array([*rng.uniform(0, 0.6, 1), 1, 1, *rng.uniform(0.3, 1, 2)])
    hues = np.full(5, rng.uniform(low, high)) + np.cumsum(rng.normal(0, 6, 5))
    if kind == "split-toned":
        hues[:2] = rng.uniform(180, 300)
    a, b = (np.interp(light, places, chroma * turn(np.deg2rad(hues))) for turn in (np.cos, np.sin))
    return np.clip(lab_to_rgb(np.stack([light, a, b], axis=-1)), 0, 1)


def stain(base: Floats, rng: np.random.Generator) -> Floats:
    """One or two brown stains that change slowly over the picture."""
    height, width = base.shape[:2]
    linear = srgb_to_linear(base)
    for _ in range(rng.integers(1, 3)):
        coarse = Image.fromarray(rng.random((int(rng.integers(2, 5)),) * 2).astype(np.float32))
        field = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC))
        depth = np.clip((field - 0.5) * rng.uniform(1, 2.5) + 0.5, 0, 1)[..., None] * rng.uniform(0.2, 1)
        brown = srgb_to_linear(np.clip(rng.normal((0.94, 0.83, 0.6), 0.06), 0, 1))
        linear = linear * (1 - depth + depth * brown)
    return linear_to_srgb(linear)


def border(base: Floats, rng: np.random.Generator) -> Floats:
    """A border of the scanner's own white, black or grey."""
    result = np.full_like(base, rng.choice([1.0, 0.97, 0.85, 0.04]))
    down, across = (1 + int(side * rng.uniform(0.02, 0.1)) for side in base.shape[:2])
    result[down:-down, across:-across] = base[down:-down, across:-across]
    return result


def fox(base: Floats, rng: np.random.Generator) -> Floats:
    """Small brown spots."""
    y, x = np.mgrid[: base.shape[0], : base.shape[1]]
    linear = srgb_to_linear(base)
    for _ in range(rng.integers(3, 15)):
        up, left = rng.uniform((0, 0), base.shape[:2])
        spot = np.exp(-((y - up) ** 2 + (x - left) ** 2) / (2 * rng.uniform(1, 4) ** 2)) * rng.uniform(0.2, 0.8)
        linear = linear * (1 - spot[..., None] * (1 - srgb_to_linear(np.array([0.72, 0.52, 0.3]))))
    return linear_to_srgb(linear)


def scan(photo: Floats, rng: np.random.Generator) -> Floats:
    """As a file: a little noise in most, and JPEG of any quality from 75 on in most, of any sampling."""
    if rng.random() < 0.6:
        photo = photo + rng.normal(0, rng.uniform(0, 0.01), photo.shape)
    pixels = np.rint(np.clip(photo, 0, 1) * 255).astype(np.uint8)
    if rng.random() < 0.3:
        return pixels
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=int(rng.integers(75, 97)), subsampling=int(rng.integers(3)))
    return np.asarray(Image.open(file))


def made(photos: list[Floats], rng: np.random.Generator, hard: int = 1) -> Iterator[tuple[str, Floats]]:
    """Every kind of every photo, with its pixels as a file has them; `hard` times those that are hard to tell."""
    for photo in photos:
        lab = rgb_to_lab(photo)
        for share in FADES:
            yield f"chroma x {share:g}", scan(fade(lab, share), rng)
        yield "yellowed, chroma x 0.5", scan(fade(lab, 0.5, rng), rng)
        for kind in (*TONED, *HARDER):
            for _ in range(hard if kind in HARD else 1):
                yield kind, scan(tone(kind, lab, rng), rng)


def fit(kinds: list[str], found: Floats) -> None:
    """Find the weights by logistic loss, and their threshold, and write them."""
    import torch

    torch.manual_seed(0)
    given = np.sign(found) * np.log1p(np.abs(found) * 4)
    mean, std = given.mean(0), given.std(0) + 1e-6
    colored = np.isin(kinds, FADED)
    inputs = torch.tensor((given - mean) / std, dtype=torch.float32)
    wanted = torch.tensor(colored, dtype=torch.float32)[:, None]
    network = torch.nn.Sequential(
        torch.nn.Linear(inputs.shape[1], HIDDEN), torch.nn.Tanh(), torch.nn.Linear(HIDDEN, 1)
    )
    rounds = 100
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-2, weight_decay=5e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, rounds)
    for _ in range(rounds):
        for batch in torch.randperm(len(inputs)).split(256):
            optimizer.zero_grad()
            loss = torch.nn.functional.binary_cross_entropy_with_logits(network(inputs[batch]), wanted[batch])
            loss.backward()
            optimizer.step()
        schedule.step()
    scores = network(inputs).detach().numpy()[:, 0]
    threshold = max(np.quantile(scores[np.array(kinds) == kind], 1 - ALLOWED) for kind in TONED)
    first, _, second = network
    weights = {
        "mean": mean,
        "std": std,
        "first": first.weight.detach().numpy(),
        "first_bias": first.bias.detach().numpy(),
        "second": second.weight.detach().numpy()[0],
        "second_bias": second.bias.item() - threshold,
    }
    rounded = {name: np.round(values, 4).tolist() for name, values in weights.items()}
    lines = ",\n".join(f'  "{name}": {json.dumps(values)}' for name, values in rounded.items())
    WEIGHTS.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    own_colors._weights.cache_clear()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="+", default=[], help="colour photos to find the weights on")
    parser.add_argument("--judge", nargs="+", required=True, help="other colour photos, to judge them on")
    parser.add_argument("--photos", type=int, default=600, help="of each of --data and --judge, this many")
    parser.add_argument("--fit", action="store_true", help="find the weights anew, and write them")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    if args.fit:
        training = [
            (kind, own_colors.measure_colors(pixels))
            for kind, pixels in made(load(args.data, args.photos, rng), rng, hard=2)
        ]
        fit([kind for kind, _ in training], np.array([found for _, found in training]))
    photos = load(args.judge, args.photos, rng)
    taken = defaultdict(list)
    for kind, pixels in made(photos, rng):
        taken[kind].append(own_colors.has_colors(pixels))
    print(f"{len(photos)} photos; share taken for coloured:")
    for kind, said in taken.items():
        print(f"  {kind:24} {np.mean(said):7.2%}")
    toned = np.mean([taken[kind] for kind in TONED])
    print(f"  {'all toned (first seven)':24} {toned:7.2%}")
    sys.exit(0 if toned <= ALLOWED and all(np.mean(taken[kind]) >= NEEDED for kind in FADED[: len(FADES)]) else 1)


if __name__ == "__main__":
    main()
