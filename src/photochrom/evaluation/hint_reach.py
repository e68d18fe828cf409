"""How far one hint of another colour reaches: what it changes on the thing that it lies on, and outside.

Nobody knows what else of a photo would change if a thing had another colour. But a person who gives one thing a
colour means this thing: what changes outside of it is a leak.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, sin, tau

import numpy as np
from numpy.typing import NDArray

from photochrom.color.cielab import rgb_to_lab
from photochrom.evaluation.simulated_hints import seed_of
from photochrom.hints import Hint

__all__ = ["REACH_METRICS", "ReachTrial", "find_trial"]

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Floats = NDArray[np.floating]

REACH_METRICS = {
    "hint_inside": ("change inside", "higher", 1,
        "How much one hint of another colour (chroma 40) changes the thing that it lies on, in a, b."),
    "hint_outside": ("change outside", "lower", 1,
        "How much it changes what lies more than 6 of 256 pixels beyond that thing, in a, b."),
    "hint_leak": ("share outside", "lower", 2, "The share of the whole change that lies outside."),
    "hint_area": ("area outside", "lower", 2, "The share of what lies outside that changes by more than 6."),
    "hint_miss": ("miss", "lower", 1, "How far the colour at the hint's place is from the hint's, in a, b."),
}  # fmt: skip
"""Title, what is better, digits and meaning of each figure."""

_SIDE = 256  # pixels of a square photo, of which the lengths below are
_MARGIN = 16  # pixels from the border that no place is nearer to
_TRIES = 20  # places
_LIKE = 10.0  # a, b units around the place's colour that are its thing's
_AS_LIGHT = 25.0  # units of lightness around the mean of the surroundings that are its thing's
_SURROUNDINGS = 15  # pixels of their side
_SIZES = (0.02, 0.35)  # of the photo that a thing may cover
_LIGHTS = (25, 85)  # lightness of the place: what is darker or lighter has no room for a colour
_CHROMA = 40.0
_BORDER = 6  # pixels beyond the thing that are neither it nor outside
_SEEN = 6.0  # a, b units of change that everybody sees


@dataclass(frozen=True)
class ReachTrial:
    """One hint of another colour on one thing of a photo.

    Attributes:
        row: of the hint's pixel.
        column: of it.
        ab: its colour in CIELAB units.
        thing: bool H×W.
    """

    row: int
    column: int
    ab: tuple[float, float]
    thing: Mask

    @property
    def hint(self) -> Hint:
        """The hint, with the default reach."""
        height, width = self.thing.shape
        return Hint((self.column + 0.5) / width, (self.row + 0.5) / height, self.ab)

    def figures(self, base: Pixels, hinted: Pixels) -> dict[str, float]:
        """Compare results without and with the hint, uint8 RGB H×W×3; by the keys of `REACH_METRICS`."""
        before, after = (rgb_to_lab(picture)[..., 1:] for picture in (base, hinted))
        change = np.hypot(*(after - before).transpose(2, 0, 1))
        outside = ~_grown(self.thing, _BORDER)
        return {
            "hint_inside": float(change[self.thing].mean()),
            "hint_outside": float(change[outside].mean()),
            "hint_leak": float(change[outside].sum() / max(change.sum(), 1e-9)),
            "hint_area": float((change[outside] > _SEEN).mean()),
            "hint_miss": float(np.hypot(*(after[self.row, self.column] - self.ab))),
        }


def find_trial(lab: Floats, key: str) -> ReachTrial | None:
    """Choose a thing of a photo and give it another colour.

    A thing is all that hangs together with a place at nearly its true colour and is about as light as what
    surrounds it. Places are drawn at random by the photo's key, until the thing covers 2 to 35 % of the photo.

    Args:
        lab: CIELAB, H×W×3: the photo as it is.
        key: of the photo.

    Returns:
        None where none of 20 places has such a thing, or it is too dark or too light for a colour.
    """
    height, width = lab.shape[:2]
    random = np.random.default_rng([seed_of(key), 1])
    margin = round(_MARGIN * min(height, width) / _SIDE)
    as_light = np.abs(lab[..., 0] - _mean_around(lab[..., 0], _SURROUNDINGS)) < _AS_LIGHT
    for _ in range(_TRIES):
        row, column = (int(random.integers(margin, side - margin)) for side in (height, width))
        near = (np.hypot(*(lab[..., 1:] - lab[row, column, 1:]).transpose(2, 0, 1)) < _LIKE) & as_light
        thing = _connected(near, row, column)
        if _SIZES[0] < thing.mean() < _SIZES[1]:
            break
    else:
        return None
    if not _LIGHTS[0] < lab[row, column, 0] < _LIGHTS[1]:
        return None
    hue = random.uniform(0, tau)
    return ReachTrial(row, column, (_CHROMA * cos(hue), _CHROMA * sin(hue)), thing)


def _mean_around(plane: Floats, side: int) -> Floats:
    """Average H×W over squares; beyond the border it is mirrored."""
    half = side // 2
    for axis in (0, 1):
        wide = np.pad(plane, [(half + 1, half) if at == axis else (0, 0) for at in (0, 1)], mode="symmetric")
        sums = wide.cumsum(axis, np.float64)
        count = plane.shape[axis]
        plane = (sums.take(range(side, side + count), axis) - sums.take(range(count), axis)) / side
    return plane


def _connected(there: Mask, row: int, column: int) -> Mask:
    """Keep of a mask what hangs together with a pixel, by sides."""
    stride = there.shape[1] + 2
    left = np.pad(there, 1).ravel()  # what is not reached yet
    reached = np.zeros_like(left)
    front = np.array([(row + 1) * stride + column + 1])
    while len(front := front[left[front]]):
        reached[front], left[front] = True, False
        front = np.unique((front[:, None] + [-stride, -1, 1, stride]).ravel())
    return reached.reshape(-1, stride)[1:-1, 1:-1]


def _grown(mask: Mask, pixels: int) -> Mask:
    """Let a mask grow by so many pixels, by sides."""
    for _ in range(pixels):
        wide = np.pad(mask, 1)
        mask = mask | wide[:-2, 1:-1] | wide[2:, 1:-1] | wide[1:-1, :-2] | wide[1:-1, 2:]
    return mask
