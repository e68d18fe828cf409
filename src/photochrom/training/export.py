"""From a checkpoint to a network file: ONNX with its card, checked against the checkpoint before it is written."""

from __future__ import annotations

import contextlib
import copy
import io
import logging
import warnings
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from photochrom.errors import NetworkError, OutputError, require_extra
from photochrom.inference.card import CARD_KEY, Card
from photochrom.inference.onnx_model import Network
from photochrom.io.atomic import replace_file
from photochrom.models import ColorizationNetwork
from photochrom.training.checkpoint import Checkpoint, load_checkpoint

__all__ = ["card_of", "export_network", "onnx_model"]

_SIZES = ((64, 96), (101, 77), (256, 256))  # parity is checked at a round, an odd and the usual size
_TOLERANCE = 0.01  # CIELAB units between the file's answers and those of the same weights in PyTorch
_ROUNDED = 2.0  # CIELAB units, which nobody sees, that half precision may move a pixel by: 11 bits of each weight
_UNITS = {
    "ab": 1,
    "confidence": 50,
    "distribution": 50,
    "features": 50,
}  # what a fault of theirs counts in CIELAB units
_HALVED_FROM = 1024  # weights; smaller arrays are not worth a Cast node


def export_network(
    checkpoint: str | Path,
    output: str | Path,
    *,
    name: str | None = None,
    version: str = "1",
    license: str = "MIT",
    weights: Literal["float32", "float16"] = "float32",
    notes: dict[str, str | int | float] | None = None,
    overwrite: bool = False,
) -> Card:
    """Write a checkpoint's network as a network file.

    Args:
        checkpoint: a checkpoint, or a run's folder.
        output: where to; the suffix should be ``.onnx``.
        name: what the card calls it; by default the recipe's name.
        version: of the network.
        license: of the weights, as an SPDX name.
        weights: how they are stored; float16 halves the file. The arithmetic is float32 in either case.
        notes: more for the card's `training`, such as what the photos were.
        overwrite: whether a file at `output` may be replaced.

    Raises:
        CheckpointError: if the checkpoint is missing or damaged.
        NetworkError: if the file's answers differ from the checkpoint's.
        OutputError: if `output` exists or cannot be written.
    """
    output = Path(output)
    if output.exists() and not overwrite:
        raise OutputError(output, "exists", "choose another name or add --overwrite")
    whole = load_checkpoint(checkpoint)
    card = card_of(whole, name=name, version=version, license=license, notes=notes)
    model = onnx_model(whole.network, card, weights=weights)
    try:
        with replace_file(output) as temporary:
            temporary.write_bytes(model.SerializeToString())
            kept = whole.network if weights == "float32" else _rounded(whole.network)
            _check_parity(kept, whole.network, temporary, output)
    except OSError as error:
        raise OutputError(output, f"cannot be written ({error.strerror})", "choose another --output") from error
    return card


def card_of(
    checkpoint: Checkpoint,
    *,
    name: str | None = None,
    version: str = "1",
    license: str = "MIT",
    notes: dict[str, str | int | float] | None = None,
) -> Card:
    """Write down what a checkpoint is, how far it was trained, and how well it did on its test photos."""
    recipe, facts = checkpoint.recipe, checkpoint.progress.facts
    last = checkpoint.history[-1] if checkpoint.history else None
    scores = {}
    if last is not None and last.test_loss is not None:
        scores = {
            f"test {recipe.test_loss}": round(last.test_loss, 2),
            f"grey {recipe.test_loss}": round(facts["grey_loss"], 2),
        }
    training: dict[str, str | int | float] = {
        "epochs": checkpoint.epoch,
        "epochs of the recipe": recipe.epochs,
        "hours": round(checkpoint.progress.seconds / 3600, 2),
    }
    training |= {key.replace("_", " "): value for key, value in facts.items() if key != "grey_loss"}
    return Card(
        format=2 if "features" in checkpoint.network.outputs else 1,
        name=name or recipe.name,
        version=version,
        description=recipe.description,
        license=license,
        input_size=max(recipe.inference_size or recipe.size, 8),  # the least that a card may say
        inputs=checkpoint.network.inputs,
        outputs=checkpoint.network.outputs,
        parameters=sum(p.numel() for p in checkpoint.network.parameters()),
        training=training | (notes or {}),
        scores=scores,
        recipe=recipe.model_dump(),
    )


def onnx_model(
    network: ColorizationNetwork, card: Card, *, weights: Literal["float32", "float16"] = "float32"
) -> Any:
    """Turn a network into an ONNX model (`onnx.ModelProto`) that takes any number of photos of any size."""
    with require_extra("train", "Export"):
        import onnx
        import onnxscript  # noqa: F401 - torch's own error does not name the command

    dim = torch.export.Dim
    planes = {0: dim("n", min=1), 2: dim("height", min=1), 3: dim("width", min=1)}
    side = network.multiple * 3 + 2  # no multiple, so that padding is not traced away
    inputs = _inputs(network, torch.rand(2, 1, side, side + 3))
    with _quiet():
        program = torch.onnx.export(
            _Answers(network.eval()), inputs, dynamo=True, verbose=False,
            input_names=list(network.inputs), output_names=list(network.outputs),
            dynamic_shapes=[tuple(planes if tensor.ndim == 4 else None for tensor in inputs)],
        )  # fmt: skip
    if program is None:
        raise NetworkError(
            None, "PyTorch could not export the network", "try the torch version that pyproject.toml names"
        )
    model = program.model_proto
    if weights == "float16":
        _halve(model, onnx)
    del model.metadata_props[:]
    _drop_notes(model.graph)
    model.producer_name = "photochrom"
    model.metadata_props.append(onnx.StringStringEntryProto(key=CARD_KEY, value=card.model_dump_json()))
    onnx.checker.check_model(model)
    return model


