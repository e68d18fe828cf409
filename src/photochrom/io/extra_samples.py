"""TIFF's samples beside colours (ExtraSamples): transparency, and others such as a scanner's infrared."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from photochrom.errors import PhotoError
from photochrom.io.metadata import ifd
from photochrom.io.metadata.ifd import Layout, Value
from photochrom.io.metadata.tiff import opened

__all__ = ["Samples", "tag_extra_samples"]

_PHOTOMETRIC, _PLANES, _EXTRA_SAMPLES = 262, 284, 338
_SEPARATE = [2]
_COLOURS = {0: 1, 1: 1, 2: 3, 3: 3, 5: 4, 6: 3, 8: 3}  # samples of a colour, by PhotometricInterpretation
_ASSOCIATED, _UNASSOCIATED = 1, 2


@dataclass(frozen=True)
class Samples:
    """Which of a pixel's samples are what.

    Attributes:
        colours: how many make its colour; they come first.
        alpha: which one is transparency, or None.
        extra: which ones are neither.
    """

    colours: int
    alpha: int | None = None
    extra: tuple[int, ...] = ()

    @classmethod
    def read(
        cls,
        header: Any,
        source: str | Path | bytes,
        *,
        is_tiff: bool,
        by_libvips: bool = True,
        at: int | None,
        name: str,
    ) -> Samples:
        """Find out what a file's samples are; only TIFF has others than colours and transparency.

        Args:
            header: the file as libvips opened it.
            source: the file or its bytes.
            is_tiff: whether it is a TIFF.
            by_libvips: whether libvips decodes it.
            at: where the directory of its page begins; None for the first.
            name: what to call it in a message.

        Raises:
            PhotoError: if there are several beside the colours, and the file does not say what they are; or if
                libvips misreads them: in planes of their own beside grey, or before premultiplied transparency.
        """
        plain = cls(header.bands - 1, header.bands - 1) if header.hasalpha() else cls(header.bands)
        if not is_tiff:
            return plain
        with opened(source if isinstance(source, bytes) else Path(source)) as file:
            start = Layout.of(file)
            wanted = (_PHOTOMETRIC, _PLANES, _EXTRA_SAMPLES)
            found = {} if start is None else ifd.read(file, start[0], at or start[1], only=wanted)
        order = "<" if start is None else start[0].order
        photometric, planes, meanings = (
            value.numbers(order) if isinstance(value := found.get(tag), Value) else []
            for tag in (_PHOTOMETRIC, _PLANES, _EXTRA_SAMPLES)
        )
        colours = _COLOURS.get(photometric[0] if photometric else -1, plain.colours)
        others = range(colours, header.bands)
        if by_libvips and colours == 1 and others and planes == _SEPARATE:  # which it takes them for interleaved
            raise PhotoError(
                name, "has grey and other channels in separate planes", "save it with interleaved channels"
            )
        if not meanings:
            if len(others) > 1:
                raise PhotoError(
                    name,
                    f"has {header.bands} channels and does not say what they are (no ExtraSamples)",
                    "save it as grey or RGB",
                )
            return plain
        said = dict(zip(others, meanings, strict=False))
        alpha = next((n for n, meaning in said.items() if meaning in (_ASSOCIATED, _UNASSOCIATED)), None)
        divides = by_libvips and alpha is not None and said[alpha] == _ASSOCIATED
        if divides and alpha != colours:  # by transparency, all that lies before it
            raise PhotoError(
                name, "has another channel before premultiplied transparency", "save it with transparency first"
            )
        return cls(colours, alpha, tuple(n for n in others if n != alpha))

    @staticmethod
    def associated(meanings: Sequence[int], colours: int) -> int | None:
        """Return which sample of a pixel is transparency that its colours are multiplied by; None if none is."""
        alpha = next((n for n, what in enumerate(meanings) if what in (_ASSOCIATED, _UNASSOCIATED)), None)
        return colours + alpha if alpha is not None and meanings[alpha] == _ASSOCIATED else None

    @staticmethod
    def band(image: Any, number: int) -> Any:
        """Plan to take one sample of each pixel that is no colour; of CIELAB, libvips reads it as signed."""
        band = image[number]
        if image.interpretation != "labs":
            return band
        return (band < 0).ifthenelse(band + 65536, band).cast("ushort")


def tag_extra_samples(path: Path, meanings: Sequence[int]) -> None:
    """Correct the ExtraSamples of a TIFF that libvips has just written, which takes all of them for transparency.

    Args:
        path: a TIFF or BigTIFF.
        meanings: of each: 0 unspecified, 2 transparency.

    Raises:
        OSError: if the file cannot be written, or has another number of them.
    """
    with path.open("r+b") as file:
        start = Layout.of(file)
        for tag, kind, count, inline, end in start[0].entries(file, start[1]) if start is not None else ():
            if tag == _EXTRA_SAMPLES and kind == 3 and count == len(meanings) and start is not None:
                layout = start[0]
                room = struct.calcsize(layout.offset)
                at = end - room if 2 * count <= room else struct.unpack(layout.offset, inline)[0]
                file.seek(at)
                file.write(struct.pack(f"{layout.order}{count}H", *meanings))
                return
    raise OSError("libvips wrote no ExtraSamples")
