"""One photo looked at before it is packed: whether it is one to learn from, and what becomes of its file."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photochrom.color.chroma import MIN_CHROMA, mean_chroma
from photochrom.data.packing.sources import Source
from photochrom.errors import PhotoError, require_extra
from photochrom.io.reader import PhotoFile
from photochrom.io.vips import image_from_array

__all__ = ["Examined", "Reason", "Rules", "examine", "is_cut_out", "is_drawing"]

Reason = Literal["unreadable", "small", "grey", "cut-out", "drawing", "duplicate"]
Pixels = NDArray[np.uint8]

_LOOKED_AT = 256  # pixels of the longer side that the rules look at
_BORDER = 0.97  # of a cut-out's border are of one colour
_EVEN = 3  # levels of 255 that an even ground may differ
_FLAT = 0.5  # of a drawing's pixels are as the ones beside them
_EDGE = 12  # levels by which most of a drawing's other pixels differ
_COPYRIGHT = 0x8298  # EXIF


@dataclass(frozen=True)
class Rules:
    """What is packed, and how.

    Attributes:
        min_side: least shorter side in pixels.
        keep: reasons for which photos are kept though they would be left out.
        resize: shorter side in pixels that larger photos are brought to; None leaves files as they are.
        format: ``"jpg"``, ``"png"`` or ``"webp"`` for all; None keeps each photo's own where it is not resized.
        quality: of JPEG and WebP that are written.
        license: of photos that say none of their own.
    """

    min_side: int = 128
    keep: frozenset[str] = frozenset()
    resize: int | None = None
    format: str | None = None
    quality: int = 95
    license: str | None = None


@dataclass(frozen=True)
class Examined:
    """A photo that was looked at.

    Attributes:
        name: of its source.
        left_out: why it is not packed; None if it is.
        detail: the reason in words.
        data: bytes to be packed.
        suffix: of their format, without the dot.
        height: rows of pixels.
        width: columns of pixels.
        license: what the photo, its shard or the rules say of its licence.
        phash: its perceptual hash, 64 bits.
        source: where its shard says it came from, or its own name.
    """

    name: str
    left_out: Reason | None = None
    detail: str = ""
    data: bytes = b""
    suffix: str = ""
    height: int = 0
    width: int = 0
    license: str | None = None
    phash: int = 0
    source: str = ""

    @property
    def sha256(self) -> str:
        """Of the bytes that are packed."""
        return hashlib.sha256(self.data).hexdigest()


def examine(source: Source, rules: Rules) -> Examined:
    """Look at a photo.

    Args:
        source: where it lies.
        rules: what is left out, and what becomes of the rest.
    """
    try:
        data = source.read()
        photo = PhotoFile(data, name=source.name)
        small = min(photo.height, photo.width)
        if small < rules.min_side and "small" not in rules.keep:
            detail = f"{photo.width}×{photo.height} pixels, below {rules.min_side}"
            return Examined(source.name, "small", detail)
        scale = min(1.0, _LOOKED_AT / max(photo.height, photo.width))
        look = _bytes(photo.shrunk(*(max(1, round(side * scale)) for side in (photo.height, photo.width))))
        reason, detail = _left_out(look, photo.has_alpha, rules)
        if reason is not None:
            return Examined(source.name, reason, detail)
        rgb = look[..., :3] if look.shape[2] >= 3 else look[..., :1].repeat(3, axis=2)
        return _packed(source, data, photo, rgb, rules)
    except PhotoError as error:
        return Examined(source.name, "unreadable", error.problem)


def is_cut_out(look: Pixels, has_alpha: bool) -> bool:
    """Tell whether a thing was cut out: of what is around it nothing is left, or one even colour.

    Args:
        look: uint8 H×W×bands, and alpha.
        has_alpha: whether the last band is alpha.
    """
    if has_alpha and (look[..., -1] < 128).mean() > 0.01:
        return True
    border = np.concatenate([look[0], look[-1], look[:, 0], look[:, -1]]).astype(np.int16)
    even = np.abs(border - np.median(border, axis=0)).max(axis=1) <= _EVEN
    return bool(even.mean() >= _BORDER)


def is_drawing(look: Pixels) -> bool:
    """Tell whether a picture is drawn: half of it even areas, and what is between them mostly sharp edges.

    A photo of fog has even areas and no edges; one of leaves has edges and, for its grain, no even areas.
    """
    light = look[..., :3].astype(np.int16)
    step = np.maximum(
        np.abs(np.diff(light, axis=0))[:, :-1].max(axis=2), np.abs(np.diff(light, axis=1))[:-1].max(axis=2)
    )
    others = step[step > 1]
    return bool(len(others)) and 1 - len(others) / step.size >= _FLAT and float(np.median(others)) > _EDGE


def _left_out(look: Pixels, has_alpha: bool, rules: Rules) -> tuple[Reason | None, str]:
    bands = look.shape[2] - has_alpha
    rgb = np.ascontiguousarray(look[..., :3]) if bands == 3 else None
    chroma = 0.0 if rgb is None else mean_chroma(rgb)
    if chroma < MIN_CHROMA and "grey" not in rules.keep:
        return "grey", f"mean chroma {chroma:.1f}, below {MIN_CHROMA:g}"
    if "cut-out" not in rules.keep and is_cut_out(look, has_alpha):
        return "cut-out", "nothing, or one even colour, around it"
    if "drawing" not in rules.keep and is_drawing(look):
        return "drawing", "even areas and sharp edges"
    return None, ""


def _packed(source: Source, data: bytes, photo: PhotoFile, rgb: Pixels, rules: Rules) -> Examined:
    scale = min(1.0, (rules.resize or 10**9) / min(photo.height, photo.width))
    height, width = (max(1, round(side * scale)) for side in (photo.height, photo.width))
    own = (photo.format or source.suffix).removeprefix(".")
    suffix = rules.format or ("jpg" if scale < 1 else own)
    license = source.said.get("license") or _copyright(data) or rules.license
    if scale < 1 or suffix != own:
        pixels = image_from_array(_bytes(photo.shrunk(height, width)))
        options = {} if suffix == "png" else {"Q": rules.quality}
        data = bytes(pixels.write_to_buffer(f".{suffix}", **options))
    else:
        suffix = source.suffix.removeprefix(".") or own
    return Examined(
        source.name, None, "", data, suffix, height, width, None if license is None else str(license),
        _perceptual_hash(rgb), str(source.said.get("source") or source.name),
    )  # fmt: skip


def _perceptual_hash(rgb: Pixels) -> int:
    """Return the 64 bits of ImageHash's `phash`, signs of the lowest frequencies, as SQLite's signed number."""
    with require_extra("scale", "Finding duplicates"):
        import imagehash
    bits = imagehash.phash(Image.fromarray(rgb)).hash
    number = int.from_bytes(np.packbits(bits).tobytes(), "big")
    return number - (1 << 64) if number >= 1 << 63 else number


def _copyright(data: bytes) -> str | None:
    if not data.startswith(b"\xff\xd8"):
        return None
    try:
        with Image.open(io.BytesIO(data)) as image:
            said: Any = image.getexif().get(_COPYRIGHT)
    except (OSError, ValueError, SyntaxError):
        return None
    return str(said).strip("\0 ") or None if said else None


def _bytes(pixels: NDArray[Any]) -> Pixels:
    return (pixels >> 8).astype(np.uint8) if pixels.dtype == np.uint16 else pixels
