"""How far hints reach: what they change is kept where the photo holds together with them, and fades beyond.

A network that takes hints spreads a colour as far as it thinks alike, and often further than a person meant. Here
the way from a hint to a place is as long as the lightness, smoothed, goes up and down along it: short within a
thing, long across its edge. Each hint has a budget for that way. It grows with the hint's `reach`, and is the
smaller the less the network expected the colour: a colour that it guessed nearly right says something of the whole
photo, one that it would never have guessed speaks of one thing alone. How this was chosen: docs/experiments.md.
"""

from __future__ import annotations

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from photochrom.inference.hinted_pixels import HintedPixels

__all__ = ["limit_reach", "mixed", "reach_map", "shift_colors"]

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

_BUDGET = 35.0  # units of lightness up and down, for a hint of reach 0.5 whose colour is as far from what was
_SURPRISE = 40.0  # expected as this, in CIELAB units; for others, the budget times
_TRUST = 1.5  # (_SURPRISE / their distance) to this power
_EXPECTED = 2.0  # CIELAB units of distance that nobody sees: nearer colours have no larger budget
_FADE = 10.0  # units of lightness over which the change fades
_GRID = 80  # cells along the side of a square photo, on which ways are measured
_ROUNDS = 8  # of looking for shorter ways, at most; most photos need four
_SPREAD = 3  # times that what was missed at a place is smoothed, over three cells each
_LITTLE = 0.03  # share of a cell that hints must cover before what was missed there counts by half
_FAR = np.float32(1e6)  # units of lightness: farther than any way


def limit_reach(
    base: Floats, hinted: Floats, lightness: Floats, hints: HintedPixels, *, protected: Mask | None = None
) -> Floats:
    """Keep what hints change as far as they reach.

    A network comes near to a hint's colour in its place, not quite to it. Unless a hint has reach 1, its answer is
    moved by what it missed there, and less thereabouts.

    Args:
        base: the network's a, b without hints, h×w×2.
        hinted: its a, b with them.
        lightness: what it saw, h×w, 0..100.
        hints: those that reach, each with its reach; their order has no effect.
        protected: bool h×w, where colours stay as they are without hints; holds over hints.

    Returns:
        a, b, float32 h×w×2: exactly `base` where no hint reaches and where it is protected; exactly `hinted`
        everywhere else, if a hint has reach 1.

    Raises:
        ValueError: as `reach_map`.
    """
    kept = reach_map(base, lightness, hints, protected=protected)
    if not (hints.reach == 1).any():
        # Where the network heeds no hint, nothing is moved: else what is changed would shrink at reach 1.
        hinted = np.where(hinted == base, hinted, hinted + _misses(hinted, hints))
    return mixed(base, hinted, kept)


def shift_colors(base: Floats, lightness: Floats, hints: HintedPixels, *, protected: Mask | None = None) -> Floats:
    """Colour what hints reach, for a network that takes none.

    The colours that a hint reaches are moved by the difference between the hint and the network's own answer at
    its place, so that their variation stays. Where several hints reach, the nearer ones count for more.

    Args:
        base: the network's a, b, h×w×2.
        lightness: as `limit_reach`.
        hints: as `limit_reach`.
        protected: as `limit_reach`.

    Returns:
        a, b, float32 h×w×2.

    Raises:
        ValueError: as `reach_map`.
    """
    if not len(hints):
        return base
    _check(base, lightness, hints)
    cell, smooth = _terrain(lightness)
    kept, total = np.zeros((2, *lightness.shape), np.float32)
    shift = np.zeros((2, *lightness.shape), np.float32)
    differences = hints.differences(base)
    budgets = _budgets(hints, differences)
    for number, (difference, budget) in enumerate(zip(differences, budgets, strict=True)):
        pixels = hints.pixels[hints.which == number]
        way = _way(smooth, cell, lightness.shape, pixels, np.float32(0))
        whole = hints.reach[number] == 1
        own: Floats = np.ones_like(kept) if whole else np.clip((budget - way) / _FADE, 0, 1)
        own.put(pixels, 1)
        weight = own / (1 + way / _FADE) ** 2
        total += weight
        for plane, amount in zip(shift, difference, strict=True):
            plane += amount * weight
        np.maximum(kept, own, out=kept)
    shift /= np.maximum(total, 1e-6)
    for plane, amounts in zip(shift, differences.T, strict=True):  # in its own place there is nothing to mix
        plane.put(hints.pixels, amounts[hints.which])
    if protected is not None:
        kept[protected] = 0
    return mixed(base, base + shift.transpose(1, 2, 0), kept)


