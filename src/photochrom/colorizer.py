"""Colorizer: opens photos for one network; `colorize` is the short way from a photo to the photo in colour."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from photochrom.errors import NetworkError
from photochrom.hints import Hint
from photochrom.inference.card import Card
from photochrom.inference.catalogue import DEFAULT_NETWORK
from photochrom.inference.forward_passes import check_options
from photochrom.inference.onnx_model import Network
from photochrom.inference.onnx_session import Device
from photochrom.inference.prediction import Prediction
from photochrom.io.picture import Picture, as_picture
from photochrom.options import MAX_PIXELS, Options
from photochrom.threads import usable_cores

if TYPE_CHECKING:
    from photochrom.io.picture import Source

__all__ = ["Colorizer", "colorize"]

_SIZES = range(8, 4097)


class Colorizer:
    """Opens photos, one after the other, for one network.

    The lightness of a result is that of the photo, pixel by pixel; a photo that has colours, or a sepia scan, is
    read as lightness alone. Every result has the size, bit depth, alpha and metadata of its photo.

    Args:
        network: a network as `Network` takes it, by name, path, or two that are merged; or an open `Network`.
        device: ``"auto"``, ``"cpu"`` or an accelerator, as `Network` takes it; of no effect on a network
            that is open already.
        network_size: side in pixels of the square whose area the network works at, 8 to 4096; None for what its
            card says, which is what it was trained at.
        threads: how many to compute with, or None for one per core.

    Raises:
        NetworkError: as `Network`, or if `network_size` is out of range.
    """

    def __init__(
        self,
        network: str | Path | Network = DEFAULT_NETWORK,
        *,
        device: Device = "auto",
        network_size: int | None = None,
        threads: int | None = None,
    ) -> None:
        self.network_size = network_size
        if network_size is not None and network_size not in _SIZES:
            raise NetworkError(
                None, f"a size of {network_size} is out of range", f"use {_SIZES[0]} to {_SIZES[-1]}"
            )
        self.network = (
            network if isinstance(network, Network) else Network(network, device=device, threads=threads)
        )
        self._threads = threads or usable_cores()

    @property
    def card(self) -> Card:
        """What the network file says about itself."""
        return self.network.card

    def open(self, source: Source, *, max_pixels: int = MAX_PIXELS) -> Prediction:
        """Open a photo for everything that the network can say of it: colours, confidence, hints, files.

        Args:
            source: a path, a file's bytes, a Pillow image, an array as `Picture.from_array` takes, a `Picture`, or
                a `CachedPhoto`.
            max_pixels: refuse files with more.

        Raises:
            PhotoError: if the source cannot be read.
        """
        size = self.network_size or self.card.input_size
        return Prediction(source, self.network, size=size, threads=self._threads, max_pixels=max_pixels)

    def __call__(
        self,
        source: Source,
        options: Options | None = None,
        *,
        hints: Sequence[Hint] = (),
        vividness: float | None = None,
    ) -> Picture:
        """Colorize one photo in memory: the short way to the colours of a photo that is asked for once.

        Args:
            source: as `open`; a file is read as a whole.
            options: how; those about files have no effect.
            hints: further places whose colours are known; they hold over those of the options.
            vividness: as in the options, and holds over it.

        Returns:
            The photo in colour, H×W×3; 16 bits where the source had 16.

        Raises:
            PhotoError: if the source cannot be read.
            NetworkError: if the network fails on it, or does not take vividness that is given.
            ValueError: if `vividness` is out of range.
        """
        options = _with(options or Options(), hints, vividness)
        return self.open(as_picture(source, max_pixels=options.max_pixels)).colors(options)

    def check(self, options: Options) -> None:
        """Make sure, before work begins, that the network can do what the options ask for.

        Raises:
            NetworkError: if it cannot.
        """
        check_options(self.network, options)


def colorize(
    source: Source,
    *,
    network: str | Path | Network = DEFAULT_NETWORK,
    output: str | Path | None = None,
    device: Device = "auto",
    network_size: int | None = None,
    options: Options | None = None,
    overwrite: bool = False,
) -> Picture:
    """Colorize one photo, and write it where `output` is given; make a `Colorizer` to colorize many.

    With an output, the photo goes there as by `Prediction.save`, in strips and with all that it carried, and is
    then read again; for a photo larger than memory call that. What the user should know comes as warnings.

    Args:
        source: as `Colorizer.open` takes.
        network: as `Colorizer` takes.
        output: path of the result, or None to write nothing.
        device: as `Colorizer` takes.
        network_size: as `Colorizer` takes.
        options: how; without an output, those about files have no effect.
        overwrite: replace a file that is already there.

    Returns:
        The photo in colour, as the output has it where there is one.

    Raises:
        PhotoError: if the source cannot be read.
        NetworkError: if the network cannot be opened or fails.
        OutputError: if the result cannot be written; the source itself is never overwritten.
    """
    colorizer, options = Colorizer(network, device=device, network_size=network_size), options or Options()
    if output is None:
        return colorizer(source, options)
    prediction = colorizer.open(source, max_pixels=options.max_pixels)
    for note in prediction.save(output, options, overwrite=overwrite):
        warnings.warn(str(note), stacklevel=2)
    return Picture.read(output)


def _with(options: Options, hints: Sequence[Hint], vividness: float | None) -> Options:
    if vividness is not None and not 0 <= vividness <= 1:
        raise ValueError(f"a vividness of {vividness} is out of range; use 0 to 1")
    changes = {"hints": (*options.hints, *hints)} if hints else {}
    return options.model_copy(update=changes if vividness is None else {**changes, "vividness": vividness})
