"""Motions: what many matches between two photos agree on, and chance does not.

A hypothesis is a shift, turn and scale by two matches; the one that most others agree with wins (RANSAC, Fischler
and Bolles 1981). Those that agree lead to an affine motion, and then to one that varies smoothly over the photo,
as it does with perspective and depth. A match stays if its neighbours alone would lead near to it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

__all__ = ["Motion", "find_motions"]

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

_MOTIONS = 3  # in one pair of photos, at most: things that move, and what is near or far
_HYPOTHESES = 500
_BASE = 3.0  # cells that the two matches of a hypothesis lie apart, at least
_SCALE = 2.5  # by which one photo is larger than the other, at most
_TURN = 0.8  # radians by which it is turned, at most
_NEAR = 2.5  # cells within which a match agrees with a hypothesis
_AFFINE = 3.0  # likewise with an affine motion
_SMOOTH = 1.5  # likewise with its neighbours
_RADIUS = 4.0  # cells: how far neighbours count, as the standard deviation of a Gaussian
_COMPANY = 0.8  # neighbours, by that weight, that a match has at least
_LEAST = 30  # matches that make a motion sure; of unrelated photos fewer agree by chance
_SHARE = 0.15  # of all matches that it has at least
_STIFF = 4.0  # weight by which a motion that few matches tell of keeps to the affine one


class Motion:
    """A smooth motion from one photo to another.

    Args:
        one: x, y [N,2] of matches in the one, in cells; three or more.
        other: likewise in the other.
    """

    def __init__(self, one: Floats, other: Floats) -> None:
        self._one, self._other = one, other
        self._affine, *_ = np.linalg.lstsq(_homogeneous(one), other, rcond=None)
        self._rest = other - self.affine(one)

    def affine(self, places: Floats) -> Floats:
        """Lead places [N,2] to where the affine motion has them."""
        return _homogeneous(places) @ self._affine

    def __call__(self, places: Floats) -> tuple[Floats, Mask]:
        """Lead places [N,2], in cells, and say which have matches near them that tell where."""
        weights = _weights(places, self._one)
        return self._led(places, weights), weights.sum(1) > 1

    def agreeing(self) -> Mask:
        """Say which of its matches would be where they are by their neighbours alone."""
        weights = _weights(self._one, self._one)
        np.fill_diagonal(weights, 0)
        away = np.hypot(*(self._led(self._one, weights) - self._other).T)
        agrees: Mask = (away < _SMOOTH) & (weights.sum(1) > _COMPANY)
        return agrees

    def _led(self, places: Floats, weights: Floats) -> Floats:
        """Fit what is left of the affine motion around each place by weighted least squares."""
        near = _homogeneous(self._one)
        each = near[:, :, None] * np.concatenate([near, self._rest], 1)[:, None]
        sums = (weights @ each.reshape(-1, 15)).reshape(-1, 3, 5)
        stiff = np.diag([_STIFF, _STIFF, 1e-3])
        fitted = np.linalg.solve(sums[..., :3] + stiff, sums[..., 3:])
        led: Floats = self.affine(places) + np.einsum("ni,nik->nk", _homogeneous(places), fitted)
        return led


def find_motions(one: Floats, other: Floats) -> Iterator[Motion]:
    """Yield the motions that matches agree on, the one that most do first.

    Args:
        one: x, y [N,2] of matches in the one photo, in cells.
        other: likewise in the other.
    """
    random = np.random.default_rng(0)  # the same matches have the same motions
    least = max(_LEAST, _SHARE * len(one))
    for _ in range(_MOTIONS):
        agreed = _agreed(one, other, random)
        if agreed.sum() < least:
            return
        for _ in range(2):
            away = np.hypot(*(Motion(one[agreed], other[agreed]).affine(one) - other).T)
            agreed = away < _AFFINE
        for _ in range(2):
            if agreed.sum() < least:
                return
            agreed[agreed] = Motion(one[agreed], other[agreed]).agreeing()
        if agreed.sum() < least:
            return
        yield Motion(one[agreed], other[agreed])
        one, other = one[~agreed], other[~agreed]


def _agreed(one: Floats, other: Floats, random: np.random.Generator) -> Mask:
    """Say which matches agree with the best hypothesis."""
    none = np.zeros(len(one), np.bool_)
    if len(one) < _LEAST:
        return none
    start, end = one @ np.array([1, 1j]), other @ np.array([1, 1j])  # as complex numbers, turned by a product
    first, second = random.integers(0, len(one), (2, _HYPOTHESES))
    apart = np.abs(start[first] - start[second]) >= _BASE
    first, second = first[apart], second[apart]
    factor = (end[first] - end[second]) / (start[first] - start[second])
    sane = (np.abs(factor) < _SCALE) & (np.abs(factor) > 1 / _SCALE) & (np.abs(np.angle(factor)) < _TURN)
    factor, first = factor[sane], first[sane]
    if not len(factor):
        return none
    shift = end[first] - factor * start[first]
    agrees = np.abs(factor[:, None] * start + shift[:, None] - end) < _NEAR
    best: Mask = agrees[agrees.sum(1).argmax()]
    return best


def _weights(places: Floats, matches: Floats) -> Floats:
    """Say how much each match counts at each place: a Gaussian of their distance |p − m|² = |p|² − 2pm + |m|²."""
    squares = [(each * each).sum(1, keepdims=True) for each in (places, matches)]
    one = np.concatenate([places, squares[0], np.ones_like(squares[0])], 1)
    other = np.concatenate([-2 * matches, np.ones_like(squares[1]), squares[1]], 1)
    weights: Floats = np.exp(one @ (other.astype(np.float32) / np.float32(-2 * _RADIUS**2)).T)
    return weights


def _homogeneous(places: Floats) -> Floats:
    return np.concatenate([places, np.ones((len(places), 1), np.float32)], 1)
