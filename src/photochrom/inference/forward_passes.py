"""Passes: what a network answers for one photo, each pass made once for each set of hints and vividness."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import CapabilityError
from photochrom.hints import Color, Hint, hint_planes
from photochrom.inference.card import Output
from photochrom.inference.onnx_model import Network
from photochrom.inference.palette import palette_hints, reweighted
from photochrom.options import Options

__all__ = ["Hints", "Passes", "check_options"]

Floats = NDArray[np.float32]
Hints = tuple[Hint, ...]

_CACHED = 4  # passes of one photo; with a distribution over colours each has some 8 MB


def check_options(network: Network, options: Options) -> None:
    """Make sure, before work begins, that a network can do what the options ask for.

    Raises:
        CapabilityError: if it cannot.
    """
    network.require(["vividness"] if options.vividness is not None else [])
    network.require(["hints"] if options.hints else [])
    if options.palette and not ("hints" in network.card.inputs and "distribution" in network.card.outputs):
        raise CapabilityError(
            None,
            f"{network.card.name} cannot follow a palette or a reference",
            "leave it out or use a network that takes hints and gives a distribution",
        )


class Passes:
    """A network's passes over one photo.

    One pass computes all of the network's outputs, and the latest passes are cached. So colours, confidence and
    distribution under the same hints cost one pass together, and the photo's own pass, without hints, is there for
    whoever compares with it.

    Args:
        network: any; one without hints is only asked without.
        lightness: float32 h×w, 0..100: the photo upright, at network size.
    """

    def __init__(self, network: Network, lightness: Floats) -> None:
        self.network = network
        self.lightness = lightness
        self._cached: OrderedDict[tuple[Hints, float | None], dict[Output, Floats]] = OrderedDict()
        self._anchors: dict[tuple[Hints, tuple[Color, ...]], Hints] = {}

    @property
    def nbytes(self) -> int:
        """Bytes of the answers that are cached."""
        return sum(planes.nbytes for answers in self._cached.values() for planes in answers.values())

    def ab(self, options: Options) -> Floats:
        """Predict colours: a, b, float32 h×w×2, CIELAB units.

        Args:
            options: of which hints, palette and vividness are heeded.

        Raises:
            NetworkError: if the network fails, or cannot do what the options ask for.
        """
        check_options(self.network, options)
        return self._answers(self._led(options), options.vividness)["ab"].transpose(1, 2, 0)

    def confidence(self, options: Options) -> Floats:
        """Predict how probable it is that the true colour is near that of `ab`: float32 h×w, 0..1.

        Raises:
            NetworkError: as `ab`, or if the network gives no confidence.
        """
        check_options(self.network, options)
        self.network.require(outputs=["confidence"])
        confidence: Floats = self._answers(self._led(options), options.vividness)["confidence"][0]
        return confidence

    def probabilities(self, options: Options) -> Floats:
        """Predict how probable each colour is in each place: float32 [Q,⌈h/4⌉,⌈w/4⌉], as `Network.run` gives it.

        Args:
            options: of which hints and palette matter. Vividness does not, but a pass that has to be made is made
                with it, so that it serves the colours too.

        Raises:
            NetworkError: as `ab`, or if the network gives no distribution.
        """
        check_options(self.network, options)
        self.network.require(outputs=["distribution"])
        known = (answers for (hints, _), answers in self._cached.items() if hints == options.hints)
        answers = next(known, None) or self._answers(options.hints, options.vividness)
        found = answers["distribution"]
        probabilities: Floats = _towards(options.palette, found[None])[0]
        return probabilities

    def probabilities_of(self, sets: Sequence[Sequence[Hint]], options: Options) -> Floats:
        """Predict as `probabilities`, [N,Q,⌈h/4⌉,⌈w/4⌉], under several sets of hints; nothing is cached."""
        found = self._run(sets, None, ["distribution"])["distribution"]
        return _towards(options.palette, found)

    def ab_of(self, sets: Sequence[Sequence[Hint]], vividness: float | None) -> Floats:
        """Predict a, b, [N,2,h,w], under several sets of hints; nothing is cached."""
        return self._run(sets, vividness, ["ab"])["ab"]

    def _led(self, options: Options) -> Hints:
        """Return the palette's hints, and then the user's, which hold over them."""
        if not options.palette:
            return options.hints
        key = options.hints, options.palette
        if key not in self._anchors:
            self._anchors[key] = palette_hints(self.probabilities(options), options.hints, self.lightness)
        return self._anchors[key] + options.hints

    def _answers(self, hints: Hints, vividness: float | None) -> dict[Output, Floats]:
        key = hints, vividness
        if key not in self._cached:
            answers = self._run([hints], vividness, self.network.card.outputs)
            self._cached[key] = {output: planes[0] for output, planes in answers.items()}
            while len(self._cached) > _CACHED:
                self._cached.popitem(last=False)
        self._cached.move_to_end(key)
        return self._cached[key]

    def _run(
        self, sets: Sequence[Sequence[Hint]], vividness: float | None, outputs: Sequence[Output]
    ) -> dict[Output, Floats]:
        planes = np.stack([hint_planes(each, *self.lightness.shape) for each in sets]) if any(sets) else None
        lightness = np.broadcast_to(self.lightness, (len(sets), 1, *self.lightness.shape))
        return self.network.run(lightness, planes, vividness, outputs=outputs)


def _towards(palette: Sequence[Color], found: Floats) -> Floats:
    return np.concatenate([reweighted(one[None], palette) for one in found]) if palette else found
