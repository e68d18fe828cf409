"""Give a network file of photochrom-1 that has no `features` this output; its weights and other answers stay.

    python scripts/add_features.py src/photochrom/weights/photochrom-1.onnx with-features.onnx

The output is what `photochrom.models.photochrom_1` computes, and what `photochrom export` writes of itself: this
is for a file that was exported before, so that it need not be exported anew. All weights are the same to the
bit. Before it writes the file, the script makes sure that every other answer is, too.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from photochrom.inference.card import CARD_KEY, FEATURE_CELL, Card
from photochrom.inference.onnx_model import Network
from photochrom.io.atomic import replace_file
from photochrom.models.encoder import LiteEncoder

SIZES = ((64, 96), (101, 77), (256, 256))


class Nodes:
    """Appends nodes to a graph, each with a name of its own."""

    def __init__(self, graph: Any) -> None:
        self.graph = graph
        self._number = 0

    def add(self, kind: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        """Append one, and return the name of its output."""
        self._number += 1
        name = output or f"features_{self._number}"
        self.graph.node.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def constant(self, values: Sequence[float], dtype: type) -> str:
        """Add an array, and return its name."""
        self._number += 1
        name = f"features_{self._number}"
        self.graph.initializer.append(numpy_helper.from_array(np.array(values, dtype), name))
        return name


def skip_connection(graph: Any, channels: int) -> str:
    """Find the encoder's features that the decoder joins to its own, by how many channels they have."""
    shapes = {
        value.name: value.type.tensor_type.shape.dim
        for value in onnx.shape_inference.infer_shapes(
            onnx.helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)])
        ).graph.value_info
    }
    found = [
        node.input[1]
        for node in graph.node
        if node.op_type == "Concat" and len(node.input) == 2 and node.input[1] in shapes
        and len(shapes[node.input[1]]) == 4 and shapes[node.input[1]][1].dim_value == channels
    ]  # fmt: skip
    if len(found) != 1:
        raise SystemExit(
            f"the file has {len(found)} skip connections of {channels} channels; this is no photochrom-1"
        )
    return found[0]


def add_features(model: Any) -> None:
    """Add the output's nodes, and say so in the card."""
    *_, eighth, sixteenth, _ = LiteEncoder.widths
    fine, coarse = (skip_connection(model.graph, channels) for channels in (eighth, sixteenth))
    nodes = Nodes(model.graph)
    places, channels = nodes.constant([2, 3], np.int64), nodes.constant([1], np.int64)
    least = nodes.constant([1e-6], np.float32)

    def unit(planes: str) -> str:
        length = nodes.add("ReduceL2", planes, channels, keepdims=1)
        return nodes.add("Div", planes, nodes.add("Max", length, least))

    def centered(planes: str) -> str:
        return unit(nodes.add("Sub", planes, nodes.add("ReduceMean", planes, places, keepdims=1)))

    scales = nodes.constant([1, 1, 2, 2], np.float32)
    doubled = nodes.add("Resize", centered(coarse), "", scales, mode="linear")
    both = unit(nodes.add("Concat", centered(fine), doubled, axis=1))
    sides = nodes.add("Shape", "lightness", start=2, end=4)
    cells = nodes.add(
        "Div",
        nodes.add("Add", sides, nodes.constant([FEATURE_CELL - 1], np.int64)),
        nodes.constant([FEATURE_CELL], np.int64),
    )
    nodes.add("Slice", both, nodes.constant([0, 0], np.int64), cells, places, output="features")
    model.graph.output.append(
        helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", eighth + sixteenth, None, None])
    )
    note = next(note for note in model.metadata_props if note.key == CARD_KEY)
    card = json.loads(note.value)
    note.value = json.dumps(card | {"format": 2, "outputs": [*card["outputs"], "features"]})
    Card.model_validate_json(note.value)
    onnx.checker.check_model(model)


def check_same(before: Path, after: Path) -> None:
    """Make sure that two files give the same answers to the bit, but for the features."""
    one, other = (Network(path, device="cpu") for path in (before, after))
    random = np.random.default_rng(0)
    for height, width in SIZES:
        lightness = random.uniform(0, 100, (1, 1, height, width)).astype(np.float32)
        hints = np.zeros((1, 3, height, width), np.float32)
        hints[..., 9:16, 20:27] = np.array([30, -20, 1], np.float32)[:, None, None]
        for given in (None, hints):
            answers, others = (network.run(lightness, given, 0.7) for network in (one, other))
            for output, planes in answers.items():
                if planes.tobytes() != others[output].tobytes():
                    raise SystemExit(f"{output} differs at {width}x{height}; nothing was written")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", type=Path)
    parser.add_argument("output", type=Path)
    args = parser.parse_args()
    model = onnx.load(args.network)
    add_features(model)
    with replace_file(args.output) as temporary:
        temporary.write_bytes(model.SerializeToString())
        check_same(args.network, temporary)
    print(f"{args.output}: {args.output.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
