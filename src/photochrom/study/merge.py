"""Runs of packs join those of a study: all of them are looked at before the first one is put in its place."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from photochrom.errors import CheckpointError, OutputError
from photochrom.io.atomic import make_folder
from photochrom.study.ladder import DIVERGED, PlannedRun, check_recipe, other_values, read_marker
from photochrom.study.pack import CHECKPOINT, FILES, read_pack
from photochrom.training import Recipe, load_checkpoint

__all__ = ["Arrival", "staged_runs"]

_STAGE = ".unpacked"  # in the study's folder, so that runs move from it by being renamed


@dataclass(frozen=True)
class Arrival:
    """A run of a pack that goes further than the study's own of its name.

    Attributes:
        name: of the run.
        data: fingerprint of its photos; empty where it diverged before anything was saved.
        pack: that it came in.
        folder: where it waits.
    """

    name: str
    data: str
    pack: Path
    folder: Path

    def move_in(self, runs: Path) -> None:
        """Put the run in its place among the study's.

        Each file is replaced whole. The checkpoint comes first, and the mark of a run that diverged last: should
        it be cut short, the same command ends it.

        Raises:
            OutputError: if it cannot be.
        """
        home = runs / self.name
        make_folder(home)
        try:
            for name in FILES:
                if (self.folder / name).exists():
                    (self.folder / name).replace(home / name)
                else:
                    (home / name).unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(
                home, f"cannot be written ({error.strerror})", "mend that and run it again"
            ) from error


@dataclass(frozen=True)
class _State:
    """How far a run has come; `rank` says which of two of the same run goes further."""

    where: str
    recipe: Recipe
    data: str
    epochs: int
    rank: tuple[int, int, bool, bool]
    can_go_on: bool


@contextmanager
def staged_runs(packs: Sequence[Path], plan: Sequence[PlannedRun], output: Path) -> Iterator[list[Arrival]]:
    """Read packs, and give the runs of them that go further than those of the study and of the other packs.

    Nothing of the study is touched. What is not moved in until the block ends is thrown away.

    Args:
        packs: each by its first part; see `write_pack`.
        plan: of the study. Runs that it does not have are given as well: they are not lost on the way.
        output: the study's folder.

    Raises:
        CheckpointError: if a pack is damaged; or a run of one is of another recipe or other photos than the same
            run here, in another pack or in the plan, or has ended before the plan's last epoch.
        OutputError: if the folder cannot be written.
    """
    if not packs:
        yield []
        return
    stage = output / _STAGE
    shutil.rmtree(stage, ignore_errors=True)  # of a study that was killed here
    try:
        furthest: dict[str, tuple[_State, Arrival | None]] = {}
        for number, pack in enumerate(packs):
            for name in read_pack(pack, stage / str(number)):
                folder = stage / str(number) / name
                state = _state_of(folder, f"{pack}: its run {name}")
                if state is None or state.recipe.name != name:
                    raise CheckpointError(pack, f"its run {name} has no checkpoint of that name", "leave it out")
                _check_plan(state, (folder / DIVERGED).exists(), plan, name)
                arrival = Arrival(name, state.data, pack, folder)
                if name not in furthest:
                    own = _state_of(output / "runs" / name, str(output / "runs" / name))
                    furthest[name] = (own, None) if own else (state, arrival)
                _check_same(furthest[name][0], state)
                if state.rank > furthest[name][0].rank:
                    furthest[name] = state, arrival
        yield [arrival for _, arrival in furthest.values() if arrival is not None]
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _state_of(folder: Path, where: str) -> _State | None:
    """Return what a run's folder holds, or None where it holds no run."""
    try:
        checkpoint = load_checkpoint(folder) if (folder / CHECKPOINT).exists() else None
        diverged = (folder / DIVERGED).exists()
        if diverged:
            recipe = Recipe.model_validate(read_marker(folder / DIVERGED))
        elif checkpoint is not None:
            recipe = checkpoint.recipe
        else:
            return None
    except (CheckpointError, ValueError) as error:
        raise CheckpointError(None, f"{where} is damaged", "delete it, and use a copy that is not") from error
    epochs, step, data = 0, 0, ""
    if checkpoint is not None:
        epochs, step, data = checkpoint.epoch, checkpoint.progress.step, checkpoint.progress.data
    if diverged and (folder / "log.jsonl").exists():  # it goes on past the checkpoint
        epochs = max(epochs, (folder / "log.jsonl").read_bytes().count(b"\n"))
    can_go_on = checkpoint is None or bool(checkpoint.optimizer)
    return _State(where, recipe, data, epochs, (epochs, step, diverged, can_go_on), can_go_on)


def _check_plan(state: _State, diverged: bool, plan: Sequence[PlannedRun], name: str) -> None:
    for run in plan:
        if run.name != name:
            continue
        check_recipe(run.recipe, state.recipe, state.epochs, state.where)
        if (
            state.epochs < run.recipe.epochs
            and not state.can_go_on
            and not (diverged and state.recipe == run.recipe)
        ):
            raise CheckpointError(
                None,
                f"{state.where} ended after {state.epochs} epochs and keeps its weights alone, "
                f"so it cannot be trained to {run.recipe.epochs}",
                "give the options that it was begun with, or leave that pack out",
            )


def _check_same(one: _State, other: _State) -> None:
    changed = other_values(one.recipe, other.recipe)
    if changed:
        raise CheckpointError(
            None,
            f"{other.where} is of another recipe than {one.where} ({changed} there)",
            "unpack it into another study",
        )
    if one.data and other.data and one.data != other.data:
        raise CheckpointError(
            None, f"{other.where} was done with other photos than {one.where}", "unpack it into another study"
        )
