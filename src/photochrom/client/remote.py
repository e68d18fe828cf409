"""A service in the place of an engine: jobs on photos, which know no difference, are done on another computer."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import httpx
import numpy as np

from photochrom.client.client import Client, RemotePhoto
from photochrom.client.problems import understood
from photochrom.errors import (
    CapabilityError,
    HintError,
    OutputError,
    PhotochromError,
    PixelLimitError,
    UnknownNetworkError,
    UnreachableError,
)
from photochrom.hints import Hint
from photochrom.inference.card import Card, Input, Output
from photochrom.inference.forward_passes import check_options
from photochrom.inference.onnx_model import Network
from photochrom.inference.preprocess import PhotoInfo
from photochrom.inference.render import keeps_orientation, with_sidecars, write_copies
from photochrom.io.reader import PhotoFile
from photochrom.io.sidecars import find_sidecars
from photochrom.options import Options
from photochrom.result_notes import Note
from photochrom.server.request_errors import RequestError
from photochrom.workers.engine import Engine, EngineSetup, OpenNetwork

if TYPE_CHECKING:
    from photochrom.colorizer import Colorizer
    from photochrom.inference.prediction import Prediction

__all__ = ["RemoteEngine", "RemoteSetup"]

_LAST = 5.0  # seconds in which photos are still removed when the work ends


@dataclass(frozen=True)
class RemoteSetup(EngineSetup):
    """How photos are colorized by a service.

    Attributes:
        networks: the name of the network, or none for the service's default.
        url: of the service.
        api_key: one of its tokens, or None.
    """

    networks: tuple[str, ...] = ()
    url: str = ""
    api_key: str | None = None
    waits: bool = True
    last_seconds: float = _LAST

    def open(self) -> Engine:
        """Ask the service for its networks.

        Raises:
            SettingError: if the address is none.
            NetworkError: if it has no network of that name.
            PhotochromError: what else it says is wrong; `UnreachableError` if it does not answer.
        """
        return RemoteEngine(self)


class RemoteEngine(Engine):
    """A service, as jobs know an engine; several threads may do jobs by it.

    Args:
        setup: which service, and which of its networks.
    """

    def __init__(self, setup: RemoteSetup) -> None:
        self._client = Client(setup.url, api_key=setup.api_key)
        told = self._client.networks()
        with understood(httpx.URL(setup.url)):
            wanted = setup.networks[0] if setup.networks else told[0]["name"]
            chosen = [each for each in told if each["name"] == wanted]
            if not chosen:
                known = ", ".join(each["name"] for each in told)
                raise UnknownNetworkError(wanted, f"{setup.url} offers no such network", f"use one of {known}")
            card = Card.model_validate({name: each for name, each in chosen[0].items() if name != "sha256"})
            self._network = OpenNetwork(card, chosen[0]["sha256"])
        self._kept: dict[str, RemotePrediction] = {}
        self._mine = threading.local()

    @property
    def networks(self) -> tuple[OpenNetwork, ...]:
        """The network that is used."""
        return (self._network,)

    def colorizer(self, network: str | None = None) -> Colorizer:
        """Return what says which network is used, and checks options for it."""
        return cast("Colorizer", _RemoteColorizer(self._network.card))

    def open(self, path: Path, name: str, key: str | None, colorizer: Colorizer, max_pixels: int) -> Prediction:
        """Send a photo, or return what was sent already by its key."""
        opened = self._kept.get(key or "")
        if opened is None:
            opened = RemotePrediction(self._client, path, name, self._network.card, max_pixels)
            if key is None:
                self._mine.opened = opened
            else:
                self._kept[key] = opened
        return cast("Prediction", opened)

    def trim(self) -> None:
        """Have the photo of this thread's job removed, if it comes once."""
        opened: RemotePrediction | None = vars(self._mine).pop("opened", None)
        if opened is not None:
            opened.remove()

    def forget(self, key: str) -> None:
        """Have a photo removed."""
        opened = self._kept.pop(key, None)
        if opened is not None:
            opened.remove()

    def close(self) -> None:
        """Have all photos removed, and end all connections."""
        for key in list(self._kept):
            self.forget(key)
        self._client.close()


