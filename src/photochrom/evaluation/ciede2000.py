"""CIEDE2000, the colour difference that agrees best with what people see."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["ciede2000"]

Floats = NDArray[np.floating[Any]]


def ciede2000(lab_1: Floats, lab_2: Floats) -> Floats:
    """Return the CIEDE2000 difference of each pair of colours.

    Sharma, Wu and Dalal, "The CIEDE2000 color-difference formula", 2005, with kL = kC = kH = 1.

    Args:
        lab_1: CIELAB, ...×3.
        lab_2: CIELAB of the same shape.

    Returns:
        Differences, of that shape without its last axis and of its type.

    Raises:
        ValueError: if the shapes differ or the last axis does not hold three channels.
    """
    if lab_1.shape != lab_2.shape or lab_1.shape[-1:] != (3,):
        raise ValueError(f"CIELAB of shapes {lab_1.shape} and {lab_2.shape} cannot be compared")
    (l1, a1, b1), (l2, a2, b2) = (np.moveaxis(lab, -1, 0) for lab in (lab_1, lab_2))
    mean_chroma = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    stretch = 1.5 - 0.5 * np.sqrt(_seventh(mean_chroma))  # greys get more weight in a
    a1, a2 = a1 * stretch, a2 * stretch
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    # 0..2 pi, which decides the way round between hues that lie exactly opposite.
    h1, h2 = (np.where(h < 0, h + 2 * np.pi, h) for h in (np.arctan2(b1, a1), np.arctan2(b2, a2)))
    both = (c1 > 0) & (c2 > 0)

    turn = h2 - h1
    turn = np.where(turn > np.pi, turn - 2 * np.pi, np.where(turn < -np.pi, turn + 2 * np.pi, turn))
    turn = np.where(both, turn, 0)
    hue = np.where(both, h1 + turn / 2, h1 + h2)  # halfway along the shorter way; a grey has no hue
    chroma = (c1 + c2) / 2
    # Powers by multiplication, the four cosines by their sums: half the time of calling each.
    cos, sin = np.cos(hue), np.sin(hue)
    cos2, sin2 = cos * cos - sin * sin, 2 * sin * cos
    cos3, sin3 = cos2 * cos - sin2 * sin, sin2 * cos + cos2 * sin
    cos4, sin4 = cos2 * cos2 - sin2 * sin2, 2 * sin2 * cos2
    t = (
        1
        - 0.17 * _shifted(cos, sin, -30)
        + 0.24 * cos2
        + 0.32 * _shifted(cos3, sin3, 6)
        - 0.20 * _shifted(cos4, sin4, -63)
    )
    light = ((l1 + l2) / 2 - 50) ** 2
    d_l = (l2 - l1) / (1 + 0.015 * light / np.sqrt(20 + light))
    d_c = (c2 - c1) / (1 + 0.045 * chroma)
    d_h = 2 * np.sqrt(c1 * c2) * np.sin(turn / 2) / (1 + 0.015 * chroma * t)
    degrees = np.mod(hue * (180 / np.pi), 360)
    turned = np.exp(-(((degrees - 275) / 25) ** 2)) * (np.pi / 3)  # 2 times 30 degrees
    mixed = -2 * np.sqrt(_seventh(chroma)) * np.sin(turned) * d_c * d_h
    squared = d_l * d_l + d_c * d_c + d_h * d_h + mixed
    difference: Floats = np.sqrt(np.maximum(squared, 0))
    return difference


def _seventh(chroma: Floats) -> Floats:
    cubed = chroma * chroma * chroma
    power = cubed * cubed * chroma
    result: Floats = power / (power + 25.0**7)
    return result


def _shifted(cos: Floats, sin: Floats, degrees: float) -> Floats:
    """Return the cosine of an angle, of which cosine and sine are given, plus some degrees."""
    result: Floats = cos * float(np.cos(np.radians(degrees))) - sin * float(np.sin(np.radians(degrees)))
    return result
