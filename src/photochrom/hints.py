"""Hints: what somebody knows of a photo's colours, and the regions that hints leave alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, ConfigDict, WithJsonSchema, model_serializer

from photochrom.color.cielab import lab_to_rgb, quantize, rgb_to_lab
from photochrom.errors import HintError
from photochrom.shapes import PATCH, Area, Place, Points, Shape, Stroke

__all__ = ["DEFAULT_REACH", "MOST_PLACES", "Hint", "Region", "color_ab", "shown"]

Floats = NDArray[np.float32]
Color = tuple[float, float] | str

DEFAULT_REACH = 0.5
"""How far a hint reaches, from 0, its own place alone, to 1, as far as the network itself spreads it."""

MOST_PLACES = 2000
"""Places that one hint or region may have; a stroke by hand has hundreds."""

NO_COLOR = "none"
"""What a hint says where there is no colour: black, grey or white, by the photo's lightness."""

# What `Hint`, `Region` and `color_ab` check, for programs that read the schema.
_AB: dict[str, Any] = {"type": "number", "minimum": -128, "maximum": 128}
_COLOR_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "string", "pattern": f"^({NO_COLOR}|#?[0-9a-fA-F]{{6}})$"},
        {"type": "array", "items": _AB, "minItems": 2, "maxItems": 2},
    ],
}
_FRACTION: dict[str, Any] = {"type": "number", "minimum": 0, "maximum": 1}
_PLACE = {"type": "array", "items": _FRACTION, "minItems": 2, "maxItems": 2}
_WIDTH = {"type": "number", "exclusiveMinimum": 0, "maximum": 1}


def _no_null(value: object) -> object:
    """Refuse JSON's null, which would say of a field that it is there and is not."""
    if value is None:
        raise HintError("a hint", "has a null, which is no value", "leave it out")
    return value


def _no_empty(value: object) -> object:
    """Refuse JSON's empty list, which would say of a shape that it is there and is not."""
    if value == ():
        raise HintError("a hint", "has an empty list of places", "leave it out")
    return value


def _places_schema(least: int) -> WithJsonSchema:
    return WithJsonSchema({"type": "array", "items": _PLACE, "minItems": least, "maxItems": MOST_PLACES})


ColorField = Annotated[Color, WithJsonSchema(_COLOR_SCHEMA)]
Fraction = Annotated[float | None, AfterValidator(_no_null), WithJsonSchema(_FRACTION)]
Width = Annotated[float | None, AfterValidator(_no_null), WithJsonSchema(_WIDTH)]
Places = tuple[Place, ...]


def _forms(*forms: list[str], always: Sequence[str] = ()) -> ConfigDict:
    """Say in the schema that one of several sets of keys is there; and a slip in JSON must not go unheard."""

    def complete(schema: dict[str, Any]) -> None:
        for field in schema["properties"].values():
            field.pop("default", None)  # it stands for what is not there
        schema |= {"required": [*always], "oneOf": [{"required": keys} for keys in forms]}

    return ConfigDict(extra="forbid", json_schema_extra=complete)


