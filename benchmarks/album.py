"""How alike photos of one thing become in an album, on three kinds of pairs; what it costs; and strangers.

    python benchmarks/album.py crops photos/
    python benchmarks/album.py moves photos/
    python benchmarks/album.py neighbours photos/
    python benchmarks/album.py strangers photos/
    python benchmarks/album.py time photos/ --count 200

`photos/` is a folder of colour photos, at any depth, or of .tar shards. `crops` are two warped crops of one photo
under another exposure and grain each. `moves` are two frames of a camera that pans, zooms and turns before a scene
of some depth. `neighbours` are photos of one scene that are found among those given; where they show the same is
found by SIFT (scikit-image), which knows nothing of this program. Photos one by one are compared with an album.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates
from skimage.feature import SIFT, match_descriptors

from photochrom import Colorizer, Options
from photochrom.color.cielab import lab_to_rgb, quantize, rgb_to_lab
from photochrom.data.photos import find_photos
from photochrom.evaluation.metrics import colorfulness, psnr
from photochrom.inference.album_plan import AlbumPhoto, plan_album, waves
from photochrom.inference.matching import likeness, match_places
from photochrom.inference.prediction import Prediction
from photochrom.io.picture import Picture

SIDE = 256  # pixels: height of a view; its width is that of the photo's aspect
ROOM = 0.75  # share of a photo that a view shows, about
LIKE = 0.5  # how alike photos look as wholes before SIFT is asked whether they are neighbours
KEYPOINTS = 25  # matches of SIFT that make neighbours
NEIGHBOURS = 576  # pixels of their longer side, at most: more only takes SIFT longer

Array = np.ndarray


@dataclass
class View:
    """A photo as it was, and as it is given to the network."""

    grey: Array  # uint8 H×W
    truth: Array  # uint8 H×W×3: its own colours with the grey's lightness


@dataclass
class Pair:
    """Two photos that show the same, and where: x, y in pixels, [N,2] each."""

    views: tuple[View, View]
    places: tuple[Array, Array]


def photos(folder: str, count: int, least: int = 200) -> Iterator[Array]:
    """Yield colour photos, spread over the folder: uint8 RGB H×W×3."""
    refs = find_photos(folder)
    for ref in refs[:: max(1, len(refs) // count)][:count]:
        pixels = Picture.read(ref.read()).pixels
        if pixels.shape[2] == 3 and pixels.dtype == np.uint8 and min(pixels.shape[:2]) >= least:
            yield pixels


def view(lab: Array, at: Array, random: np.random.Generator | None) -> View:
    """Show a photo, float L, a, b, at places [H,W,2] in its pixels, under another exposure where asked."""
    planes = [
        map_coordinates(lab[..., band], [at[..., 1], at[..., 0]], order=1, mode="reflect") for band in range(3)
    ]
    lightness, ab = planes[0], np.stack(planes[1:], 2)
    if random is not None:
        contrast = random.uniform(0.75, 1)
        lightness = 100 * (np.clip(lightness, 0, 100) / 100) ** np.exp(random.uniform(-0.35, 0.35)) * contrast
        lightness = lightness + random.uniform(0, 100 * (1 - contrast))
        lightness = np.clip(lightness + random.normal(0, random.uniform(1, 4), lightness.shape), 0, 100)
    show = [np.dstack([lightness, each]).astype(np.float32) for each in (np.zeros_like(ab), ab)]
    grey, truth = (quantize(lab_to_rgb(each), np.dtype(np.uint8)) for each in show)
    return View(grey[..., 0].copy(), truth)


def frame(shape: tuple[int, ...]) -> tuple[Array, float]:
    """Return the places of a view's pixels, -1 to 1 along the shorter side, and half that side in the photo."""
    height, width = shape[:2]
    rows, columns = SIDE, round(SIDE * width / height)
    y, x = np.mgrid[:rows, :columns] + 0.5
    half = min(rows, columns) / 2
    return np.stack([(x - columns / 2) / half, (y - rows / 2) / half], 2), min(height, width) / 2


def homography(random: np.random.Generator) -> Array:
    """Draw a shift, turn, zoom and perspective."""
    turn, zoom = np.radians(random.uniform(-8, 8)), np.exp(random.uniform(-0.3, 0.3))
    x, y, across, down = random.uniform(-0.15, 0.15, 4)
    return np.array(
        [
            [zoom * np.cos(turn), -zoom * np.sin(turn), x],
            [zoom * np.sin(turn), zoom * np.cos(turn), y],
            [across, down, 1],
        ]
    )


def led(by: Array, places: Array) -> Array:
    moved = np.dstack([places, np.ones(places.shape[:2])]) @ by.T
    return moved[..., :2] / moved[..., 2:]


