"""The plan of a study's runs, and running them: what is finished is left alone, what is half done goes on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from photochrom.data.photoset import PhotoSet
from photochrom.errors import CheckpointError, DivergedError, OutputError, RecipeError
from photochrom.io.atomic import replace_file
from photochrom.number_format import short
from photochrom.study.article import ARTICLE_NETWORKS, LEARNING_RATES
from photochrom.training import Recipe, load_checkpoint, load_recipe, train
from photochrom.training.deadline import Deadline

__all__ = [
    "DIVERGED",
    "PlannedRun",
    "check_recipe",
    "is_finished",
    "other_values",
    "plan_study",
    "read_marker",
    "run_ladder",
]

DIVERGED = "diverged.json"
"""In a run's folder: the loss became no number, and the recipe that did it."""

Photos = tuple[PhotoSet, PhotoSet | None]

_OWN_OPTIONS = {
    "name": "leave it out",
    "network": "use --networks",
    "learning_rate": "use --learning-rates",
    "epochs": "use --epochs and --final-epochs",
    "photos": "use --photos and --final-photos",
    "test_photos": "use --test-photos",
    "size": "use --size",
}


@dataclass(frozen=True)
class PlannedRun:
    """One training of the ladder.

    Attributes:
        name: of its folder below ``runs/``.
        role: on the dev set, or the final run on many photos.
        recipe: what it trains.
    """

    name: str
    role: Literal["dev", "final"]
    recipe: Recipe


def plan_study(
    *,
    networks: Sequence[str] = ARTICLE_NETWORKS,
    learning_rates: Sequence[float] = LEARNING_RATES,
    epochs: int | None = None,
    photos: int | None = None,
    test_photos: int | None = None,
    size: int | None = None,
    final: bool = True,
    final_epochs: int | None = None,
    final_photos: int | None = None,
    changes: Mapping[str, str] | None = None,
) -> list[PlannedRun]:
    """Plan the runs of a study; what is None is as the article had it.

    All networks come with the first learning rate, then all with the next, so that networks can be compared
    early; the final run, which takes longer than all others together, comes last.

    Args:
        networks: of the article's six, in any order.
        learning_rates: that each of them is trained with, in order.
        epochs: of the runs on the dev set.
        photos: in the dev set.
        test_photos: that every run is tested on, at most.
        size: side of the photos in pixels.
        final: whether to do the final run too.
        final_epochs: of the final run.
        final_photos: of the final run.
        changes: other recipe values for every run, as YAML text.

    Raises:
        RecipeError: if a network is none of the six, a value is impossible, or a key has an option of its own.
    """
    changes = dict(changes or {})
    for key in changes:
        if key in _OWN_OPTIONS:
            raise RecipeError(f"--set {key}", "is the study's own", _OWN_OPTIONS[key])
    for network in networks:
        if network not in ARTICLE_NETWORKS:
            known = ", ".join(ARTICLE_NETWORKS)
            raise RecipeError(f"--networks {network}", f"the article has {known}", "choose of these")
    if not networks or not learning_rates:
        raise RecipeError(None, "a study needs at least one network and one learning rate", "name one of each")
    shared = changes | _given(size=size, test_photos=test_photos)
    runs = []
    for rate in dict.fromkeys(learning_rates):
        for network in sorted(set(networks)):
            name = f"{network}-lr{short(rate)}"
            own = _given(name=name, learning_rate=rate, epochs=epochs, photos=photos)
            runs.append(PlannedRun(name, "dev", load_recipe(network, shared | own)))
    if final:
        own = _given(epochs=final_epochs, photos=final_photos)
        runs.append(PlannedRun("article-final", "final", load_recipe("article-final", shared | own)))
    return runs


