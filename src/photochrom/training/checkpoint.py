"""Checkpoints: weights, optimizer and history in one safetensors file whose header holds the recipe."""

from __future__ import annotations

import errno
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from pydantic import TypeAdapter
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from photochrom.errors import CheckpointError, PhotochromError, TrainingError, reason_of
from photochrom.io.atomic import replace_file
from photochrom.models import ColorizationNetwork, create_network
from photochrom.training.recipe import Recipe

__all__ = ["Checkpoint", "EpochLog", "Progress", "compact_checkpoint", "load_checkpoint", "save_checkpoint"]

_HEADER = "photochrom"
_NETWORK, _OPTIMIZER, _MEAN = "network.", "optimizer.", "mean."
_HALVED_FROM = 1024  # values; statistics of batch norm, which may be beyond float16, are fewer


@dataclass(frozen=True)
class EpochLog:
    """What is known of one finished epoch.

    Attributes:
        epoch: its number, from 1.
        train_loss: mean over the photos, as they were trained on.
        test_loss: mean over the test photos after the epoch; None without test photos.
        learning_rate: in the epoch.
        photos_per_second: trained on, testing and checkpoints left out.
        seconds: of training since the run began, over all resumes, this epoch's testing included.
    """

    epoch: int
    train_loss: float
    test_loss: float | None
    learning_rate: float
    photos_per_second: float
    seconds: float


@dataclass
class Progress:
    """How far a run has come; with the tensors, all that resuming needs.

    Attributes:
        epoch: finished epochs.
        step: steps done in the epoch under way.
        loss_sum: sum of those steps' losses, each times its photos.
        seconds: of training so far.
        history: one entry for each finished epoch.
        data: fingerprint of the training and test photos.
        facts: what the card tells of the run: photos, device, versions, the loss of a grey answer.
    """

    epoch: int = 0
    step: int = 0
    loss_sum: float = 0.0
    seconds: float = 0.0
    history: list[EpochLog] = field(default_factory=list)
    data: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint as read from its file.

    Attributes:
        recipe: of the run.
        network: with the weights, or with their running mean where the run keeps one; in evaluation mode, on the
            CPU.
        weights: those that training goes on with.
        optimizer: the optimizer's `state` by parameter number; empty where it was left out.
        progress: see `Progress`.
    """

    recipe: Recipe
    network: ColorizationNetwork
    weights: dict[str, Tensor]
    optimizer: dict[int, dict[str, Tensor]]
    progress: Progress

    @property
    def history(self) -> list[EpochLog]:
        """One entry for each finished epoch."""
        return self.progress.history

    @property
    def epoch(self) -> int:
        """Finished epochs."""
        return self.progress.epoch

    @property
    def finished(self) -> bool:
        """Whether the recipe's last epoch is done."""
        return self.progress.epoch >= self.recipe.epochs


def save_checkpoint(
    path: Path,
    recipe: Recipe,
    network: ColorizationNetwork,
    progress: Progress,
    optimizer: torch.optim.Optimizer | None = None,
    mean: ColorizationNetwork | None = None,
) -> None:
    """Write a checkpoint; at every moment `path` is the old file or the new one, whole.

    Args:
        path: the file.
        recipe: of the run.
        network: as it is trained.
        progress: how far the run has come.
        optimizer: what training goes on with; None for a file that is only used.
        mean: the network of the running mean of the weights, where the run keeps one.

    Raises:
        TrainingError: if the disk is full or the folder cannot be written.
    """
    tensors = {_NETWORK + name: _plain(tensor) for name, tensor in network.state_dict().items()}
    if mean is not None:
        tensors |= {_MEAN + name: _plain(tensor) for name, tensor in mean.state_dict().items()}
    if optimizer is not None:
        for number, state in optimizer.state_dict()["state"].items():
            for name, value in state.items():
                tensors[f"{_OPTIMIZER}{number}.{name}"] = _plain(torch.as_tensor(value))
    try:
        with replace_file(path) as temporary:
            temporary.write_bytes(_packed(recipe, tensors, progress))
    except OSError as error:
        full = error.errno == errno.ENOSPC
        raise TrainingError(
            path,
            f"cannot write the checkpoint: {'the disk is full' if full else error.strerror}",
            f"{'free some space' if full else 'mend that'} and go on with --resume",
        ) from error


def compact_checkpoint(checkpoint: Checkpoint) -> bytes:
    """Return a checkpoint file of what a run that has ended is good for: a network that is used, and its history.

    It is a sixth of a whole one: without the optimizer's state, so that training cannot go on, and with large
    arrays of weights in float16 where float16 can hold them.
    """
    tensors = {}
    for name, tensor in checkpoint.network.state_dict().items():
        half = tensor.half() if tensor.is_floating_point() and tensor.numel() >= _HALVED_FROM else tensor
        tensors[_NETWORK + name] = _plain(half if math.isfinite(float(half.sum(dtype=torch.float64))) else tensor)
    return _packed(checkpoint.recipe, tensors, checkpoint.progress)


def load_checkpoint(path: str | Path) -> Checkpoint:
    """Read a checkpoint, or the one in a run's folder.

    Raises:
        CheckpointError: if it is missing, damaged, or no checkpoint of photochrom.
    """
    path = Path(path)
    if path.is_dir():
        path = path / "checkpoint.safetensors"
    if not path.exists():
        raise CheckpointError(path, "there is no checkpoint", "give a run's folder or its checkpoint.safetensors")
    try:
        with safe_open(path, framework="pt") as file:
            header = json.loads((file.metadata() or {})[_HEADER])
            tensors = {name: _whole(file.get_tensor(name)) for name in file.keys()}  # noqa: SIM118 - not a dict
        recipe = Recipe.model_validate(header["recipe"])
        progress = TypeAdapter(Progress).validate_python(header["progress"])
        network = create_network(recipe.network)
        weights = _below(_NETWORK, tensors)
        network.load_state_dict(_below(_MEAN, tensors) or weights)
    except (
        SafetensorError,
        OSError,
        KeyError,
        TypeError,
        ValueError,
        RuntimeError,
    ) as error:
        raise CheckpointError(
            path,
            f"is damaged or no checkpoint of photochrom ({_reason(error, path)})",
            "give another, or train again",
        ) from error
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in _below(_OPTIMIZER, tensors).items():
        number, key = name.split(".", 1)
        state.setdefault(int(number), {})[key] = tensor
    return Checkpoint(recipe, network.eval(), weights, state, progress)


def _packed(recipe: Recipe, tensors: dict[str, Tensor], progress: Progress) -> bytes:
    header = {"format": 1, "recipe": recipe.model_dump(), "progress": asdict(progress)}
    return save(tensors, metadata={_HEADER: json.dumps(header)})


def _whole(tensor: Tensor) -> Tensor:
    return tensor.float() if tensor.dtype == torch.float16 else tensor


def _plain(tensor: Tensor) -> Tensor:
    return tensor.detach().to("cpu", copy=True, memory_format=torch.contiguous_format)


def _below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _reason(error: Exception, path: Path) -> str:
    return error.statement if isinstance(error, PhotochromError) else reason_of(error, path)
