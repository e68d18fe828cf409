"""How every figure of a study looks: fonts, the colours for colour-blind readers, and how it is written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from photochrom.errors import OutputError
from photochrom.io.atomic import replace_file

__all__ = ["CHANNEL_MAP", "DPI", "PALETTE", "QUIET", "save_figure", "study_style"]

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Okabe and Ito's colours, distinct with every common colour blindness and in print."""

QUIET = "#6b7280"
"""For axes, reference lines and captions."""

CHANNEL_MAP = "viridis"
"""Perceptually even, and legible in greyscale."""

DPI = 130
"""Pixels that a figure has for each inch; a page shows them at 100 CSS pixels an inch, so that letters match."""

_STYLE: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib, so that figures look the same everywhere
    "font.size": 9,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 9,
    "axes.edgecolor": QUIET,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e5e7eb",
    "grid.linewidth": 0.7,
    "axes.axisbelow": True,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "lines.linewidth": 1.5,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}


@contextmanager
def study_style() -> Iterator[None]:
    """Draw in the study's style inside the block, and leave matplotlib's settings as they were."""
    with mpl.rc_context(_STYLE):  # type: ignore[arg-type]  # keys are literals there
        yield


def save_figure(figure: Figure, path: Path) -> Path:
    """Write a figure as PNG.

    Raises:
        OutputError: if it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replace_file(path) as temporary:
            # No creation date or version: the same numbers give the same file.
            figure.savefig(temporary, dpi=DPI, metadata={"Software": None})
    except OSError as error:
        raise OutputError(path, f"cannot be written ({error.strerror})", "choose another --output") from error
    return path
