"""What a study's runs left behind, read back from their folders."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from photochrom.errors import CheckpointError
from photochrom.models import ColorizationNetwork
from photochrom.study.ladder import DIVERGED, PlannedRun, read_marker
from photochrom.training import Checkpoint, EpochLog, Recipe, load_checkpoint

__all__ = ["RunResult", "best_run", "read_runs", "shown_run"]


@dataclass(frozen=True)
class RunResult:
    """One run as its folder tells of it.

    Attributes:
        name: of the run.
        role: on the dev set, or the final run.
        recipe: what it trained.
        history: one entry for each finished epoch.
        facts: photos, device, versions, the loss of a grey answer; see `Progress.facts`.
        diverged: what was said when the loss became no number; None where it did not.
        checkpoint: the network as it ended; None where nothing was saved.
    """

    name: str
    role: Literal["dev", "final"]
    recipe: Recipe
    history: list[EpochLog]
    facts: dict[str, Any]
    diverged: str | None = None
    checkpoint: Checkpoint | None = None

    @property
    def network(self) -> ColorizationNetwork | None:
        """The trained network, in evaluation mode on the CPU; None where nothing was saved."""
        return None if self.checkpoint is None else self.checkpoint.network

    @property
    def complete(self) -> bool:
        """Whether all epochs are done, so that the run can be compared with others."""
        return self.diverged is None and len(self.history) >= self.recipe.epochs

    @property
    def ended(self) -> bool:
        """Whether nothing is left to do: all epochs are done, or the loss became no number."""
        return self.complete or self.diverged is not None

    @property
    def status(self) -> str:
        """In words: finished, diverged, not finished or not begun."""
        if self.diverged is not None:
            return "diverged"
        if self.complete:
            return "finished"
        return "not finished" if self.history else "not begun"

    @property
    def at_work(self) -> bool:
        """Whether there is a network to be shown: finished, or on its way with an epoch behind it."""
        return self.checkpoint is not None and bool(self.checkpoint.history) and self.diverged is None

    @property
    def seconds(self) -> float:
        """Of training, tests included, over all resumes; up to the last finished epoch."""
        return self.history[-1].seconds if self.history else 0.0

    @property
    def photos_seen(self) -> int:
        """Photos trained on, each counted once for each epoch."""
        return len(self.history) * int(self.facts.get("photos", 0))

    @property
    def settled_over(self) -> int:
        """Epochs at the end that the settled losses are medians of: a tenth of all, at least one."""
        return max(1, math.ceil(len(self.history) / 10))

    @property
    def train_loss(self) -> float:
        """The settled training loss, in squared CIELAB units for MSE; not a number before the first epoch."""
        return _median([entry.train_loss for entry in self.history[-self.settled_over :]])

    @property
    def test_loss(self) -> float | None:
        """The settled test loss; None without test photos."""
        losses = [entry.test_loss for entry in self.history[-self.settled_over :]]
        known = [loss for loss in losses if loss is not None]
        return _median(known) if known else None

    def epochs_to(self, train_loss: float) -> int | None:
        """Return the first epoch whose training loss is at most this, or None."""
        return next((entry.epoch for entry in self.history if entry.train_loss <= train_loss), None)


def read_runs(plan: Sequence[PlannedRun], folder: Path) -> list[RunResult]:
    """Read the runs of a plan, those too that are not done.

    Raises:
        CheckpointError: if a checkpoint or log is damaged.
    """
    return [_read(run, folder / run.name) for run in plan]


def best_run(runs: Sequence[RunResult], network: str) -> RunResult | None:
    """Return the network's finished dev run of least settled test loss, or training loss without test photos."""
    done = [run for run in runs if run.role == "dev" and run.recipe.network == network and run.complete]
    return min(done, key=lambda run: run.train_loss if run.test_loss is None else run.test_loss, default=None)


def shown_run(runs: Sequence[RunResult], network: str) -> RunResult | None:
    """Return the network's dev run that a report shows at work: its best, or until there is one the furthest."""
    begun = [run for run in runs if run.role == "dev" and run.recipe.network == network and run.at_work]
    return best_run(runs, network) or max(begun, key=lambda run: len(run.history), default=None)


def _read(run: PlannedRun, where: Path) -> RunResult:
    checkpoint = load_checkpoint(where) if (where / "checkpoint.safetensors").exists() else None
    marker = where / DIVERGED
    if marker.exists() and read_marker(marker) == run.recipe.model_dump():
        try:
            message = json.loads(marker.read_text(encoding="utf-8"))["message"]
            # The log goes on past the last checkpoint, up to the epoch that failed.
            history = _read_log(where / "log.jsonl")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CheckpointError(where, "its log is damaged", "delete the folder to run it again") from error
        facts = checkpoint.progress.facts if checkpoint is not None else {}
        return RunResult(run.name, run.role, run.recipe, history, facts, message, checkpoint)
    if checkpoint is None:
        return RunResult(run.name, run.role, run.recipe, [], {})
    facts = checkpoint.progress.facts
    return RunResult(run.name, run.role, run.recipe, checkpoint.history, facts, None, checkpoint)


def _read_log(path: Path) -> list[EpochLog]:
    if not path.exists():
        return []
    return [EpochLog(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines() if line]


def _median(values: Sequence[float]) -> float:
    return statistics.median(values) if values else math.nan
