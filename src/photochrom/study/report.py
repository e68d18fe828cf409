"""Writing a study's report: figures, `report.json` with every number, and one self-contained page."""

from __future__ import annotations

import base64
import io
import json
import math
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from PIL import Image

from photochrom.errors import OutputError
from photochrom.io.atomic import replace_file
from photochrom.study.content import report_content
from photochrom.study.curves import draw_curves
from photochrom.study.findings import compute_findings
from photochrom.study.measure import Measurements, shown_runs
from photochrom.study.pictures import draw_layers, draw_samples
from photochrom.study.results import RunResult, shown_run
from photochrom.study.style import DPI
from photochrom.study.words import say_duration, say_loss, say_thousands

__all__ = ["write_report"]

_PHOTOGRAPHIC = ("train", "test", "activations")  # the kinds of figures that show photos, or let them be guessed

Figures = dict[str, dict[str, Path]]


def write_report(
    runs: Sequence[RunResult], measured: Measurements, output: Path, *, photographs: bool = True
) -> Path:
    """Write `report.html`, `report.json` and `figures/*.png` into a study's folder.

    Args:
        runs: of the study, finished or not.
        measured: of the runs that are shown at work; see `measure_runs`.
        output: the study's folder.
        photographs: whether photos were kept in `measured`. Where they were not, those that an earlier report left
            in `figures/` are removed, so that all that is there can be published.

    Returns:
        The page's path.

    Raises:
        OutputError: if they cannot be written.
    """
    if not photographs:
        _remove_photographs(output / "figures")
    figures = _draw(runs, measured, output / "figures")
    content = report_content(runs, measured, compute_findings(runs, measured.colours))
    _write(output / "report.json", json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False))
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["duration"] = say_duration
    environment.filters["thousands"] = say_thousands
    environment.filters["loss"] = say_loss
    environment.filters["bar_height"] = _bar_height
    template = (files("photochrom.study") / "report.html.jinja").read_text(encoding="utf-8")
    inlined = {of: {kind: _inline(path) for kind, path in some.items()} for of, some in figures.items()}
    _write(output / "report.html", environment.from_string(template).render(**content, figures=inlined))
    return output / "report.html"


def _draw(runs: Sequence[RunResult], measured: Measurements, folder: Path) -> Figures:
    """Draw all figures: by network, by ``"final"``, and by ``"overview"``."""
    drawn: Figures = {}
    shown = []
    for network in dict.fromkeys(run.recipe.network for run in runs if run.role == "dev"):
        own = [run for run in runs if run.role == "dev" and run.recipe.network == network]
        if not any(run.history for run in own):
            drawn[network] = {}
            continue
        own.sort(key=lambda run: -run.recipe.learning_rate)
        titles = [(f"learning rate {run.recipe.learning_rate:g}", run) for run in own]
        drawn[network] = {"curves": draw_curves(titles, folder / f"{network}-loss.png")}
        shown_own = shown_run(runs, network)
        if shown_own is not None:
            shown.append((f"{network}, lr {shown_own.recipe.learning_rate:g}", shown_own))
    if len(shown) > 1:
        drawn["overview"] = {"curves": draw_curves(shown, folder / "overview-loss.png")}
    for run in runs:
        if run.role == "final" and run.history:
            drawn["final"] = {"curves": draw_curves([(run.name, run)], folder / "final-loss.png")}
    for run in shown_runs(runs):
        of = "final" if run.role == "final" else run.recipe.network
        for part in ("train", "test"):
            if (run.name, part) in measured.samples:
                path = folder / f"{of}-{part}.png"
                drawn[of][part] = draw_samples(measured.samples[run.name, part], path)
        if run.name in measured.activations:
            path = folder / f"{of}-activations.png"
            drawn[of]["activations"] = draw_layers(measured.activations[run.name], path)
    return drawn


def _remove_photographs(folder: Path) -> None:
    for kind in _PHOTOGRAPHIC:
        for path in folder.glob(f"*-{kind}.png"):
            try:
                path.unlink()
            except OSError as error:
                raise OutputError(
                    path, f"cannot be removed ({error.strerror})", "choose another --output"
                ) from error


def _inline(path: Path) -> dict[str, Any]:
    """Return a figure as a data URI with its size; WebP, which is several times smaller than the PNG beside it."""
    with Image.open(path) as picture:
        stream = io.BytesIO()
        # Curves stay crisp and small without loss, photographs need it.
        picture.convert("RGB").save(stream, "WEBP", quality=80, method=4, lossless=path.stem.endswith("-loss"))
        width, height = picture.size
    encoded = base64.b64encode(stream.getvalue()).decode("ascii")
    return {"uri": f"data:image/webp;base64,{encoded}", "width": width * 100 // DPI, "height": height * 100 // DPI}


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replace_file(path) as temporary:
            # A name that is no text holds lone surrogates, and Python's escape of them happens to be that of JSON.
            temporary.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise OutputError(path, f"cannot be written ({error.strerror})", "choose another --output") from error


def _bar_height(channels: int) -> int:
    """Return pixels for a layer's bar: three more for each doubling of the channels."""
    return round(4 + 3 * math.log2(channels))
