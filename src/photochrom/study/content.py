"""All of a report's numbers, as plain values: what `report.json` holds and the page shows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import photochrom
from photochrom.models import describe_architecture
from photochrom.study.activations import Layer
from photochrom.study.article import ARTICLE, DEV_TIMES, FINAL_TIMES, ReportedTime
from photochrom.study.findings import Finding
from photochrom.study.ladder import plan_study
from photochrom.study.measure import Measurements
from photochrom.study.results import RunResult, best_run, shown_run
from photochrom.training import Recipe

__all__ = ["report_content"]


def report_content(
    runs: Sequence[RunResult], measured: Measurements, findings: Sequence[Finding]
) -> dict[str, Any]:
    """Gather a report's numbers; what is no number becomes None."""
    setup = _setup(runs)
    content = {
        "format": 1,
        "photochrom": photochrom.__version__,
        "article": ARTICLE,
        "reduced": any(row["study"] != row["article"] for row in setup if row["scale"]),
        "runs": {"ended": sum(run.ended for run in runs), "planned": len(runs)},
        "setup": setup,
        "loss_name": runs[0].recipe.loss,
        "findings": [asdict(finding) for finding in findings],
        "times": _times(runs),
        "networks": [_network(name, runs, measured) for name in _networks(runs)],
        "final": next((_run(run, measured) for run in runs if run.role == "final"), None),
        "traced_photo": measured.traced_photo,
        "layers": {name: [_layer(layer) for layer in layers] for name, layers in measured.layers.items()},
    }
    return _numbers_only(content)  # type: ignore[no-any-return]


def _networks(runs: Sequence[RunResult]) -> list[str]:
    return list(dict.fromkeys(run.recipe.network for run in runs if run.role == "dev"))


def _network(name: str, runs: Sequence[RunResult], measured: Measurements) -> dict[str, Any]:
    best, shown = best_run(runs, name), shown_run(runs, name)
    own = [run for run in runs if run.role == "dev" and run.recipe.network == name]
    return {
        "name": name,
        "description": describe_architecture(name),
        "parameters": sum(layer.parameters for layer in measured.layers[name]),
        "best": None if best is None else best.name,
        "shown": None if shown is None else shown.name,
        "runs": [_run(run, measured) for run in sorted(own, key=lambda run: -run.recipe.learning_rate)],
    }


def _run(run: RunResult, measured: Measurements) -> dict[str, Any]:
    parts = [part for part in ("train", "test") if (run.name, part) in measured.colours]
    return {
        "name": run.name,
        "network": run.recipe.network,
        "learning_rate": run.recipe.learning_rate,
        "epochs": run.recipe.epochs,
        "epochs_done": len(run.history),
        "status": run.status,
        "diverged": run.diverged,
        "train_loss": run.train_loss,
        "test_loss": run.test_loss,
        "settled_over": run.settled_over,
        "seconds": run.seconds,
        "photos_per_second": run.photos_seen / run.seconds if run.seconds else None,
        "facts": run.facts,
        "recipe": run.recipe.model_dump(),
        "colours": {part: asdict(measured.colours[run.name, part]) for part in parts},
        "samples": {
            part: [{"key": sample.key, "mse": sample.mse} for sample in measured.samples[run.name, part]]
            for part in parts
            if (run.name, part) in measured.samples
        },
        "history": [asdict(entry) for entry in run.history],
    }


def _layer(layer: Layer) -> dict[str, Any]:
    return {
        "name": layer.name,
        "kind": layer.kind,
        "kernel": layer.kernel,
        "stride": layer.stride,
        "dilation": layer.dilation,
        "channels_in": layer.channels_in,
        "channels_out": layer.channels_out,
        "height": layer.size[0],
        "width": layer.size[1],
        "parameters": layer.parameters,
        "followed_by": layer.followed_by,
        "joins": list(layer.joins),
    }


def _setup(runs: Sequence[RunResult]) -> list[dict[str, Any]]:
    """Return rows of what was done here and in the article; `scale` marks what makes a study a smaller one."""
    dev, final = _role(runs, "dev"), _role(runs, "final")
    article_plan = plan_study()
    article_dev, article_final = article_plan[0].recipe, article_plan[-1].recipe
    networks, rates = _networks(runs), dict.fromkeys(run.recipe.learning_rate for run in dev)
    article_rates = dict.fromkeys(run.recipe.learning_rate for run in article_plan if run.role == "dev")
    final_epochs = str(final[0].recipe.epochs) if final else "left out"
    rows = [
        _row("networks", _names(networks), _names(dict.fromkeys(run.recipe.network for run in article_plan))),
        _row("learning rates", _listed(rates), _listed(article_rates)),
        _row("photos in the dev set", _photos(dev), str(article_dev.photos)),
        _row("epochs on the dev set", str(dev[0].recipe.epochs), str(article_dev.epochs)),
        _row("photos of the final run", _photos(final) if final else "left out", str(article_final.photos)),
        _row("epochs of the final run", final_epochs, str(article_final.epochs)),
        _row("size of the photos", _square(dev[0].recipe), _square(article_dev)),
        _row("training", _method(dev[0].recipe), _method(article_dev)),
        _row("test photos", _fact(dev, "test_photos"), "–", scale=False),
        _row("arithmetic", _precision(runs), "–", scale=False),
        _row("device", _fact(runs, "device"), "a GPU on Google Colab; an Intel i5-4690K", scale=False),
    ]  # fmt: skip
    versions = f"photochrom {_fact(runs, 'photochrom')}, PyTorch {_fact(runs, 'torch')}"
    return [*rows, _row("software", versions, "PyTorch", scale=False)]


