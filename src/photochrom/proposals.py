"""Proposals: what a network is asked for one photo, and the hints that lead it to other answers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import NetworkError
from photochrom.hints import Hint, hint_planes
from photochrom.network import Network, Output
from photochrom.options import Options

__all__ = ["check", "propose"]

Floats = NDArray[np.float32]


def check(network: Network, options: Options) -> None:
    """Make sure, before work begins, that a network can do what is wished.

    Raises:
        NetworkError: if it cannot.
    """
    network.require(["vividness"] if options.vividness is not None else [])
    network.require(["hints"] if options.hints else [])
    if options.palette and not ("hints" in network.card.inputs and "distribution" in network.card.outputs):
        raise NetworkError(
            f"{network.card.name} cannot follow a palette or a reference; leave it out or use a network that "
            "takes hints and gives a distribution"
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
    ab: Floats = _ask(network, lightness, [options.hints], options.vividness)[0].transpose(1, 2, 0)
    return ab


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
