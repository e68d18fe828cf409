"""A run's folder: whether it can be written, what it says of the run, and its first line."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

import torch

import photochrom
from photochrom.data.photoset import PhotoSet
from photochrom.data.stream import PhotoStream
from photochrom.errors import CheckpointError, RecipeError, TrainingError
from photochrom.training.checkpoint import Progress, load_checkpoint
from photochrom.training.distributed import Ranks
from photochrom.training.epoch_order import EpochOrder
from photochrom.training.loading import data_fingerprint
from photochrom.training.recipe import Recipe, load_recipe, recipe_text, save_recipe

__all__ = ["check_writable", "headline", "keep_epochs", "open_folder"]

_ALONE = Ranks()


def check_writable(output: Path) -> None:
    """Find out that a run's folder cannot be written before hours of photos are loaded; makes nothing.

    Raises:
        TrainingError: if it cannot.
    """
    there = output
    while not there.exists() and there != there.parent:
        there = there.parent
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise TrainingError(
            output, f"cannot be written ({there} is no writable folder)", "choose another --output"
        )
    try:
        str(output).encode()
    except UnicodeEncodeError as error:  # what reads checkpoints takes no other name
        raise TrainingError(output, "its name is no text in UTF-8", "choose another --output") from error


def keep_epochs(recipe: Recipe, output: Path) -> Recipe:
    """Return the recipe with the epochs of the run that `output` holds, if it holds one."""
    if not (output / "checkpoint.safetensors").exists():
        return recipe
    before = load_checkpoint(output).recipe
    changes: dict[str, Any] = {"epochs": before.epochs}
    if recipe.first_phase is not None and before.first_phase is not None:
        changes["first_phase"] = recipe.first_phase.model_copy(update={"epochs": before.first_phase.epochs})
    return recipe.model_copy(update=changes)


def open_folder(
    output: Path,
    recipe: Recipe,
    state: Progress,
    training: PhotoSet | PhotoStream,
    testing: PhotoSet | None,
    device: torch.device,
    precision: torch.dtype,
) -> None:
    """Make the run's folder and note in `state` what the run is made of.

    Raises:
        CheckpointError: if the run was begun with other photos.
        TrainingError: if the folder cannot be written.
    """
    data = data_fingerprint(training, testing)
    if state.data and state.data != data:
        raise CheckpointError(
            output, "was begun with other photos", "give the same data, or choose another folder"
        )
    state.data = data
    before = dict(state.facts)
    state.facts |= {
        "photos": len(training),
        "test_photos": 0 if testing is None else len(testing),
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else _processor(),
        "precision": str(precision).removeprefix("torch."),
        "torch": torch.__version__,
        "photochrom": photochrom.__version__,
    }
    for key in ("device", "precision", "torch", "photochrom"):  # a resumed run may have been on several
        if before.get(key) and state.facts[key] not in before[key].split("; "):
            state.facts[key] = f"{before[key]}; {state.facts[key]}"
        elif before.get(key):
            state.facts[key] = before[key]
    try:
        output.mkdir(parents=True, exist_ok=True)
        for leftover in output.glob(".photochrom-*"):  # of a run that was killed while it wrote
            if leftover.is_file():
                leftover.unlink(missing_ok=True)
        _keep_recipe(recipe, output)
        skipped = [*training.skipped, *(testing.skipped if testing is not None else ())]
        log = "".join(f"{s.key}: {s.error}\n" for s in skipped)
        (output / "skipped.log").write_text(log, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise TrainingError(output, f"cannot be written ({error.strerror})", "choose another --output") from error


def _keep_recipe(recipe: Recipe, output: Path) -> None:
    """Write the run's recipe, but never over one that photochrom did not write: it may be the user's own.

    Raises:
        TrainingError: if there is such a one.
    """
    path = output / "recipe.yaml"
    if path.exists():
        try:
            there = load_recipe(path)
        except RecipeError:
            there = None
        if there == recipe:
            return
        if there is None or path.read_text(encoding="utf-8") != recipe_text(there):
            raise TrainingError(path, "is there and is another recipe", "choose another --output")
    save_recipe(recipe, path)


def headline(
    recipe: Recipe,
    training: PhotoSet | PhotoStream,
    testing: PhotoSet | None,
    order: EpochOrder | None,
    device: torch.device,
    precision: torch.dtype,
    state: Progress,
    ranks: Ranks = _ALONE,
) -> str:
    """Describe the run in one line."""
    skipped = len(training.skipped) + (len(testing.skipped) if testing is not None else 0)
    return (
        f"{recipe.name}: {recipe.epochs} epoch{'' if recipe.epochs == 1 else 's'} of "
        f"{f'{len(training)} photos' if order is None else order} at {recipe.size}x{recipe.size}"
        f"{'' if training.on_device else f' ({_way(training)})'}, "
        f"{0 if testing is None else len(testing)} to test, {skipped} skipped"
        f"{' (named in skipped.log)' if skipped else ''}; {device}, {str(precision).removeprefix('torch.')}"
        f"{f', {ranks.count} processes' if ranks.count > 1 else ''}; "
        f"a grey answer has loss {state.facts['grey_loss']:.2f}"
    )


def _way(training: PhotoSet | PhotoStream) -> str:
    return "streamed" if isinstance(training, PhotoStream) else "decoded ahead: they do not fit into memory"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        model = platform.processor() or platform.machine()
    threads = torch.get_num_threads()
    return f"{threads} thread{'' if threads == 1 else 's'} of {model}"
