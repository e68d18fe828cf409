"""Weights to begin with: those of a run, of a network file, or of an encoder that knows photos."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from torch import Tensor, from_numpy

from photochrom.errors import CheckpointError, NetworkError, RecipeError, require_extra
from photochrom.inference.catalogue import bundled_networks
from photochrom.inference.onnx_model import Network
from photochrom.inference.published.download import file_sha256
from photochrom.models import ColorizationNetwork
from photochrom.training.checkpoint import load_checkpoint

__all__ = ["init_weights"]

_PREFIX = "network."  # of names in a network file: see `export._Answers`
_NAMED = re.compile(r"%p_(\w+)")  # a parameter in what the exporter notes of a node


def init_weights(network: ColorizationNetwork, source: str, sha256: str | None = None) -> dict[str, str]:
    """Give a network the weights of another one; layers that the other one has not, or not so, stay as they are.

    Args:
        network: fresh.
        source: a run's folder, a checkpoint, a network file that photochrom exported, or a bundled network's name.
        sha256: that the weights must have: of a checkpoint's file, or as `Network.sha256` has it; None for any.

    Returns:
        What was begun with, for the card: `init_from` in a few words, and `init_sha256`.

    Raises:
        RecipeError: if there is no such source, its weights are others, or most of them do not fit.
    """
    given = source
    try:
        run = source.endswith(".safetensors") or (Path(source) / "checkpoint.safetensors").exists()
        if run or (Path(source).is_dir() and source not in bundled_networks()):
            whole = load_checkpoint(source)
            path = Path(source)
            found = file_sha256(path / "checkpoint.safetensors" if path.is_dir() else path)
            weights, source = whole.network.state_dict(), f"{whole.recipe.name}, epoch {whole.epoch}"
        else:
            file = Network(source, device="cpu")
            found = file.sha256
            weights = _weights_of(file.path, {name: network.former_key(name) for name in network.state_dict()})
            source = f"{file.card.name}, version {file.card.version}"
    except (CheckpointError, NetworkError) as error:
        raise RecipeError("init_from", error.statement, error.remedy) from error
    if sha256 not in (None, found):
        problem = f"the weights of {given} are others: their SHA-256 is {found}"
        raise RecipeError("init_sha256", problem, "give those that the recipe means, or leave this key out")
    own = network.state_dict()
    fitting = {name: tensor for name, tensor in weights.items() if name in own and own[name].shape == tensor.shape}
    if 2 * sum(tensor.numel() for tensor in fitting.values()) < sum(tensor.numel() for tensor in own.values()):
        raise RecipeError(
            "init_from", f"the weights of {source} do not fit this network", "leave it out or give another"
        )
    network.load_state_dict(fitting, strict=False)
    fresh = sorted({name.split(".", 1)[0] for name, _ in network.named_parameters() if name not in fitting})
    return {"init_from": source + (f"; {', '.join(fresh)} fresh" if fresh else ""), "init_sha256": found}


def _weights_of(path: Path, names: dict[str, str]) -> dict[str, Tensor]:
    """Read the weights of these names, or of their former names, where they are there, out of a network file."""
    with require_extra("train", "Beginning with a network file"):
        import onnx
    graph: Any = onnx.load(path).graph
    arrays = {
        each.name.removesuffix(".half"): from_numpy(onnx.numpy_helper.to_array(each).copy())
        for each in graph.initializer
    }
    # The exporter turns the weights of a linear layer around, and keeps their name in its note alone.
    for node in graph.node:
        if node.op_type == "MatMul" and node.input[1] in arrays:
            for name in _NAMED.findall(" ".join(entry.value for entry in node.metadata_props)):
                arrays.setdefault(name, arrays[node.input[1]].T)
    found = {}
    for name, former in names.items():
        spellings = [spelt for key in (_PREFIX + name, _PREFIX + former) for spelt in (key, key.replace(".", "_"))]
        array = next((arrays[spelt] for spelt in spellings if spelt in arrays), None)
        if array is not None:
            found[name] = array.float()
    return found
