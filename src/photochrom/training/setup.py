"""What comes before the first step: photos loaded, network and optimizer made or restored, the run's folder."""

from __future__ import annotations

import copy
import os
import platform
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import photochrom
from photochrom.color.cielab import rgb_to_lab
from photochrom.data.augment import center_crop
from photochrom.data.decode import default_workers
from photochrom.data.photos import PhotoRef, find_photos, split_draw, split_photos
from photochrom.data.photoset import PhotoSet
from photochrom.data.stream import PhotoStream, find_shards
from photochrom.errors import CheckpointError, DataError, RecipeError, TrainingError
from photochrom.models import ColorizationNetwork, create_network
from photochrom.models.base import PretrainedEncoder
from photochrom.training.checkpoint import Checkpoint, Progress, load_checkpoint
from photochrom.training.distributed import Ranks
from photochrom.training.init import init_weights
from photochrom.training.recipe import Recipe, load_recipe, recipe_text, save_recipe

__all__ = [
    "check_writable",
    "data_fingerprint",
    "grey_loss",
    "headline",
    "keep_epochs",
    "load_data",
    "open_folder",
    "open_stream",
    "prepare",
]

_ALONE = Ranks()
_LOOK = 1000  # photos of a stream that tell what a grey answer is worth


def load_data(
    recipe: Recipe,
    data: str | Path | Sequence[str | Path],
    device: torch.device,
    *,
    reserve: int = 0,
    progress: Callable[[int, int], None] | None = None,
    sharing: int = 1,
    known: tuple[PhotoSet, PhotoSet | None] | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> tuple[PhotoSet, PhotoSet | None]:
    """Find, split and load the photos that a recipe trains and tests on.

    Where the data names no part and none of the photos that are put aside for testing can be used, those that the
    split would put aside next take their place.

    Args:
        recipe: says how many, and how large they are held.
        data: a folder, a shard, a URL pattern, or several; see `find_photos`.
        device: where they are held if they fit.
        reserve: bytes on the device that training itself will need.
        progress: called with (photos done, photos in all).
        sharing: how many processes of this machine load them, each for itself.
        known: what an earlier call gave for fewer photos; none of them is decoded again.
        say: called with what the user should know, a line each.

    Raises:
        DataError: if the data cannot be used.
    """
    known_training, known_testing = known or (None, None)
    found = find_photos(data, say=say)
    named = any(ref.part is not None for ref in found)
    train_refs, test_refs = split_photos(found, test_fraction=recipe.test_fraction, seed=recipe.seed)
    if named and not train_refs:
        raise DataError(
            None,
            f"all {len(test_refs)} photos are marked for testing by their folder or shard",
            "add some to train on",
        )
    if not train_refs and recipe.test_fraction < 1:  # a hash may put all of a few aside
        train_refs, test_refs = test_refs, []

    def load(refs: Sequence[PhotoRef], size: int, limit: int | None, known: PhotoSet | None) -> PhotoSet:
        ways: dict[str, Any] = {"device": device, "reserve": reserve, "progress": progress, "known": known}
        ways["sharing"] = sharing
        return PhotoSet.load(refs, size, limit=limit, none_is_fine=True, **ways)

    testing = None
    if recipe.test_photos != 0 and (test_refs or (recipe.test_fraction > 0 and not named)):
        testing = load(test_refs, recipe.size, recipe.test_photos, known_testing)
        if not len(testing) and not named and len(train_refs) > 1:
            # In a small folder a hash puts few aside, and all of these may be grey or damaged.
            share = max(1, min(round(recipe.test_fraction * len(found)), len(train_refs) // 2))
            line = [*test_refs, *sorted(train_refs, key=partial(split_draw, seed=recipe.seed))]
            limit = min(share, recipe.test_photos or share)
            testing = load(line, recipe.size, limit, known_testing)
            looked_at = {*testing.keys, *(photo.key for photo in testing.skipped)}
            train_refs = [ref for ref in train_refs if ref.key not in looked_at]
        elif not len(testing) and not named:
            testing, train_refs = None, [*test_refs, *train_refs]  # the former to be named among those left out
    size = recipe.crop_from or recipe.size
    training = load(train_refs, size, recipe.photos, known_training)
    if not len(training) and not named and testing is not None and len(testing):
        training, testing = load(found, size, recipe.photos, None), None  # too few to be parted
    if not len(training):
        skipped = [*training.skipped, *(testing.skipped if testing is not None else ())]
        reasons = "; ".join(photo.error.statement for photo in skipped[:3])
        tested = len(testing or ())
        of = f" but {tested} to test with" if tested else ""
        raise DataError(None, f"none of {len(found)} photos{of} can be used: {reasons}", "give other photos")
    if testing is not None and not len(testing) and named:
        reasons = "; ".join(photo.error.statement for photo in testing.skipped[:3])
        raise DataError(
            None,
            f"none of the {len(test_refs)} photos for testing can be used, of {len(found)}: {reasons}",
            "give others for testing, or train without (--set test_photos=0)",
        )
    return training, testing


def open_stream(
    recipe: Recipe, data: str | Path | Sequence[str | Path], device: torch.device, *, reserve: int, sharing: int
) -> tuple[PhotoStream, PhotoSet | None]:
    """Open the shards that a recipe streams, and load the photos that it tests on.

    Args:
        recipe: with a `shuffle_buffer`.
        data: shards; see `find_shards`.
        device: where photos go.
        reserve: bytes on the device that training itself will need.
        sharing: how many processes of this machine do so, each for itself.

    Raises:
        DataError: if the shards cannot be used.
        RecipeError: if the recipe cannot be streamed.
    """
    assert recipe.shuffle_buffer is not None
    if recipe.photos is not None:
        raise RecipeError("photos", "has no effect where shards are streamed", "name fewer shards")
    training, test_refs = PhotoStream.open(
        find_shards(data),
        recipe.crop_from or recipe.size,
        device=device,
        buffer=recipe.shuffle_buffer,
        test_fraction=0.0 if recipe.test_photos == 0 else recipe.test_fraction,
        seed=recipe.seed,
        workers=max(1, default_workers() // sharing),
    )
    if not test_refs or recipe.test_photos == 0:
        return training, None
    testing = PhotoSet.load(
        test_refs, recipe.size, limit=recipe.test_photos, device=device, reserve=reserve, sharing=sharing
    )
    return training, testing


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


def prepare(
    recipe: Recipe, output: Path, device: torch.device, resume: bool, ranks: Ranks = _ALONE
) -> tuple[Progress, ColorizationNetwork, torch.optim.Optimizer, ColorizationNetwork | None]:
    """Make the network, its optimizer and the running mean of its weights, fresh or as the checkpoint has them.

    The last is None where the recipe keeps none.
    """
    before = ranks.first(lambda: _checkpoint(recipe, output, resume))  # the others need not reach the folder
    torch.manual_seed(recipe.seed)
    network, state = create_network(recipe.network), Progress()
    if before is not None:
        network.load_state_dict(before.weights)
        state = before.progress
    elif recipe.init_from is not None:
        state.facts |= init_weights(network, recipe.init_from, recipe.init_sha256)
    elif recipe.pretrained:
        _encoder(network, recipe, "pretrained").load_pretrained()
    if recipe.drop_path:
        _encoder(network, recipe, "drop_path").drop_blocks(recipe.drop_path)
    network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    kind = torch.optim.AdamW if recipe.optimizer == "adamw" else torch.optim.Adam
    groups = _parameter_groups(network, recipe)
    optimizer = kind(groups, lr=recipe.learning_rate, weight_decay=recipe.weight_decay, fused=True)
    if before is not None:
        whole = optimizer.state_dict()
        whole["state"] = {
            # Laid out as its parameter is: the fused optimizer walks through both in the order of their memory.
            number: {
                key: torch.empty_like(parameter).copy_(value) if value.ndim else value
                for key, value in before.optimizer[number].items()
            }
            for number, parameter in enumerate(p for group in optimizer.param_groups for p in group["params"])
            if number in before.optimizer  # one that had no gradient yet has no state
        }
        optimizer.load_state_dict(whole)
    if device.type == "cuda":
        torch.set_float32_matmul_precision("high")
    mean = None
    if recipe.ema_decay is not None:
        mean = copy.deepcopy(network).eval().requires_grad_(False)
        if before is not None:
            mean.load_state_dict(before.network.state_dict())
    return state, network, optimizer, mean


def _checkpoint(recipe: Recipe, output: Path, resume: bool) -> Checkpoint | None:
    """Return the checkpoint that a run goes on from, or None where it begins."""
    if not (output / "checkpoint.safetensors").exists():
        return None
    if not resume:
        raise CheckpointError(output, "holds a run already", "go on with --resume or choose another folder")
    before = load_checkpoint(output)
    _check_recipe(recipe, before.recipe, output)
    if before.epoch < recipe.epochs and not before.optimizer:
        raise CheckpointError(
            output,
            f"ended after {before.epoch} epochs and keeps its weights alone, so it cannot be trained further",
            f"give epochs={before.epoch}, or begin another run with its weights (--set init_from=RUN)",
        )
    return before


def keep_epochs(recipe: Recipe, output: Path) -> Recipe:
    """Return the recipe with the epochs of the run that `output` holds, if it holds one."""
    if not (output / "checkpoint.safetensors").exists():
        return recipe
    before = load_checkpoint(output).recipe
    changes: dict[str, Any] = {"epochs": before.epochs}
    if recipe.first_phase is not None and before.first_phase is not None:
        changes["first_phase"] = recipe.first_phase.model_copy(update={"epochs": before.first_phase.epochs})
    return recipe.model_copy(update=changes)


def _parameter_groups(network: ColorizationNetwork, recipe: Recipe) -> list[dict[str, Any]]:
    """Part the parameters by the share of the learning rate that they get, `share`."""
    if recipe.encoder_lr_scale == 1:
        return [{"params": list(network.parameters()), "share": 1.0}]
    slow = list(_encoder(network, recipe, "encoder_lr_scale").parameters())
    known = {id(parameter) for parameter in slow}
    rest = [parameter for parameter in network.parameters() if id(parameter) not in known]
    return [{"params": slow, "share": recipe.encoder_lr_scale}, {"params": rest, "share": 1.0}]


def _encoder(network: ColorizationNetwork, recipe: Recipe, key: str) -> PretrainedEncoder:
    encoder = network.pretrained_encoder
    if encoder is None:
        raise RecipeError(
            key, f"{recipe.network} has no encoder that knows photos", "leave it out, or use photochrom-1"
        )
    return encoder


def _check_recipe(recipe: Recipe, before: Recipe, output: Path) -> None:
    free = {"accumulate", "checkpoint_seconds", "cudnn_benchmark", "description"}
    if recipe.schedule == "constant":
        free.add("epochs")  # a run can be made longer, unless its learning rates were made for its length
    new, old = recipe.model_dump(exclude=free), before.model_dump(exclude=free)
    changed = [f"{key} was {old[key]!r}, not {new[key]!r}" for key in new if new[key] != old[key]]
    if changed:
        raise CheckpointError(
            output, f"was begun by another recipe ({'; '.join(changed)})", "choose another folder"
        )


def data_fingerprint(training: PhotoSet | PhotoStream, testing: PhotoSet | None) -> str:
    """Return a text that differs where the photos of a run differ."""
    return "-".join(photos.fingerprint for photos in (training, testing) if photos is not None)


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
    device: torch.device,
    precision: torch.dtype,
    state: Progress,
    ranks: Ranks = _ALONE,
) -> str:
    """Describe the run in one line."""
    skipped = len(training.skipped) + (len(testing.skipped) if testing is not None else 0)
    return (
        f"{recipe.name}: {recipe.epochs} epoch{'' if recipe.epochs == 1 else 's'} of {len(training)} photos at "
        f"{recipe.size}x{recipe.size}"
        f"{'' if training.on_device else f' ({_way(training)})'}, "
        f"{0 if testing is None else len(testing)} to test, {skipped} skipped"
        f"{' (named in skipped.log)' if skipped else ''}; {device}, {str(precision).removeprefix('torch.')}"
        f"{f', {ranks.count} processes' if ranks.count > 1 else ''}; "
        f"a grey answer has loss {state.facts['grey_loss']:.2f}"
    )


def _way(training: PhotoSet | PhotoStream) -> str:
    return "streamed" if isinstance(training, PhotoStream) else "decoded ahead: they do not fit into memory"


def grey_loss(
    photos: PhotoSet | PhotoStream, recipe: Recipe, loss_of: Callable[[Tensor, Tensor], Tensor]
) -> float:
    """Return the loss of a network that always answers grey: what a trained one has to beat."""
    total, looked_at = 0.0, len(photos) if isinstance(photos, PhotoSet) else min(len(photos), _LOOK)
    for batch in photos.batches(range(looked_at), recipe.batch):
        ab = rgb_to_lab(center_crop(batch, recipe.size), axis=1)[:, 1:]
        total += float(loss_of(torch.zeros_like(ab), ab)) * len(batch)
    return total / looked_at


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        model = platform.processor() or platform.machine()
    threads = torch.get_num_threads()
    return f"{threads} thread{'' if threads == 1 else 's'} of {model}"
