"""Colorizer: a photo in, the photo in colour out; here its lightness and the a, b of a network are joined."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from photochrom import __version__, encode
from photochrom.errors import NetworkError, OutputError, PhotoError
from photochrom.files import same_file
from photochrom.formats import JPEG, TIFF, WIDE
from photochrom.hints import Hint, hint_planes
from photochrom.join import join, lightness_of
from photochrom.metadata.header import Metadata
from photochrom.network import DEFAULT_NETWORK, Card, Device, Network
from photochrom.options import Options
from photochrom.photofile import PhotoFile
from photochrom.picture import Picture
from photochrom.sight import bounded, network_shape, opaque_lightness, stretched, turned, turned_back
from photochrom.swatches import Swatches, halved
from photochrom.threads import map_in_order, usable_cores
from photochrom.upsample import Enlarger

if TYPE_CHECKING:
    from PIL.Image import Image

    Source = str | Path | bytes | NDArray[Any] | Image | Picture

__all__ = ["Colorizer", "colorize"]

Pixels = NDArray[Any]
Floats = NDArray[np.float32]

_SIZES = range(8, 4097)
_THUMBNAIL = 160  # pixels of the longer side, as EXIF recommends
_LARGE = 1 << 22  # pixels from which on colours are looked up; below, joining each costs next to nothing
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
            raise NetworkError(f"a size of {network_size} is out of range; use {_SIZES[0]} to {_SIZES[-1]}")
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
            hints: points whose colours are known, for networks that take them.
            vividness: 0..1, for networks that take it; None for the network's middle.

        Returns:
            The photo in colour, H×W×3; 16 bits where the source had 16.

        Raises:
            PhotoError: if the source cannot be read.
            NetworkError: if the network fails on it, or does not take hints or vividness that are given.
        """
        options = options or Options()
        picture = _as_picture(source, options)
        pixels = np.empty((picture.height, picture.width, 3), picture.dtype)
        top = 0
        seen = self._see(picture)
        ab = self._propose(seen, picture, hints, vividness) * options.saturation
        for _, colours in self._strips(picture, seen, ab):
            pixels[top : top + len(colours)] = colours
            top += len(colours)
        return picture.with_pixels(pixels, self._noted(picture.metadata, options))

    def write(
        self,
        source: str | Path | bytes,
        target: str | Path,
        options: Options | None = None,
        *,
        overwrite: bool = False,
    ) -> list[str]:
        """Colorize a photo from file to file, strip by strip, so that its size does not matter.

        Args:
            source: the photo's file, or its bytes.
            target: file of the result; the suffix says its format.
            options: wishes.
            overwrite: replace a file that is already there.

        Returns:
            What the user should know, a line each, such as pages that were left out.

        Raises:
            PhotoError: if the source cannot be read.
            NetworkError: if the network fails on it.
            OutputError: if the result cannot be written; nothing half-written stays.
        """
        options, target = options or Options(), Path(target)
        if not isinstance(source, bytes) and same_file(source, target):
            raise OutputError(f"{target}: is the photo itself; give the result another name")
        encode.check_target(target, quality=options.quality, overwrite=overwrite)
        suffix = target.suffix.lower()
        # Formats with a place for the orientation that every viewer knows keep the pixels as they lie.
        keeps = suffix in JPEG | TIFF and not options.side_by_side
        photo = PhotoFile(source, upright=not keeps, long_edge=options.long_edge, max_pixels=options.max_pixels)
        seen = self._see(photo)
        ab = self._propose(seen, photo) * options.saturation
        gap = max(4, round(_GAP * photo.width)) if options.side_by_side else 0
        image = encode.Image(
            photo.height,
            photo.width * (2 if gap else 1) + gap,
            3 + photo.has_alpha,
            photo.dtype,
            self._noted(photo.metadata, options),
            self._thumbnail(photo, seen, ab) if photo.metadata.thumbnail else None,
        )
        strips = (_beside(own, colours, gap, photo.has_alpha) for own, colours in self._strips(photo, seen, ab))
        times = _times(source) if options.keep_times and not isinstance(source, bytes) else None
        lost = encode.write_image(target, image, strips, quality=options.quality, times=times)
        return [*photo.notes, *_losses(photo, target), *lost]

    def propose(self, photo: _Photo) -> Floats:
        """Return the network's own a, b for a photo: float32 h×w×2, CIELAB units, at network size."""
        return self._propose(self._see(photo), photo)

    def _see(self, photo: _Photo) -> Floats:
        """Take the lightness of a photo's copy of network size, in the photo's own orientation."""
        size = network_shape(photo.height, photo.width, self.network_size or self.card.input_size)
        return opaque_lightness(photo.shrunk(*size), photo.has_alpha)

    def _propose(
        self, seen: Floats, photo: _Photo, hints: Sequence[Hint] = (), vividness: float | None = None
    ) -> Floats:
        upright = np.ascontiguousarray(turned(stretched(seen), photo.orientation))
        planes = hint_planes(hints, *upright.shape)[None] if hints else None
        ab = self.network.run(upright[None, None], planes, vividness)[0].transpose(1, 2, 0)
        return np.ascontiguousarray(turned_back(ab, photo.orientation))

    def _strips(self, photo: _Photo, seen: Floats, ab: Floats) -> Iterator[tuple[Pixels, Pixels]]:
        """Give the photo's own pixels, and its colours, strip by strip from top to bottom."""
        large = photo.dtype == np.uint8 and photo.height * photo.width >= _LARGE
        paint = (_looked_up if large else _joined)(bounded(ab), seen, photo)

        def numbered() -> Iterator[tuple[int, Pixels]]:
            top = 0
            for strip in photo.strips():
                yield top, strip
                top += len(strip)

        def colour(item: tuple[int, Pixels]) -> tuple[Pixels, Pixels]:
            top, strip = item
            return strip, paint(top, strip[..., : photo.bands])

        return map_in_order(colour, numbered(), self._threads)

    def _noted(self, metadata: Metadata, options: Options) -> Metadata:
        if not options.mark:
            return metadata
        return metadata.marked(
            network=self.card.name, version=self.card.version, program=f"photochrom {__version__}"
        )

    def _thumbnail(self, photo: _Photo, seen: Floats, ab: Floats) -> bytes:
        scale = min(1.0, _THUMBNAIL / max(photo.height, photo.width))
        height, width = (max(1, round(side * scale)) for side in (photo.height, photo.width))
        small = Picture.from_array(photo.shrunk(height, width)[..., : photo.bands])
        (_, colours), *_ = self._strips(small, seen, ab)
        return encode.encode_thumbnail((colours >> 8).astype(np.uint8) if colours.dtype == np.uint16 else colours)


