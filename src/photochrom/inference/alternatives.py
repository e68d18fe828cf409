"""Alternatives: hints that lead a network to clearly different colours of one photo."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from photochrom.inference.forward_passes import Hints, Passes, check_options
from photochrom.inference.hint_locations import hint_at, least_certain
from photochrom.inference.posterior import sample
from photochrom.options import Options

__all__ = ["alternative_hints"]

Floats = NDArray[np.float32]

_BATCH = 4  # photos for one pass; more take memory, and on a CPU no less time
_ANCHORS = 3  # colours that lead to one alternative
_CANDIDATES = 4  # that are made for each alternative
_NEAR = 3  # side of the square of places whose probabilities are averaged before a colour is sampled


def alternative_hints(passes: Passes, count: int, options: Options, *, seed: int = 0) -> list[Hints]:
    """Find hints that lead to clearly different colours, each of which the network finds plausible.

    Noise in every pixel would be no other photo. So a few colours are sampled one after the other, each where the
    network is least certain after those before; and it colours all that is alike by them. Of several such sets
    those are kept whose colours are farthest from each other.

    Args:
        passes: of a network that takes hints and gives a distribution.
        count: how many sets, the options' own included.
        options: of which hints, palette and vividness are heeded.
        seed: other seeds give other sets; the first one is always the same.

    Returns:
        `count` sets, to be taken as `Options.hints`; the first is the options' own, and all hold these.

    Raises:
        NetworkError: if the network takes no hints or gives no distribution, or fails.
    """
    check_options(passes.network, options)
    passes.network.require(["hints"], ["distribution"])
    if count == 1:
        return [options.hints]
    random = np.random.default_rng(seed)
    sets: list[Hints] = [options.hints]
    base = passes.probabilities(options)
    for _ in range(_CANDIDATES * (count - 1)):
        sets.append(_with_anchor(base, options.hints, passes.lightness, random))
    for _ in range(1, _ANCHORS):
        for start in range(1, len(sets), _BATCH):
            some = sets[start : start + _BATCH]
            for number, probabilities in enumerate(passes.probabilities_of(some, options)):
                sets[start + number] = _with_anchor(probabilities, some[number], passes.lightness, random)
    colours = np.concatenate(
        [passes.ab_of(sets[i : i + _BATCH], options.vividness) for i in range(0, len(sets), _BATCH)]
    )
    kept, distance = [0], np.full(len(sets), np.inf)
    while len(kept) < count:
        distance = np.minimum(distance, np.sqrt(((colours - colours[kept[-1]]) ** 2).sum(1)).mean((1, 2)))
        distance[kept] = -1
        kept.append(int(distance.argmax()))
    return [sets[number] for number in kept]


def _with_anchor(probabilities: Floats, hints: Hints, lightness: Floats, random: np.random.Generator) -> Hints:
    """Sample a colour at the least certain place of [Q,h,w]; it comes first, so that the user's own hints hold."""
    place = least_certain(probabilities, hints, lightness, len(hints) + 1)
    if place is None:
        return hints
    down, across = (slice(max(0, at - _NEAR // 2), at + _NEAR // 2 + 1) for at in place)
    color = sample(probabilities[:, down, across].mean((1, 2)), random)
    # A mood of the whole photo, so it reaches as far as the network spreads it.
    return (hint_at(place, lightness, color).with_reach(1), *hints)
