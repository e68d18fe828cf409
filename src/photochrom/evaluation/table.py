"""The report in the terminal, and what it shares with the page: how figures are written and which are best."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

__all__ = ["DASH", "best_rows", "print_table", "say_interval", "say_number", "say_plain"]

DASH = "–"
"""What stands where nothing was measured."""

_NAME_WIDTH = 28
_GAP = 2  # between columns, beside the one cell that the box takes


@dataclass(frozen=True)
class _Column:
    """A heading and a cell for each row, with the rows whose figure is best."""

    heading: str
    cells: Sequence[str]
    best: frozenset[int] = frozenset()

    @property
    def width(self) -> int:
        return max(cell_len(text) for text in (self.heading, *self.cells))


def say_number(value: float | None, digits: int) -> str:
    """Say a figure with a true minus, and one that was not measured as a dash."""
    if value is None:
        return DASH
    text = f"{value:,.{digits}f}"
    # What rounds to zero has no sign.
    return text.lstrip("-") if float(text.replace(",", "")) == 0 else text.replace("-", "−")


def say_interval(score: Mapping[str, float | None] | None, digits: int) -> str:
    """Say an interval as ``[low, high]``; nothing where there is none."""
    if score is None or score.get("low") is None or score.get("high") is None:
        return ""
    return f"[{say_number(score['low'], digits)}, {say_number(score['high'], digits)}]"


def say_plain(text: str, width: int | None = None) -> str:
    """Return a name that others chose without what steers a terminal, and no wider than `width` cells."""
    plain = "".join(letter if letter.isprintable() else "�" for letter in text)
    if width is None or cell_len(plain) <= width:
        return plain
    while cell_len(plain) >= width:
        plain = plain[:-1]
    return f"{plain}…"


def best_rows(results: Mapping[str, Any], metric: Mapping[str, Any]) -> frozenset[int]:
    """Return the rows whose figure is the best among networks, as printed: those that tie are all best.

    References are left out, and so is a network without another to be better than.
    """
    scores = {
        at: round(score["mean"], metric["digits"])
        for at, row in enumerate(results["rows"])
        if row["kind"] == "network" and (score := row["scores"].get(metric["key"])) and score["mean"] is not None
    }
    if len(scores) < 2 or not metric["better"]:
        return frozenset()
    if metric["better"] == "near zero":
        scores = {at: -abs(value) for at, value in scores.items()}
    elif metric["better"] == "lower":
        scores = {at: -value for at, value in scores.items()}
    best = max(scores.values())
    return frozenset(at for at, value in scores.items() if value == best)


def print_table(results: Mapping[str, Any], console: Console) -> None:
    """Print a report's means, costs, what is missing from it, and at the end which network is better.

    Columns that do not fit side by side go to a further table, so that no figure is ever cut.

    Args:
        results: as `results.json` holds them.
        console: to print on.
    """
    names = [say_plain(row["name"], _NAME_WIDTH) for row in results["rows"]]
    photos, preprocessing = results["data"]["photos"], results["preprocessing"]["name"]
    console.print(Text(f"{_count(photos, 'photo')}, {say_plain(preprocessing)}; mean ± half a 95 % interval"))
    console.print()
    tables = {"quality": _scores(results, "quality"), "hints": _scores(results, "hints"), "cost": _cost(results)}
    for title, columns in tables.items():
        for some in _fit(columns, console.width - max(map(cell_len, [title, *names])) - _GAP):
            console.print(_draw(title, names, some, results["rows"]))
            console.print()
    for line in _remarks(results):
        console.print(Text(line))
    for comparison in results["comparisons"]:
        console.print(Text(say_plain(comparison["sentence"])), soft_wrap=True)  # a path stays whole


def _scores(results: Mapping[str, Any], group: str) -> list[_Column]:
    columns = []
    for metric in (metric for metric in results["metrics"] if metric["group"] == group):
        key, digits = metric["key"], metric["digits"]
        scores = [row["scores"].get(key) for row in results["rows"]]
        if not any(scores):
            continue
        cells = [_cell(score, digits) for score in scores]
        heading = " ".join(filter(None, (metric["title"], metric["unit"])))
        if key == "frechet":
            # Not comparable at another N, so N never leaves its side.
            counts = {row["photos"] for row, score in zip(results["rows"], scores, strict=True) if score}
            if len(counts) == 1:
                heading += f", N={counts.pop()}"
            else:
                cells = [
                    f"{cell} (N={row['photos']})" if score else cell
                    for cell, row, score in zip(cells, results["rows"], scores, strict=True)
                ]
        columns.append(_Column(heading, cells, best_rows(results, metric)))
    return columns


def _cell(score: Mapping[str, float | None] | None, digits: int) -> str:
    if not score or score["mean"] is None:
        return DASH
    low, high = score.get("low"), score.get("high")
    spread = "" if low is None or high is None else f" ±{say_number((high - low) / 2, digits)}"
    return say_number(score["mean"], digits) + spread


def _cost(results: Mapping[str, Any]) -> list[_Column]:
    """Return the columns of what rows cost, where that was measured for any."""
    kinds = (
        ("parameters", "parameters", 1, 0),
        ("network ms", "network_seconds", 1000, 1),
        ("photo ms", "photo_seconds", 1000, 1),
        ("peak MB", "peak_memory_mb", 1, 0),
    )
    columns = []
    for heading, key, scale, digits in kinds:
        values = [row[key] if row["kind"] == "network" else None for row in results["rows"]]
        if any(value is not None for value in values):
            scaled = [None if value is None else value * scale for value in values]
            columns.append(_Column(heading, [say_number(value, digits) for value in scaled]))
    return columns


def _fit(columns: Sequence[_Column], width: int) -> Iterator[list[_Column]]:
    """Deal columns to tables of at most `width` cells; a column too wide for any has one to itself."""
    some: list[_Column] = []
    for column in columns:
        if some and sum(one.width + _GAP + 1 for one in [*some, column]) > width:
            yield some
            some = []
        some.append(column)
    if some:
        yield some


def _draw(
    title: str, names: Sequence[str], columns: Sequence[_Column], rows: Sequence[Mapping[str, Any]]
) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    table.add_column(Text(title), no_wrap=True)
    for column in columns:
        table.add_column(Text(column.heading), justify="right", no_wrap=True)
    for at, row in enumerate(rows):
        reference = "dim" if row["kind"] == "reference" else ""
        cells = [Text(column.cells[at], "bold" if at in column.best else reference) for column in columns]
        table.add_row(Text(names[at], reference), *cells)
    return table


def _remarks(results: Mapping[str, Any]) -> Iterator[str]:
    """Say what does not stand in the tables, a line each."""
    titles = {metric["key"]: metric["title"] for metric in results["metrics"]} | {
        "parts": "Photos",
    }
    for key, note in results["notes"].items():
        yield f"{titles.get(key, key)}: {say_plain(note)}"
    if results["curves"]:
        things = _count(results["data"]["things"], "photo")
        yield f"How far a hint of another colour reaches: on a thing of {things}"
    yield from _on_points(results)
    for name, sure in results["calibration"].items():
        gap, related = 100 * sure["gap"], sure["correlation"]
        with_error = "" if related is None else f", correlation with the error {say_number(related, 2)}"
        yield f"{say_plain(name)} says how sure it is: off by {gap:.1f} points of 100 on average{with_error}"
    for key, reason in results["missing"].items():
        if key not in titles:
            continue
        yield f"{titles[key]} was not measured: {say_plain(reason)}"
    if results["skipped"]:
        first = say_plain(results["skipped"][0]["reason"])
        yield f"{_count(len(results['skipped']), 'photo')} skipped; first: {first}"
    for row in results["rows"]:
        failures = [failure for failure in results["failed"] if failure["row"] == row["name"]]
        if failures:
            name, reason = say_plain(row["name"]), say_plain(failures[0]["reason"])
            yield f"{name} failed on {_count(len(failures), 'photo')}, which its means leave out; first: {reason}"


def _on_points(results: Mapping[str, Any]) -> Iterator[str]:
    """Say what colour points bring, at random places and where the network asks for them."""
    for name, points in results["curves"].items():
        asked = {point["hints"]: point["psnr"] for point in results["asked"].get(name, ())}
        parts = []
        for point in points:
            count, score = point["hints"], point["psnr"]
            better = f" ({_cell(asked[count], 2)} where it asks)" if count and count in asked else ""
            parts.append(f"{count:,}: {_cell(score, 2)}{better}")
        yield f"{say_plain(name)}, PSNR by number of colour points: {'; '.join(parts)}"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")
