"""Whether a photo has colours of its own: what neither a toning nor stains explain, by a small copy of it.

A toned photo is a grey one in which each lightness has its colour, as in sepia, selenium or cyanotype; yellowed
paper and stains add a colour that changes slowly over the picture. So we take away the curve a, b(L) that fits
best, then what changes slowly too, and compare what is left with what was there. Some photos are beyond any such
test: a glacier under a blue sky is a cyanotype of itself. Twenty-three measures of what was there and what is left
go through a small network. `scripts/calibrate_own_colors.py` finds its weights; docs/colorizing.md says how often
it errs.
"""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.color.cielab import rgb_to_lab

__all__ = ["MEASURES", "color_score", "has_colors", "measure_colors"]

Doubles = NDArray[np.float64]

MEASURES = (
    *("median chroma", "chroma of the 98th percentile", "minor axis", "least a", "most a", "least b", "most b"),
    *("mean a", "mean b", "beside the curve", "minor axis beside the curve", "median beside the curve"),
    *("unexplained", "minor axis unexplained", "98th percentile unexplained", "most a unexplained"),
    *("least a unexplained", "minor axis within windows", "median of windows"),
    *("unexplained by finer stains", "minor axis of that", "98th percentile of that", "median of that"),
)
"""What `measure_colors` returns, all in CIELAB units."""

_CELLS = 4096  # means of small squares that a photo is looked at by; they hold no grain and little of JPEG
_WINDOW = 8  # cells along the side of a window in which stains are as good as even
_KNOTS = np.array([*np.linspace(0, 87.5, 8), 93, 96, 98, 99, 100])  # of the curve a, b(L); clipped tones bend late
_SLOW, _FINER = 4, 6  # cosines along each side for what changes slowly
_BEYOND = 65.0  # chroma that no toning and no stain has, at the 99th percentile


def has_colors(pixels: NDArray[Any], *, has_alpha: bool = False) -> bool:
    """Say whether a photo has colours of its own; a toned, yellowed or stained one has none.

    Args:
        pixels: uint8 or uint16 sRGB, h×w×3: the photo, or better a small copy of it; alpha behind, if
            there is any.
        has_alpha: whether there is; what is transparent does not count.
    """
    return color_score(pixels, has_alpha=has_alpha) > 0


def color_score(pixels: NDArray[Any], *, has_alpha: bool = False) -> float:
    """Return how clearly a photo has colours of its own, above 0 if it has; arguments as `has_colors`."""
    lab, seen = _cells(pixels, has_alpha)
    chroma = np.hypot(lab[..., 1], lab[..., 2])[seen]
    if not chroma.size or np.quantile(chroma, 0.99) < 1.0:
        return -np.inf
    if np.quantile(chroma, 0.99) > _BEYOND:
        return np.inf
    weights = _weights()
    found = _measure(lab, seen)
    given = (np.sign(found) * np.log1p(np.abs(found) * 4) - weights["mean"]) / weights["std"]
    hidden = np.tanh(weights["first"] @ given + weights["first_bias"])
    return float(weights["second"] @ hidden + weights["second_bias"])


def measure_colors(pixels: NDArray[Any], *, has_alpha: bool = False) -> Doubles:
    """Measure what the score is made of: `MEASURES`, in that order; arguments as `has_colors`."""
    return _measure(*_cells(pixels, has_alpha))


