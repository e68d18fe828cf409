"""The jobs on a photo: each is one output. This is the one place where shells reach the engine by workers.

A new output is a class here, whose `run` calls the engine, and a route of the service or an option of the command
line that gives it to a pool.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np

from photochrom.errors import OutputError, PhotoError
from photochrom.hints import Hint
from photochrom.inference import candidates
from photochrom.inference.exemplar import Exemplar
from photochrom.inference.palette import palette_of
from photochrom.inference.prediction import Prediction
from photochrom.inference.preprocess import PhotoInfo
from photochrom.io import writer
from photochrom.io.formats import result_suffix
from photochrom.io.sidecars import find_sidecars, sidecar_target
from photochrom.options import Options
from photochrom.result_notes import Note
from photochrom.workers.engine import Engine, OpenNetwork
from photochrom.workers.runner import Job

__all__ = [
    "Alike",
    "Alternatives",
    "Candidates",
    "Confidence",
    "Describe",
    "FileJob",
    "HintEffect",
    "Inspect",
    "Original",
    "Palette",
    "PhotoInfo",
    "PhotoJob",
    "Render",
    "Suggest",
    "Survey",
    "Written",
]

R_co = TypeVar("R_co", covariant=True)
W_co = TypeVar("W_co", bound="Written", covariant=True)

_DEFAULTS = Options()


@dataclass(frozen=True, kw_only=True)
class Describe(Job[Engine, tuple[OpenNetwork, ...]]):
    """Say which networks are open, once it is sure that the default one can do what the options ask for."""

    options: Options = _DEFAULTS
    name: str = "the networks"

    def run(self, engine: Engine) -> tuple[OpenNetwork, ...]:
        """Do it."""
        engine.colorizer().check(self.options)
        return engine.networks


@dataclass(frozen=True, kw_only=True)
class PhotoJob(Job[Engine, R_co]):
    """Something to do with one photo.

    Attributes:
        photo: its file.
        name: what its owner calls it.
        key: by which a worker remembers what it decoded of it; None for a photo that comes once.
        network: name of the network, or None for the default.
        options: for the result.
    """

    photo: Path
    name: str
    key: str | None = None
    network: str | None = None
    options: Options = _DEFAULTS

    def run(self, engine: Engine) -> R_co:
        """Do it.

        Raises:
            CapabilityError: if the network cannot do what the options ask for.
            PhotoError: if the photo cannot be read.
            NetworkError: if the network fails on it.
            OutputError: if a file cannot be written.
        """
        colorizer = engine.colorizer(self.network)
        colorizer.check(self.options)
        prediction = engine.open(self.photo, self.name, self.key, colorizer, self.options.max_pixels)
        try:
            return self._make(prediction)
        finally:
            engine.trim()

    @abstractmethod
    def _make(self, prediction: Prediction) -> R_co:
        """Have the engine do it."""


@dataclass(frozen=True, kw_only=True)
class Inspect(PhotoJob[PhotoInfo]):
    """See what the photo is."""

    def _make(self, prediction: Prediction) -> PhotoInfo:
        return prediction.info


@dataclass(frozen=True, kw_only=True)
class Alternatives(PhotoJob[tuple[tuple[Hint, ...], ...]]):
    """Find `n` sets of hints, each of which makes the photo in clearly different colours."""

    n: int
    seed: int = 0

    def _make(self, prediction: Prediction) -> tuple[tuple[Hint, ...], ...]:
        return tuple(each.hints for each in prediction.alternatives(self.n, self.options, seed=self.seed))


@dataclass(frozen=True, kw_only=True)
class Suggest(PhotoJob[tuple[Hint, ...]]):
    """Find the `n` places where a hint would help most."""

    n: int

    def _make(self, prediction: Prediction) -> tuple[Hint, ...]:
        return tuple(prediction.suggest(self.n, self.options))


@dataclass(frozen=True, kw_only=True)
class Candidates(PhotoJob[candidates.Candidates]):
    """Say which colours a place may have; x and y are fractions 0..1 of width and height."""

    x: float
    y: float

    def _make(self, prediction: Prediction) -> candidates.Candidates:
        return prediction.candidates(self.x, self.y, self.options)


@dataclass(frozen=True, kw_only=True)
class Survey(PhotoJob[Exemplar]):
    """See what others need to know of the photo to take over its colours.

    Attributes:
        own_colors: whether to take those that it has already, in place of those that the network predicts; "yes"
            refuses a photo without any.
    """

    own_colors: Literal["no", "yes", "if any"] = "no"

    def _make(self, prediction: Prediction) -> Exemplar:
        own = self.own_colors == "yes" or (self.own_colors == "if any" and not prediction.info.is_grey)
        return prediction.exemplar(self.options, own_colors=own)


@dataclass(frozen=True, kw_only=True)
class Alike(PhotoJob[tuple[tuple[Hint, ...], list[int]]]):
    """Find the hints that the photo takes over from exemplars, and how many each of them gives."""

    exemplars: tuple[Exemplar, ...]

    def _make(self, prediction: Prediction) -> tuple[tuple[Hint, ...], list[int]]:
        plain = self.options.model_copy(update={"hints": ()})
        options, counts = prediction.alike(self.exemplars, plain)
        return options.hints, counts


@dataclass(frozen=True, kw_only=True)
class Palette(PhotoJob[tuple[tuple[float, float], ...]]):
    """Take the colours of a colour photo, a, b in CIELAB units, each of which speaks for an equal share of it."""

    colors: int

    def _make(self, prediction: Prediction) -> tuple[tuple[float, float], ...]:
        try:
            return palette_of(self.photo, self.colors, max_pixels=self.options.max_pixels)
        except PhotoError as error:
            raise error.about(self.name) from error


@dataclass(frozen=True)
class Written:
    """A file that was made.

    Attributes:
        file: where it is.
        notes: what the user should know about it.
        beside: sidecars that were written beside it.
    """

    file: Path
    notes: tuple[Note, ...] = ()
    beside: tuple[Path, ...] = ()


@dataclass(frozen=True, kw_only=True)
class FileJob(PhotoJob[W_co]):
    """Something that makes a file.

    Attributes:
        target: the file, which is replaced; without a suffix, it gets that of what is made.
        shown: what messages call the file; None for the photo's name.
    """

    target: Path = Path("result")
    shown: str | None = None

    def run(self, engine: Engine) -> W_co:
        """Do it; an error about the file calls it as it is to be called."""
        try:
            return super().run(engine)
        except OutputError as error:
            raise error.about(self.shown or self.name) from error

    def _path(self, suffix: str) -> Path:
        return self.target if self.target.suffix else self.target.with_suffix(suffix)


@dataclass(frozen=True, kw_only=True)
class Render(FileJob[Written]):
    """Make the photo in colour, of the target's kind, or of the photo's own."""

    def _make(self, prediction: Prediction) -> Written:
        return self._save(prediction)

    def _save(self, prediction: Prediction) -> Written:
        photo = prediction.photo()
        wide = photo.dtype == np.uint16
        target = self._path(self.target.suffix or result_suffix(photo.format or "", wide=wide))
        notes = prediction.save(target, self.options, overwrite=True)
        shown = self.shown or self.name
        said = tuple(note.about(shown) if note.subject == str(target) else note for note in notes)
        sidecars = find_sidecars(self.photo) if self.options.sidecars == "copy" else []
        copies = (sidecar_target(sidecar, self.photo, target) for sidecar in sidecars)
        return Written(target, said, tuple(copy for copy in copies if copy.exists()))


@dataclass(frozen=True, kw_only=True)
class Original(FileJob[Written]):
    """Make the upright photo of a kind that every browser shows."""

    def _make(self, prediction: Prediction) -> Written:
        opened = prediction.photo(long_edge=self.options.long_edge)
        suffix = ".jpg"
        if opened.has_alpha:  # WebP is smaller, but ends at 16,383 pixels
            suffix = ".webp" if max(opened.height, opened.width) < 16_384 else ".png"
        target = self._path(suffix)
        image = writer.Image(opened.height, opened.width, opened.bands + opened.has_alpha, opened.dtype)
        writer.write_image(target, image, opened.strips())
        return Written(target)


@dataclass(frozen=True, kw_only=True)
class Confidence(FileJob[Written]):
    """Make a grey map of how sure the network is, with at most `long_edge` pixels on its longer side."""

    long_edge: int | None = None

    def _make(self, prediction: Prediction) -> Written:
        target = self._path(".png")
        prediction.save_confidence(target, self.options, long_edge=self.long_edge)
        return Written(target)


@dataclass(frozen=True, kw_only=True)
class HintEffect(FileJob[Written]):
    """Make a grey map of how far one of the options' hints moves the colours, with at most `long_edge` pixels."""

    hint: int
    long_edge: int | None = None

    def _make(self, prediction: Prediction) -> Written:
        target = self._path(".png")
        prediction.save_hint_effect(self.hint, self.options, target, long_edge=self.long_edge)
        return Written(target)
