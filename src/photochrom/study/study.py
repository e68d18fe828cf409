"""A study from photos to report: plan, photos, runs, measurements, page."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import torch

from photochrom.errors import CheckpointError, OutputError, TrainingError
from photochrom.io.atomic import make_folder
from photochrom.models import create_network
from photochrom.study.budget import Budget
from photochrom.study.ladder import Photos, PlannedRun, run_ladder
from photochrom.study.measure import Measurements, measure_runs
from photochrom.study.merge import Arrival, staged_runs
from photochrom.study.pack import CHECKPOINT, write_pack
from photochrom.study.report import write_report
from photochrom.study.results import RunResult, read_runs
from photochrom.study.words import say_duration
from photochrom.training import load_data
from photochrom.training.deadline import Deadline
from photochrom.training.device import choose_device, measure_step, precision_of

__all__ = ["StudyResult", "run_study"]


@dataclass(frozen=True)
class StudyResult:
    """How a study ended.

    Attributes:
        report: the page; None where Ctrl-C or SIGTERM stopped the study before it.
        stopped_by: the signal's number, else 0.
        left: the runs that are not done, each with the epochs that it still has to do.
        packed: the parts of the pack, where one was asked for.
    """

    report: Path | None
    stopped_by: int = 0
    left: dict[str, int] = field(default_factory=dict)
    packed: list[Path] = field(default_factory=list)


def run_study(
    plan: Sequence[PlannedRun],
    data: str | Path | Sequence[str | Path],
    output: str | Path,
    *,
    device: str = "auto",
    training: bool = True,
    within: float | None = None,
    unpack: Sequence[str | Path] = (),
    pack: str | Path | None = None,
    photographs: bool = True,
    progress: bool = True,
    say: Callable[[str], None] = lambda line: None,
) -> StudyResult:
    """Do the runs of a study that are not done yet, and write its report of all that there are.

    `output` then holds `report.html`, `report.json`, `figures/` and, below `runs/`, a folder for each run.

    Args:
        plan: the runs; see `plan_study`.
        data: the photos; see `find_photos`.
        output: the study's folder.
        device: see `photochrom.training.train`.
        training: whether to train at all; else what is there is unpacked, reported and packed.
        within: seconds that the study may take this time, photos, report and pack included. It stops before the
            step that would be too much, and the next time goes on from there.
        unpack: packs whose runs join those of `output`; of the same run the one that goes further stays.
        pack: the file that the runs are packed into at the end, also where a signal stopped the study; see
            `write_pack`.
        photographs: whether the report shows photos, what networks make of them, and their names.
        progress: whether each run shows how it goes.
        say: called with a line of what begins, and what is left.

    Raises:
        CheckpointError: if a run's folder or a pack holds a run of another recipe or other photos, or is damaged.
        DataError: if the photos cannot be used.
        OutputError: if the report or the pack cannot be written.
        TrainingError: if memory or the disk is full, or `within` does not hold one step.
    """
    began = time.monotonic()
    where = choose_device(device)
    output, packed = Path(output), None if pack is None else Path(pack)
    if packed is not None:
        make_folder(packed.parent)
        if packed.is_dir():
            raise OutputError(packed, "is a folder", "give a file as --pack")
    runs = output / "runs"
    with ExitStack() as cleanup:
        arrivals = cleanup.enter_context(staged_runs([Path(one) for one in unpack], plan, output))
        photos = _Photos(plan, data, where, say)
        cleanup.callback(photos.close)
        dev = photos.of(next(run for run in plan if run.role == "dev"))
        _check_photos(plan, read_runs(plan, runs), arrivals, dev)
        for arrival in arrivals:
            arrival.move_in(runs)
            say(f"{arrival.name}: from {arrival.pack}")

        stopped = 0
        budget = Budget(began + within, dev, where) if training and within is not None else None
        before = _reached(read_runs(plan, runs))
        if training:
            stopped = run_ladder(
                plan,
                runs,
                photos.of,
                device=device,
                deadline=None if budget is None else lambda run: _deadline(budget, run, plan, runs, photos),
                progress=progress,
                say=say,
            )
        results = read_runs(plan, runs)
        left = _left(results)
        if budget is not None and left and not stopped and _reached(results) == before:
            raise TrainingError(
                None,
                f"--within holds no step of training: photos and report take {say_duration(within or 0)} or more",
                "give more time, or --no-training for the report alone",
            )
        parts = [] if packed is None else write_pack(runs, packed)
        if stopped:
            say("stopped; the same command goes on from here")
            return StudyResult(None, stopped, left, parts)
        say("measuring and drawing")
        measured: Measurements = measure_runs(results, dev, where, photographs=photographs)
        report = write_report(results, measured, output, photographs=photographs)
        if left:
            epochs = ", ".join(f"{name} ({count})" for name, count in left.items())
            say(f"{len(left)} of {len(plan)} runs are left, with so many epochs: {epochs}")
        return StudyResult(report, 0, left, parts)


class _Photos:
    """Gives each run its photos; no photo is decoded twice, for those of the dev set are the final run's first."""

    def __init__(
        self,
        plan: Sequence[PlannedRun],
        data: str | Path | Sequence[str | Path],
        device: torch.device,
        say: Callable[[str], None],
    ) -> None:
        self._plan, self._data, self._device, self._say = plan, data, device, say
        self._loaded: dict[str, Photos] = {}
        self._pace = 0.0  # seconds that a photo took to load

    def of(self, run: PlannedRun) -> Photos:
        """Return what a run trains and tests on; it is loaded when it is first asked for."""
        if run.role not in self._loaded:
            recipe, began, known = run.recipe, time.monotonic(), len(self)
            self._say(f"loading photos at {recipe.size}x{recipe.size}")
            self._loaded[run.role] = load_data(
                recipe,
                self._data,
                self._device,
                reserve=self._room(run),
                known=next(iter(self._loaded.values()), None),
                say=self._say if not self._loaded else lambda _: None,
            )
            self._pace = (time.monotonic() - began) / max(1, len(self) - known)
        return self._loaded[run.role]

    def seconds_for(self, run: PlannedRun) -> float:
        """Estimate from what was loaded how long loading what a run lacks will take."""
        return 0.0 if run.role in self._loaded else self._pace * max(0, (run.recipe.photos or 0) - len(self))

    def __len__(self) -> int:
        """Return how many photos to train on were loaded, those of the dev set counted once."""
        return max((len(training) for training, _ in self._loaded.values()), default=0)

    def close(self) -> None:
        for photos in self._loaded.values():
            for photo_set in photos:
                if photo_set is not None:
                    photo_set.close()

    def _room(self, run: PlannedRun) -> int:
        """Return how many bytes a step of the largest network of the plan takes."""
        networks = [create_network(name) for name in {run.recipe.network for run in self._plan}]
        largest = max(networks, key=lambda network: sum(p.numel() for p in network.parameters()))
        largest = largest.to(self._device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        precision = precision_of(run.recipe.precision, self._device)
        batch, size = run.recipe.batch, run.recipe.size
        return measure_step(largest, batch, size, self._device, precision, run.recipe.cudnn_benchmark)


def _check_photos(
    plan: Sequence[PlannedRun], results: Sequence[RunResult], arrivals: Sequence[Arrival], photos: Photos
) -> None:
    """Refuse a study whose runs saw other photos: the report would show what they never trained on.

    Raises:
        CheckpointError: if one did.
    """
    fingerprint = "-".join(one.fingerprint for one in photos if one is not None)
    dev = {run.name for run in plan if run.role == "dev"}
    done = [
        (f"runs/{one.name}", one.name, one.checkpoint.progress.data)
        for one in results
        if one.checkpoint is not None
    ]
    done += [(f"{one.pack}: its run {one.name}", one.name, one.data) for one in arrivals if one.data]
    for where, name, data in done:
        if name in dev and data != fingerprint:
            raise CheckpointError(
                where, "was done with other photos", "give the same --data, or choose another --output"
            )


def _deadline(
    budget: Budget, run: PlannedRun, plan: Sequence[PlannedRun], runs: Path, photos: _Photos
) -> Deadline | None:
    """Return when a run has to stop; None where its photos would not even be loaded by then."""
    begun = [one for one in plan if one is run or (runs / one.name / CHECKPOINT).exists()]
    deadline = budget.deadline(run, list({(one.role, one.recipe.network): one for one in begun}.values()))
    return deadline if time.monotonic() + photos.seconds_for(run) < deadline.at else None


def _reached(results: Sequence[RunResult]) -> list[tuple[str, int, int]]:
    """Return how far runs have come: epochs, and steps in the one under way."""
    return [
        (one.status, len(one.history), 0 if one.checkpoint is None else one.checkpoint.progress.step)
        for one in results
    ]


def _left(results: Sequence[RunResult]) -> dict[str, int]:
    return {one.name: one.recipe.epochs - len(one.history) for one in results if not one.ended}