class _Answers(nn.Module):
    """A network with all its outputs, and its inputs by position: what an exporter sees."""

    def __init__(self, network: ColorizationNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        return self.network.answers(*inputs)


def _inputs(network: ColorizationNetwork, lightness: Tensor) -> tuple[Tensor, ...]:
    """Make something of every input that goes with a lightness: two hints, half of all vividness."""
    hints = torch.zeros_like(lightness).repeat(1, 3, 1, 1)
    hints[..., : lightness.shape[2] // 3 + 1, :3] = torch.tensor([30.0, -20.0, 1.0])[:, None, None]
    hints[..., -2:, -5:] = torch.tensor([-25.0, 40.0, 1.0])[:, None, None]
    given = {"lightness": lightness, "hints": hints, "vividness": torch.tensor([0.5])}
    return tuple(given[name] for name in network.inputs)


def _halve(model: Any, onnx: Any) -> None:
    """Store large weights as float16 and cast them back; ONNX Runtime does so once, when it loads the file."""
    graph = model.graph
    casts = []
    for position, tensor in enumerate(graph.initializer):
        array = onnx.numpy_helper.to_array(tensor)
        if array.dtype != np.float32 or array.size < _HALVED_FROM:
            continue
        name = tensor.name
        with np.errstate(over="ignore"):  # what is beyond float16 is found when the file is checked
            halved = array.astype(np.float16)
        graph.initializer[position].CopyFrom(onnx.numpy_helper.from_array(halved, name + ".half"))
        casts.append(onnx.helper.make_node("Cast", [name + ".half"], [name], to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def _rounded(network: ColorizationNetwork) -> ColorizationNetwork:
    """Return the network with the weights that `_halve` leaves of its own."""
    rounded = copy.deepcopy(network)
    for tensor in (*rounded.parameters(), *rounded.buffers()):
        if tensor.is_floating_point() and tensor.numel() >= _HALVED_FROM:
            tensor.data = tensor.data.half().to(tensor.dtype)
    return rounded


def _drop_notes(graph: Any) -> None:
    """Drop what the exporter notes of each node, such as paths; `begin` needs parameters' names."""
    for part in (graph, *graph.node, *graph.initializer, *graph.value_info, *graph.input, *graph.output):
        kept = [(note.key, note.value) for note in part.metadata_props if note.key == "pkg.torch.onnx.fx_node"]
        del part.metadata_props[:]
        for key, value in kept if getattr(part, "op_type", "") == "MatMul" else ():
            part.metadata_props.add(key=key, value=value)
        if hasattr(part, "doc_string"):
            part.doc_string = ""


@torch.no_grad()
def _check_parity(kept: ColorizationNetwork, network: ColorizationNetwork, path: Path, output: Path) -> None:
    """Compare a file with the weights that it keeps, and these with the checkpoint's.

    Raises:
        NetworkError: if the file answers otherwise, or rounding its weights is seen.
    """
    written = Network(path, device="cpu")
    for height, width in _SIZES:
        rows = torch.linspace(0, 60, height)[:, None]
        lightness = (rows + torch.linspace(0, 40, width))[None, None]
        inputs = _inputs(network, lightness)
        answers = kept.answers(*inputs)
        unrounded = answers if kept is network else network.answers(*inputs)
        planes, *more = (tensor.numpy() for tensor in inputs)
        given = dict(zip(network.inputs[1:], more, strict=True))
        vividness = float(given["vividness"][0]) if "vividness" in given else None
        found = written.run(planes, given.get("hints"), vividness)
        for name, expected, exact in zip(network.outputs, answers, unrounded, strict=True):
            difference = np.abs(expected.numpy() - found[name]).max() * _UNITS[name]
            rounding = float((expected - exact).abs().max()) * _UNITS[name]
            # Colours beyond all that exist, of a network that was trained too fast, are rounded as coarsely.
            scale = max(1.0, float(expected.abs().max()) * _UNITS[name] / 128)
            if not rounding <= _ROUNDED * scale:
                raise NetworkError(
                    output,
                    f"half precision moves this network's {name} by {rounding:.3g} CIELAB units at "
                    f"{width}x{height}, and it was not written",
                    "export it with --weights float32",
                )
            if not difference <= _TOLERANCE * scale:
                raise NetworkError(
                    output,
                    f"the exported file's {name} differs from the checkpoint's by {difference:.3g} CIELAB units "
                    f"at {width}x{height}, and was not written",
                    "report this with the recipe",
                )


@contextlib.contextmanager
def _quiet() -> Any:
    """Hide what the exporter says of packages that are not needed; its failures still raise."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
