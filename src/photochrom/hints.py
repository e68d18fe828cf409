"""Colour points: what somebody knows of a photo's colours, as the planes that a network takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, WithJsonSchema

from photochrom.color.cielab import lab_to_rgb, quantize, rgb_to_lab
from photochrom.errors import HintError

__all__ = ["PATCH", "Hint", "color_ab", "hint_planes", "shown"]

Floats = NDArray[np.float32]
Color = tuple[float, float] | str

# What `Hint` and `color_ab` check, for programs that read the schema.
_AB: dict[str, Any] = {"type": "number", "minimum": -128, "maximum": 128}
_COLOR_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "string", "pattern": "^#?[0-9a-fA-F]{6}$"},
        {"type": "array", "items": _AB, "minItems": 2, "maxItems": 2},
    ],
}
ColorField = Annotated[Color, WithJsonSchema(_COLOR_SCHEMA)]
Fraction = Annotated[float, WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1})]

PATCH = 7 / 256
"""Side of the square that one point colours, of the side of a square as large as the photo.

Zhang et al., "Real-time user-guided image colorization", 2017, reveal 7×7 pixels of 256×256.
"""


@dataclass(frozen=True)
class Hint:
    """One point of known colour.

    Attributes:
        x: from the left edge of the upright photo, as a fraction 0..1 of its width.
        y: from its top edge, as a fraction 0..1 of its height.
        color: a, b in CIELAB units, or sRGB as ``"#rrggbb"``, of which the lightness is left aside.

    Raises:
        HintError: if the place lies outside the photo or the colour is neither of the two.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")  # a slip in JSON must not go unheard

    x: Fraction
    y: Fraction
    color: ColorField

    def __post_init__(self) -> None:
        if not (0 <= self.x <= 1 and 0 <= self.y <= 1):
            where = f"a hint at {self.x}, {self.y}"
            raise HintError(None, f"{where} lies outside the photo", "x and y are fractions 0 to 1")
        color_ab(self.color)
        if not isinstance(self.color, str):
            object.__setattr__(self, "color", tuple(self.color))  # a list would have no hash

    @property
    def ab(self) -> tuple[float, float]:
        """The colour as CIELAB a, b."""
        return color_ab(self.color)


def color_ab(color: Color) -> tuple[float, float]:
    """Read a colour whose lightness is left aside.

    Args:
        color: a, b in CIELAB units, or sRGB as ``"#rrggbb"``.

    Returns:
        a, b in CIELAB units.

    Raises:
        HintError: if it is neither of the two.
    """
    if isinstance(color, str):
        digits = color.removeprefix("#")
        if len(digits) != 6 or not set(digits) <= set("0123456789abcdefABCDEF"):
            raise HintError(None, f"the colour {color!r} cannot be read", 'write it as "#rrggbb"')
        _, a, b = rgb_to_lab(np.frombuffer(bytes.fromhex(digits), np.uint8)).tolist()
        return a, b
    if len(color) != 2:
        remedy = 'write it as "#rrggbb", or as the two numbers a, b'
        raise HintError(None, f"the colour {color!r} cannot be read", remedy)
    a, b = map(float, color)
    if not (abs(a) <= 128 and abs(b) <= 128):  # not a number fails this too
        raise HintError(None, f"a, b = {a:g}, {b:g} is no colour", "CIELAB has -128 to 128")
    return a, b


def shown(ab: tuple[float, float], lightness: float) -> str:
    """Write a colour for people and their colour pickers, as ``"#rrggbb"``.

    Args:
        ab: a, b in CIELAB units.
        lightness: 0..100; near both ends, where no colour fits, a middle one is shown.
    """
    lab = np.array([min(max(lightness, 35.0), 80.0), *ab])
    return "#" + bytes(quantize(lab_to_rgb(lab), np.dtype(np.uint8)).tolist()).hex()


def hint_planes(hints: Sequence[Hint], height: int, width: int) -> Floats:
    """Draw colour points as a network takes them.

    Args:
        hints: where two overlap, the later one holds.
        height: of what the network sees, in pixels.
        width: likewise.

    Returns:
        float32 [3,height,width]: a, b in CIELAB units, and 1 where somebody hinted, else 0.
    """
    planes = np.zeros((3, height, width), np.float32)
    side = max(1, round(PATCH * sqrt(height * width)))
    for hint in hints:
        # The square's middle lies in the pixel that the point lies in; at the border the square is cut off.
        top = min(int(hint.y * height), height - 1) - side // 2
        left = min(int(hint.x * width), width - 1) - side // 2
        where = (slice(max(0, top), top + side), slice(max(0, left), left + side))
        planes[(slice(None), *where)] = np.array([*hint.ab, 1], np.float32)[:, None, None]
    return planes
