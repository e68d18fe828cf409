"""Proposals: what a network is asked for one photo, and the hints that lead it to other answers.

Everything here is of the upright photo at network size. Whatever leads a network, be it a palette or the wish for
something else, becomes hints, so that one path leads from hints to colours.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from photochrom.color.ab_bins import CELL
from photochrom.errors import CapabilityError
from photochrom.hints import Hint, hint_planes, shown
from photochrom.inference.card import Output
from photochrom.inference.onnx_model import Network
from photochrom.inference.palette import steered
from photochrom.inference.posterior import blurred, doubt, draw, mean_colour
from photochrom.options import Options

__all__ = ["alternative_hints", "chances", "check", "confidence", "propose", "suggest_hints"]

Floats = NDArray[np.float32]

_AREA = 1 / 8  # of a photo's side: doubt counts where an area of this size shares it
_APART = 1 / 6  # of a photo's side: how far points are apart, unless there are too many of them
_BATCH = 4  # photos for one pass; more take memory, and on a CPU no less time
_ANCHORS = 3  # colours that lead to one alternative
_CANDIDATES = 4  # that are made for each alternative
_GRID = 48  # places, about, whose colours a palette decides
_NEAR = 3  # side of the square of places whose chances are averaged before a colour is drawn


def check(network: Network, options: Options) -> None:
    """Make sure, before work begins, that a network can do what is wished.

    Raises:
        CapabilityError: if it cannot.
    """
    network.require(["vividness"] if options.vividness is not None else [])
    network.require(["hints"] if options.hints else [])
    if options.palette and not ("hints" in network.card.inputs and "distribution" in network.card.outputs):
        raise CapabilityError(
            network.card.name,
            "cannot follow a palette or a reference",
            "leave it out or use a network that takes hints and gives a distribution",
        )


def propose(network: Network, lightness: Floats, options: Options) -> Floats:
    """Ask for the colours of a photo.

    Args:
        network: which takes the hints and the vividness that are wished.
        lightness: float32 h×w, 0..100: the photo upright, at network size.
        options: of which vividness, hints and palette are heeded.

    Returns:
        a, b: float32 h×w×2, CIELAB units.

    Raises:
        NetworkError: as `check`, or if the network fails.
    """
    check(network, options)
    hints = _palette_hints(network, lightness, options) + options.hints
    ab: Floats = _ask(network, lightness, [hints], options.vividness)[0].transpose(1, 2, 0)
    return ab


def confidence(network: Network, lightness: Floats, options: Options) -> Floats:
    """Ask how sure the network is: float32 h×w, 0..1, the probability that the true colour is near.

    Raises:
        NetworkError: as `propose`, or if the network gives no confidence.
    """
    check(network, options)
    network.require(outputs=["confidence"])
    hints = _palette_hints(network, lightness, options) + options.hints
    sure: Floats = _ask(network, lightness, [hints], options.vividness, "confidence")[0, 0]
    return sure


def chances(network: Network, lightness: Floats, options: Options) -> Floats:
    """Ask how likely each colour is in each place: float32 [Q,⌈h/4⌉,⌈w/4⌉], as `Network.run` gives it.

    Raises:
        NetworkError: as `propose`, or if the network gives no distribution.
    """
    check(network, options)
    likely: Floats = _chances(network, lightness, [options.hints], options)[0]
    return likely


def suggest_hints(network: Network, lightness: Floats, count: int, options: Options) -> list[Hint]:
    """Find the points where a user's word would help most, the most helpful first.

    A point lies where an area's expected squared error is largest. The next one is looked for as if the network's
    own guess there had been confirmed, so that what is alike need not be asked twice.

    Args:
        network: which takes hints and gives a distribution.
        lightness: as `propose`.
        count: how many points.
        options: what is known already; of these, hints and palette are heeded.

    Returns:
        `count` hints, or fewer where the photo is too small for so many; their colours are the network's own
        guesses as ``"#rrggbb"``, about as light as the photo is there.

    Raises:
        NetworkError: as `propose`, or if the network takes no hints or gives no distribution.
    """
    check(network, options)
    network.require(["hints"], ["distribution"])
    found: list[Hint] = []
    while len(found) < count:
        known = [*found, *options.hints]
        chances = _chances(network, lightness, [known], options)[0]
        place = _most_doubtful(chances, known, lightness, count + len(options.hints))
        if place is None:
            break
        a, b = mean_colour(chances[None])[0, :, place[0], place[1]].tolist()
        hint = _hint(place, lightness, (a, b))
        found.append(Hint(hint.x, hint.y, shown((a, b), _light(lightness, place))))
    return found


def alternative_hints(
    network: Network, lightness: Floats, count: int, options: Options, *, seed: int = 0
) -> list[tuple[Hint, ...]]:
    """Find hints that lead to clearly different colours, each of which the network finds plausible.

    Noise in every pixel would be no other photo. So a few colours are drawn one after the other, each where the
    network is most in doubt after those before; and it colours all that is alike by them. Of several such sets
    those are kept whose colours are farthest from each other.

    Args:
        network: which takes hints and gives a distribution.
        lightness: as `propose`.
        count: how many sets, the wished answer's own included.
        options: as `propose`.
        seed: other seeds give other sets; the first one is always the same.

    Returns:
        `count` sets, to be taken as `Options.hints`; the first is the options' own, and all hold these.

    Raises:
        NetworkError: as `propose`, or if the network takes no hints or gives no distribution.
    """
    check(network, options)
    network.require(["hints"], ["distribution"])
    if count == 1:
        return [options.hints]
    random = np.random.default_rng(seed)
    sets: list[tuple[Hint, ...]] = [options.hints]
    base = _chances(network, lightness, [options.hints], options)[0]
    for _ in range(_CANDIDATES * (count - 1)):
        sets.append(_with_anchor(base, options.hints, lightness, random))
    for _ in range(1, _ANCHORS):
        for start in range(1, len(sets), _BATCH):
            some = sets[start : start + _BATCH]
            for number, chances in enumerate(_chances(network, lightness, some, options)):
                sets[start + number] = _with_anchor(chances, some[number], lightness, random)
    answers = np.concatenate(
        [_ask(network, lightness, sets[i : i + _BATCH], options.vividness) for i in range(0, len(sets), _BATCH)]
    )
    kept, distance = [0], np.full(len(sets), np.inf)
    while len(kept) < count:
        distance = np.minimum(distance, np.sqrt(((answers - answers[kept[-1]]) ** 2).sum(1)).mean((1, 2)))
        distance[kept] = -1
        kept.append(int(distance.argmax()))
    return [sets[number] for number in kept]


def _with_anchor(
    chances: Floats, hints: tuple[Hint, ...], lightness: Floats, random: np.random.Generator
) -> tuple[Hint, ...]:
    """Draw a colour at the most doubtful place of [Q,h,w]; it comes first, so that the user's own hints hold."""
    place = _most_doubtful(chances, hints, lightness, len(hints) + 1)
    if place is None:
        return hints
    down, across = (slice(max(0, at - _NEAR // 2), at + _NEAR // 2 + 1) for at in place)
    color = draw(chances[:, down, across].mean((1, 2)), random)
    return (_hint(place, lightness, color), *hints)


def _palette_hints(network: Network, lightness: Floats, options: Options) -> tuple[Hint, ...]:
    """Decide colours by the palette, in each field of a grid where they are surest; none beside the user's."""
    if not options.palette:
        return ()
    chances = _chances(network, lightness, [options.hints], options)
    trace, colours = doubt(chances)[0], mean_colour(chances)[0]
    side = sqrt(trace.size / _GRID)
    rows, columns = (max(1, round(length / side)) for length in trace.shape)
    anchors = []
    for down in np.array_split(np.arange(trace.shape[0]), rows):
        for across in np.array_split(np.arange(trace.shape[1]), columns):
            field = trace[down[0] : down[-1] + 1, across[0] : across[-1] + 1]
            y, x = divmod(int(field.argmin()), field.shape[1])
            place = int(down[0]) + y, int(across[0]) + x
            a, b = colours[:, place[0], place[1]].tolist()
            anchors.append(_hint(place, lightness, (a, b)))
    taken = _taken(lightness, options.hints, side)
    return tuple(hint for hint in anchors if not taken[_place(hint, lightness)])


def _most_doubtful(
    chances: Floats, hints: Sequence[Hint], lightness: Floats, count: int
) -> tuple[int, int] | None:
    """Find where the surroundings are most in doubt, apart from all hints, of [Q,h,w]; None if none is left."""
    trace = doubt(chances[None])[0]
    side = sqrt(trace.size)
    # Discs of half the distance never cover more than three quarters of the photo, so that a place is left.
    apart = side * min(_APART, 0.5 / sqrt(count))
    shared = blurred(trace, round(side * _AREA / 2))
    shared[_taken(lightness, hints, apart)] = -1
    place = divmod(int(shared.argmax()), trace.shape[1])
    return place if shared[place] >= 0 else None


def _taken(lightness: Floats, hints: Sequence[Hint], apart: float) -> NDArray[np.bool_]:
    """Mark the places that are nearer to a hint than `apart` places, or are its own."""
    height, width = (-(-length // CELL) for length in lightness.shape)
    rows, columns = np.ogrid[:height, :width]
    taken = np.zeros((height, width), np.bool_)
    for hint in hints:
        y, x = _place(hint, lightness)
        taken |= (rows - y) ** 2 + (columns - x) ** 2 < max(apart, 0.5) ** 2
    return taken


def _place(hint: Hint, lightness: Floats) -> tuple[int, int]:
    y, x = (
        min(int(at * length), length - 1) // CELL
        for at, length in zip((hint.y, hint.x), lightness.shape, strict=True)
    )
    return y, x


def _hint(place: tuple[int, int], lightness: Floats, color: tuple[float, float]) -> Hint:
    """Make a hint in the middle of a place of CELL×CELL pixels; at the border there may be less of it."""
    y, x = (
        min((at + 0.5) * CELL, length - 0.5) / length for at, length in zip(place, lightness.shape, strict=True)
    )
    a, b = (min(max(round(value, 2), -128.0), 128.0) for value in color)
    return Hint(round(x, 5), round(y, 5), (a, b))


def _light(lightness: Floats, place: tuple[int, int]) -> float:
    y, x = (at * CELL for at in place)
    return float(lightness[y : y + CELL, x : x + CELL].mean())


def _chances(network: Network, lightness: Floats, hints: Sequence[Sequence[Hint]], options: Options) -> Floats:
    """Ask for distributions [N,Q,h,w], moved towards the palette if there is one."""
    chances = _ask(network, lightness, hints, None, "distribution")
    if not options.palette:
        return chances
    return np.concatenate([steered(one[None], options.palette) for one in chances])


def _ask(
    network: Network,
    lightness: Floats,
    hints: Sequence[Sequence[Hint]],
    vividness: float | None,
    output: Output = "ab",
) -> Floats:
    """Ask the network about one photo under each of several sets of hints: [N,C,h,w]."""
    planes = np.stack([hint_planes(each, *lightness.shape) for each in hints]) if any(hints) else None
    seen = np.broadcast_to(lightness, (len(hints), 1, *lightness.shape))
    return network.run(seen, planes, vividness, output=output)
