"""Albums: photos of the same things, colorized alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from photochrom.colorizer import Colorizer
from photochrom.inference.album_plan import AlbumPhoto, plan_album, waves
from photochrom.inference.catalogue import DEFAULT_NETWORK
from photochrom.inference.exemplar import Exemplar
from photochrom.inference.onnx_model import Network
from photochrom.inference.onnx_session import Device
from photochrom.io.picture import Picture
from photochrom.options import Options

if TYPE_CHECKING:
    from photochrom.io.picture import Source

__all__ = ["colorize_album"]


def colorize_album(
    sources: Sequence[Source],
    *,
    like: Sequence[Source] = (),
    options: Options | Sequence[Options] | None = None,
    network: str | Path | Network = DEFAULT_NETWORK,
    device: Device = "auto",
    network_size: int | None = None,
) -> list[Picture]:
    """Colorize photos of an album, so that what several of them show has the same colours in each.

    The photo whose colours are the surest comes first. Where others surely show the same, they take its colours
    over, as hints. Photos that show something else stay what they would be by themselves.

    Args:
        sources: the photos, each as `Colorizer.open` takes it. All are open at the same time; for large albums in
            files, the command line and `photochrom.batch` hold few.
        like: colour photos of the same things, whose colours are right and rule all others.
        options: how; for all, or one for each photo. A photo with hints rules those that have none.
        network: as `Colorizer` takes; one that gives features.
        device: as `Colorizer` takes.
        network_size: as `Colorizer` takes.

    Returns:
        The photos in colour, in the order of `sources`.

    Raises:
        PhotoError: if a photo cannot be read, or one of `like` has no colours.
        NetworkError: if the network cannot be opened, gives no features, or fails.
        ValueError: if there are not as many options as photos.
    """
    colorizer = Colorizer(network, device=device, network_size=network_size)
    several = options if isinstance(options, Sequence) else [options or Options()] * len(sources)
    if len(several) != len(sources):
        raise ValueError(f"{len(several)} options do not fit {len(sources)} photos; give one, or one for each")
    corrected = [colorizer.open(source).exemplar(own_colors=True) for source in like]
    pictures = dict(_colorized(colorizer, sources, several, corrected))
    return [pictures[number] for number in range(len(sources))]


def _colorized(
    colorizer: Colorizer, sources: Sequence[Source], options: Sequence[Options], corrected: Sequence[Exemplar]
) -> Iterator[tuple[int, Picture]]:
    """Yield each photo's number and the photo in colour, in the order in which they take colours over."""
    opened = [
        colorizer.open(source, max_pixels=each.max_pixels) for source, each in zip(sources, options, strict=True)
    ]
    exemplars = [*corrected]
    exemplars += [prediction.exemplar(each) for prediction, each in zip(opened, options, strict=True)]
    ranks = [0] * len(corrected) + [1 if each.hints else 2 for each in options]
    parts = plan_album([AlbumPhoto.of(*pair) for pair in zip(exemplars, ranks, strict=True)])
    alone = [*exemplars]
    for number in (number for wave in waves(parts) for number in wave):
        place, part = number - len(corrected), parts[number]
        if place < 0:
            continue
        taken = [(alone if part.averaged else exemplars)[other] for other in part.exemplars]
        own, _ = opened[place].alike(taken, options[place], averaged=part.averaged)
        exemplars[number] = opened[place].exemplar(own)
        yield place, opened[place].colors(own)
