"""Suggestions: the points of a photo where asking a user for the colour would help most."""

from __future__ import annotations

from dataclasses import replace

from photochrom.hints import Hint, shown
from photochrom.inference.forward_passes import Passes, check_options
from photochrom.inference.hint_locations import hint_at, least_certain, lightness_at
from photochrom.inference.predictive_distribution import mean_colour
from photochrom.options import Options

__all__ = ["suggest_hints"]


def suggest_hints(passes: Passes, count: int, options: Options) -> list[Hint]:
    """Find the points where a user's word would help most, the most helpful first.

    A point lies where an area's expected squared error is largest. The next one is looked for as if the network's
    own guess there had been confirmed, so that what is alike need not be asked twice.

    Args:
        passes: of a network that takes hints and gives a distribution.
        count: how many points.
        options: what is known already; of these, hints and palette are heeded; and the `reach` of
            what is found.

    Returns:
        `count` hints, or fewer where the photo is too small for so many; their colours are the network's own
        guesses as ``"#rrggbb"``, about as light as the photo is there.

    Raises:
        NetworkError: if the network takes no hints or gives no distribution, or fails.
    """
    check_options(passes.network, options)
    passes.network.require(["hints"], ["distribution"])
    lightness = passes.lightness
    found: list[Hint] = []
    while len(found) < count:
        known = [*found, *options.hints]
        probabilities = passes.probabilities_of([known], options)[0] if found else passes.probabilities(options)
        place = least_certain(probabilities, known, lightness, count + len(options.hints))
        if place is None:
            break
        a, b = mean_colour(probabilities[None])[0, :, place[0], place[1]].tolist()
        hint = hint_at(place, lightness, (a, b))
        found.append(replace(hint, color=shown((a, b), lightness_at(place, lightness)), reach=options.reach))
    return found
