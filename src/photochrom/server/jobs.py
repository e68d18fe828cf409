"""What the front process asks of a worker, and what it hears; all of it small enough for a pipe."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from photochrom.errors import PhotochromError
from photochrom.inference.card import Card
from photochrom.inference.onnx_model import Device
from photochrom.options import Options

__all__ = [
    "Alternatives",
    "Answer",
    "Choose",
    "Colorize",
    "Confidence",
    "Done",
    "Forget",
    "Job",
    "Look",
    "Original",
    "Ready",
    "Refused",
    "Seen",
    "Setup",
    "Suggest",
]


@dataclass(frozen=True)
class Setup:
    """What a worker is started with.

    Attributes:
        networks: names or paths, the default first.
        device: where they run.
        threads: processors to use.
    """

    networks: tuple[str, ...]
    device: Device
    threads: int


@dataclass(frozen=True)
class Job:
    """Something to do with one photo; doing it twice comes to the same.

    Attributes:
        photo: its file.
        name: what its owner calls it.
        key: by which the worker remembers what it decoded of it; None for a photo that comes once.
        network: name of the network, or None for the default.
        options: wishes.
        folder: empty folder for what is made, or None where nothing is.
    """

    photo: Path
    name: str
    key: str | None = None
    network: str | None = None
    options: Options = field(default_factory=Options)
    folder: Path | None = None


@dataclass(frozen=True)
class Look(Job):
    """See what the photo is; answered with `Seen`."""


@dataclass(frozen=True)
class Colorize(Job):
    """Make the photo in colour, a file of the kind of `suffix`, or of the photo's own."""

    suffix: str | None = None


@dataclass(frozen=True)
class Original(Job):
    """Make the upright photo as browsers show it."""


@dataclass(frozen=True)
class Confidence(Job):
    """Make a map of how sure the network is, of at most `long_edge` pixels."""

    long_edge: int | None = None


@dataclass(frozen=True)
class Alternatives(Job):
    """Find `n` sets of hints."""

    n: int = 1
    seed: int = 0


@dataclass(frozen=True)
class Suggest(Job):
    """Find `n` places to ask about."""

    n: int = 1


@dataclass(frozen=True)
class Choose(Job):
    """Say which colours a place may have."""

    x: float = 0.0
    y: float = 0.0


@dataclass(frozen=True)
class Forget:
    """Let go of what was decoded of a photo; there is no answer.

    Attributes:
        key: as `Job` has it.
    """

    key: str


@dataclass(frozen=True)
class Seen:
    """What a photo is, as `photochrom.server.schema.Photo` says it."""

    width: int
    height: int
    bits: int
    format: str
    is_grey: bool
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Done:
    """A job is through.

    Attributes:
        file: what was made, or None.
        value: what was found, or None: a `Seen`, sets of hints, hints, or `Choices`.
        notes: what the user should know, a sentence each.
    """

    file: Path | None = None
    value: Any = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Refused:
    """A job cannot be done.

    Attributes:
        status: of HTTP that fits.
        error: why.
    """

    status: int
    error: PhotochromError


@dataclass(frozen=True)
class Ready:
    """A worker has its networks open."""

    cards: tuple[Card, ...]


Answer = Done | Refused
