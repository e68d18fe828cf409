"""Alternatives: hints that lead a network to clearly different colours of one photo."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from photochrom.color.ab_bins import CELL
from photochrom.inference.forward_passes import Hints, Passes, check_options
from photochrom.inference.hint_locations import Place, hint_at, least_certain
from photochrom.inference.predictive_distribution import mean_colour, percentile, sample
from photochrom.options import Options

__all__ = ["LEAST_PERCENTILE", "AlternativeSearch"]

Floats = NDArray[np.float32]
Color = tuple[float, float]

LEAST_PERCENTILE = 5.0
"""No place of an alternative has a colour below this percentile of what the network predicts for that place."""

_BATCH = 4  # photos for one pass, and ways that are tried for each alternative; more take memory, and no less time
_ANCHORS = 3  # colours that lead to one alternative
_NEAR = 3  # side of the square of places whose probabilities are averaged before a colour is sampled
_TAMED = 4  # how often a way that is not plausible is made tamer
_TRIES = 3  # batches without anything new, after which there is no other alternative
_DIFFERENT = 5.0  # CIELAB units, where two differ most; what is nearer to another looks like it


@dataclass
class _Way:
    """Colours at places, each with the network's own guess there."""

    anchors: tuple[tuple[Place, Color, Color], ...] = ()

    def tamer(self, random: np.random.Generator) -> _Way:
        """Leave one of several colours out, or go half of the way back to the network's guess with the last."""
        if len(self.anchors) > 1:
            out = int(random.integers(len(self.anchors)))
            return _Way((*self.anchors[:out], *self.anchors[out + 1 :]))
        return _Way(tuple((place, _middle(color, own), own) for place, color, own in self.anchors))