class _RemoteColorizer:
    """What jobs ask of a colorizer before they open a photo."""

    def __init__(self, card: Card) -> None:
        self.card = card

    def check(self, options: Options) -> None:
        """Make sure, before a photo is sent, that the network can do what the options ask for."""
        check_options(cast(Network, self), options)

    def require(self, inputs: Sequence[Input] = (), outputs: Sequence[Output] = ()) -> None:
        """Make sure that the network takes and gives all of these; by its card alone, as here."""
        Network.require(cast(Network, self), inputs, outputs)


class RemotePrediction:
    """A photo that was sent, as jobs know a prediction.

    Args:
        client: of the service.
        path: the photo's file.
        name: what errors and notes call it.
        card: of the network.
        max_pixels: refuse photos with more.

    Raises:
        PhotochromError: if it is refused.
    """

    def __init__(self, client: Client, path: Path, name: str, card: Card, max_pixels: int) -> None:
        self._client, self._path, self._name, self._card = client, path, name, card
        self._network, self._max_pixels = card.name, max_pixels
        with self._named():
            self._photo: RemotePhoto = client.upload(path, name=Path(name).name)
        if self._photo.width * self._photo.height > max_pixels:
            self.remove()
            size = f"{self._photo.width}×{self._photo.height}"
            pixels = f"{size} are {self._photo.width * self._photo.height:,} pixels"
            problem = f"{pixels}, more than the {max_pixels:,} that are allowed"
            raise PixelLimitError(name, problem, "if you trust the file, raise --max-pixels")

    @property
    def info(self) -> PhotoInfo:
        """What the photo is."""
        photo = self._photo
        return PhotoInfo(photo.width, photo.height, photo.bits, photo.format, photo.is_grey, ())

    def photo(self) -> SimpleNamespace:
        """Return what the name of a result depends on."""
        dtype = np.dtype(np.uint16 if self._photo.bits > 8 else np.uint8)
        return SimpleNamespace(dtype=dtype, format=f".{self._photo.format}")

    def save(self, target: Path, options: Options, *, overwrite: bool = False) -> list[Note]:
        """Get the photo in colour; see `Prediction.save`."""
        with self._named(target):
            notes = self._client.colorize(self._photo, target, options, network=self._network, overwrite=overwrite)
        if options.keep_times:
            status = self._path.stat()
            os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))
        told = [note if note.subject == str(target) else note.about(self._name) for note in notes]
        return [*told, *self._with_sidecars(target, options)]

    def save_confidence(self, target: Path, options: Options, *, long_edge: int | None = None) -> None:
        """Get the map of confidence; see `Prediction.save_confidence`."""
        with self._named(target):
            self._client.confidence(
                self._photo, target, options, network=self._network, long_edge=long_edge, overwrite=True
            )

    def suggest(self, n: int, options: Options) -> list[Hint]:
        """Find places to ask about; see `Prediction.suggest`."""
        with self._named():
            return self._client.suggest(self._photo, n, options, network=self._network)

    def alternatives(self, n: int, options: Options, *, seed: int = 0) -> list[Options]:
        """Find other colours; see `Prediction.alternatives`."""
        with self._named():
            return self._client.alternatives(self._photo, n, options, network=self._network, seed=seed)

    def remove(self) -> None:
        """Have it removed; if that fails, it is gone when its time is over."""
        with suppress(PhotochromError):
            self._client.remove(self._photo)

    def _with_sidecars(self, target: Path, options: Options) -> list[Note]:
        """Copy the photo's sidecars, which the service does not get; say so where they were to be merged."""
        found = [] if options.sidecars == "ignore" else find_sidecars(self._path)
        if not found:
            return []
        if options.sidecars == "merge":
            text = "is left aside, for the service gets the photo alone; --sidecars copy puts it beside the result"
            return [Note(str(path), text) for path in found]
        upright = not keeps_orientation(target, options)
        photo = PhotoFile(self._path, upright=upright, long_edge=options.long_edge, max_pixels=self._max_pixels)
        made = PhotoFile(target, upright=False)
        _, copies, notes = with_sidecars(photo, target, self._card, options, overwrite=True)
        write_copies(copies, target, (made.width, made.height), alone=not options.side_by_side)
        return notes

    @contextmanager
    def _named(self, target: Path | None = None) -> Iterator[None]:
        """Have errors about the photo or its result call them as they are called here."""
        try:
            yield
        except OutputError as error:
            raise error.about(target or self._name) from error
        except (RequestError, HintError, UnknownNetworkError, CapabilityError, UnreachableError):
            raise  # about a field, a network or the service
        except PhotochromError as error:
            raise (error if error.subject is None else error.about(self._name)) from error