class _Photo(Protocol):
    """What `PhotoFile` and `Picture` have in common: a photo that gives its pixels in strips."""

    @property
    def height(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def bands(self) -> int: ...
    @property
    def dtype(self) -> np.dtype[Any]: ...
    @property
    def has_alpha(self) -> bool: ...
    @property
    def orientation(self) -> int: ...
    def strips(self) -> Iterator[Pixels]: ...
    def shrunk(self, height: int, width: int) -> Pixels: ...


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
        for line in colorizer.write(source, output, options, overwrite=overwrite):
            warnings.warn(line, stacklevel=2)
        return Picture.read(output)
    result = colorizer(source, options)
    if output is not None:
        result.save(output, quality=options.quality if options else None, overwrite=overwrite)
    return result


def _joined(ab: Floats, seen: Floats, photo: _Photo) -> Callable[[int, Pixels], Pixels]:
    """Plan to compute each pixel's colours; what is returned takes a first row and the pixels from there on."""
    enlarge = Enlarger(ab, seen, photo.height, photo.width)

    def paint(top: int, own: Pixels) -> Pixels:
        lightness = lightness_of(own)
        return join(own, lightness, enlarge(top, top + len(own), lightness))

    return paint


def _looked_up(ab: Floats, seen: Floats, photo: _Photo) -> Callable[[int, Pixels], Pixels]:
    """Plan, as `_joined`, to look colours up; rows come in pairs."""
    enlarge = Enlarger(ab, seen, -(-photo.height // 2), -(-photo.width // 2))
    swatches = Swatches(ab, photo.bands)

    def paint(top: int, own: Pixels) -> Pixels:
        levels = swatches.levels(own)
        small = swatches.lightness(halved(levels))
        return swatches.join(levels, enlarge(top // 2, top // 2 + len(small), small))

    return paint


def _beside(own: Pixels, colours: Pixels, gap: int, has_alpha: bool) -> Pixels:
    """Add alpha to a strip of colours and, where there is a gap, put the photo's own strip before it."""
    if has_alpha:
        colours = np.concatenate([colours, own[..., -1:]], axis=2)
    if not gap:
        return colours
    bands = own.shape[2] - has_alpha
    before = own if bands == 3 else np.concatenate([own[..., :1].repeat(3, axis=2), own[..., 1:]], axis=2)
    white = np.full((len(own), gap, colours.shape[2]), np.iinfo(own.dtype).max, own.dtype)
    return np.concatenate([before, white, colours], axis=1)


def _losses(photo: PhotoFile, target: Path) -> list[str]:
    """Say what the format that the user chose cannot hold of this photo."""
    suffix = target.suffix.lower()
    lost = []
    if photo.has_alpha and suffix in JPEG:
        lost.append("transparency, which is laid over white")
    if photo.dtype == np.uint16 and suffix not in WIDE:
        lost.append("16 bits per channel, which become 8")
    bits = photo.metadata.bits
    if suffix == ".avif" and bits > 12:
        lost.append(f"{bits} bits per channel, which become 12")
    if suffix == ".bmp":
        carried = photo.metadata.carried
        said = {"EXIF": carried.exif, "XMP": carried.xmp, "IPTC": carried.resources, "comments": carried.texts}
        lost += [name for name, content in said.items() if content]
    return [f"{target}: {suffix} cannot hold {', nor '.join(lost)}"] if lost else []


def _times(source: str | Path) -> tuple[int, int]:
    status = Path(source).stat()
    return status.st_atime_ns, status.st_mtime_ns


def _as_picture(source: Source, options: Options) -> Picture:
    if isinstance(source, Picture):
        return source
    if isinstance(source, str | Path | bytes):
        return Picture.read(source, max_pixels=options.max_pixels)
    if hasattr(source, "getexif"):  # a Pillow image, without importing Pillow to ask
        return Picture.from_pil(cast("Image", source))
    if isinstance(source, np.ndarray):
        return Picture.from_array(source)
    raise PhotoError(f"a {type(source).__name__} is no photo; give a path, bytes, a Pillow image or an array")