def synthetic(photo: Array, random: np.random.Generator, *, depth: bool) -> Pair:
    """Show a photo twice: by two crops of another exposure and grain; or before and after a camera's move."""
    lab = rgb_to_lab(photo).astype(np.float64)
    grid, half = frame(photo.shape)
    middle = np.array([photo.shape[1], photo.shape[0]]) / 2 - 0.5
    first, second = (np.eye(3), homography(random)) if depth else (homography(random), homography(random))
    there = led(second, grid)
    if depth:  # what is nearer moves farther: hills of depth, and the ground, which comes nearer downwards
        hills = gaussian_filter(random.normal(size=grid.shape[:2]), 40)
        relief = hills / np.abs(hills).max() + np.clip(grid[..., 1], -1, 1)
        there = there + relief[..., None] * random.uniform(-0.05, 0.05, 2)
    one, other = (
        view(lab, places * half * ROOM + middle, None if depth else random) for places in (led(first, grid), there)
    )
    back = led(np.linalg.inv(first), there) * min(grid.shape[:2]) / 2 + np.array(grid.shape[1::-1]) / 2 - 0.5
    inside = ((back >= 0) & (back <= np.array(grid.shape[1::-1]) - 1)).all(2)
    y, x = np.nonzero(inside)
    return Pair((one, other), (back[inside], np.stack([x, y], 1).astype(np.float64)))


def neighbours(colorizer: Colorizer, folder: str, count: int) -> Iterator[Pair]:
    """Find photos of one scene: alike as wholes, and with places that SIFT finds again by one motion."""
    shown = [
        np.ascontiguousarray(Picture.from_array(photo).fitted(NEIGHBOURS).pixels)
        for photo in photos(folder, count, least=160)
    ]
    summaries = [colorizer.open(_grey(photo)).exemplar().features.summary() for photo in shown]
    for number, photo in enumerate(shown):
        alike = likeness(summaries[number], summaries[:number])
        if not len(alike) or alike.max() < LIKE:
            continue
        other = shown[int(np.argmax(alike))]
        found = [SIFT(), SIFT()]
        try:
            for sift, each in zip(found, (other, photo), strict=True):
                sift.detect_and_extract(_grey(each))
        except RuntimeError:  # without any keypoints
            continue
        matches = match_descriptors(found[0].descriptors, found[1].descriptors, max_ratio=0.8)
        places = [sift.keypoints[matches[:, side]][:, ::-1].astype(np.float64) for side, sift in enumerate(found)]
        kept = _agreed(*places)
        if kept.sum() >= KEYPOINTS:
            views = tuple(View(_grey(each), each) for each in (other, photo))
            yield Pair(views, (places[0][kept], places[1][kept]))


def _grey(photo: Array) -> Array:
    lab = rgb_to_lab(photo).astype(np.float32)
    lab[..., 1:] = 0
    return quantize(lab_to_rgb(lab), np.dtype(np.uint8))[..., 0].copy()


def _agreed(one: Array, other: Array) -> Array:
    """Say which matches agree with one affine motion, within 4 % of the photo."""
    best = np.zeros(len(one), bool)
    random = np.random.default_rng(0)
    whole = np.column_stack([one, np.ones(len(one))])
    for _ in range(300 if len(one) >= 3 else 0):
        three = random.choice(len(one), 3, replace=False)
        motion, *_ = np.linalg.lstsq(whole[three], other[three], rcond=None)
        agrees = np.hypot(*(whole @ motion - other).T) < 0.04 * other.max()
        best = agrees if agrees.sum() > best.sum() else best
    return best


def alike(predictions: list[Prediction]) -> tuple[list[Options], int]:
    """Take colours over as in an album; return the options of each, and how many places got a colour."""
    alone = [prediction.exemplar() for prediction in predictions]
    exemplars, options = [*alone], [Options() for _ in predictions]
    parts = plan_album([AlbumPhoto.of(each) for each in exemplars])
    taken = 0
    for number in (number for wave in waves(parts) for number in wave):
        given = [(alone if parts[number].averaged else exemplars)[other] for other in parts[number].exemplars]
        options[number], counts = predictions[number].alike(given, averaged=parts[number].averaged)
        exemplars[number] = predictions[number].exemplar(options[number])
        taken += sum(counts)
    return options, taken


def colors_at(prediction: Prediction, options: Options, places: Array, view: View) -> Array:
    ab = prediction.ab(options)
    scale = np.array(ab.shape[1::-1]) / np.array(view.grey.shape[::-1])
    x, y = ((places + 0.5) * scale - 0.5).T
    return np.stack([map_coordinates(ab[..., band], [y, x], order=1, mode="nearest") for band in (0, 1)], 1)


