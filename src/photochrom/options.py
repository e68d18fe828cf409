"""Options: what a user may ask of a result, in one schema for the command line, Python and programs."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from photochrom.hints import DEFAULT_REACH, ColorField, Hint, Region, color_ab

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
        hints: places of known colour; where two overlap, the later one holds.
        reach: of the hints that have none of their own: from 0, their own places alone, to 1, all that the network
            finds alike.
        protected: regions whose colours stay what they are without hints.
        palette: colours to move the photo's towards where that is plausible, as a, b in CIELAB units or
            ``"#rrggbb"``; each speaks for an equal share of the photo, as those do that `photochrom.palette_of`
            takes from another one. Hints hold over them.
        palette_strength: from 0, the colours as without a palette, to 1, moved as far as is plausible.
        saturation: factor on the colours' chroma; 0 is grey, 1 is what the network proposes.
        long_edge: pixels that the longer side of a result may have at most, or None for the photo's own size.
            Where it stands beside its photo, of each of the two.
        side_by_side: put the photo and its result side by side into one picture.
        negative: the photo is a photographed negative: make its positive, without the tone of the film's base.
        quality: 1..100 for JPEG, WebP and AVIF, or None for a JPEG's own or the format's default.
        mark: note in the XMP that the colours are synthetic, and which network they are of.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    vividness: float | None = Field(default=None, ge=0, le=1)
    hints: tuple[Hint, ...] = ()
    reach: float = Field(default=DEFAULT_REACH, ge=0, le=1)
    protected: tuple[Region, ...] = ()
    palette: tuple[PaletteColor, ...] = ()
    palette_strength: float = Field(default=1.0, ge=0, le=1)
    saturation: float = Field(default=1.0, ge=0, le=4)
    long_edge: int | None = Field(default=None, ge=1, le=65_535)
    side_by_side: bool = False
    negative: bool = False
    quality: int | None = Field(default=None, ge=1, le=100)
    mark: bool = True

    @property
    def without_hints(self) -> Self:
        """The same options, without hints and what concerns them."""
        return self.model_copy(update={"hints": (), "protected": ()}) if self.hints else self


class Options(ResultOptions):
    """Options for a result, and how files are dealt with.

    Attributes:
        keep_times: give the result's file the photo's times of change and access.
        sidecars: what becomes of XMP files beside the photo: "merge" puts what they say into the result's own XMP,
            "copy" puts them beside the result, and "ignore" leaves them aside.
        max_pixels: refuse photos with more.
        pages: of a TIFF of several: ``"first"``, or ``"all"`` for a TIFF of as many.
    """

    keep_times: bool = False
    sidecars: Literal["merge", "copy", "ignore"] = "merge"
    max_pixels: int = Field(default=MAX_PIXELS, ge=1)
    pages: Literal["first", "all"] = "first"
