"""A folder's job: a photo in colour, and the fingerprints by which the manifest knows photo and result again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from photochrom.batch.fingerprint import Fingerprint
from photochrom.inference.exemplar import Exemplar
from photochrom.inference.prediction import Prediction
from photochrom.io.sidecars import sidecars_digest
from photochrom.options import Options
from photochrom.workers.engine import Engine
from photochrom.workers.jobs import Render, Written

__all__ = ["AlikeRender", "RecordedRender", "RecordedResult", "counted_sidecars"]


@dataclass(frozen=True, kw_only=True)
class RecordedResult(Written):
    """A result, and what it was made of.

    Attributes:
        made: the result as it was written; None where there is none, for the photo has colours already.
        photo: the photo as it was read; None if it is no regular file.
        sidecars: digest of its sidecars as they were read, and of its session; empty where none count.
        exemplar: of an album made alike, what others need to know to take over its colours.
        counts: of an album made alike, how many places each exemplar gave a colour.
    """

    made: Fingerprint | None
    photo: Fingerprint | None
    sidecars: str = ""
    exemplar: Exemplar | None = None
    counts: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RecordedRender(Render):
    """Make the photo in colour, and take both fingerprints.

    Attributes:
        skip_colored: make nothing of a photo that has colours already.
        session: digest of the photos that it may take colours from; empty where it is by itself.
    """

    skip_colored: bool = False
    session: str = ""

    def run(self, engine: Engine) -> RecordedResult:
        """See `Render.run`; the photo's fingerprint is taken before it is read."""
        try:
            read = Fingerprint.of(self.photo)
        except (OSError, ValueError):
            read = None  # what is wrong with it, the engine says best
        digest = counted_sidecars(self.photo, self.options)
        result = super().run(engine)
        made = Fingerprint.of(result.file) if result.file.exists() else None
        return RecordedResult(**vars(result), made=made, photo=read, sidecars=digest + self.session)

    def _make(self, prediction: Prediction) -> Written:
        if self.skip_colored and not prediction.info.is_grey:
            return Written(self.target)
        return super()._make(prediction)


@dataclass(frozen=True, kw_only=True)
class AlikeRender(RecordedRender):
    """Make the photo in colour as `RecordedRender` does, alike to others.

    Attributes:
        own: what is known of the photo itself.
        exemplars: those whose colours it takes over, the one that rules first.
        averaged: average their colours with its own.
        there: the result is there already.
        lends: others need to know its colours.
    """

    own: Exemplar
    exemplars: tuple[Exemplar, ...] = ()
    averaged: bool = False
    there: bool = False
    lends: bool = False

    def _make(self, prediction: Prediction) -> Written:
        if self.skip_colored and not prediction.info.is_grey:
            return Written(self.target)
        options, counts = prediction.alike(self.exemplars, self.options, averaged=self.averaged, own=self.own)
        made = Written(self.target) if self.there else replace(self, options=options)._save(prediction)
        exemplar = self.own
        if self.lends and any(counts):
            plain = options.model_copy(update={"saturation": 1.0})
            exemplar = replace(self.own, ab=prediction.ab(plain).astype(np.float16))
        return _Alike(made.file, made.notes, made.beside, exemplar=exemplar, counts=tuple(counts))


@dataclass(frozen=True)
class _Alike(Written):
    exemplar: Exemplar | None = None
    counts: tuple[int, ...] = ()


def counted_sidecars(photo: Path, options: Options) -> str:
    """Return the digest of a photo's sidecars; empty where it has none, or they are not asked for."""
    return "" if options.sidecars == "ignore" else sidecars_digest(photo)