def judge(colorizer: Colorizer, pairs: Iterator[Pair]) -> None:
    """Print the figures of a kind of pairs."""
    rows = []
    for pair in pairs:
        predictions = [colorizer.open(view.grey[..., None]) for view in pair.views]
        together, taken = alike(predictions)
        row = [float(taken > 0)]
        for options in ([Options()] * 2, together):
            colors = [
                colors_at(prediction, each, places, view)
                for prediction, each, places, view in zip(
                    predictions, options, pair.places, pair.views, strict=True
                )
            ]
            row.append(float(np.hypot(*(colors[0] - colors[1]).T).mean()))
            shown = [prediction.colors(each).pixels for prediction, each in zip(predictions, options, strict=True)]
            row.append(
                float(np.mean([psnr(one, view.truth) for one, view in zip(shown, pair.views, strict=True)]))
            )
            row.append(float(np.mean([colorfulness(one, signed=True) for one in shown])))
        rows.append(row)
    if not rows:
        raise SystemExit("no pairs were found")
    found, apart, decibels, colorful, apart_after, decibels_after, colorful_after = np.mean(rows, 0)
    print(f"{len(rows)} pairs, {found:.0%} of them found")
    ratio = apart_after / apart
    print(f"a, b at matching places: {apart:.2f} one by one, {apart_after:.2f} alike: {ratio:.2f} (bar 0.5)")
    print(f"PSNR: {decibels:.2f} dB, {decibels_after:.2f} dB: {decibels_after - decibels:+.3f} (bar 0)")
    print(f"colorfulness: {colorful:.2f}, {colorful_after:.2f}: {colorful_after / colorful:.3f} (bar 0.95)")


def judge_strangers(colorizer: Colorizer, folder: str, count: int) -> None:
    """Print how much photos that have nothing in common change by being in one album."""
    opened = [colorizer.open(_grey(photo)[..., None]) for photo in photos(folder, count)]
    seen = [prediction.exemplar() for prediction in opened]
    pairs = [(one, other) for one in range(len(opened)) for other in range(one)]
    random = np.random.default_rng(0)
    drawn = [pairs[number] for number in random.permutation(len(pairs))[: 10 * count]]
    changes, planned = [], 0
    for one, other in drawn:
        parts = plan_album([AlbumPhoto.of(seen[one]), AlbumPhoto.of(seen[other])])
        planned += any(part.exemplars for part in parts)
        change = 0.0
        if len(match_places(seen[one].features, seen[other].features)):  # whatever the plan says
            options, _ = opened[one].alike([seen[other]])
            change = float(np.hypot(*(opened[one].ab(options) - opened[one].ab()).reshape(-1, 2).T).mean())
        changes.append(change)
    print(f"{len(drawn)} pairs of strangers; {planned / len(drawn):.1%} are alike enough to be compared")
    changed, mean, most = np.mean(np.array(changes) > 0), np.mean(changes), max(changes)
    print(f"if all are: {changed:.1%} change, by {mean:.3f} units on average (bar 1), {most:.1f} at most")


def judge_time(folder: str, count: int, enlarge: int, jobs: int | None) -> None:
    """Print how long an album takes and what memory it needs, against the same photos one by one."""
    random = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as temporary:
        album = Path(temporary, "album")
        album.mkdir()
        for number, photo in enumerate(photos(folder, -(-count // 4))):
            for part in range(min(4, count - 4 * number)):
                grid, half = frame(photo.shape)
                middle = np.array([photo.shape[1], photo.shape[0]]) / 2 - 0.5
                shown = view(rgb_to_lab(photo), led(homography(random), grid) * half * ROOM + middle, random)
                large = Picture.from_array(shown.grey.repeat(enlarge, 0).repeat(enlarge, 1))
                large.save(album / f"{number:03}-{part}.jpg")
        seconds, busy, memory = {}, {}, {}
        for name, more in (("one by one", []), ("alike", ["--consistent"])):
            start, before = time.perf_counter(), os.times()
            command = [sys.executable, "-m", "photochrom", "colorize", album, "-o", Path(temporary, name), *more]
            subprocess.run([*map(str, command), *([f"-j{jobs}"] if jobs else [])], check=True)
            seconds[name] = time.perf_counter() - start
            busy[name] = os.times().children_user - before.children_user
            memory[name] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024  # the largest until now
    ratio = seconds["alike"] / seconds["one by one"]
    print(f"{seconds['one by one']:.1f} s one by one, {seconds['alike']:.1f} s alike: {ratio:.2f}x (bar 2.5x)")
    print(f"of the processor: {busy['alike'] / busy['one by one']:.2f}x")
    print(f"memory of the largest process: {memory['one by one']:.0f} MB, {memory['alike']:.0f} MB alike")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=("crops", "moves", "neighbours", "strangers", "time"))
    parser.add_argument("photos")
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--enlarge", type=int, default=2, help="of time: photos of so many times 256 pixels' height"
    )
    parser.add_argument("--jobs", type=int, help="of time: photos at a time, as `photochrom colorize` has them")
    args = parser.parse_args()
    if args.kind == "time":
        judge_time(args.photos, args.count, args.enlarge, args.jobs)
        return
    colorizer = Colorizer(threads=args.threads)
    if args.kind == "strangers":
        judge_strangers(colorizer, args.photos, args.count)
    elif args.kind == "neighbours":
        judge(colorizer, neighbours(colorizer, args.photos, args.count))
    else:
        random = np.random.default_rng(0)
        shown = photos(args.photos, args.count)
        judge(colorizer, (synthetic(photo, random, depth=args.kind == "moves") for photo in shown))


if __name__ == "__main__":
    main()
