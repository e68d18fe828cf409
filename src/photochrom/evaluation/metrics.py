"""How near a result is to the photo, and how colourful it is: figures of one photo, in NumPy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.color.cielab import rgb_to_lab
from photochrom.evaluation.ciede2000 import ciede2000

__all__ = ["PSNR_CAP", "ab_error", "ciede2000", "colorfulness", "photo_scores", "psnr", "ssim"]

Pixels = NDArray[np.uint8]
Floats = NDArray[np.floating[Any]]

PSNR_CAP = 100.0
"""What equal pictures are given instead of infinity, in dB, so that a mean over photos stays a number."""

_WINDOW = 7  # Wang et al. 2004 with a uniform window, as scikit-image does by default


def psnr(result: Pixels, truth: Pixels) -> float:
    """Return the peak signal-to-noise ratio of uint8 RGB, H×W×3, in dB; `PSNR_CAP` at most."""
    _check(result, truth)
    error = result.astype(np.float32) - truth
    mse = float(np.vdot(error, error)) / error.size
    return PSNR_CAP if mse == 0 else min(PSNR_CAP, 10 * math.log10(255**2 / mse))


def ssim(result: Pixels, truth: Pixels) -> float:
    """Return the structural similarity of uint8 RGB, H×W×3, mean over windows and channels.

    Wang et al., "Image quality assessment: from error visibility to structural similarity", 2004, with a uniform
    window of 7×7 and sample covariances: scikit-image's default.

    Raises:
        ValueError: if the pictures differ in shape or are smaller than the window.
    """
    _check(result, truth)
    if min(truth.shape[:2]) < _WINDOW:
        raise ValueError(f"SSIM needs pictures of at least {_WINDOW}×{_WINDOW} pixels, not {truth.shape[:2]}")
    # Whole numbers, so that sums over windows are exact, and a difference of two of them loses nothing.
    x, y = (picture.transpose(2, 0, 1).astype(np.int32) for picture in (result, truth))
    n = _WINDOW**2
    sum_x, sum_y, sum_xx, sum_yy, sum_xy = (_window_sums(p) for p in (x, y, x * x, y * y, x * y))
    product = sum_x * sum_y
    squares = sum_x * sum_x + sum_y * sum_y
    scale = 1.0 / (n * (n - 1))
    covariance = (n * sum_xy - product) * scale
    variances = (n * (sum_xx + sum_yy) - squares) * scale
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    top = (product * (2 / n**2) + c1) * (2 * covariance + c2)
    bottom = (squares * (1 / n**2) + c1) * (variances + c2)
    return float((top / bottom).mean())


def ab_error(lab_1: Floats, lab_2: Floats) -> float:
    """Return the mean distance of a, b over the pixels of two CIELAB pictures, H×W×3, in CIELAB units."""
    return float(np.hypot(lab_1[..., 1] - lab_2[..., 1], lab_1[..., 2] - lab_2[..., 2]).mean())


def colorfulness(rgb: Pixels, *, signed: bool) -> float:
    """Return how colourful a picture is: about 0 for grey, 15 slightly, 45 quite, 109 extremely.

    Args:
        rgb: uint8 RGB, H×W×3.
        signed: True for the metric as Hasler and Süsstrunk, "Measuring colourfulness in natural images", 2003,
            define it, of signed opponents R - G and (R + G)/2 - B; False for the one that the published code of
            CIC, CT2 and DDColor computes, of their absolute values.
    """
    red, green, blue = rgb.transpose(2, 0, 1).astype(np.float32)
    opponents = [red - green, (red + green) / 2 - blue]
    if not signed:
        opponents = [np.abs(opponent) for opponent in opponents]
    spread = math.hypot(*(float(opponent.std()) for opponent in opponents))
    return spread + 0.3 * math.hypot(*(float(opponent.mean()) for opponent in opponents))


def photo_scores(result: Pixels, truth: Pixels, truth_lab: Floats | None = None) -> dict[str, float]:
    """Return every figure of one result that needs nothing but the photo.

    Args:
        result: uint8 RGB, H×W×3.
        truth: the photo, likewise.
        truth_lab: its CIELAB, where it is known already.

    Returns:
        By metric; see `photochrom.evaluation.results.METRICS`. Colorfulness is the result's.
    """
    lab, true = rgb_to_lab(result), rgb_to_lab(truth) if truth_lab is None else truth_lab
    difference = ciede2000(lab, true)
    return {
        "psnr": psnr(result, truth),
        "ssim": ssim(result, truth),
        "ciede2000": float(difference.mean(dtype=np.float64)),
        "ciede2000_p95": float(np.percentile(difference, 95)),
        "ab_error": ab_error(lab, true),
        "colorfulness": colorfulness(result, signed=False),
        "colorfulness_signed": colorfulness(result, signed=True),
    }


def _window_sums(planes: NDArray[np.int32]) -> NDArray[np.float64]:
    """Sum each 7×7 window that lies wholly inside; exact, since the sums are whole numbers."""
    for axis in (1, 2):
        length = planes.shape[axis] - _WINDOW + 1
        shifted = [planes[(slice(None),) * axis + (slice(at, at + length),)] for at in range(_WINDOW)]
        planes = sum(shifted[1:], start=shifted[0])
    return planes.astype(np.float64)


def _check(result: Pixels, truth: Pixels) -> None:
    if result.shape != truth.shape or result.ndim != 3 or result.shape[2] != 3:
        raise ValueError(f"pictures of shapes {result.shape} and {truth.shape} cannot be compared; give H×W×3")
