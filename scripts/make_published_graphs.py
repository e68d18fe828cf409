"""Make the graphs of published networks that photochrom ships: their definitions as ONNX, without weights.

    python scripts/make_published_graphs.py [ARCHITECTURE ...]

For each architecture it writes two files to src/photochrom/inference/published/graphs/:

* NAME.onnx: the graph; the weights are missing, and the conversion of a file of weights adds them. Those of two
  and more dimensions go through a Cast, so that they may be stored as float16.
* NAME.json: the names and shapes of the weights that it needs, and the names that the authors' files hold besides.

The shapes are those that scripts/record_published.py recorded from the authors' own code.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import onnx
import onnx_ir
import onnxscript.optimizer
import torch
from torch import Tensor, nn

from photochrom.inference.published.checkpoint import Weight
from photochrom.inference.published.fold import fold_norms
from photochrom.models.published import PublishedNet
from photochrom.models.registry import published_kind

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from published_weights import ARCHITECTURES, recorded_shapes

GRAPHS = Path(__file__).resolve().parents[1] / "src/photochrom/inference/published/graphs"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("architectures", nargs="*", default=ARCHITECTURES, choices=[[], *ARCHITECTURES])
    GRAPHS.mkdir(exist_ok=True)
    for architecture in parser.parse_args().architectures:
        began = time.monotonic()
        weights = fold_norms({name: Weight(shape, list) for name, shape in recorded_shapes(architecture).items()})
        kind = published_kind(weights)
        needed = {
            name: weight.shape for name, weight in weights.items() if not name.startswith(kind.unused or " ")
        }
        with torch.device("meta"):
            network = kind(needed)
        model = graph_of(network.to_empty(device="cpu").eval())
        (GRAPHS / f"{architecture}.onnx").write_bytes(model.SerializeToString(deterministic=True))
        listing = {"weights": needed, "unused": sorted(set(weights) - set(needed))}
        (GRAPHS / f"{architecture}.json").write_text(json.dumps(listing, indent=0) + "\n")
        size = sum((GRAPHS / f"{architecture}{suffix}").stat().st_size for suffix in (".onnx", ".json"))
        print(f"{architecture}: {len(model.graph.node)} nodes, {size:,} bytes, {time.monotonic() - began:.0f} s")


class _Network(nn.Module):
    """A network whose inputs come by position: what an exporter sees."""

    def __init__(self, network: PublishedNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        return self.network.answers(*inputs)


def graph_of(network: PublishedNet) -> onnx.ModelProto:
    """Turn a network into an ONNX model whose weights are named and missing."""
    dim = torch.export.Dim
    planes = {0: dim("n", min=1), 2: dim("height", min=1), 3: dim("width", min=1)}
    side = network.multiple * 3 + 2  # no multiple, so that padding is not traced away
    inputs = [torch.rand(2, 1, side, side + 3), torch.rand(2, 3, side, side + 3)][: len(network.inputs)]
    program = torch.onnx.export(
        _Network(network).eval(), tuple(inputs), dynamo=True, verbose=False, optimize=False,
        input_names=list(network.inputs), output_names=list(network.outputs),
        dynamic_shapes=[tuple(planes for _ in inputs)],
    )  # fmt: skip
    graph = program.model.graph
    names = {f"network.{name}": name for name in network.state_dict() if f"network.{name}" in graph.initializers}
    weights = []
    for exported, name in names.items():  # as inputs, so that the optimizer does not compute with them
        value = graph.initializers.pop(exported)
        value.name = name
        value.const_value = None
        weights.append(value)
    graph.inputs.extend(weights)
    onnxscript.optimizer.optimize(program.model)
    model = onnx_ir.to_proto(program.model)
    _leave_out(model, set(names.values()))
    unused = {name for name in network.state_dict() if not name.endswith("num_batches_tracked")} - set(
        names.values()
    )
    if unused:
        raise SystemExit(f"the graph does not use {', '.join(sorted(unused))}")
    return model


def _leave_out(model: onnx.ModelProto, weights: set[str]) -> None:
    graph = model.graph
    casts = []
    for value in [value for value in graph.input if value.name in weights]:
        graph.input.remove(value)
        if len(value.type.tensor_type.shape.dim) >= 2:
            full = f"{value.name}.float32"
            casts.append(onnx.helper.make_node("Cast", [value.name], [full], to=onnx.TensorProto.FLOAT))
            for node in graph.node:
                for at, name in enumerate(node.input):
                    if name == value.name:
                        node.input[at] = full
    nodes = [*casts, *graph.node]
    for node in nodes:
        node.name = ""
        node.doc_string = ""
        del node.metadata_props[:]
    del graph.node[:], graph.value_info[:], graph.metadata_props[:], model.metadata_props[:]
    graph.node.extend(nodes)
    for value in (*graph.initializer, *graph.input, *graph.output):
        value.doc_string = ""
        del value.metadata_props[:]
    model.producer_name = "photochrom"
    graph.name = ""


if __name__ == "__main__":
    main()
