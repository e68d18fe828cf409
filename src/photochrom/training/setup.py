"""What comes before the first step: network and optimizer, made or restored."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import torch

from photochrom.errors import CheckpointError, RecipeError
from photochrom.models import ColorizationNetwork, create_network
from photochrom.models.base import PretrainedEncoder
from photochrom.training.checkpoint import Checkpoint, Progress, load_checkpoint
from photochrom.training.distributed import Ranks
from photochrom.training.init import init_weights
from photochrom.training.recipe import Recipe

__all__ = ["prepare"]

_ALONE = Ranks()


def prepare(
    recipe: Recipe, output: Path, device: torch.device, resume: bool, ranks: Ranks = _ALONE
) -> tuple[Progress, ColorizationNetwork, torch.optim.Optimizer, ColorizationNetwork | None]:
    """Make the network, its optimizer and the running mean of its weights, fresh or as the checkpoint has them.

    The last is None where the recipe keeps none.
    """
    before = ranks.first(lambda: _checkpoint(recipe, output, resume))  # the others need not reach the folder
    torch.manual_seed(recipe.seed)
    network, state = create_network(recipe.network), Progress()
    _check_sizes(network, recipe)
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


def _check_sizes(network: ColorizationNetwork, recipe: Recipe) -> None:
    """Refuse sizes that a distribution cannot be learned at: its loss needs places that nothing was padded for."""
    for key, size in (("first_phase", recipe.phase(1).size), ("size", recipe.size)):
        if recipe.loss == "distribution" and size % network.multiple:
            whole = -(-size // network.multiple) * network.multiple
            problem = f"{recipe.network} learns at multiples of {network.multiple} pixels, and {size} is none"
            raise RecipeError(key, problem, f"use {whole}")


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