@dataclass(frozen=True)
class Region:
    """A part of the photo; among `Options.protected`, one whose colours stay what they are without hints.

    It is an area, or a stroke.

    Attributes:
        area: x, y of the corners of what it encloses, as `Hint` has them; three or more.
        stroke: x, y of the places that a line runs through.
        width: of that line, as a fraction of the photo's longer side; None for that of a point, 7/256.

    Raises:
        HintError: if it is neither of the two or both, or lies outside the photo.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _forms(["area"], ["stroke"])

    area: Annotated[Places, AfterValidator(_no_empty), _places_schema(3)] = ()
    stroke: Annotated[Places, AfterValidator(_no_empty), _places_schema(1)] = ()
    width: Width = None

    def __post_init__(self) -> None:
        _check_shape(self, "a region", "an area or a stroke")

    @cached_property
    def shape(self) -> Shape:
        """What it covers."""
        return _shape(self)

    @model_serializer
    def _as_json(self):  # type: ignore[no-untyped-def]  # without a type, its schema is that of the fields
        return _given(self)


@dataclass(frozen=True)
class Hint:
    """A place of known colour: a point, several points, a stroke, or an area.

    Attributes:
        x: of a point, from the left edge of the upright photo, as a fraction 0..1 of its width.
        y: likewise from its top edge, as a fraction of its height.
        color: a, b in CIELAB units; or sRGB as ``"#rrggbb"``, of which the lightness is left aside; or ``"none"``
            for what has no colour, whatever the photo's lightness there.
        reach: from 0, this place alone, to 1, all that the network finds alike; None for `Options.reach`.
        points: x, y of several points of one colour.
        stroke: x, y of the places that a line of this colour runs through.
        width: of that line, as a fraction of the photo's longer side; None for that of a point, 7/256.
        area: x, y of the corners of an area of this colour; three or more.

    Raises:
        HintError: if it has no place or several of the four kinds, lies outside the photo, or its colour or its
            reach is none.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _forms(
        ["x", "y"], ["points"], ["stroke"], ["area"], always=["color"]
    )

    x: Fraction = None
    y: Fraction = None
    color: ColorField = ""
    reach: Fraction = None
    points: Annotated[Places, AfterValidator(_no_empty), _places_schema(1)] = ()
    stroke: Annotated[Places, AfterValidator(_no_empty), _places_schema(1)] = ()
    width: Width = None
    area: Annotated[Places, AfterValidator(_no_empty), _places_schema(3)] = ()

    def __post_init__(self) -> None:
        if (self.x is None) != (self.y is None):
            raise HintError("a hint", f"has no {'x' if self.x is None else 'y'}", "a point has both")
        if self.x is not None and self.y is not None and not (0 <= self.x <= 1 and 0 <= self.y <= 1):
            where = f"a hint at {self.x}, {self.y}"
            raise HintError(None, f"{where} lies outside the photo", "x and y are fractions 0 to 1")
        _check_shape(self, "a hint", "x and y, points, a stroke or an area")
        if self.color == "":
            raise HintError("a hint", "has no color", 'write "color": "#rrggbb", or "none" for no colour')
        color_ab(self.color)
        if not isinstance(self.color, str):
            object.__setattr__(self, "color", tuple(self.color))  # a list would have no hash
        if self.reach is not None and not 0 <= self.reach <= 1:
            raise HintError("a hint", f"has a reach of {self.reach:g}", "use 0 to 1")

    @property
    def ab(self) -> tuple[float, float]:
        """The colour as CIELAB a, b."""
        return color_ab(self.color)

    @cached_property
    def shape(self) -> Shape:
        """What it covers."""
        return _shape(self)

    def with_reach(self, reach: float | None) -> Hint:
        """Return the same with another reach."""
        return self if self.reach == reach else replace(self, reach=reach)

    @model_serializer
    def _as_json(self):  # type: ignore[no-untyped-def]  # without a type, its schema is that of the fields
        return _given(self)


def color_ab(color: Color) -> tuple[float, float]:
    """Read a colour whose lightness is left aside.

    Args:
        color: a, b in CIELAB units, sRGB as ``"#rrggbb"``, or ``"none"``.

    Returns:
        a, b in CIELAB units.

    Raises:
        HintError: if it is none of these.
    """
    if color == NO_COLOR:
        return 0.0, 0.0
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


def _check_shape(one: Hint | Region, name: str, forms: str) -> None:
    """Check the one shape that a hint or a region has, and make tuples of its lists, which would have no hash."""
    kinds = [kind for kind in ("points", "stroke", "area") if len(getattr(one, kind, ()))]
    given = [*(["x and y"] if getattr(one, "x", None) is not None else []), *kinds]
    if not given:
        raise HintError(name, "has no place", f"give it {forms}")
    if len(given) > 1:
        raise HintError(name, f"has {' and '.join(given)}", "give it one of them, or make several of it")
    if one.width is not None and kinds != ["stroke"]:
        raise HintError(name, "has a width, and is no stroke", "leave it out")
    if one.width is not None and not 0 < one.width <= 1:
        remedy = "use a fraction of the photo's longer side, up to 1"
        raise HintError(name, f"has a width of {one.width:g}", remedy)
    for kind in kinds:
        try:
            places = tuple((float(x), float(y)) for x, y in getattr(one, kind))
        except (TypeError, ValueError) as error:
            raise HintError(name, f"has a {kind} that cannot be read", "write each place as [x, y]") from error
        if outside := next((place for place in places if not all(0 <= at <= 1 for at in place)), None):
            where = f"{outside[0]:g}, {outside[1]:g}"
            raise HintError(name, f"has {where} in its {kind}, outside the photo", "x and y are fractions 0 to 1")
        if kind == "area" and len(places) < 3:
            raise HintError(name, f"has an area of {len(places)} corners", "give it three or more")
        if len(places) > MOST_PLACES:
            raise HintError(name, f"has a {kind} of {len(places):,} places", f"use at most {MOST_PLACES:,}")
        object.__setattr__(one, kind, places)


def _shape(one: Hint | Region) -> Shape:
    if one.area:
        return Area(one.area)
    if one.stroke:
        return Stroke(one.stroke, PATCH if one.width is None else one.width)
    assert isinstance(one, Hint)
    if one.points:
        return Points(one.points)
    assert one.x is not None
    assert one.y is not None
    return Points(((one.x, one.y),))


def _given(one: Hint | Region) -> dict[str, Any]:
    """Return what JSON says of it: what was given, and nothing else."""
    values = {field.name: getattr(one, field.name) for field in fields(one)}
    return {name: value for name, value in values.items() if value is not None and value != ()}
