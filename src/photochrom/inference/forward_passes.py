"""Passes: what a network answers for one photo, each pass made once for each set of hints and vividness."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import CapabilityError
from photochrom.hints import Color, Hint
from photochrom.inference.card import Output
from photochrom.inference.hinted_pixels import HintedPixels
from photochrom.inference.matching import Features
from photochrom.inference.onnx_model import Network
from photochrom.inference.palette import palette_hints, reweighted
from photochrom.inference.reach import limit_reach, mixed, reach_map, shift_colors
from photochrom.options import Options

__all__ = ["Hints", "Passes", "check_options"]

Floats = NDArray[np.float32]
Hints = tuple[Hint, ...]

_HEEDED = "hints", "reach", "protected", "palette", "palette_strength", "vividness"  # by `Passes.ab`
_CACHED = 4  # passes of one photo; with a distribution over colours each has some 8 MB


def check_options(network: Network, options: Options) -> None:
    """Make sure, before work begins, that a network can do what the options ask for.

    Hints go with every network: what one that takes none answers is moved by them.

    Raises:
        CapabilityError: if it cannot.
    """
    network.require(["vividness"] if options.vividness is not None else [])
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
    whoever compares with it: hints change its answer as far as they reach.

    Args:
        network: any.
        lightness: float32 h×w, 0..100: the photo upright, at network size.
    """

    def __init__(self, network: Network, lightness: Floats) -> None:
        self.network = network
        self.lightness = lightness
        self._takes_hints = "hints" in network.card.inputs
        self._cached: OrderedDict[tuple[bytes, float | None], dict[Output, Floats]] = OrderedDict()
        self._pixels: OrderedDict[int, tuple[Hints, HintedPixels]] = OrderedDict()
        self._latest: tuple[tuple[object, ...], Floats] | None = None
        self._anchors: dict[tuple[bytes, tuple[Color, ...]], Hints] = {}

    @property
    def nbytes(self) -> int:
        """Bytes of the answers and of the hints' pixels that are cached."""
        latest = self._latest[1].nbytes if self._latest else 0
        hinted = sum(found.pixels.nbytes + found.which.nbytes for _, found in self._pixels.values())
        answers = sum(planes.nbytes for answers in self._cached.values() for planes in answers.values())
        return latest + hinted + answers

    def remember(self, ab: Floats, options: Options) -> None:
        """Take colours, h×w×2, for those that the network gives by these options, in place of a pass."""
        self._cached[b"", options.vividness] = {"ab": np.ascontiguousarray(ab.transpose(2, 0, 1))}

    def ab(self, options: Options) -> Floats:
        """Predict colours: a, b, float32 h×w×2, CIELAB units.

        Args:
            options: of which hints with their reach, protected regions, palette and vividness are heeded.

        Raises:
            NetworkError: if the network fails, or cannot do what the options ask for.
        """
        check_options(self.network, options)
        if self._is_networks_own(options):
            return self._planes("ab", options)
        heeded = tuple(getattr(options, name) for name in _HEEDED)
        if self._latest is None or self._latest[0] != heeded:
            self._latest = heeded, self._limited(options)
        return self._latest[1]

    def confidence(self, options: Options) -> Floats:
        """Predict how probable it is that the true colour is near that of `ab`: float32 h×w, 0..1.

        It changes where hints change the colours. A network that takes none cannot say what it makes of them:
        there, only their own places are sure.

        Raises:
            NetworkError: as `ab`, or if the network gives no confidence.
        """
        check_options(self.network, options)
        self.network.require(outputs=["confidence"])
        hinted = self._planes("confidence", options)
        if self._is_networks_own(options):
            return hinted[..., 0]
        base = self._planes("confidence", options.without_hints)
        if self._takes_hints:
            return mixed(base, hinted, self.reached(options))[..., 0]
        kept = np.zeros(self.lightness.shape, np.float32)
        kept.put(self._hinted(options.hints).pixels, 1)
        kept[self._protected(options)] = 0
        return mixed(base, np.ones_like(base), kept)[..., 0]

    def reached(self, options: Options) -> Floats:
        """Say how much of what the hints change is kept in each place: float32 h×w, 0..1."""
        protected = self._protected(options)
        return reach_map(self._base(options), self.lightness, self._reaching(options), protected=protected)

    def probabilities(self, options: Options) -> Floats:
        """Predict how probable each colour is in each place: float32 [Q,⌈h/4⌉,⌈w/4⌉], as `Network.run` gives it.

        Args:
            options: of which hints and palette matter, hints as far as the network itself spreads them. Vividness
                does not, but a pass that has to be made is made with it, so that it serves the colours too.

        Raises:
            NetworkError: as `ab`, or if the network gives no distribution.
        """
        check_options(self.network, options)
        self.network.require(outputs=["distribution"])
        found = self._at_any_vividness(self._for_network(options.hints), options, "distribution")
        probabilities: Floats = _towards(options, found[None])[0]
        return probabilities

    def features(self, options: Options) -> Features:
        """Return what the network sees in each place, by which it is found again in other photos.

        Args:
            options: of no matter for it, but a pass that has to be made is made with their vividness.

        Raises:
            NetworkError: as `ab`, or if the network gives no features.
        """
        self.network.require(outputs=["features"])
        return Features.of(self._at_any_vividness((), options, "features"), self.lightness)

    def probabilities_of(self, sets: Sequence[Sequence[Hint]], options: Options) -> Floats:
        """Predict as `probabilities`, [N,Q,⌈h/4⌉,⌈w/4⌉], under several sets of hints; nothing is cached."""
        found = self._run(sets, None, ["distribution"])["distribution"]
        return _towards(options, found)

    def ab_of(self, sets: Sequence[Hints], options: Options) -> Floats:
        """Predict a, b, [N,2,h,w], under several sets of hints, as far as the network spreads them.

        Args:
            sets: hints.
            options: of which palette and vividness are heeded. Nothing is cached.
        """
        plain = self._run(sets, options.vividness, ["ab"])["ab"]
        if not _has_palette(options):
            return plain
        found = self.probabilities_of(sets, _at_full_strength(options))
        led = [palette_hints(one, hints, self.lightness) + hints for one, hints in zip(found, sets, strict=True)]
        return _blend(plain, self._run(led, options.vividness, ["ab"])["ab"], options.palette_strength)

    def _is_networks_own(self, options: Options) -> bool:
        """Say whether the network's own answer is what is asked for, everywhere."""
        if not options.hints:
            return True
        reaches = (options.reach if hint.reach is None else hint.reach for hint in options.hints)
        return self._takes_hints and not options.protected and 1 in reaches

    def _limited(self, options: Options) -> Floats:
        hints, protected, base = self._reaching(options), self._protected(options), self._base(options)
        if not self._takes_hints:
            return shift_colors(base, self.lightness, hints, protected=protected)
        return limit_reach(base, self._planes("ab", options), self.lightness, hints, protected=protected)

    def _base(self, options: Options) -> Floats:
        return self._planes("ab", options.without_hints)

    def _reaching(self, options: Options) -> HintedPixels:
        return self._hinted(options.hints).reaching(options.reach)

    def _hinted(self, hints: Hints) -> HintedPixels:
        """Find the pixels of hints, once for each tuple of them: to compare thousands of hints takes as long."""
        if id(hints) not in self._pixels:
            self._pixels[id(hints)] = hints, HintedPixels.of(hints, *self.lightness.shape)
            while len(self._pixels) > _CACHED:
                self._pixels.popitem(last=False)
        return self._pixels[id(hints)][1]

    def _protected(self, options: Options) -> NDArray[np.bool_]:
        height, width = self.lightness.shape
        protected = np.zeros((height, width), np.bool_)
        for region in options.protected:
            protected |= region.shape.mask(0, height, height, width)
        return protected

    def _planes(self, output: Output, options: Options) -> Floats:
        """Return what the network answers, h×w×C, by all that it takes of the options."""
        hints = self._for_network(options.hints)
        if not _has_palette(options):
            return self._answers(hints, options.vividness, output).transpose(1, 2, 0)
        led = self._answers(self._led(hints, options), options.vividness, output)
        if options.palette_strength < 1:
            led = _blend(self._answers(hints, options.vividness, output), led, options.palette_strength)
        return led.transpose(1, 2, 0)

    def _led(self, hints: Hints, options: Options) -> Hints:
        """Return the palette's hints, and then the user's, which hold over them."""
        key = self._hinted(hints).digest, options.palette
        if key not in self._anchors:
            probabilities = self.probabilities(_at_full_strength(options))
            self._anchors[key] = palette_hints(probabilities, hints, self.lightness) + hints
        return self._anchors[key]

    def _for_network(self, hints: Hints) -> Hints:
        return hints if self._takes_hints else ()

    def _at_any_vividness(self, hints: Hints, options: Options, output: Output) -> Floats:
        key = self._hinted(hints).digest
        known = (vividness for (digest, vividness), got in self._cached.items() if digest == key and output in got)
        return self._answers(hints, next(known, options.vividness), output)

    def _answers(self, hints: Hints, vividness: float | None, output: Output) -> Floats:
        key = self._hinted(hints).digest, vividness
        if output not in self._cached.get(key, {}):
            answers = self._run([hints], vividness, self.network.card.outputs)
            self._cached[key] = {output: planes[0] for output, planes in answers.items()}
            while len(self._cached) > _CACHED:
                self._cached.popitem(last=False)
        self._cached.move_to_end(key)
        return self._cached[key][output]

    def _run(
        self, sets: Sequence[Sequence[Hint]], vividness: float | None, outputs: Sequence[Output]
    ) -> dict[Output, Floats]:
        shape = self.lightness.shape
        planes = np.stack([self._hinted(tuple(each)).planes(*shape) for each in sets]) if any(sets) else None
        lightness = np.broadcast_to(self.lightness, (len(sets), 1, *self.lightness.shape))
        return self.network.run(lightness, planes, vividness, outputs=outputs)


def _has_palette(options: Options) -> bool:
    return bool(options.palette) and options.palette_strength > 0


def _at_full_strength(options: Options) -> Options:
    return options.model_copy(update={"palette_strength": 1.0})


def _towards(options: Options, found: Floats) -> Floats:
    if not _has_palette(options):
        return found
    moved = np.concatenate([reweighted(one[None], options.palette) for one in found])
    return _blend(found, moved, options.palette_strength)


def _blend(plain: Floats, led: Floats, strength: float) -> Floats:
    both: Floats = led if strength == 1 else np.float32(1 - strength) * plain + np.float32(strength) * led
    return both
