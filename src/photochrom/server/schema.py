"""What programs send and get: the options are the engine's own; the rest speaks of photos, networks and limits."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, Json, ValidationInfo, field_validator

from photochrom.hints import Hint, Region
from photochrom.inference.card import Input, Output
from photochrom.options import Options, PaletteColor, ResultOptions
from photochrom.workers.engine import OpenNetwork

__all__ = [
    "BODIES",
    "AlikeRequest",
    "AlternativesRequest",
    "CandidateColors",
    "CandidatesRequest",
    "ColorizeOptions",
    "ColorizeQuery",
    "ConfidenceRequest",
    "Format",
    "HintEffectRequest",
    "HintSet",
    "HintSets",
    "Limits",
    "NetworkInfo",
    "Networks",
    "PaletteColors",
    "Photo",
    "Problem",
    "SuggestionsRequest",
    "TakenHints",
    "ZipItem",
    "ZipRequest",
]

Format = Literal["jpg", "png", "webp", "tif", "avif", "bmp"]

MOST_HINTS = 2304
"""A person sets dozens of hints, and a photo takes over up to 2,048 from another."""

MOST_REGIONS = MOST_COLORS = 256
"""Protected regions, and colours of a palette: more than a person sets."""


class ColorizeOptions(ResultOptions):
    """Options for a result; without any, the photo in colour at its own size and in its own format."""

    hints: tuple[Hint, ...] = Field(default=(), max_length=MOST_HINTS)
    protected: tuple[Region, ...] = Field(default=(), max_length=MOST_REGIONS)
    palette: tuple[PaletteColor, ...] = Field(default=(), max_length=MOST_COLORS)
    network: str | None = Field(default=None, description="one of `/v1/networks`, or null for the default")
    format: Format | None = Field(default=None, description="of the result, or null for the photo's own")
    pages: Literal["first", "all"] = Field(
        default="first", description="of a TIFF: all makes one of as many pages; hints are of the first alone"
    )

    @field_validator("pages")
    @classmethod
    def _without_hints(cls, pages: str, info: ValidationInfo) -> str:
        if pages == "all" and info.data.get("hints"):
            raise ValueError("hints are of one picture, not of all pages")
        return pages

    def engine_options(self, *, max_pixels: int) -> Options:
        """Return what the engine takes."""
        return Options(**self.result_options(), max_pixels=max_pixels, pages=self.pages)

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
    protected: Json[Annotated[tuple[Region, ...], Field(max_length=MOST_REGIONS)]] = ()
    palette: Json[Annotated[tuple[PaletteColor, ...], Field(max_length=MOST_COLORS)]] = ()


class _PhotoRequest(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    options: ColorizeOptions = Field(default=ColorizeOptions(), description="how the photo is colorized")


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

    n: int = Field(ge=1, le=20, description="how many places; fewer come of a small photo")


class ConfidenceRequest(_PhotoRequest):
    """How large a map of confidence may be."""

    long_edge: int | None = Field(
        default=None, ge=1, le=65_535, description="pixels of its longer side, or null for the photo's own size"
    )


class HintEffectRequest(_PhotoRequest):
    """Which hint's effect is asked for, and how large its map may be."""

    hint: int = Field(ge=0, lt=MOST_HINTS, description="which of `options.hints`, from 0 on")
    long_edge: int | None = Field(
        default=None, ge=1, le=65_535, description="pixels of its longer side, or null for the photo's own size"
    )


class CandidatesRequest(_PhotoRequest):
    """A place of a photo, in fractions of its width and height, from its top left corner."""

    x: float = Field(ge=0, le=1, description="from the left edge, as a fraction of the width")
    y: float = Field(ge=0, le=1, description="from the top edge, as a fraction of the height")


class AlikeSource(_PhotoRequest):
    """A photo whose colours others take over."""

    id: str = Field(min_length=1, max_length=64, description="of a kept photo")
    own_colors: bool = Field(
        default=False, description="those that it has already, in place of those by the options"
    )