def reach_map(base: Floats, lightness: Floats, hints: HintedPixels, *, protected: Mask | None = None) -> Floats:
    """Say how much of what hints change is kept at each place.

    Args:
        base: as `limit_reach`.
        lightness: as `limit_reach`.
        hints: as `limit_reach`.
        protected: as `limit_reach`.

    Returns:
        float32 h×w, 0..1. It grows with each hint's reach, at every place.

    Raises:
        ValueError: if shapes differ, an area is empty, or a reach is not within 0..1.
    """
    _check(base, lightness, hints)
    if (hints.reach == 1).any():
        kept: Floats = np.ones(lightness.shape, np.float32)
    else:
        cell, smooth = _terrain(lightness)
        budgets = _budgets(hints, hints.differences(base))
        # Below 0 where some of a budget is left.
        spent = _way(smooth, cell, lightness.shape, hints.pixels, -budgets[hints.which])
        kept = np.clip(spent / -_FADE, 0, 1)
        kept.put(hints.pixels, 1)
    if protected is not None:
        kept[protected] = 0
    return kept


def mixed(base: Floats, changed: Floats, kept: Floats) -> Floats:
    """Mix two answers, h×w×C, by a map h×w of how much of the change is kept; both ends exactly as they were."""
    # By planes, as they come from a network: so each plane's pixels lie side by side.
    result = np.empty((base.shape[2], *kept.shape), np.float32)
    whole, part = kept >= 1, (kept > 0) & (kept < 1)
    share = kept[part]
    for plane, (old, new) in enumerate(zip(base.transpose(2, 0, 1), changed.transpose(2, 0, 1), strict=True)):
        np.copyto(result[plane], old)
        np.copyto(result[plane], new, where=whole)
        result[plane][part] = old[part] + share * (new[part] - old[part])
    return result.transpose(1, 2, 0)


def _check(base: Floats, lightness: Floats, hints: HintedPixels) -> None:
    pixels, counts = hints.pixels, np.bincount(hints.which, minlength=len(hints))
    if not counts.all() or (len(pixels) and not 0 <= pixels.min() <= pixels.max() < lightness.size):
        raise ValueError(f"a hint must have pixels, and all within {lightness.shape}")
    wrong = hints.reach[~((hints.reach >= 0) & (hints.reach <= 1))]
    if len(wrong):
        raise ValueError(f"a reach of {wrong[0]} is out of range; use 0 to 1")
    if base.shape != (*lightness.shape, 2):
        raise ValueError(f"a, b of shape {base.shape} do not fit lightness of {lightness.shape}")


def _budgets(hints: HintedPixels, differences: Floats) -> Floats:
    """Return how long a way may be from each hint to what it changes, in units of lightness: N."""
    distance = np.maximum(np.hypot(*differences.T), _EXPECTED)
    with np.errstate(divide="ignore"):  # without end at a reach of 1
        budgets = _BUDGET * (_SURPRISE / distance) ** _TRUST * hints.reach / (1 - hints.reach)
    bounded: Floats = np.minimum(budgets, _FAR).astype(np.float32)
    return bounded


