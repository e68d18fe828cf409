"""How far a network's confidence is off in each collection of photos, and whether calibrating on the others helps.

    python benchmarks/calibration.py --data SHARDS… [--network photochrom-1] [--each 20] [--seed 0]

A collection is what `photochrom.training.epoch_order.collection_of` makes of a photo's key. Each gives the same
number of photos, drawn at random. For each it prints the gap between confidence and how often the answer is right
(`photochrom evaluate`, calibration), plain and after a line in logits (Platt 1999) that was fitted to all other
collections; then the same of random groups of as many photos, for the gap of a few photos is large by chance.
"""

from __future__ import annotations

import argparse
import random
from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from photochrom import Colorizer
from photochrom.color.ab_bins import SURE_WITHIN
from photochrom.color.cielab import lab_to_rgb, quantize, rgb_to_lab
from photochrom.data.photos import PhotoRef, find_photos
from photochrom.errors import PhotoError
from photochrom.evaluation.calibration import summarize_calibration, tally_calibration
from photochrom.evaluation.preprocessing import PREPROCESSINGS
from photochrom.io.picture import Picture
from photochrom.options import Options
from photochrom.training.epoch_order import collection_of

LEVELS = 100  # of confidence, to which a calibration is fitted
GROUPS = 2000  # random groups
FILM = 24  # photos of the smallest collection that anybody measured

Floats = NDArray[np.float64]
Calibrate = Callable[[Floats], Floats]


class Tally:
    """One photo: its pixels by confidence, how many of them are right, and the tally of an evaluation."""

    def __init__(self, confidence: Floats, error: Floats) -> None:
        sure, right = confidence.ravel().clip(0, 1), error.ravel() < SURE_WITHIN
        place = np.minimum((sure * LEVELS).astype(int), LEVELS - 1)
        self.pixels = np.bincount(place, minlength=LEVELS) / sure.size
        self.right = np.bincount(place, right, LEVELS) / sure.size
        self.own = tally_calibration(confidence, error)


def measure(colorizer: Colorizer, ref: PhotoRef) -> Tally | None:
    """Measure one photo as `photochrom evaluate` does; None where it cannot be read."""
    try:
        truth = PREPROCESSINGS["center256"].read(ref.read(), ref.key)
    except PhotoError:
        return None
    lab = rgb_to_lab(truth)
    grey = quantize(lab_to_rgb(lab * np.array([1, 0, 0], lab.dtype)), np.uint8)[..., :1]
    prediction = colorizer.open(Picture.from_array(grey))
    result = rgb_to_lab(prediction.colors(Options()).pixels)
    error = np.linalg.norm(result[..., 1:] - lab[..., 1:], axis=2)
    return Tally(prediction.confidence(Options()).astype(np.float64), error.astype(np.float64))


def middles() -> Floats:
    return (np.arange(LEVELS) + 0.5) / LEVELS


def logit(share: Floats) -> Floats:
    return np.log(share / (1 - share))


def gap(tallies: Sequence[Tally], calibrate: Calibrate = lambda sure: sure) -> tuple[float, float]:
    """Return the calibration gap in points of 100, and by how much confidence is too high on the whole."""
    pixels, right = (np.sum([getattr(one, key) for one in tallies], axis=0) for key in ("pixels", "right"))
    sure = calibrate(middles())
    place = np.minimum((sure * 10).astype(int), 9)
    count, said, found = (np.bincount(place, weights, 10) for weights in (pixels, sure * pixels, right))
    return (
        100 * float(np.abs(said - found).sum() / count.sum()),
        100 * float((said - found).sum() / count.sum()),
    )


def fit(tallies: Sequence[Tally]) -> Calibrate:
    """Fit a line in logits by maximum likelihood (Newton's method)."""
    pixels, right = (np.sum([getattr(one, key) for one in tallies], axis=0) for key in ("pixels", "right"))
    rows, line = np.stack([logit(middles()), np.ones(LEVELS)]), np.array([1.0, 0.0])
    for _ in range(30):
        said = 1 / (1 + np.exp(-line @ rows))
        gradient = rows @ (pixels * said - right)
        line = line - np.linalg.solve(rows * (pixels * said * (1 - said)) @ rows.T, gradient)
    return lambda sure: 1 / (1 + np.exp(-(line[0] * logit(sure) + line[1])))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="+", required=True)
    parser.add_argument("--network", default="photochrom-1")
    parser.add_argument("--each", type=int, default=20, help="photos of each collection")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    draw = random.Random(args.seed)
    refs: dict[str, list[PhotoRef]] = defaultdict(list)
    for ref in find_photos(args.data):
        refs[collection_of(ref.key)].append(ref)
    colorizer = Colorizer(args.network, device="cpu")
    found: dict[str, list[Tally]] = {}
    for name, own in sorted(refs.items()):
        if len(own) >= args.each:
            tallies = [measure(colorizer, ref) for ref in draw.sample(own, args.each)]
            found[name] = [one for one in tallies if one is not None]
    rows = []
    for name, own in found.items():
        others = fit([one for other, theirs in found.items() if other != name for one in theirs])
        correlation = summarize_calibration([one.own for one in own])["correlation"]
        rows.append((*gap(own), gap(own, others)[0], correlation, name))
    for plain, too_sure, calibrated, correlation, name in sorted(rows, reverse=True):
        print(f"{name:20} {plain:5.1f} ({too_sure:+5.1f})  calibrated {calibrated:5.1f}  r {correlation:+.2f}")
    plain, calibrated = (np.array([row[at] for row in rows]) for at in (0, 2))
    print(
        f"{len(rows)} collections: mean {plain.mean():.1f}, worst {plain.max():.1f}; calibrated on the others "
        f"{calibrated.mean():.1f}, {calibrated.max():.1f}, better on {(calibrated < plain).sum()}"
    )
    everyone = [one for own in found.values() for one in own]
    print(f"all {len(everyone)} photos together: {gap(everyone)[0]:.1f}")
    for size in (args.each, FILM):
        chance = [gap(draw.sample(everyone, size))[0] for _ in range(GROUPS)]
        high = np.percentile(chance, 95)
        print(f"{size} photos at random: mean {np.mean(chance):.1f}, one of twenty above {high:.1f}")


if __name__ == "__main__":
    main()
