"""What workers hold who colorize: networks that are open, and photos that will be asked for again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from photochrom.colorizer import Colorizer
from photochrom.errors import NetworkError
from photochrom.inference.card import Card
from photochrom.inference.onnx_session import Device
from photochrom.inference.prediction import Prediction
from photochrom.io.cached import CachedPhoto
from photochrom.workers.runner import Context, Setup

__all__ = ["Engine", "EngineSetup", "OpenNetwork"]

_CACHED_BYTES = 256 << 20  # of decoded copies of photos
_CACHED = 64  # photos


@dataclass(frozen=True)
class EngineSetup(Setup["Engine"]):
    """How photos are colorized.

    Attributes:
        networks: networks as `Network` takes them, the default first.
        device: where they run.
        network_size: side of the square whose area they work at, or None for their own.
        threads: processors for one photo, or None for all.
        nice: how far the worker's process stands back behind others.
        warm: compute tables of colours now, so that the first photo does not wait for them.
    """

    networks: tuple[str, ...]
    device: Device = "auto"
    network_size: int | None = None
    threads: int | None = None
    nice: int = 0
    warm: bool = False

    def open(self) -> Engine:
        """Open the networks.

        Raises:
            NetworkError: if one cannot be opened, or two have one name.
        """
        return Engine(self)


@dataclass(frozen=True)
class OpenNetwork:
    """A network that workers have open, and what tells its weights from others."""

    card: Card
    sha256: str


class Engine(Context):
    """Networks that are open, and what was decoded of photos.

    Args:
        setup: which networks.
    """

    def __init__(self, setup: EngineSetup) -> None:
        self._colorizers: dict[str, Colorizer] = {}
        for network in setup.networks:
            colorizer = Colorizer(
                network, device=setup.device, network_size=setup.network_size, threads=setup.threads
            )
            if colorizer.card.name in self._colorizers:
                raise NetworkError(
                    network, f"another network is called {colorizer.card.name} too", "leave one out"
                )
            self._colorizers[colorizer.card.name] = colorizer
        self._opened: dict[tuple[str | None, str], Prediction] = {}  # by key and network, the latest last
        for bands in (1, 3) if setup.warm else ():
            self.colorizer()(np.zeros((8, 8, bands), np.uint8))

    @property
    def networks(self) -> tuple[OpenNetwork, ...]:
        """The networks, the default first."""
        return tuple(OpenNetwork(each.card, each.network.sha256) for each in self._colorizers.values())

    def colorizer(self, network: str | None = None) -> Colorizer:
        """Return the colorizer with the network of that name, or with the default."""
        return next(iter(self._colorizers.values())) if network is None else self._colorizers[network]

    def open(self, path: Path, name: str, key: str | None, colorizer: Colorizer, max_pixels: int) -> Prediction:
        """Open a photo for a network, or return what is open already by its key.

        Raises:
            PhotoError: if it cannot be read.
        """
        place = (key, colorizer.card.name)
        prediction = self._opened.pop(place, None)
        if prediction is None:
            prediction = colorizer.open(CachedPhoto(path, name=name), max_pixels=max_pixels)
        if key is not None:
            self._opened[place] = prediction
        return prediction

    def trim(self) -> None:
        """Forget the photos that were asked for longest ago, where there is too much of them."""
        while len(self._opened) > _CACHED or sum(each.nbytes for each in self._opened.values()) > _CACHED_BYTES:
            del self._opened[next(iter(self._opened))]

    def forget(self, key: str) -> None:
        """Let go of what was decoded of a photo."""
        self._opened = {place: each for place, each in self._opened.items() if place[0] != key}