def _cells(pixels: NDArray[Any], has_alpha: bool) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Take the mean colours of small squares, as CIELAB h×w×3, and which of them can be seen."""
    height, width, channels = pixels.shape
    step = max(1, int(np.ceil(np.sqrt(height * width / _CELLS))))
    down, across = min(step, height), min(step, width)
    cut = pixels[: height // down * down, : width // across * across]
    squares = cut.reshape(height // down, down, width // across, across, channels)
    means = squares.mean((1, 3), dtype=np.float32) / np.float32(np.iinfo(pixels.dtype).max)
    seen = means[..., 3] > 0.5 if has_alpha else np.ones(means.shape[:2], bool)
    return rgb_to_lab(np.ascontiguousarray(means[..., :3])), seen


def _measure(lab: NDArray[np.float32], seen: NDArray[np.bool_]) -> Doubles:
    light, ab = lab[..., 0][seen].astype(np.float64), lab[..., 1:][seen].astype(np.float64)
    curve = np.stack([np.interp(light, _KNOTS, hat) for hat in np.eye(len(_KNOTS))], axis=1)
    beside = _without(ab, curve)
    left, less = (_without(ab, np.hstack([curve, *_stains(seen, light, waves)])) for waves in (_SLOW, _FINER))
    chroma, apart, rest, least = (np.hypot(*colours.T) for colours in (ab, beside, left, less))
    windows = _windows(lab[..., 0], beside, seen)
    spread = np.sqrt((windows**2).sum(2).mean(1))
    (least_a, least_b), (most_a, most_b) = np.quantile(ab, (0.02, 0.98), axis=0)
    low, high = np.quantile(left[:, 0], (0.02, 0.98))
    return np.array(
        [
            *(np.median(chroma), np.quantile(chroma, 0.98), _minor_axis(ab), least_a, most_a, least_b, most_b),
            *(*ab.mean(0), np.sqrt((apart**2).mean()), _minor_axis(beside), np.median(apart)),
            *(np.sqrt((rest**2).mean()), _minor_axis(left), np.quantile(rest, 0.98), high, -low),
            *(_minor_axis(windows.reshape(-1, 2)), np.median(spread)),
            *(np.sqrt((least**2).mean()), _minor_axis(less), np.quantile(least, 0.98), np.median(least)),
        ]
    )


def _stains(seen: NDArray[np.bool_], light: Doubles, waves: int) -> tuple[Doubles, Doubles]:
    """Return what changes slowly over a picture, and the same in proportion to lightness: cells×(waves² - 1)."""
    height, width = seen.shape
    cosines = np.einsum("yi,xj->yxij", _cosines(height, waves), _cosines(width, waves))
    slow = cosines.reshape(height, width, -1)[seen][:, 1:]
    return slow, slow * (light[:, None] / 100)


def _without(ab: Doubles, columns: Doubles) -> Doubles:
    """Take away what the columns explain of a, b, by least squares."""
    gram = columns.T @ columns
    gram[np.diag_indices(len(gram))] += 1e-5 * len(columns)
    rest: Doubles = ab - columns @ np.linalg.solve(gram, columns.T @ ab)
    return rest


def _windows(light: NDArray[np.float32], beside: Doubles, seen: NDArray[np.bool_]) -> Doubles:
    """Take away the mean of each window and what goes with lightness there: windows×cells×2."""
    height, width = seen.shape
    planes = np.zeros((height, width, 3))
    planes[..., 0], planes[..., 1:][seen] = light, beside
    down, across = min(_WINDOW, height), min(_WINDOW, width)
    cut = planes[: height // down * down, : width // across * across]
    parts = cut.reshape(height // down, down, width // across, across, 3).transpose(0, 2, 1, 3, 4)
    parts = parts.reshape(-1, down * across, 3)
    parts = parts - parts.mean(1, keepdims=True)
    light_in, colours = parts[..., :1], parts[..., 1:]
    slope = (light_in * colours).sum(1) / ((light_in**2).sum(1) + 4.0 * down * across)
    rest: Doubles = colours - slope[:, None] * light_in
    return rest


def _minor_axis(ab: Doubles) -> float:
    """Return the standard deviation of a, b along the axis on which they differ least."""
    away = ab - ab.mean(0)
    return float(np.sqrt(max(0.0, np.linalg.eigvalsh(away.T @ away / len(ab))[0])))


@lru_cache(maxsize=16)
def _cosines(length: int, waves: int) -> Doubles:
    places = (np.arange(length) + 0.5) / length
    return np.stack([np.cos(np.pi * wave * places) for wave in range(waves)], axis=1)


@lru_cache(maxsize=1)
def _weights() -> dict[str, Doubles]:
    text = resources.files("photochrom.color").joinpath("own_colors.json").read_text(encoding="utf-8")
    return {name: np.array(values) for name, values in json.loads(text).items()}