def _times(runs: Sequence[RunResult]) -> list[dict[str, Any]]:
    """Return rows of time taken: one training on the dev set, the final run, all runs; with the article's."""
    plan = plan_study()
    dev = _role(runs, "dev")
    slowest = max([run for run in dev if run.complete] or dev, key=lambda run: run.seconds)
    rows = [_time("one training on the dev set", ", the slowest", slowest, DEV_TIMES, plan[0].recipe)]
    for run in _role(runs, "final"):
        rows.append(_time("the final run", "", run, FINAL_TIMES, plan[-1].recipe))
    total = math.fsum(run.seconds for run in runs)
    rows.append({"label": f"all {len(runs)} runs", "seconds": total, "photos_per_second": None, "article": []})
    return rows


def _time(
    label: str, which: str, run: RunResult, reported: Sequence[ReportedTime], recipe: Recipe
) -> dict[str, Any]:
    """Return a row; a run that is not done has no time of its own yet, but its pace can be compared."""
    if run.complete:
        label += f" ({run.name}{which})" if which else ""
    elif run.history:
        label += f" ({run.name}: {len(run.history)} of {run.recipe.epochs} epochs so far)"
    else:
        label += " (not yet run)"
    pace = run.photos_seen / run.seconds if run.seconds else None
    seen = (recipe.photos or 0) * recipe.epochs
    # Fewer or smaller photos take less time whatever the machine.
    work = int(run.facts.get("photos", 0)) * run.recipe.epochs, run.recipe.size
    same_work = work == (seen, recipe.size)
    return {
        "label": label,
        "seconds": run.seconds or None,
        "photos_per_second": pace,
        "article": [
            {
                "machine": time.machine,
                "seconds": time.seconds,
                "photos_per_second": seen / time.seconds,
                "ratio": pace * time.seconds / seen if same_work and pace else None,
            }
            for time in reported
        ],
    }


def _row(label: str, study: str, article: str, *, scale: bool = True) -> dict[str, Any]:
    return {"label": label, "study": study, "article": article, "scale": scale}


def _role(runs: Sequence[RunResult], role: str) -> list[RunResult]:
    return [run for run in runs if run.role == role]


def _names(networks: Any) -> str:
    return ", ".join(name.removeprefix("article-") for name in networks)


def _listed(rates: Any) -> str:
    return ", ".join(f"{rate:g}" for rate in sorted(rates, reverse=True))


def _photos(runs: Sequence[RunResult]) -> str:
    return _fact(runs, "photos", str(runs[0].recipe.photos))


def _fact(runs: Sequence[RunResult], key: str, otherwise: str = "unknown") -> str:
    """Return a fact of the runs; all its values, should they differ; or something else until there is one."""
    values = dict.fromkeys(str(run.facts[key]) for run in runs if key in run.facts)
    return "; ".join(values) or otherwise


def _precision(runs: Sequence[RunResult]) -> str:
    said = _fact(runs, "precision")
    if said != "unknown":
        return said
    choices = dict.fromkeys(run.recipe.precision for run in runs)
    return "; ".join("bfloat16 on CUDA, float32 on the CPU" if one == "auto" else one for one in choices)


def _square(recipe: Recipe) -> str:
    return f"{recipe.size}×{recipe.size}"


def _method(recipe: Recipe) -> str:
    return (
        f"{recipe.optimizer.capitalize()}, {recipe.loss.upper()} on CIELAB a, b, batch {recipe.batch}, "
        f"{recipe.schedule} learning rate{', random crops' if recipe.crop_from else ''}"
        f"{', mirrored at random' if recipe.flip else ''}"
        f"{f', weight decay {recipe.weight_decay:g}' if recipe.weight_decay else ''}"
    )


def _numbers_only(value: Any) -> Any:
    """JSON knows no NaN and no infinity: they become None."""
    if isinstance(value, dict):
        return {key: _numbers_only(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_numbers_only(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
