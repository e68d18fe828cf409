"""An evaluation's jobs: one photo's mean colour, and one photo's figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from photochrom.color.cielab import rgb_to_lab
from photochrom.data.photos import PhotoRef
from photochrom.errors import MissingExtraError, PhotoError
from photochrom.evaluation.inception import Inception
from photochrom.evaluation.lpips import Lpips
from photochrom.evaluation.measure import Measurer
from photochrom.evaluation.methods import Method
from photochrom.evaluation.preprocessing import PREPROCESSINGS
from photochrom.evaluation.record import Line
from photochrom.workers.runner import Context, Job, Setup

__all__ = ["EXTRAS", "Bench", "BenchSetup", "Measure", "MeasureMean", "missing_extras"]

EXTRAS: dict[str, Callable[[], Any]] = {"lpips": Lpips, "frechet": Inception}
"""The metrics that need packages of their own."""


def missing_extras() -> dict[str, str]:
    """Say of each optional metric that cannot be measured here what it needs."""
    missing = {}
    for key, make in EXTRAS.items():
        try:
            make()
        except MissingExtraError as error:
            missing[key] = str(error)
    return missing


@dataclass(frozen=True)
class BenchSetup(Setup["Bench"]):
    """What every worker measures.

    Attributes:
        methods: the rows.
        preprocessing: name of the preprocessing.
        hints: numbers of colour points for the curve.
        extras: which of `EXTRAS` are measured.
        threads: for each worker; there is a worker for each core already.
    """

    methods: tuple[Method, ...]
    preprocessing: str
    hints: tuple[int, ...]
    extras: frozenset[str]
    threads: int | None = 1

    def open(self) -> Bench:
        """Make ready to read photos; networks are opened for the first one that is measured."""
        if self.extras and self.threads:
            import torch

            torch.set_num_threads(self.threads)
        return Bench(self)


class Bench(Context):
    """What a worker holds between photos.

    Args:
        setup: what it measures.
    """

    def __init__(self, setup: BenchSetup) -> None:
        self._setup = setup
        self._measurer: Measurer | None = None

    def read(self, ref: PhotoRef | SentPhoto) -> Any:
        """Read a photo as the preprocessing says.

        Raises:
            PhotoError: if it cannot be read.
            DataError: if it was changed since it was listed.
        """
        return PREPROCESSINGS[self._setup.preprocessing].read(ref.read(), ref.key)

    def measurer(self, mean_ab: tuple[float, float]) -> Measurer:
        """Open what measures, the first time.

        Raises:
            NetworkError: if a network cannot be opened.
        """
        if self._measurer is None:
            extras = {key: make() for key, make in EXTRAS.items() if key in self._setup.extras}
            self._measurer = Measurer(
                self._setup.methods,
                mean_ab,
                hints=self._setup.hints,
                lpips=extras.get("lpips"),
                inception=extras.get("frechet"),
            )
        return self._measurer


@dataclass(frozen=True)
class SentPhoto:
    """A photo that goes with its job, to machines that do not have its file.

    Attributes:
        key: as `PhotoRef` has it.
        data: the file's bytes.
    """

    key: str
    data: bytes = field(repr=False)

    @classmethod
    def of(cls, ref: PhotoRef) -> PhotoRef | SentPhoto:
        """Read a photo; where that fails, whoever has the job is to say so."""
        try:
            return cls(ref.key, ref.read())
        except PhotoError:
            return ref

    def read(self) -> bytes:
        """Return the photo's bytes."""
        return self.data


@dataclass(frozen=True)
class MeasureMean(Job[Bench, tuple[float, float] | None]):
    """Measure the mean a, b of a photo; None if it cannot be read, which is said where it is measured."""

    ref: PhotoRef | SentPhoto
    name: str

    def run(self, bench: Bench) -> tuple[float, float] | None:
        """Do it."""
        try:
            rgb = bench.read(self.ref)
        except PhotoError:
            return None
        a, b = rgb_to_lab(rgb)[..., 1:].mean(axis=(0, 1), dtype=np.float64).tolist()
        return a, b


@dataclass(frozen=True)
class Measure(Job[Bench, Line]):
    """Measure every row on a photo; `mean_ab` is the colour of the row of the mean colour."""

    ref: PhotoRef | SentPhoto
    name: str
    mean_ab: tuple[float, float]

    def run(self, bench: Bench) -> Line:
        """Do it."""
        measurer = bench.measurer(self.mean_ab)
        try:
            truth = bench.read(self.ref)
        except PhotoError as error:
            return Line(self.ref.key, skipped=str(error))
        return Line(self.ref.key, measurer(truth, self.ref.key))
