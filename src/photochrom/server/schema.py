"""What programs send and get: the options are the engine's own; the rest speaks of photos, networks and limits."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, Json

from photochrom.hints import Hint, Region
from photochrom.inference.card import Card, Input, Output
from photochrom.options import Options, PaletteColor, ResultOptions

__all__ = [
    "BODIES",
    "AlternativesRequest",
    "CandidateColors",
    "CandidatesRequest",
    "ColorizeOptions",
    "ColorizeQuery",
    "ConfidenceRequest",
    "Format",
    "HintSet",
    "HintSets",
    "Limits",
    "NetworkInfo",
    "Networks",
    "PaletteColors",
    "Photo",
    "Problem",
    "SuggestionsRequest",
    "ZipItem",
    "ZipRequest",
]

Format = Literal["jpg", "png", "webp", "tif", "avif", "bmp"]

MOST_HINTS = 256
"""Hints, protected regions, and colours of a palette; a person sets dozens."""


class ColorizeOptions(ResultOptions):
    """Options for a result; without any, the photo in colour at its own size and in its own format."""

    hints: tuple[Hint, ...] = Field(default=(), max_length=MOST_HINTS)
    protected: tuple[Region, ...] = Field(default=(), max_length=MOST_HINTS)
    palette: tuple[PaletteColor, ...] = Field(default=(), max_length=MOST_HINTS)
    network: str | None = Field(default=None, description="one of `/v1/networks`, or null for the default")
    format: Format | None = Field(default=None, description="of the result, or null for the photo's own")

    def engine_options(self, *, max_pixels: int) -> Options:
        """Return what the engine takes."""
        return Options(**self.result_options(), max_pixels=max_pixels)

    @property
    def target(self) -> Path:
        """The name of the result's file, without a suffix where it is to have the photo's own."""
        return Path(f"result.{self.format}" if self.format else "result")

    def result_options(self) -> dict[str, Any]:
        """Return the fields that are the engine's."""
        return {name: getattr(self, name) for name in ResultOptions.model_fields}


class ColorizeQuery(ColorizeOptions):
    """The same as the query of an address, where lists are JSON."""

    hints: Json[Annotated[tuple[Hint, ...], Field(max_length=MOST_HINTS)]] = ()
    protected: Json[Annotated[tuple[Region, ...], Field(max_length=MOST_HINTS)]] = ()
    palette: Json[Annotated[tuple[PaletteColor, ...], Field(max_length=MOST_HINTS)]] = ()


class _PhotoRequest(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    options: ColorizeOptions = ColorizeOptions()


class AlternativesRequest(_PhotoRequest):
    """How many ways to colorize a photo."""

    n: int = Field(
        ge=1,
        le=8,
        description="how many ways; the first is the result by the options alone. Those of a smaller n come first",
    )
    seed: int = Field(default=0, ge=0, le=2**32 - 1, description="another seed gives other ways")


class SuggestionsRequest(_PhotoRequest):
    """How many places to ask about."""

    n: int = Field(ge=1, le=20)


class ConfidenceRequest(_PhotoRequest):
    """How large a map of confidence may be."""

    long_edge: int | None = Field(default=None, ge=1, le=65_535)


class CandidatesRequest(_PhotoRequest):
    """A place of a photo, in fractions of its width and height, from its top left corner."""

    x: float = Field(ge=0, le=1)
    y: float = Field(ge=0, le=1)


class ZipItem(_PhotoRequest):
    """One photo of many."""

    id: str = Field(min_length=1, max_length=64)
    name: str | None = Field(default=None, max_length=255, description="of the file, without its ending")


class ZipRequest(BaseModel):
    """Photos to be put into one file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    items: tuple[ZipItem, ...] = Field(min_length=1, max_length=1000)


BODIES: tuple[type[BaseModel], ...] = (
    ColorizeOptions,
    AlternativesRequest,
    SuggestionsRequest,
    ConfidenceRequest,
    CandidatesRequest,
    ZipRequest,
)
"""What programs send as JSON."""


class HintSet(BaseModel):
    """Hints, as the options take them."""

    hints: tuple[Hint, ...]


class HintSets(BaseModel):
    """Ways to colorize a photo; fewer than were asked for where the network finds no others plausible."""

    alternatives: tuple[HintSet, ...]


class CandidateColors(BaseModel):
    """The colours that a place may have."""

    lightness: float = Field(description="0..100, of the photo at that place")
    current: str = Field(description="the colour it has by these options, #rrggbb")
    suggestions: tuple[str, ...] = Field(description="likely ones, clearly different, the likeliest first")


class PaletteColors(BaseModel):
    """The colours of a colour photo, as the option `palette` takes them."""

    palette: tuple[tuple[float, float], ...] = Field(
        description="a, b in CIELAB units, each of which speaks for an equal share of the photo"
    )


class Photo(BaseModel):
    """A photo that the service keeps for a while."""

    id: str
    name: str
    width: int = Field(description="of the upright photo, in pixels")
    height: int
    bits: int = Field(description="per channel")
    format: str = Field(description="such as jpg")
    is_grey: bool = Field(description="whether it has no colours of its own; it may be toned")
    expires_at: datetime = Field(description="when it is gone, unless it is used before")
    notes: tuple[str, ...] = Field(description="what its owner should know, a sentence each")


class NetworkInfo(BaseModel):
    """What a network says about itself."""

    name: str
    version: str
    description: str
    license: str
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    input_size: int
    parameters: int
    training: dict[str, str | int | float]
    scores: dict[str, float]

    @classmethod
    def of(cls, card: Card) -> NetworkInfo:
        """Take it from a card."""
        return cls(**card.model_dump(include=set(cls.model_fields)))


class Networks(BaseModel):
    """The networks that this service offers."""

    default: str
    networks: tuple[NetworkInfo, ...]


class Limits(BaseModel):
    """What this service takes and keeps."""

    upload_bytes: int
    pixels: int
    keep_seconds: float = Field(description="a photo is gone so long after its last use")
    photos: int
    token_required: bool


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = Field(description="one sentence: what is wrong with what, and what to do")
    code: str = Field(description="of its kind, such as photo-unreadable; it stays from version to version")
    subject: str | None = Field(description="the photo or field that it is about")
    problem: str = Field(description="what is wrong with that")
    remedy: str = Field(description="what to do")
