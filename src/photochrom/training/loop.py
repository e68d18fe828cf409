"""The training loop, top to bottom: photos in, checkpoints and a log out."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from photochrom.color.cielab import rgb_to_lab
from photochrom.data.keyed_random import mix
from photochrom.data.photoset import PhotoSet
from photochrom.data.stream import PhotoStream
from photochrom.models import ColorizationNetwork
from photochrom.stopping import stop_requests
from photochrom.training.budget import fit_epochs
from photochrom.training.checkpoint import EpochLog, Progress, save_checkpoint
from photochrom.training.deadline import TESTING, Deadline
from photochrom.training.device import (
    autocast,
    choose_device,
    cudnn_benchmark,
    is_slow,
    keep_memory,
    measure_step,
    precision_of,
)
from photochrom.training.distributed import Ranks, join_ranks, ranks_of
from photochrom.training.epoch_order import EpochOrder
from photochrom.training.failures import check_weights, explain_failures, finite
from photochrom.training.loading import data_fingerprint, grey_loss, load_data, open_stream
from photochrom.training.log import RunLog, loading_bar
from photochrom.training.recipe import Recipe
from photochrom.training.run_folder import check_writable, headline, keep_epochs, open_folder
from photochrom.training.setup import prepare
from photochrom.training.step import Stepper, learning_rate

__all__ = ["SHOWN_EVERY", "TrainingResult", "train"]

SHOWN_EVERY = 0.5
"""Seconds between two looks at the loss: not at every step, for that waits for the GPU."""


@dataclass(frozen=True)
class TrainingResult:
    """How a run ended.

    Attributes:
        checkpoint: the file that holds the network and all that resuming needs.
        history: one entry for each finished epoch.
        seconds: of training, over all resumes.
        finished: whether the last epoch is done; False where a signal or the deadline stopped the run.
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
    within: float | None = None,
    deadline: Deadline | None = None,
    photos: tuple[PhotoSet | PhotoStream, PhotoSet | None] | None = None,
) -> TrainingResult:
    """Train a network by a recipe.

    Under `torchrun` each process calls it alike: they train one network together, each on its part of every batch,
    and the first one writes. Started again after one of them failed, they resume.

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
        within: seconds that the run may take in all, loading its photos included. It then has as many epochs as
            they hold, those of the first phase in proportion; a run that is resumed keeps those it was begun with.
        deadline: when the run shall be over, be its epochs done or not; it then stops as Ctrl-C would stop it.
        photos: training and test photos that were loaded before, in place of `data`.

    Raises:
        CheckpointError: if `output` holds a run and `resume` is not set, or a run of another recipe or data.
        DataError: if the data cannot be used.
        DivergedError: if the loss or a weight is no longer a number.
        TrainingError: if memory or the disk is full, or the settings cannot work.
    """
    began, output, ranks = time.perf_counter(), Path(output), ranks_of()
    with ranks.alike():
        where = choose_device(device, ranks)
    if where.type == "cpu":
        keep_memory()
    precision = precision_of(recipe.precision, where)
    progress, resume = progress and ranks.main, resume or ranks.restarted
    with explain_failures(recipe), join_ranks(ranks, where), ExitStack() as cleanup:
        ranks.first(lambda: check_writable(output))
        if within is not None and resume:
            recipe = ranks.first(lambda: keep_epochs(recipe, output))
        start = prepare(recipe, output, where, resume, ranks)
        if photos is None:
            phases = recipe.phase(1), recipe.phase(recipe.epochs)
            largest = max(phases, key=lambda phase: phase.batch * phase.size**2)
            batch = -(-ranks.most(largest.batch) // recipe.accumulate)
            reserve = measure_step(start[1], batch, largest.size, where, precision, recipe.cudnn_benchmark)
            sharing = ranks.local_count
            if recipe.shuffle_buffer is not None:
                photos = open_stream(recipe, data, where, reserve=reserve, sharing=sharing)
            else:
                with loading_bar(progress) as (show, say):
                    photos = load_data(
                        recipe, data, where, reserve=reserve, progress=show, sharing=sharing, say=say
                    )
            for photo_set in photos:
                if photo_set is not None:
                    cleanup.callback(photo_set.close)
        ranks.agreed(
            data_fingerprint(*photos),
            "its processes found other photos, each on its machine",
            "give all of them the same --data",
        )
        order = None  # a stream has its own
        if not isinstance(photos[0], PhotoStream):
            order = EpochOrder(photos[0].keys, recipe.seed, recipe.collection_cap)
        if within is not None and start[0].step == start[0].epoch == 0:
            left = ranks.first(lambda: within - (time.perf_counter() - began))
            counts = len(photos[0] if order is None else order), len(photos[1] or ())
            with ranks.alike():
                recipe = fit_epochs(recipe, start[1], *counts, left, where, precision, ranks)
        found, chosen = photos, recipe
        ranks.first(lambda: open_folder(output, chosen, start[0], *found, where, precision))
        return _run(
            recipe, output, where, precision, ranks, *start, *photos, order, progress, tensorboard, deadline
        )


def _run(
    recipe: Recipe,
    output: Path,
    where: torch.device,
    precision: torch.dtype,
    ranks: Ranks,
    state: Progress,
    network: ColorizationNetwork,
    optimizer: torch.optim.Optimizer,
    mean: ColorizationNetwork | None,
    training: PhotoSet | PhotoStream,
    testing: PhotoSet | None,
    order: EpochOrder | None,
    progress: bool,
    tensorboard: bool,
    deadline: Deadline | None,
) -> TrainingResult:
    """Train from where `state` stands to the last epoch, a stop request, the deadline, or an error."""
    take_step = Stepper(recipe, network, optimizer, mean, where, precision, ranks)
    distance = take_step.objective.distance
    checkpoint = output / "checkpoint.safetensors"
    photos = len(training if order is None else order)  # of an epoch
    log = RunLog(
        output,
        state.history,
        epochs=recipe.epochs,
        photos=photos,
        show=progress,
        tensorboard=tensorboard,
        write=ranks.main,
    )
    if state.epoch == 0 and state.step == 0 and ranks.main:
        state.facts["grey_loss"] = grey_loss(testing or training, recipe, distance)
        log.say(headline(recipe, training, testing, order, where, precision, state, ranks))
    elif state.epoch < recipe.epochs:
        log.say(f"going on in epoch {state.epoch + 1} of {recipe.epochs}")

    if is_slow(precision, where):
        log.say("this processor has no bfloat16 of its own: --set precision=float32 is several times as fast")

    stopped_by = 0

    def save() -> None:
        if not ranks.main or (state.epoch == 0 and state.step == 0):
            return  # stopped before the first step: there is nothing to keep
        check_weights(network, recipe, state)
        save_checkpoint(checkpoint, recipe, network, state, optimizer, mean)

    def enough() -> bool:
        """Tell whether to stop here, all processes at the same step."""
        nonlocal stopped_by
        stopped_by = int(ranks.highest(stopped()))
        return bool(stopped_by) or bool(ranks.highest(late()) if deadline is not None else False)

    def late() -> bool:
        assert deadline is not None
        batch = recipe.phase(state.epoch + 1).batch
        last = (state.step + 1) * batch >= photos  # the epoch's test, which cannot be broken off, follows
        return not deadline.holds(1 + (TESTING * len(testing or ()) / batch if last else 0))

    with log, stop_requests() as stopped:
        saved = time.monotonic()
        while state.epoch < recipe.epochs and not enough():
            epoch = state.epoch + 1
            phase = recipe.phase(epoch)
            steps = math.ceil(photos / phase.batch)
            steps_before = sum(math.ceil(photos / recipe.phase(n).batch) for n in range(1, epoch))
            network.train()
            loss_sum = torch.tensor(state.loss_sum, dtype=torch.float64, device=where)
            before = state.seconds
            began = shown = ticked = time.perf_counter()
            done = first = min(state.step * phase.batch, photos)
            for batch, numbers in _drawn(training, order, recipe, epoch, first, ranks):
                total, before_now = min(phase.batch, photos - done), steps_before + state.step
                loss_sum += total * take_step(
                    batch, epoch, state.step, before_now, steps, photos=numbers, total=total
                )
                done += total
                state.step += 1
                if deadline is not None:
                    deadline.took(time.perf_counter() - ticked)
                    ticked = time.perf_counter()
                if time.perf_counter() - shown > SHOWN_EVERY:
                    shown = time.perf_counter()
                    log.step(
                        epoch,
                        done,
                        finite(float(loss_sum) / done, recipe, state),
                        (done - first) / (shown - began),
                    )
                if state.step < steps and enough():
                    break
                if state.step < steps and time.monotonic() - saved >= recipe.checkpoint_seconds:
                    state.loss_sum = float(loss_sum)
                    state.seconds = before + time.perf_counter() - began
                    save()
                    saved = time.monotonic()
            state.loss_sum = float(loss_sum)
            train_loss = finite(state.loss_sum / done, recipe, state)
            trained = time.perf_counter() - began
            if state.step < steps:
                state.seconds = before + trained
                break
            test_loss = None
            if testing is not None:
                tested = mean if mean is not None else network
                test_loss = finite(
                    _test(tested, testing, recipe, distance, where, precision, ranks), recipe, state
                )
            state.seconds = before + time.perf_counter() - began
            speed = (done - first) / trained
            rate = learning_rate(recipe, epoch - 1)
            state.history.append(EpochLog(epoch, train_loss, test_loss, rate, speed, state.seconds))
            state.epoch, state.step, state.loss_sum = epoch, 0, 0.0
            log.step(epoch, done, train_loss, speed)
            log.epoch(state.history[-1])
            if time.monotonic() - saved >= recipe.checkpoint_seconds:
                save()
                saved = time.monotonic()
        save()
        if state.epoch < recipe.epochs:
            log.say(f"stopped in epoch {state.epoch + 1}; saved. Go on with --resume")
    return TrainingResult(checkpoint, state.history, state.seconds, state.epoch >= recipe.epochs, stopped_by)


def _drawn(
    photos: PhotoSet | PhotoStream,
    order: EpochOrder | None,
    recipe: Recipe,
    epoch: int,
    first: int,
    ranks: Ranks,
) -> Iterator[tuple[Tensor, list[int]]]:
    """Draw this process's part of each batch of an epoch, but for the first photos, with the photos' numbers."""
    size = recipe.phase(epoch).batch
    if isinstance(photos, PhotoStream):
        yield from photos.epoch(mix(recipe.seed, epoch), size, first, ranks.own)
        return
    assert order is not None
    drawn = order(epoch)
    parts = [drawn[start : start + size] for start in range(first, len(drawn), size)]
    own = [list(ranks.own(part) or part[:1]) for part in parts]
    if own:
        yield from zip(photos.batches([photo for part in own for photo in part], len(own[0])), own, strict=True)


@torch.no_grad()
def _test(
    network: ColorizationNetwork, photos: PhotoSet, recipe: Recipe, loss_of: Callable[[Tensor, Tensor], Tensor],
    device: torch.device, precision: torch.dtype, ranks: Ranks,
) -> float:  # fmt: skip
    network.eval()
    size = -(-ranks.most(recipe.batch) // recipe.accumulate)
    total = torch.zeros((), dtype=torch.float64, device=device)
    for batch in photos.batches(ranks.own(range(len(photos))), size):
        lab = rgb_to_lab(batch, axis=1)
        again = len(batch) == size  # as it was in training; the rest of the photos comes once an epoch
        with autocast(device, precision), cudnn_benchmark(device, recipe.cudnn_benchmark if again else 0):
            ab = network(lab[:, :1])
        total += loss_of(ab.float(), lab[:, 1:]) * len(batch)
    return float(ranks.total(total)) / len(photos)