def _misses(hinted: Floats, hints: HintedPixels) -> Floats:
    """Return by how much a network missed its hints' colours, at their places and fading around them: h×w×2."""
    height, width, _ = hinted.shape
    cell = max(1, round(sqrt(height * width) / _GRID))
    rows, columns = -(-height // cell), -(-width // cell)
    cells = hints.pixels // width // cell * columns + hints.pixels % width // cell
    amounts = *hints.differences(hinted).T, np.ones(len(hints), np.float32)
    sums = np.stack([np.bincount(cells, amount[hints.which], rows * columns) for amount in amounts])
    planes: Floats = (sums / cell**2).reshape(3, rows, columns).astype(np.float32)
    for _ in range(_SPREAD):
        planes = _smooth(planes)
    misses = planes[:2] / (planes[2] + _LITTLE)
    return np.stack([_enlarge(plane, cell, height, width) for plane in misses]).transpose(1, 2, 0)


def _terrain(lightness: Floats) -> tuple[int, Floats]:
    """Return the side of a cell in pixels, and lightness in cells, smoothed."""
    cell = max(1, round(sqrt(lightness.size) / _GRID))
    return cell, _smooth(_cells(lightness, cell))


def _way(
    smooth: Floats,
    cell: int,
    shape: tuple[int, ...],
    pixels: NDArray[np.intp],
    lengths: Floats | np.float32,
) -> Floats:
    """Measure the shortest way to each pixel, h×w, from any of some pixels, each with a length to begin with."""
    height, width = shape
    begin = np.full(smooth.shape, _FAR, np.float32)
    np.minimum.at(begin, (pixels // width // cell, pixels % width // cell), lengths)
    return _enlarge(_shortest(smooth, begin), cell, height, width)


def _shortest(planes: Floats, begin: Floats) -> Floats:
    """Add to what ways begin with the least total change of a plane along them, from cell to cell: h×w each.

    In turns, all rows and all columns are walked both ways: what a way of any length along one of them costs is a
    difference of two running sums, so that a walk is one running minimum.
    """
    best = begin
    walks = [
        (axis, np.concatenate([np.zeros_like(planes.take([0], axis)), np.abs(np.diff(planes, axis=axis))], axis))
        for axis in (0, 1)
    ]
    sums = [(axis, steps.cumsum(axis, np.float32)) for axis, steps in walks]
    for _ in range(_ROUNDS):
        before = best
        for axis, sum_ in sums:
            ahead = np.minimum.accumulate(best - sum_, axis) + sum_
            back = np.flip(np.minimum.accumulate(np.flip(best + sum_, axis), axis), axis) - sum_
            best = np.minimum(np.minimum(ahead, back), best)
        if np.array_equal(best, before):
            break
    return best


def _cells(plane: Floats, cell: int) -> Floats:
    """Average h×w over squares of `cell` pixels a side; those at the end are filled up with their neighbours."""
    height, width = plane.shape
    wide = np.pad(plane, ((0, -height % cell), (0, -width % cell)), mode="edge")
    means: Floats = wide.reshape(wide.shape[0] // cell, cell, -1, cell).mean((1, 3), dtype=np.float32)
    return means


def _smooth(planes: Floats) -> Floats:
    """Average …×h×w over squares of three cells a side, so that grain and folds are no edges."""
    wide = np.pad(planes, [(0, 0)] * (planes.ndim - 2) + [(1, 1), (1, 1)], mode="edge")
    tall = wide[..., :-2, :] + wide[..., 1:-1, :] + wide[..., 2:, :]
    smooth: Floats = (tall[..., :-2] + tall[..., 1:-1] + tall[..., 2:]) / np.float32(9)
    return smooth


def _enlarge(plane: Floats, cell: int, height: int, width: int) -> Floats:
    """Bring cells back to pixels, bilinearly."""
    for axis, size in ((0, height), (1, width)):
        place = np.clip((np.arange(size) + 0.5) / cell - 0.5, 0, plane.shape[axis] - 1)
        low = place.astype(int)
        share = (place - low).astype(np.float32)
        share = share[:, None] if axis == 0 else share
        high = np.minimum(low + 1, plane.shape[axis] - 1)
        plane = plane.take(low, axis) * (1 - share) + plane.take(high, axis) * share
    return plane
