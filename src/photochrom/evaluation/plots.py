"""The charts of a report, as SVG that takes its colours and letters from the page around it."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

from photochrom.evaluation.table import say_plain
from photochrom.study.style import PALETTE, QUIET, study_style

__all__ = ["draw_plots"]

# Each colour as drawn, and the page's name for it, which is another colour by night.
_INK = "#101112"
_PAPER = "#fefefe"
_LINE = "#e5e7eb"
_THEME = {_INK: "--ink", _PAPER: "--paper", _LINE: "--line", QUIET: "--quiet"} | {
    colour.lower(): f"--plot-{at}" for at, colour in enumerate(PALETTE)
}
_MARKERS = "osD^vP"
_WIDTH = 7.2
_STYLE: dict[str, Any] = {
    "svg.fonttype": "none",  # letters stay letters: they can be read aloud, found and copied
    "svg.hashsalt": "photochrom",  # the same figures give the same file
    "text.parse_math": False,  # names come from files, and a $ in one is no formula
    "text.color": _INK,
    "axes.labelcolor": _INK,
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "savefig.facecolor": "none",
}
_FORESTS = ("psnr", "ssim", "ciede2000", "lpips")


def draw_plots(results: Mapping[str, Any]) -> dict[str, str]:
    """Draw the charts that the results have figures for.

    Args:
        results: as `results.json` holds them.

    Returns:
        SVG by name, of ``"distribution"``, ``"tradeoff"``, ``"curves"``, ``"calibration"`` and ``"differences"``.
    """
    charts: dict[str, Callable[[Mapping[str, Any]], Figure | None]] = {
        "distribution": _draw_distribution,
        "tradeoff": _draw_tradeoff,
        "curves": _draw_curves,
        "calibration": _draw_calibration,
        "differences": _draw_differences,
    }
    drawn = {}
    with study_style(), mpl.rc_context(_STYLE):  # type: ignore[arg-type]  # keys are literals there
        for name, draw in charts.items():
            figure = draw(results)
            if figure is not None:
                drawn[name] = _as_svg(figure, name)
    return drawn


def _draw_distribution(results: Mapping[str, Any]) -> Figure | None:
    """Draw how PSNR spreads over photos: a hill, the middle half, the median, and photos where they are few."""
    spreads = []
    for at, row in enumerate(results["rows"]):
        found = [(photo["scores"].get(row["name"]) or {}).get("psnr") for photo in results["photos"]]
        values = np.array([value for value in found if value is not None], dtype=np.float64)
        if values.size:
            spreads.append((_short(row["name"]), *_look(results, at), values))
    if not spreads:
        return None
    figure = Figure(figsize=(_WIDTH, 0.62 + 0.55 * len(spreads)), layout="constrained")
    ax = figure.subplots()
    for place, (_, colour, _, values) in enumerate(spreads):
        low, first, middle, third, high = np.percentile(values, [5, 25, 50, 75, 95])
        if values.size > 4 and np.ptp(values) > 0:
            along, hill = _density(values)
            ax.fill_between(along, place - 0.08, place - 0.08 - 0.72 * hill, color=colour, alpha=0.3, linewidth=0)
        ax.plot([low, high], [place + 0.06] * 2, color=colour, linewidth=1)
        ax.plot([first, third], [place + 0.06] * 2, color=colour, linewidth=5, solid_capstyle="butt")
        ax.plot(middle, place + 0.06, "o", color=_PAPER, markeredgecolor=colour, markersize=6)
        if values.size <= 60:
            ax.plot(values, [place - 0.02] * values.size, "|", color=colour, markersize=4, alpha=0.7)
    _name_rows(ax, [name for name, *_ in spreads], top=-0.95)
    ax.set_xlabel("PSNR of single photos (dB)")
    return figure


def _density(values: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return a Gaussian estimate of a density, its top at 1, with the width of Silverman's rule."""
    width = max(0.9 * values.std() * values.size**-0.2, 1e-6)
    along = np.linspace(values.min() - 2 * width, values.max() + 2 * width, 120)
    hill = np.zeros_like(along)
    for some in np.array_split(
        values, max(1, values.size // 1000)
    ):  # a whole matrix of many photos would be large
        hill += np.exp(-0.5 * ((along[:, None] - some[None]) / width) ** 2).sum(axis=1)
    return along, hill / hill.max()


def _draw_tradeoff(results: Mapping[str, Any]) -> Figure | None:
    """Draw PSNR against colorfulness, with how colourful the photos are."""
    figure = Figure(figsize=(_WIDTH, 3.7), layout="constrained")
    ax = figure.subplots()
    drawn = False
    for at, row in enumerate(results["rows"]):
        across, up = row["scores"].get("psnr"), row["scores"].get("colorfulness")
        if not across or not up or across["mean"] is None or up["mean"] is None:
            continue
        colour, marker = _look(results, at)
        ax.errorbar(
            across["mean"], up["mean"], xerr=_reach(across), yerr=_reach(up), color=colour, marker=marker,
            markersize=6.5, linestyle="", elinewidth=1.2, markeredgecolor=colour, label=_short(row["name"]),
            markerfacecolor=colour if row["kind"] == "network" else _PAPER,
        )  # fmt: skip
        drawn = True
    if not drawn:
        return None
    actual = results["actual"].get("colorfulness")
    if actual:
        if actual["low"] is not None:
            ax.axhspan(actual["low"], actual["high"], color=QUIET, alpha=0.2, linewidth=0)
        ax.axhline(
            actual["mean"], color=QUIET, linestyle=(0, (4, 2)), linewidth=1.2, label="the photos themselves"
        )
    ax.margins(0.12)
    ax.set_xlabel("PSNR (dB): nearer to the photo is further right")
    ax.set_ylabel("colorfulness (CF)")
    figure.legend(loc="outside upper left", ncols=3)
    return figure


def _draw_curves(results: Mapping[str, Any]) -> Figure | None:
    """Draw PSNR by number of hints: linear to 1, logarithmic from there."""
    curves = {name: points for name, points in results["curves"].items() if points}
    if not curves:
        return None
    figure = Figure(figsize=(_WIDTH, 3.4), layout="constrained")
    ax = figure.subplots()
    names = [row["name"] for row in results["rows"]]
    for place, (name, points) in enumerate(curves.items()):
        colour, marker = _look(results, names.index(name) if name in names else place)
        hints = [point["hints"] for point in points]
        reach = np.hstack([_reach(point["psnr"]) for point in points])
        means = [point["psnr"]["mean"] for point in points]
        ax.errorbar(
            hints, means, yerr=reach, color=colour, marker=marker, markersize=4.5, elinewidth=1, label=_short(name)
        )
        asked = [point for point in results["asked"].get(name, ()) if point["hints"]]
        if asked:
            ax.plot(
                [point["hints"] for point in asked], [point["psnr"]["mean"] for point in asked], color=colour,
                marker=marker, markersize=4.5, markerfacecolor=_PAPER, linestyle=(0, (3, 2)),
                label=f"{_short(name)}, where it asks",
            )  # fmt: skip
    counts = sorted({point["hints"] for points in curves.values() for point in points})
    ax.set_xscale("symlog", linthresh=1)
    ax.set_xticks(counts)
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    ax.set_xlabel("colour points given")
    ax.set_ylabel("PSNR (dB)")
    figure.legend(loc="outside upper left", ncols=3)
    return figure


def _draw_calibration(results: Mapping[str, Any]) -> Figure | None:
    """Draw how often networks are right against how sure they say they are; the diagonal is honest."""
    if not results["calibration"]:
        return None
    figure = Figure(figsize=(_WIDTH, 3.4), layout="constrained")
    ax = figure.subplots()
    names = [row["name"] for row in results["rows"]]
    ax.plot([0, 100], [0, 100], color=QUIET, linestyle=(0, (4, 2)), linewidth=1.2, label="as sure as right")
    for place, (name, sure) in enumerate(results["calibration"].items()):
        colour, marker = _look(results, names.index(name) if name in names else place)
        said, right = ([100 * one[key] for one in sure["ranges"]] for key in ("confidence", "right"))
        ax.plot(said, right, color=colour, linewidth=1.2, label=_short(name))
        sizes = [12 + 400 * one["share"] for one in sure["ranges"]]
        ax.scatter(said, right, s=sizes, color=colour, marker=marker, alpha=0.7, linewidth=0)
    ax.set_xlabel("how sure the network says it is (%)")
    ax.set_ylabel("how often it is right (%)")
    figure.legend(loc="outside upper left", ncols=3)
    return figure


def _draw_differences(results: Mapping[str, Any]) -> Figure | None:
    """Draw paired differences with their intervals, side by side for a few metrics."""
    found = [(m, _differences(results, m["key"])) for m in results["metrics"] if m["key"] in _FORESTS]
    shown = [(metric, rows) for metric, rows in found if any(rows)][:3]
    if not shown:
        return None
    pairs = [f"{_short(one['of'], 20)} − {_short(one['against'], 20)}" for one in results["differences"]]
    figure = Figure(figsize=(_WIDTH, 0.75 + 0.26 * len(pairs)), layout="constrained")
    axes = figure.subplots(1, len(shown), sharey=True, squeeze=False)[0]
    for ax, (metric, scores) in zip(axes, shown, strict=True):
        ax.axvline(0, color=QUIET, linewidth=1)
        for place, score in enumerate(scores):
            if score:
                colour = _verdict_colour(score, metric["better"])
                ax.errorbar(
                    score["mean"],
                    place,
                    xerr=_reach(score),
                    color=colour,
                    marker="o",
                    markersize=4.5,
                    elinewidth=1.6,
                )
        unit = f" ({metric['unit']})" if metric["unit"] else ""
        ax.set_xlabel(f"{metric['title']}{unit}\n{metric['better']} is better")
        ax.xaxis.set_major_locator(MaxNLocator(4))
    _name_rows(axes[0], pairs, top=-0.6)
    for ax in axes[1:]:
        ax.tick_params(axis="y", length=0)
    return figure


def _differences(results: Mapping[str, Any], key: str) -> list[Mapping[str, Any] | None]:
    scores = [one["scores"].get(key) for one in results["differences"]]
    return [score if score and score["mean"] is not None else None for score in scores]


def _verdict_colour(score: Mapping[str, Any], better: str) -> str:
    """Return blue for surely better, vermilion for surely worse, grey where the interval holds zero."""
    low, high = score.get("low"), score.get("high")
    if low is None or high is None or low <= 0 <= high:
        return QUIET
    return PALETTE[0] if (low > 0) == (better == "higher") else PALETTE[1]


def _look(results: Mapping[str, Any], at: int) -> tuple[str, str]:
    """Return a row's colour and marker, the same in every chart; references are grey."""
    same = [row["kind"] for row in results["rows"][: at + 1]]
    place = same.count(same[-1]) - 1
    marker = _MARKERS[(place + place // len(PALETTE)) % len(_MARKERS)]
    return (QUIET if same[-1] == "reference" else PALETTE[place % len(PALETTE)]), marker


def _reach(score: Mapping[str, Any]) -> np.ndarray[Any, Any]:
    """Return how far an interval reaches below and above its mean, as `errorbar` takes it."""
    mean = score["mean"]
    ends = [mean if score.get(key) is None else score[key] for key in ("low", "high")]
    return np.array([[max(0.0, mean - ends[0])], [max(0.0, ends[1] - mean)]])


def _name_rows(ax: Axes, names: Sequence[str], top: float) -> None:
    """Name rows from the top down beside the axis."""
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.55, top)
    ax.grid(visible=False, axis="y")
    ax.tick_params(axis="y", length=0, labelcolor=_INK)
    ax.spines["left"].set_visible(False)


def _short(name: str, width: int = 30) -> str:
    plain = say_plain(name, width)
    return f" {plain}" if plain.startswith("_") else plain  # matplotlib leaves a label with _ out of a legend


def _as_svg(figure: Figure, name: str) -> str:
    """Return a figure as an SVG element for a page: colours by the page's names, ids of its own."""
    stream = io.StringIO()
    figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    svg = stream.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<defs>\s*<style type=\"text/css\">.*?</style>\s*</defs>\s*", "", svg, flags=re.DOTALL)
    # Only inside tags: a name that looks like a colour or a reference stays as it is.
    return re.sub(r"<[^<>]+>", lambda tag: _adopt(tag.group(), name), svg)


def _adopt(tag: str, name: str) -> str:
    tag = re.sub(
        r"#[0-9a-f]{6}\b", lambda hit: f"var({_THEME[hit.group()]})" if hit.group() in _THEME else hit.group(), tag
    )
    tag = re.sub(r'\bid="', f'id="{name}-', tag)
    tag = re.sub(r"url\(#", f"url(#{name}-", tag)
    tag = re.sub(r'xlink:href="#', f'href="#{name}-', tag)
    return tag.replace(' xmlns:xlink="http://www.w3.org/1999/xlink"', "")
