"""Options: what a user may ask of a result, in one schema for the command line, Python and programs."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from photochrom.hints import ColorField, Hint, color_ab

__all__ = ["MAX_PIXELS", "Options", "PaletteColor", "ResultOptions"]

MAX_PIXELS = 4_000_000_000
"""Pixels of the largest photo that is read unless more are allowed: an archive's largest scan, not a bomb."""


def _is_color(color: ColorField) -> ColorField:
    color_ab(color)
    return color


PaletteColor = Annotated[ColorField, AfterValidator(_is_color)]


class ResultOptions(BaseModel):
    """What a result shows; the defaults give the photo in colour and change nothing else.

    Attributes:
        vividness: 0 (most likely to be true) to 1 (as vivid as photos are), or None for the network's middle.
        hints: points of known colour; where two overlap, the later one holds.
        palette: colours to move the photo's towards where that is plausible, as a, b in CIELAB units or
            ``"#rrggbb"``; each speaks for an equal share of the photo, as those do that `photochrom.palette_of`
            takes from another one. Hints hold over them.
        saturation: factor on the colours' chroma; 0 is grey, 1 is what the network proposes.
        long_edge: pixels that the longer side of a result may have at most, or None for the photo's own size.
            Where it stands beside its photo, of each of the two.
        side_by_side: put the photo and its result side by side into one picture.
        quality: 1..100 for JPEG, WebP and AVIF, or None for a JPEG's own or the format's default.
        mark: note in the XMP that the colours are synthetic, and which network they are of.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    vividness: float | None = Field(default=None, ge=0, le=1)
    hints: tuple[Hint, ...] = ()
    palette: tuple[PaletteColor, ...] = ()
    saturation: float = Field(default=1.0, ge=0, le=4)
    long_edge: int | None = Field(default=None, ge=1, le=65_535)
    side_by_side: bool = False
    quality: int | None = Field(default=None, ge=1, le=100)
    mark: bool = True


class Options(ResultOptions):
    """Options for a result, and how files are dealt with.

    Attributes:
        keep_times: give the result's file the photo's times of change and access.
        max_pixels: refuse photos with more.
    """

    keep_times: bool = False
    max_pixels: int = Field(default=MAX_PIXELS, ge=1)
