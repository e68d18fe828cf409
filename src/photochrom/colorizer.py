"""Colorizer: a photo in, the photo in colour out; here its lightness and the a, b of a network are joined."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from photochrom import __version__
from photochrom.errors import NetworkError, OutputError
from photochrom.hints import Hint
from photochrom.inference import prediction
from photochrom.inference.candidates import Choices, choices
from photochrom.inference.card import Card
from photochrom.inference.catalogue import DEFAULT_NETWORK
from photochrom.inference.compose import beside, paint
from photochrom.inference.onnx_model import Device, Network
from photochrom.inference.preprocess import Photo, Sight, turned
from photochrom.io import writer
from photochrom.io.atomic import same_file
from photochrom.io.cached import KeptPhoto, open_file
from photochrom.io.formats import JPEG, TIFF
from photochrom.io.metadata.header import Metadata
from photochrom.io.picture import Picture, as_photo, as_picture
from photochrom.io.reader import STRIP
from photochrom.io.vips import resize_array
from photochrom.notes import Note
from photochrom.options import Options
from photochrom.threads import usable_cores

if TYPE_CHECKING:
    from photochrom.io.picture import Source

__all__ = ["Colorizer", "colorize"]

Floats = NDArray[np.float32]

_SIZES = range(8, 4097)
_THUMBNAIL = 160  # pixels of the longer side, as EXIF recommends
_GAP = 0.01  # between photo and result side by side, of the photo's width


class Colorizer:
    """Colorizes photos, one after the other, with one network.

    The lightness of a result is that of the photo, pixel by pixel; a photo that has colours, or a sepia scan, is
    read as lightness alone. Every result has the size, bit depth, alpha and metadata of its photo.

    Args:
        network: name of a bundled network, path of a network file, or an open `Network`.
        device: ``"auto"``, ``"cpu"`` or ``"cuda"``; of no effect on a network that is open already.
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

    def __call__(
        self,
        source: Source,
        options: Options | None = None,
        *,
        hints: Sequence[Hint] = (),
        vividness: float | None = None,
    ) -> Picture:
        """Colorize one photo in memory.

        Args:
            source: a path, a file's bytes, a Pillow image, an array as `Picture.from_array` takes, or a `Picture`.
            options: wishes; those about files have no effect.
            hints: further points whose colours are known; they hold over those of the options.
            vividness: as in the options, and holds over it.

        Returns:
            The photo in colour, H×W×3; 16 bits where the source had 16.

        Raises:
            PhotoError: if the source cannot be read.
            NetworkError: if the network fails on it, or does not take hints or vividness that are given.
            ValueError: if `vividness` is out of range.
        """
        options = _wished(options or Options(), hints, vividness)
        picture = as_picture(source, max_pixels=options.max_pixels)
        pixels = np.empty((picture.height, picture.width, 3), picture.dtype)
        top = 0
        seen = self._see(picture)
        for _, colours in paint(picture, seen.lightness, self._colours(seen, options), self._threads):
            pixels[top : top + len(colours)] = colours
            top += len(colours)
        return picture.with_pixels(pixels, self._noted(picture.metadata, options))

    def write(
        self,
        source: str | Path | bytes | KeptPhoto,
        target: str | Path,
        options: Options | None = None,
        *,
        overwrite: bool = False,
    ) -> list[Note]:
        """Colorize a photo from file to file, strip by strip, so that its size does not matter.

        Args:
            source: the photo's file, or its bytes; a `KeptPhoto` where it will be wished for again.
            target: file of the result; the suffix says its format.
            options: wishes.
            overwrite: replace a file that is already there.

        Returns:
            What the user should know, such as pages that were left out.

        Raises:
            PhotoError: if the source cannot be read.
            NetworkError: if the network fails on it, or does not take hints or vividness that are wished.
            OutputError: if the result cannot be written; nothing half-written stays.
        """
        options, target = options or Options(), Path(target)
        file = source.source if isinstance(source, KeptPhoto) else source
        path = None if isinstance(file, bytes) else file
        if path is not None and same_file(path, target):
            raise OutputError(target, "is the photo itself", "give the result another name")
        writer.check_target(target, quality=options.quality, overwrite=overwrite)
        suffix = target.suffix.lower()
        # Formats with a place for the orientation that every viewer knows keep the pixels as they lie.
        keeps = suffix in JPEG | TIFF and not options.side_by_side
        limits = {"long_edge": options.long_edge, "max_pixels": options.max_pixels}
        photo = open_file(source, upright=not keeps, **limits)
        seen = self._see(photo)
        ab = self._colours(seen, options)
        gap = max(4, round(_GAP * photo.width)) if options.side_by_side else 0
        image = writer.Image(
            photo.height,
            photo.width * (2 if gap else 1) + gap,
            3 + photo.has_alpha,
            photo.dtype,
            self._noted(photo.metadata, options),
            self._thumbnail(photo, seen, ab) if photo.metadata.thumbnail else None,
        )
        painted = paint(photo, seen.lightness, ab, self._threads)
        strips = (beside(own, colours, gap, photo.has_alpha) for own, colours in painted)
        times = _times(path) if options.keep_times and path is not None else None
        lost = writer.write_image(target, image, strips, quality=options.quality, times=times)
        return [*photo.notes, *writer.losses(photo, target), *lost]

    def propose(self, photo: Photo, options: Options | None = None) -> Floats:
        """Return the network's own a, b for a photo: float32 h×w×2, CIELAB units, at network size, as it lies."""
        seen = self._see(photo)
        return seen.laid(prediction.propose(self.network, seen.upright, options or Options()))

    def alternatives(
        self, source: Source, n: int, options: Options | None = None, *, seed: int = 0
    ) -> list[Picture]:
        """Colorize one photo in several clearly different ways, each of them plausible.

        Args:
            source: as for one result.
            n: how many results, from 1 on.
            options: wishes that all of them heed.
            seed: other seeds give others; the first result is always the one that is wished.

        Returns:
            `n` photos in colour.

        Raises:
            PhotoError: if the source cannot be read.
            NetworkError: if the network fails on it, or takes no hints or gives no distribution.
            ValueError: if `n` is less than 1.
        """
        options = options or Options()
        picture = as_picture(source, max_pixels=options.max_pixels)
        sets = self.alternative_hints(picture, n, options, seed=seed)
        return [self(picture, options.model_copy(update={"hints": hints})) for hints in sets]

    def alternative_hints(
        self, source: Source, n: int, options: Options | None = None, *, seed: int = 0
    ) -> list[tuple[Hint, ...]]:
        """Find the hints by which `alternatives` are made: `n` sets, each for `Options.hints`; see there."""
        options = options or Options()
        _check_count(n, "alternatives")
        upright = self._see(as_photo(source, max_pixels=options.max_pixels)).upright
        return prediction.alternative_hints(self.network, upright, n, options, seed=seed)

    def suggest_hints(self, source: Source, n: int, options: Options | None = None) -> list[Hint]:
        """Find the points of a photo where asking the user for the colour would help most.

        Args:
            source: as for a result.
            n: how many points, from 1 on.
            options: what is known already, as hints.

        Returns:
            Hints, the most helpful first, with the network's own guess as their colour; fewer than `n` where the
            photo is too small for so many.

        Raises:
            PhotoError: if the source cannot be read.
            NetworkError: if the network fails on it, or takes no hints or gives no distribution.
            ValueError: if `n` is less than 1.
        """
        options = options or Options()
        _check_count(n, "hints")
        upright = self._see(as_photo(source, max_pixels=options.max_pixels)).upright
        return prediction.suggest_hints(self.network, upright, n, options)

    def choices(self, source: Source, x: float, y: float, options: Options | None = None) -> Choices:
        """Say which colours one place of a photo may have, for a person who picks one.

        Args:
            source: as for a result.
            x: from the left edge of the upright photo, as a fraction 0..1 of its width.
            y: from its top edge, as a fraction 0..1 of its height.
            options: wishes of the colours. Hints at this very place count for its current colour alone.

        Raises:
            PhotoError: if the source cannot be read.
            NetworkError: if the network fails on it, or does not take hints or vividness that are wished.
            ValueError: if the place lies outside the photo.
        """
        if not (0 <= x <= 1 and 0 <= y <= 1):
            raise ValueError(f"a place at {x}, {y} lies outside the photo; x and y are fractions 0 to 1")
        options = options or Options()
        seen = self._see(as_photo(source, max_pixels=options.max_pixels))
        return choices(self.network, turned(seen.lightness, seen.orientation), seen.upright, x, y, options)

    def confidence(self, source: Source, options: Options | None = None) -> Floats:
        """Say how sure the network is of each pixel's colour.

        Args:
            source: as for a result.
            options: wishes, of which hints, palette and vividness matter.

        Returns:
            float32 H×W at the upright photo's size, 0..1: the probability that the true colour is near.

        Raises:
            PhotoError: if the source cannot be read.
            NetworkError: if the network fails on it, or gives no confidence.
        """
        (height, _), rows = self._confidence(source, options or Options())
        sure: Floats = np.clip(rows(0, height)[..., 0], 0, 1)
        return sure

    def write_confidence(
        self,
        source: str | Path | bytes | KeptPhoto,
        target: str | Path,
        options: Options | None = None,
        *,
        long_edge: int | None = None,
    ) -> None:
        """Write the map of `confidence` as a grey picture of 8 bits, black for 0 and white for 1.

        Args:
            source: the photo's file, or its bytes.
            target: file of the map; one that is there is replaced.
            options: as `confidence`.
            long_edge: pixels that the map's longer side may have at most, or None for the photo's size.

        Raises:
            PhotoError: if the source cannot be read.
            NetworkError: as `confidence`.
            OutputError: if the map cannot be written; nothing half-written stays.
        """
        target = Path(target)
        writer.check_target(target, overwrite=True)
        (height, width), rows = self._confidence(source, options or Options(), long_edge)
        step = max(1, STRIP // width)
        strips = (
            np.clip(np.rint(rows(top, min(top + step, height)) * 255), 0, 255).astype(np.uint8)
            for top in range(0, height, step)
        )
        writer.write_image(target, writer.Image(height, width, 1, np.dtype(np.uint8)), strips)

    def _confidence(
        self, source: Source, options: Options, long_edge: int | None = None
    ) -> tuple[tuple[int, int], Callable[[int, int], Floats]]:
        photo = as_photo(source, max_pixels=options.max_pixels)
        sure = prediction.confidence(self.network, self._see(photo).upright, options)
        scale = min(1.0, (long_edge or max(photo.height, photo.width)) / max(photo.height, photo.width))
        height, width = (max(1, round(side * scale)) for side in (photo.height, photo.width))
        return (height, width), resize_array(sure[..., None], height, width)

    def check(self, options: Options) -> None:
        """Make sure, before work begins, that the network can do what is wished.

        Raises:
            NetworkError: if it cannot.
        """
        prediction.check(self.network, options)

    def _see(self, photo: Photo) -> Sight:
        return Sight.of(photo, self.network_size or self.card.input_size)

    def _colours(self, seen: Sight, options: Options) -> Floats:
        """What `paint` takes: a, b as the photo's pixels lie, as strong as wished."""
        return seen.laid(prediction.propose(self.network, seen.upright, options)) * np.float32(options.saturation)

    def _noted(self, metadata: Metadata, options: Options) -> Metadata:
        if not options.mark:
            return metadata
        return metadata.marked(
            network=self.card.name, version=self.card.version, program=f"photochrom {__version__}"
        )

    def _thumbnail(self, photo: Photo, seen: Sight, ab: Floats) -> bytes:
        scale = min(1.0, _THUMBNAIL / max(photo.height, photo.width))
        height, width = (max(1, round(side * scale)) for side in (photo.height, photo.width))
        small = Picture.from_array(photo.shrunk(height, width)[..., : photo.bands])
        (_, colours), *_ = paint(small, seen.lightness, ab, self._threads)
        return writer.encode_thumbnail((colours >> 8).astype(np.uint8) if colours.dtype == np.uint16 else colours)


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

    A file goes to a file as by `Colorizer.write`, in strips and with all that it carried, and is then read again;
    for a photo larger than memory call that. What the user should know comes as warnings.

    Args:
        source: as `Colorizer` takes.
        network: as `Colorizer` takes.
        output: path of the result, or None to write nothing.
        device: as `Colorizer` takes.
        network_size: as `Colorizer` takes.
        options: wishes; of a source that is no file, those about files have no effect.
        overwrite: replace a file that is already there.

    Returns:
        The photo in colour, as the output has it where there is one.

    Raises:
        PhotoError: if the source cannot be read.
        NetworkError: if the network cannot be opened or fails.
        OutputError: if the result cannot be written; the source itself is never overwritten.
    """
    colorizer = Colorizer(network, device=device, network_size=network_size)
    if output is not None and isinstance(source, str | Path | bytes):
        for note in colorizer.write(source, output, options, overwrite=overwrite):
            warnings.warn(str(note), stacklevel=2)
        return Picture.read(output)
    result = colorizer(source, options)
    if output is not None:
        result.save(output, quality=options.quality if options else None, overwrite=overwrite)
    return result


def _wished(options: Options, hints: Sequence[Hint], vividness: float | None) -> Options:
    if vividness is not None and not 0 <= vividness <= 1:
        raise ValueError(f"a vividness of {vividness} is out of range; use 0 to 1")
    changes = {"hints": (*options.hints, *hints)} if hints else {}
    return options.model_copy(update=changes if vividness is None else {**changes, "vividness": vividness})


def _check_count(n: int, what: str) -> None:
    if n < 1:
        raise ValueError(f"{n} {what} cannot be asked for; use 1 or more")


def _times(source: str | Path) -> tuple[int, int]:
    status = Path(source).stat()
    return status.st_atime_ns, status.st_mtime_ns
