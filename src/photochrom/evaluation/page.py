"""The report as one page that needs nothing else: tables, charts, and pictures to compare."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup
from PIL import Image

from photochrom.color.ab_bins import SURE_WITHIN
from photochrom.errors import OutputError, reason_of
from photochrom.evaluation.plots import draw_plots
from photochrom.evaluation.table import best_rows, say_interval, say_number
from photochrom.io.atomic import replace_file

__all__ = ["write_page"]

ACTUAL = "actual"
"""The name that a gallery's pictures have for the photo itself."""


def write_page(results: dict[str, Any], output: Path) -> Path:
    """Write `report.html` into an evaluation's folder.

    Args:
        results: as `results.json` holds them; pictures of the gallery lie below `output`.
        output: the evaluation's folder.

    Returns:
        The page's path.

    Raises:
        OutputError: if it cannot be written, or a picture of the gallery cannot be read.
    """
    # Whatever is not marked as safe is escaped: names of photos and networks may hold anything.
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["number"] = say_number
    environment.filters["interval"] = say_interval
    names = [ACTUAL, *(row["name"] for row in results["rows"])]
    page = environment.from_string(_read("page.html.jinja")).render(
        results=results,
        metrics=_columns(results),
        plots={name: Markup(svg) for name, svg in draw_plots(results).items()},
        cards=_cards(results, names, output),
        names=names,
        within=SURE_WITHIN,
        networks=[row["name"] for row in results["rows"] if row["kind"] == "network"],
        measured=len({row["digest"] for row in results["rows"] if row["kind"] == "network"}),
        compared=[metric for metric in results["metrics"] if _is_compared(results, metric["key"])],
        css=Markup(_read("page.css")),
        script=Markup(_read("page.js")),
    )
    path = output / "report.html"
    try:
        output.mkdir(parents=True, exist_ok=True)
        with replace_file(path) as temporary:
            # A name may hold half a character, which UTF-8 cannot.
            temporary.write_text(page, encoding="utf-8", errors="replace")
    except OSError as error:
        raise OutputError(path, f"cannot be written ({error.strerror})", "choose another --output") from error
    return path


def _read(name: str) -> str:
    return (files("photochrom.evaluation") / name).read_text(encoding="utf-8")


def _columns(results: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the metrics with their best rows, and how a click on the heading sorts a column first."""
    first = {"higher": "descending", "lower": "ascending", "near zero": "nearest"}
    return [
        {**metric, "best": best_rows(results, metric), "first": first.get(metric["better"], "descending")}
        for metric in results["metrics"]
    ]


def _is_compared(results: Mapping[str, Any], key: str) -> bool:
    return any(one["scores"].get(key) for one in results["differences"])


def _cards(results: Mapping[str, Any], names: list[str], output: Path) -> list[dict[str, Any]]:
    """Return a card for each photo of the gallery, however many networks it was chosen for.

    Every picture is in the page once: base64 is most of its size.
    """
    scores = {photo["key"]: photo["scores"] for photo in results["photos"]}
    cards: dict[str, dict[str, Any]] = {}
    for entry in results["gallery"]:
        key = entry["key"]
        if key not in cards:
            pictures = [
                {
                    "place": names.index(name),
                    "name": name,
                    "psnr": (scores.get(key, {}).get(name) or {}).get("psnr"),
                }
                | _inline(output / path)
                for name, path in entry["pictures"].items()
                if name in names
            ]
            cards[key] = {"key": key, "chosen": [], "pictures": sorted(pictures, key=lambda one: one["place"])}
        cards[key]["chosen"].append({"kind": entry["kind"], "of": entry["of"], "gain": entry.get("gain")})
    return [card for card in cards.values() if card["pictures"]]


def _inline(path: Path) -> dict[str, Any]:
    """Return a picture as a data URI with its size."""
    try:
        data = path.read_bytes()
        with Image.open(io.BytesIO(data)) as picture:
            kind, (width, height) = picture.get_format_mimetype(), picture.size
    except OSError as error:
        raise OutputError(
            path, f"cannot be read again ({reason_of(error, path)})", "run the evaluation again"
        ) from error
    return {
        "uri": f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}",
        "width": width,
        "height": height,
    }