class AlternativeSearch:
    """A search for clearly different colours of one photo, each of which the network finds plausible.

    Noise in every pixel would be no other photo. So a few colours are sampled one after the other, each where the
    network is least certain after those before; and it colours all that is alike by them. Four such ways are tried
    for each alternative. Of all that were tried, the one is taken whose colours are farthest from those of the
    alternatives before it. So each is there as soon as it is found, whatever number is asked for later.

    Plausible: in no place does the colour lie below percentile `LEAST_PERCENTILE` of the distribution that the
    network predicts by the options alone: the probability of all colours that are no likelier there is at least
    that much (`photochrom.inference.predictive_distribution.percentile`). Where the colours by the options alone
    lie lower already, as very vivid ones may, the bound is where they lie. A way that breaks this leaves out one
    colour after the other, and goes half of the way back with the last, before it is given up.

    Args:
        passes: of a network that takes hints and gives a distribution.
        options: of which hints, palette and vividness are heeded.
        seed: other seeds give other sets; the first one is always the same.

    Raises:
        NetworkError: if the network takes no hints or gives no distribution.
    """

    def __init__(self, passes: Passes, options: Options, *, seed: int = 0) -> None:
        check_options(passes.network, options)
        passes.network.require(["hints"], ["distribution"])
        self._passes, self._options = passes, options
        self._random = np.random.default_rng(seed)
        self._found: list[Hints] = [options.hints]
        self._others: list[tuple[_Way, Floats]] = []  # plausible ways that were not taken yet, with their colours
        self._base: Floats | None = None
        self._least: Floats | None = None
        self._taken: list[Floats] = []  # colours of those that were found
        self._failed = 0

    @property
    def nbytes(self) -> int:
        """Bytes that the search holds, so that it can go on."""
        planes = [self._base, self._least, *self._taken, *(ab for _, ab in self._others)]
        return sum(plane.nbytes for plane in planes if plane is not None)

    def first(self, count: int) -> list[Hints]:
        """Find the first `count` sets.

        Returns:
            Sets to be taken as `Options.hints`; the first is the options' own, and all hold these. They are fewer
            than `count` where the network finds no other colours plausible.

        Raises:
            NetworkError: if the network fails.
        """
        while len(self._found) < count and self._failed < _TRIES:
            self._next()
        return self._found[:count]

    def _next(self) -> None:
        if self._base is None:
            self._base = self._passes.probabilities(self._options)
            self._taken = list(self._colours([_Way()]))
            self._least = np.minimum(percentile(self._base, self._taken[0]), LEAST_PERCENTILE)
        self._others += self._plausible(self._sampled())
        distances = [min(_distance(ab, taken) for taken in self._taken) for _, ab in self._others]
        if max(distances, default=0) == 0:
            self._failed += 1
            return
        way, ab = self._others.pop(distances.index(max(distances)))
        self._found.append(self._hints(way))
        self._taken.append(ab)
        self._failed = 0

    def _sampled(self) -> list[_Way]:
        assert self._base is not None
        ways = [self._with_anchor(_Way(), self._base) for _ in range(_BATCH)]
        for _ in range(1, _ANCHORS):
            sets = [self._hints(way) for way in ways]
            answers = self._passes.probabilities_of(sets, self._options)
            ways = [self._with_anchor(way, answer) for way, answer in zip(ways, answers, strict=True)]
        return ways

    def _with_anchor(self, way: _Way, probabilities: Floats) -> _Way:
        """Sample a colour at the least certain place of [Q,h,w]."""
        hints = self._hints(way)
        place = least_certain(probabilities, hints, self._passes.lightness, len(hints) + 1)
        if place is None:
            return way
        assert self._base is not None
        color = sample(_around(probabilities, place), self._random)
        own = mean_colour(_around(self._base, place)[None, :, None, None])[0, :, 0, 0].tolist()
        return _Way(((place, color, (own[0], own[1])), *way.anchors))

    def _plausible(self, ways: list[_Way]) -> list[tuple[_Way, Floats]]:
        assert self._base is not None
        assert self._least is not None
        kept: list[tuple[_Way, Floats]] = []
        for _ in range(1 + _TAMED):
            if not ways:
                break
            failed = []
            for way, ab in zip(ways, self._colours(ways), strict=True):
                if (percentile(self._base, ab) >= self._least).all():
                    kept.append((way, ab))
                else:
                    failed.append(way.tamer(self._random))
            ways = failed
        return kept

    def _colours(self, ways: list[_Way]) -> Floats:
        """Return what the network makes of each, [N,2,⌈h/4⌉,⌈w/4⌉]: the mean of each place."""
        ab = self._passes.ab_of([self._hints(way) for way in ways], self._options)
        height, width = ab.shape[2:]
        down, across = (np.arange(0, length, CELL) for length in (height, width))
        sums = np.add.reduceat(np.add.reduceat(ab, down, 2), across, 3)
        counts = np.minimum(height - down, CELL)[:, None] * np.minimum(width - across, CELL)
        means: Floats = (sums / counts).astype(np.float32)
        return means

    def _hints(self, way: _Way) -> Hints:
        """Return its hints; they come first, so that the user's own hold."""
        # A mood of the whole photo, so it reaches as far as the network spreads it.
        anchors = (hint_at(place, self._passes.lightness, color).with_reach(1) for place, color, _ in way.anchors)
        return (*anchors, *self._options.hints)


def _around(probabilities: Floats, place: Place) -> Floats:
    down, across = (slice(max(0, at - _NEAR // 2), at + _NEAR // 2 + 1) for at in place)
    mean: Floats = probabilities[:, down, across].mean((1, 2))
    return mean


def _distance(one: Floats, other: Floats) -> float:
    """Return the mean over all places, or 0 where the two look alike."""
    off = np.sqrt(((one - other) ** 2).sum(0))
    return float(off.mean()) if off.max() >= _DIFFERENT else 0.0


def _middle(one: Color, other: Color) -> Color:
    return (one[0] + other[0]) / 2, (one[1] + other[1]) / 2
