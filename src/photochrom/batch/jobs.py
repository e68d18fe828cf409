"""A folder's job: a photo in colour, and the fingerprints by which the manifest knows photo and result again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from photochrom.batch.fingerprint import Fingerprint
from photochrom.inference.prediction import Prediction
from photochrom.io.sidecars import sidecars_digest
from photochrom.options import Options
from photochrom.workers.engine import Engine
from photochrom.workers.jobs import Render, Written

__all__ = ["RecordedRender", "RecordedResult", "counted_sidecars"]


@dataclass(frozen=True, kw_only=True)
class RecordedResult(Written):
    """A result, and what it was made of.

    Attributes:
        made: the result as it was written; None where there is none, for the photo has colours already.
        photo: the photo as it was read; None if it is no regular file.
        sidecars: digest of its sidecars as they were read; empty where none count.
    """

    made: Fingerprint | None
    photo: Fingerprint | None
    sidecars: str = ""


@dataclass(frozen=True, kw_only=True)
class RecordedRender(Render):
    """Make the photo in colour, and take both fingerprints.

    Attributes:
        skip_colored: make nothing of a photo that has colours already.
    """

    skip_colored: bool = False

    def run(self, engine: Engine) -> RecordedResult:
        """See `Render.run`; the photo's fingerprint is taken before it is read."""
        try:
            read = Fingerprint.of(self.photo)
        except (OSError, ValueError):
            read = None  # what is wrong with it, the engine says best
        digest = counted_sidecars(self.photo, self.options)
        result = super().run(engine)
        made = Fingerprint.of(result.file) if result.file.exists() else None
        return RecordedResult(**vars(result), made=made, photo=read, sidecars=digest)

    def _make(self, prediction: Prediction) -> Written:
        if self.skip_colored and not prediction.info.is_grey:
            return Written(self.target)
        return super()._make(prediction)


def counted_sidecars(photo: Path, options: Options) -> str:
    """Return the digest of a photo's sidecars; empty where it has none, or they are not asked for."""
    return "" if options.sidecars == "ignore" else sidecars_digest(photo)