def run_ladder(
    plan: Sequence[PlannedRun],
    folder: Path,
    photos: Callable[[PlannedRun], Photos],
    *,
    device: str = "auto",
    deadline: Callable[[PlannedRun], Deadline | None] | None = None,
    progress: bool = True,
    say: Callable[[str], None] = lambda line: None,
) -> int:
    """Do the runs of a plan that are not done yet.

    A run whose loss becomes no number is a result like any other: it is noted, and the next one begins.

    Args:
        plan: the runs, in order.
        folder: that holds one folder for each run.
        photos: gives the training and test photos of a run; asked only for runs that are to be done.
        device: see `photochrom.training.train`.
        deadline: gives the moment by which a run has to stop, and all runs after it with it, or None where it need
            not begin; asked before its photos are.
        progress: whether each run shows how it goes.
        say: called with a line of what begins, and of what is left out because it is done.

    Returns:
        0, or the number of the signal (Ctrl-C, SIGTERM) that stopped it.

    Raises:
        CheckpointError: if a run's folder holds a run of another recipe or other photos.
        TrainingError: if memory or the disk is full.
    """
    for number, run in enumerate(plan, start=1):
        where = folder / run.name
        head = f"run {number} of {len(plan)}, {run.name}"
        if is_finished(run, where):
            say(f"{head}: is done already")
            continue
        until = None if deadline is None else deadline(run)
        if deadline is not None and (until is None or not until.holds(1)):
            return 0
        say(f"{head}: {run.recipe.epochs} epochs")
        (where / DIVERGED).unlink(missing_ok=True)  # of another recipe: see `is_finished`
        try:
            result = train(
                run.recipe,
                (),
                where,
                device=device,
                resume=True,
                progress=progress,
                deadline=until,
                photos=photos(run),
            )
        except DivergedError as error:
            say(f"{head}: {error}")
            _note_divergence(run, where, str(error))
            continue
        # A signal may come in the last epoch, with the run finished: the others must wait all the same.
        if result.stopped_by or not result.finished:
            return result.stopped_by
    return 0


def is_finished(run: PlannedRun, where: Path) -> bool:
    """Tell whether a run's folder holds its end: the last epoch, or a loss that became no number.

    Raises:
        CheckpointError: if the folder holds a run of another recipe, or a damaged checkpoint.
    """
    marker = where / DIVERGED
    if marker.exists() and read_marker(marker) == run.recipe.model_dump():
        return True
    if not (where / "checkpoint.safetensors").exists():
        return False
    checkpoint = load_checkpoint(where)
    check_recipe(run.recipe, checkpoint.recipe, checkpoint.epoch, str(where))
    return checkpoint.epoch == run.recipe.epochs


def check_recipe(planned: Recipe, done: Recipe, epochs: int, where: str) -> None:
    """Refuse a run of another recipe than the plan's, or of more epochs; fewer may become more.

    Args:
        planned: of the plan.
        done: of the run that is there.
        epochs: that it has done.
        where: the run is, for the message.

    Raises:
        CheckpointError: if the study cannot take it for its own.
    """
    changed = other_values(done, planned)
    if changed:
        raise CheckpointError(
            where,
            f"holds a run with other values ({changed})",
            "give the options it was begun with, or choose another --output",
        )
    if epochs > planned.epochs:
        raise CheckpointError(
            where,
            f"holds {epochs} epochs, more than {planned.epochs}",
            "give the options it was begun with, or choose another --output",
        )


def other_values(one: Recipe, other: Recipe) -> str:
    """Name a recipe's values that differ from another's, but for how long it trains and how often it saves."""
    free = {"epochs", "checkpoint_seconds", "cudnn_benchmark", "description"}
    old, new = one.model_dump(exclude=free), other.model_dump(exclude=free)
    return ", ".join(f"{key} {old[key]!r}" for key in new if new[key] != old[key])


def _given(**values: object) -> dict[str, str]:
    return {key: json.dumps(value) for key, value in values.items() if value is not None}


def _note_divergence(run: PlannedRun, where: Path, message: str) -> None:
    note = {"message": message, "recipe": run.recipe.model_dump()}
    try:
        with replace_file(where / DIVERGED) as temporary:
            temporary.write_text(json.dumps(note, indent=2), encoding="utf-8")
    except OSError as error:
        raise OutputError(where, f"cannot be written ({error.strerror})", "choose another --output") from error


def read_marker(marker: Path) -> object:
    """Return the recipe, as a dictionary, of the run that diverged and left this marker.

    Raises:
        CheckpointError: if the marker is damaged.
    """
    try:
        note = json.loads(marker.read_text(encoding="utf-8"))
        return note["recipe"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(marker, "is damaged", "delete it, and the run is done again") from error