class AlikeRequest(_PhotoRequest):
    """Photos whose colours a photo takes over where it shows the same; the first one rules."""

    like: tuple[AlikeSource, ...] = Field(min_length=1, max_length=8, description="these photos")


class ZipItem(_PhotoRequest):
    """One photo of many."""

    id: str = Field(min_length=1, max_length=64, description="of a kept photo")
    name: str | None = Field(default=None, max_length=255, description="of the file, without its ending")


class ZipRequest(BaseModel):
    """Photos to be put into one file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    items: tuple[ZipItem, ...] = Field(min_length=1, max_length=1000, description="the photos, in their order")


BODIES: tuple[type[BaseModel], ...] = (
    ColorizeOptions,
    AlternativesRequest,
    SuggestionsRequest,
    ConfidenceRequest,
    HintEffectRequest,
    CandidatesRequest,
    AlikeRequest,
    ZipRequest,
)
"""What programs send as JSON."""


class HintSet(BaseModel):
    """Hints, as the options take them."""

    hints: tuple[Hint, ...] = Field(description="to be put into the options")


class TakenHints(BaseModel):
    """What a photo takes over from others."""

    hints: tuple[Hint, ...] = Field(description="to put before those of the options; none if the photos differ")
    places: tuple[int, ...] = Field(description="how many places each of the others gave a colour")


class HintSets(BaseModel):
    """Ways to colorize a photo; fewer than were asked for where the network finds no others plausible."""

    alternatives: tuple[HintSet, ...] = Field(description="the first is the result by the options alone")


class CandidateColors(BaseModel):
    """The colours that a place may have."""

    lightness: float = Field(description="0..100, of the photo at that place")
    current: str = Field(description="the colour it has by these options, #rrggbb")
    suggestions: tuple[str, ...] = Field(description="likely ones, clearly different, the likeliest first")
    suggestions_ab: tuple[tuple[float, float], ...] = Field(
        description="the same as a, b in CIELAB units, which a dark place may be unable to show"
    )


class PaletteColors(BaseModel):
    """The colours of a colour photo, as the option `palette` takes them."""

    palette: tuple[tuple[float, float], ...] = Field(
        description="a, b in CIELAB units, each of which speaks for an equal share of the photo"
    )


class Photo(BaseModel):
    """A photo that the service keeps for a while."""

    id: str = Field(description="by which it is asked for; whoever knows it may use the photo")
    name: str = Field(description="what its owner calls it")
    width: int = Field(description="of the upright photo, in pixels")
    height: int = Field(description="likewise")
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
    sha256: str = Field(description="which tells its weights from others of the same name")
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    input_size: int
    parameters: int
    training: dict[str, str | int | float]
    scores: dict[str, float]

    @classmethod
    def of(cls, network: OpenNetwork) -> NetworkInfo:
        """Take it from a network that is open."""
        said = network.card.model_dump(include=set(cls.model_fields) - {"sha256"})
        return cls(**said, sha256=network.sha256)


class Networks(BaseModel):
    """The networks that this service offers."""

    default: str = Field(description="the one that is used where none is named")
    networks: tuple[NetworkInfo, ...] = Field(description="all of them, the default first")


class Limits(BaseModel):
    """What this service takes and keeps."""

    upload_bytes: int = Field(description="of a photo's file")
    pixels: int = Field(description="of a photo")
    keep_seconds: float = Field(description="a photo is gone so long after its last use")
    photos: int = Field(description="that are kept")
    token_required: bool = Field(description="whether requests need a token")


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str = Field(default="about:blank", description="always about:blank; `code` says the kind")
    title: str = Field(description="what the status is called")
    status: int = Field(description="of HTTP")
    detail: str = Field(description="one sentence: what is wrong with what, and what to do")
    code: str = Field(description="of its kind, such as photo-unreadable; it stays from version to version")
    subject: str | None = Field(description="the photo or field that it is about")
    problem: str = Field(description="what is wrong with that")
    remedy: str = Field(description="what to do")
