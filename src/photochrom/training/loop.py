"""The training loop, top to bottom: photos in, checkpoints and a log out."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from photochrom.color import rgb_to_lab
from photochrom.data.augment import augment, zoomed
from photochrom.data.photoset import PhotoSet
from photochrom.networks import ColorizationNetwork
from photochrom.training.checkpoint import EpochLog, Progress, save_checkpoint
from photochrom.training.device import autocast, choose_device, keep_memory, measure_step, precision_of
from photochrom.training.guards import check_weights, explain_failures, finite, stop_requests
from photochrom.training.log import RunLog, loading_bar
from photochrom.training.objective import objective_of
from photochrom.training.recipe import Recipe
from photochrom.training.seeds import mix, seeded_generator
from photochrom.training.setup import (
    check_writable,
    grey_loss,
    headline,
    load_data,
    open_folder,
    prepare,
)

__all__ = ["TrainingResult", "train"]


@dataclass(frozen=True)
class TrainingResult:
    """How a run ended.

    Attributes:
        checkpoint: the file that holds the network and all that resuming needs.
        history: one entry for each finished epoch.
        seconds: of training, over all resumes.
        finished: whether the last epoch is done; False where Ctrl-C or SIGTERM stopped the run.
        stopped_by: the signal's number where one stopped the run, else 0.
    """

    checkpoint: Path
    history: list[EpochLog]
    seconds: float
    finished: bool
    stopped_by: int = 0


def train(
    recipe: Recipe,
    data: str | Path | Sequence[str | Path],
    output: str | Path,
    *,
    device: str = "auto",
    resume: bool = False,
    progress: bool = True,
    tensorboard: bool = False,
    photos: tuple[PhotoSet, PhotoSet | None] | None = None,
) -> TrainingResult:
    """Train a network by a recipe.

    `output` then holds `checkpoint.safetensors`, `recipe.yaml`, `log.jsonl` (one line for each epoch) and
    `skipped.log` (photos that were left out, and why).

    Args:
        recipe: what to train, and how.
        data: the photos; see `find_photos`.
        output: the run's folder.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
        resume: go on with the run that `output` holds, if it holds one.
        progress: whether to show how it goes, on stderr.
        tensorboard: whether to write event files for TensorBoard as well.
        photos: training and test photos that were loaded before, in place of `data`.

    Raises:
        CheckpointError: if `output` holds a run and `resume` is not set, or a run of another recipe or data.
        DataError: if the data cannot be used.
        DivergedError: if the loss or a weight is no longer a number.
        TrainingError: if memory or the disk is full, or the settings cannot work.
    """
    output = Path(output)
    where = choose_device(device)
    if where.type == "cpu":
        keep_memory()
    precision = precision_of(recipe.precision, where)
    with explain_failures(recipe), ExitStack() as cleanup:
        check_writable(output)
        start = prepare(recipe, output, where, resume)
        if photos is None:
            phases = recipe.phase(1), recipe.phase(recipe.epochs)
            largest = max(phases, key=lambda phase: phase.batch * phase.size**2)
            reserve = measure_step(start[1], largest.batch, largest.size, where, precision)
            with loading_bar(progress) as told:
                photos = load_data(recipe, data, where, reserve=reserve, progress=told)
            for photo_set in photos:
                if photo_set is not None:
                    cleanup.callback(photo_set.close)
        open_folder(output, recipe, start[0], *photos, where, precision)
        return _run(recipe, output, where, precision, *start, *photos, progress, tensorboard)


def _run(
    recipe: Recipe,
    output: Path,
    where: torch.device,
    precision: torch.dtype,
    state: Progress,
    network: ColorizationNetwork,
    optimizer: torch.optim.Optimizer,
    mean: ColorizationNetwork | None,
    training: PhotoSet,
    testing: PhotoSet | None,
    progress: bool,
    tensorboard: bool,
) -> TrainingResult:
    """Train from where `state` stands to the last epoch, a stop request, or an error."""
    objective = objective_of(recipe, network, where, precision)
    checkpoint = output / "checkpoint.safetensors"
    log = RunLog(
        output,
        state.history,
        epochs=recipe.epochs,
        photos=len(training),
        show=progress,
        tensorboard=tensorboard,
    )
    if state.epoch == 0 and state.step == 0:
        state.facts["grey_loss"] = grey_loss(testing or training, recipe, objective.distance)
        log.say(headline(recipe, training, testing, where, precision, state))
    elif state.epoch < recipe.epochs:
        log.say(f"going on in epoch {state.epoch + 1} of {recipe.epochs}")

    def save() -> None:
        if state.epoch == 0 and state.step == 0:
            return  # stopped before the first step: there is nothing to keep
        check_weights(network, recipe, state)
        save_checkpoint(checkpoint, recipe, network, state, optimizer, mean)

    with log, stop_requests() as stopped:
        saved = time.monotonic()
        while state.epoch < recipe.epochs and not stopped():
            epoch = state.epoch + 1
            phase, rate = recipe.phase(epoch), _learning_rate(recipe, epoch)
            steps = math.ceil(len(training) / phase.batch)
            steps_before = sum(math.ceil(len(training) / recipe.phase(n).batch) for n in range(1, epoch))
            network.train()
            order = torch.randperm(len(training), generator=seeded_generator(recipe.seed, epoch)).tolist()
            loss_sum = torch.tensor(state.loss_sum, dtype=torch.float64, device=where)
            began = shown = time.perf_counter()
            done = first = min(state.step * phase.batch, len(training))
            for batch in training.batches(order[first:], phase.batch):
                torch.manual_seed(mix(recipe.seed, epoch, state.step))
                for group in optimizer.param_groups:
                    group["lr"] = rate * group["share"] * _warmth(recipe, steps_before + state.step)
                loss = objective.loss(
                    _augmented(batch, recipe, epoch, state.step),
                    seeded_generator(recipe.seed, epoch, state.step, 1),
                )
                optimizer.zero_grad(set_to_none=True)
                loss.backward()  # type: ignore[no-untyped-call]
                if recipe.clip is not None:
                    torch.nn.utils.clip_grad_norm_(network.parameters(), recipe.clip)
                optimizer.step()
                if mean is not None:
                    _follow(mean, network, recipe, steps_before + state.step)
                loss_sum += loss.detach() * len(batch)
                done += len(batch)
                state.step += 1
                if time.perf_counter() - shown > 0.5:  # not every step: asking for the loss waits for the GPU
                    shown = time.perf_counter()
                    log.step(
                        epoch,
                        done,
                        finite(float(loss_sum) / done, recipe, state),
                        (done - first) / (shown - began),
                    )
                if stopped() and state.step < steps:
                    break
            state.loss_sum = float(loss_sum)
            train_loss = finite(state.loss_sum / done, recipe, state)
            trained = time.perf_counter() - began
            if state.step < steps:
                state.seconds += trained
                break
            test_loss = None
            if testing is not None:
                tested = mean if mean is not None else network
                test_loss = finite(
                    _test(tested, testing, recipe, objective.distance, where, precision), recipe, state
                )
            state.seconds += time.perf_counter() - began
            speed = (done - first) / trained
            state.history.append(EpochLog(epoch, train_loss, test_loss, rate, speed, state.seconds))
            state.epoch, state.step, state.loss_sum = epoch, 0, 0.0
            log.step(epoch, done, train_loss, speed)
            log.epoch(state.history[-1])
            if time.monotonic() - saved >= recipe.checkpoint_seconds:
                save()
                saved = time.monotonic()
        save()
        if stopped() and state.epoch < recipe.epochs:
            log.say(f"stopped in epoch {state.epoch + 1}; saved. Go on with --resume")
    return TrainingResult(checkpoint, state.history, state.seconds, state.epoch >= recipe.epochs, stopped())


def _augmented(batch: Tensor, recipe: Recipe, epoch: int, step: int) -> Tensor:
    if recipe.crop_from is None and not recipe.flip:
        return batch
    phase, generator = recipe.phase(epoch), seeded_generator(recipe.seed, epoch, step)
    if phase.least_crop is not None:
        return zoomed(batch, phase.size, phase.least_crop, flip=recipe.flip, generator=generator)
    return augment(batch, phase.size, flip=recipe.flip, generator=generator)


@torch.no_grad()
def _follow(mean: ColorizationNetwork, network: ColorizationNetwork, recipe: Recipe, step: int) -> None:
    """Let the running mean of the weights take a step; at first it follows faster, for it has less to keep."""
    assert recipe.average is not None
    share = 1 - min(recipe.average, (step + 1) / (step + 10))
    torch._foreach_lerp_(list(mean.parameters()), list(network.parameters()), share)
    for kept, buffer in zip(mean.buffers(), network.buffers(), strict=True):
        kept.copy_(buffer)


@torch.no_grad()
def _test(
    network: ColorizationNetwork, photos: PhotoSet, recipe: Recipe, loss_of: Callable[[Tensor, Tensor], Tensor],
    device: torch.device, precision: torch.dtype,
) -> float:  # fmt: skip
    network.eval()
    total = torch.zeros((), dtype=torch.float64, device=device)
    for batch in photos.batches(range(len(photos)), recipe.batch):
        lab = rgb_to_lab(batch, axis=1)
        with autocast(device, precision):
            ab = network(lab[:, :1])
        total += loss_of(ab.float(), lab[:, 1:]) * len(batch)
    return float(total) / len(photos)


def _learning_rate(recipe: Recipe, epoch: int) -> float:
    """Return an epoch's rate: a cosine falls to 0 at the last epoch."""
    if recipe.schedule == "constant":
        return recipe.learning_rate
    return recipe.learning_rate * (1 + math.cos(math.pi * (epoch - 1) / recipe.epochs)) / 2


def _warmth(recipe: Recipe, step: int) -> float:
    return min(1.0, (step + 1) / recipe.warmup) if recipe.warmup else 1.0
