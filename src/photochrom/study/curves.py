"""Loss curves: training and test loss by epoch, as the article plots them, with the grey answer's loss."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from photochrom.study.results import RunResult
from photochrom.study.style import PALETTE, QUIET, save_figure, study_style

__all__ = ["draw_curves"]

_TRAIN, _TEST = PALETTE[0], PALETTE[1]


def draw_curves(runs: Sequence[tuple[str, RunResult]], path: Path, *, columns: int = 3) -> Path:
    """Draw runs as small multiples that share both axes.

    Args:
        runs: a title and a run for each panel.
        path: of the PNG.
        columns: panels side by side.

    Returns:
        `path`.
    """
    columns = min(columns, len(runs))
    rows = math.ceil(len(runs) / columns)
    with study_style():
        figure = Figure(figsize=(3.1 * max(columns, 2), 2.35 * rows + 0.55), layout="constrained")
        axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
        for (title, run), ax in zip(runs, axes, strict=False):
            _panel(ax, title, run)
        for ax in axes[len(runs) :]:
            ax.set_visible(False)
        _share_scale(axes[0], [run for _, run in runs])
        unit = "squared CIELAB units" if runs[0][1].recipe.loss == "mse" else runs[0][1].recipe.loss
        figure.supylabel(f"loss ({unit})", fontsize=9)
        figure.supxlabel("epoch", fontsize=9)
        figure.legend(handles=_legend(), loc="outside upper right", ncols=3)
        return save_figure(figure, path)


def _panel(ax: Axes, title: str, run: RunResult) -> None:
    ax.set_title(title)
    epochs = [entry.epoch for entry in run.history]
    dots = "o" if len(epochs) < 15 else ""
    ax.plot(epochs, [entry.train_loss for entry in run.history], color=_TRAIN, marker=dots, markersize=3)
    tested = [(entry.epoch, entry.test_loss) for entry in run.history if entry.test_loss is not None]
    if tested:
        ax.plot(*zip(*tested, strict=True), color=_TEST, linestyle=(0, (4, 1.5)), marker=dots, markersize=3)
    if "grey_loss" in run.facts:
        ax.axhline(float(run.facts["grey_loss"]), color=QUIET, linestyle=":", linewidth=1.2)
    if not run.complete:
        label = f"{run.status} after epoch {len(epochs)}" if epochs else run.status
        ax.text(0.97, 0.94, label, transform=ax.transAxes, ha="right", va="top", fontsize=8, color=_TEST)


def _share_scale(ax: Axes, runs: Sequence[RunResult]) -> None:
    """Choose one logarithmic scale that single wild test losses do not flatten."""
    ax.set_yscale("log")
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.yaxis.set_minor_formatter(NullFormatter())
    ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    entries = [entry for run in runs for entry in run.history]
    calm = [entry.train_loss for entry in entries] + [float(run.facts.get("grey_loss", 0)) for run in runs]
    tested = [entry.test_loss for entry in entries if entry.test_loss is not None]
    calm = [loss for loss in calm if loss > 0]
    if calm:
        bottom = min(calm + [loss for loss in tested if loss > 0])
        ax.set_ylim(bottom / 1.1, min(max(calm + tested), 2 * max(calm)) * 1.1)


def _legend() -> list[Line2D]:
    return [
        Line2D([], [], color=_TRAIN, label="training photos"),
        Line2D([], [], color=_TEST, linestyle=(0, (4, 1.5)), label="test photos"),
        Line2D([], [], color=QUIET, linestyle=":", linewidth=1.2, label="an answer without colour, test photos"),
    ]
