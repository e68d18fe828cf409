"""A study from photos to report: plan, photos, runs, measurements, page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from photochrom.data.photoset import PhotoSet
from photochrom.errors import CheckpointError
from photochrom.models import create_network
from photochrom.study.ladder import Photos, PlannedRun, run_ladder
from photochrom.study.measure import Measurements, measure_runs
from photochrom.study.report import write_report
from photochrom.study.results import RunResult, read_runs
from photochrom.training import load_data
from photochrom.training.device import choose_device, measure_step, precision_of

__all__ = ["StudyResult", "run_study"]


@dataclass(frozen=True)
class StudyResult:
    """How a study ended.

    Attributes:
        report: the page; None where Ctrl-C or SIGTERM stopped the study before it.
        stopped_by: the signal's number, else 0.
    """

    report: Path | None
    stopped_by: int = 0


def run_study(
    plan: Sequence[PlannedRun],
    data: str | Path | Sequence[str | Path],
    output: str | Path,
    *,
    device: str = "auto",
    progress: bool = True,
    say: Callable[[str], None] = lambda line: None,
) -> StudyResult:
    """Do the runs of a study that are not done yet, and write its report.

    `output` then holds `report.html`, `report.json`, `figures/` and, below `runs/`, a folder for each run.

    Args:
        plan: the runs; see `plan_study`.
        data: the photos; see `find_photos`.
        output: the study's folder.
        device: see `photochrom.training.train`.
        progress: whether each run shows how it goes.
        say: is told in a line what begins.

    Raises:
        CheckpointError: if a run's folder holds a run of another recipe or other photos.
        DataError: if the photos cannot be used.
        OutputError: if the report cannot be written.
        TrainingError: if memory or the disk is full.
    """
    where = choose_device(device)
    output = Path(output)
    runs = output / "runs"
    dev = next(run for run in plan if run.role == "dev")
    say(f"loading photos at {dev.recipe.size}x{dev.recipe.size}")
    photos = _load(plan, dev, data, where)
    try:
        _check_photos(read_runs(plan, runs), photos)
        stopped = run_ladder(
            plan,
            runs,
            lambda run: photos if run.role == "dev" else _load(plan, run, data, where),
            device=device,
            progress=progress,
            say=say,
        )
        if stopped:
            say("stopped; the same command goes on from here")
            return StudyResult(None, stopped)
        say("measuring and drawing")
        results = read_runs(plan, runs)
        measured: Measurements = measure_runs(results, photos, where)
        return StudyResult(write_report(results, measured, output))
    finally:
        for photo_set in photos:
            if photo_set is not None:
                photo_set.close()


def _load(
    plan: Sequence[PlannedRun],
    run: PlannedRun,
    data: str | Path | Sequence[str | Path],
    device: torch.device,
) -> Photos:
    """Load what a run trains and tests on, beside room for a step of the largest network of the plan."""
    networks = [create_network(name) for name in {run.recipe.network for run in plan}]
    largest = max(networks, key=lambda network: sum(p.numel() for p in network.parameters())).to(device)
    recipe = run.recipe
    reserve = measure_step(largest, recipe.batch, recipe.size, device, precision_of(recipe.precision, device))
    return load_data(recipe, data, device, reserve=reserve)


def _check_photos(results: Sequence[RunResult], photos: tuple[PhotoSet, PhotoSet | None]) -> None:
    """Refuse a study whose finished runs saw other photos: the report would show what they never trained on.

    Raises:
        CheckpointError: if one did.
    """
    fingerprint = "-".join(one.fingerprint for one in photos if one is not None)
    for result in results:
        if result.role != "dev" or result.checkpoint is None:
            continue
        if result.checkpoint.progress.data != fingerprint:
            raise CheckpointError(
                f"runs/{result.name}",
                "was done with other photos",
                "give the same --data, or choose another --output",
            )
