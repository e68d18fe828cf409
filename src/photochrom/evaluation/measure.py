"""One photo's figures: what each row proposes for it, beside the photo as it is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.color.cielab import lab_to_rgb, lightness, quantize, rgb_to_lab, stack_lab
from photochrom.colorizer import Colorizer
from photochrom.errors import NetworkError
from photochrom.evaluation.calibration import tally_calibration
from photochrom.evaluation.hint_reach import find_trial
from photochrom.evaluation.methods import Method
from photochrom.evaluation.metrics import colorfulness, photo_scores, psnr
from photochrom.evaluation.simulated_hints import random_true_hints, true_hints
from photochrom.hints import Hint
from photochrom.inference.prediction import Prediction
from photochrom.io.picture import Picture
from photochrom.options import Options

__all__ = ["MOST_ASKED", "Measured", "Measurer"]

MOST_ASKED = 20
"""Colour points that a network is asked to choose at most: nobody answers more questions than that."""

Pixels = NDArray[np.uint8]
Opened = Mapping[Path, Prediction]


@dataclass
class Measured:
    """One photo's figures.

    Attributes:
        actual: colorfulness of the photo as it is, in both forms.
        scores: by row, then by metric.
        curves: by row, the PSNR in dB for each number of colour points at random places.
        reach: by row, what `ReachTrial.figures` says; empty where the photo has no thing to try it on.
        asked: the same for those where the network itself asks; only for numbers up to `MOST_ASKED`.
        calibration: by row, what `tally_calibration` counts.
        failed: by row, why it has no score; that row is not averaged in.
        features: float32 [1 + rows, D] for a Fréchet distance, the photo's own first; a row that failed is NaN.
    """

    actual: dict[str, float]
    scores: dict[str, dict[str, float]] = field(default_factory=dict)
    curves: dict[str, list[float]] = field(default_factory=dict)
    asked: dict[str, list[float]] = field(default_factory=dict)
    reach: dict[str, dict[str, float]] = field(default_factory=dict)
    calibration: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    features: NDArray[np.float32] | None = None


class Measurer:
    """Measures photos one after another; one in each worker process.

    Args:
        methods: the rows.
        mean_ab: a, b of the row of the mean colour, in CIELAB units.
        hints: numbers of hints to measure each network with; where there are any, also how far one reaches.
        lpips: measures a batch of results against a batch of photos; None to leave it out.
        inception: gives the features of a batch of pictures; None to leave them out.
        threads: for each network.

    Raises:
        NetworkError: if a network cannot be opened.
    """

    def __init__(
        self,
        methods: Sequence[Method],
        mean_ab: tuple[float, float],
        *,
        hints: Sequence[int] = (),
        lpips: Any = None,
        inception: Any = None,
        threads: int = 1,
    ) -> None:
        self._methods, self._hints = methods, hints
        self._mean_ab = mean_ab
        self._lpips, self._inception = lpips, inception
        paths = {method.path for method in methods if method.path is not None}
        self._colorizers = {path: Colorizer(path, device="cpu", threads=threads) for path in paths}

    def __call__(self, truth: Pixels, key: str) -> Measured:
        """Measure every row on a photo.

        Args:
            truth: uint8 RGB 0..255, H×W×3.
            key: of the photo; it decides where colour points are revealed.
        """
        lab = rgb_to_lab(truth)
        found = Measured(_colorfulness(truth))
        grey = _grey(truth)
        opened = {path: colorizer.open(grey) for path, colorizer in self._colorizers.items()}
        pictures: dict[str, Pixels] = {}
        trial = find_trial(lab, key) if self._hints else None
        for method in self._methods:
            try:
                result = self._result(method, opened, grey, truth)
                if method.path is not None and self._hints:
                    points = random_true_hints(lab, max(self._hints), key)
                    found.curves[method.name] = _curve(method, opened, truth, points, self._hints)
                if method.path is not None and trial is not None:
                    hinted = _colors(method, opened, [trial.hint])
                    found.reach[method.name] = trial.figures(result, hinted)
                if method.asks and (counts := [count for count in self._hints if count <= MOST_ASKED]):
                    points = _asked(method, opened, lab, max(counts)) if max(counts) else []
                    found.asked[method.name] = _curve(method, opened, truth, points, counts)
                if method.says_how_sure:
                    found.calibration[method.name] = _calibration(method, opened, result, lab)
            except NetworkError as error:
                found.failed[method.name] = str(error)
                continue
            found.scores[method.name] = photo_scores(result, truth, lab)
            pictures[method.name] = result
        if self._lpips is not None and pictures:
            results = np.stack(list(pictures.values()))
            distances = self._lpips(results, np.broadcast_to(truth, results.shape))
            for name, distance in zip(pictures, distances.tolist(), strict=True):
                found.scores[name]["lpips"] = distance
        if self._inception is not None:
            features = self._inception(np.stack([truth, *pictures.values()]))
            found.features = np.full((1 + len(self._methods), features.shape[1]), math.nan, np.float32)
            names = [method.name for method in self._methods]
            found.features[[0, *(1 + names.index(name) for name in pictures)]] = features
        return found

    def pictures(self, truth: Pixels) -> dict[str, Pixels]:
        """Return what every row makes of a photo, uint8 RGB, without those that fail on it."""
        grey = _grey(truth)
        opened = {path: colorizer.open(grey) for path, colorizer in self._colorizers.items()}
        made = {}
        for method in self._methods:
            try:
                made[method.name] = self._result(method, opened, grey, truth)
            except NetworkError:
                continue
        return made

    def _result(self, method: Method, opened: Opened, grey: Picture, truth: Pixels) -> Pixels:
        if method.name == "grey":
            return grey.pixels.repeat(3, axis=2)
        if method.path is None:
            constant = _flat(lightness(truth), self._mean_ab)
            result: Pixels = quantize(lab_to_rgb(constant), np.uint8)
            return result
        return _colors(method, opened)


def _colors(method: Method, opened: Opened, hints: Sequence[Hint] = ()) -> Pixels:
    assert method.path is not None
    options = Options(vividness=method.vividness, hints=tuple(hints))
    pixels: Pixels = opened[method.path].colors(options).pixels
    return pixels


def _curve(
    method: Method, opened: Opened, truth: Pixels, points: Sequence[Hint], counts: Sequence[int]
) -> list[float]:
    return [psnr(_colors(method, opened, points[:count]), truth) for count in counts]


def _asked(method: Method, opened: Opened, lab: NDArray[np.floating], count: int) -> list[Hint]:
    """Let the network choose the places, all at once, and answer with the truth."""
    assert method.path is not None
    asked = opened[method.path].suggest(count, Options(vividness=method.vividness))
    return true_hints(lab, [hint.shape.places[0] for hint in asked])


def _calibration(
    method: Method, opened: Opened, result: Pixels, lab: NDArray[np.floating]
) -> dict[str, list[float]]:
    assert method.path is not None
    confidence = opened[method.path].confidence(Options(vividness=method.vividness))
    return tally_calibration(confidence, np.linalg.norm(rgb_to_lab(result)[..., 1:] - lab[..., 1:], axis=2))


def _grey(truth: Pixels) -> Picture:
    """Make what the rows see: a picture of one channel, so that no row can peep at the colours."""
    return Picture.from_array(quantize(lab_to_rgb(_flat(lightness(truth), (0, 0))), np.uint8)[..., :1])


def _flat(light: NDArray[np.floating], ab: tuple[float, float]) -> NDArray[np.floating]:
    """Put one colour on every pixel of a lightness plane."""
    colour = np.broadcast_to(np.array(ab, light.dtype), (*light.shape, 2))
    lab: NDArray[np.floating] = stack_lab(light, colour)
    return lab


def _colorfulness(rgb: Pixels) -> dict[str, float]:
    return {
        "colorfulness": colorfulness(rgb, signed=False),
        "colorfulness_signed": colorfulness(rgb, signed=True),
    }
