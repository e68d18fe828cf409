"""A small network that is a real one: an ONNX file of one convolution, written in a moment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from photochrom.network import CARD_KEY, Card


def write_network(
    path: Path,
    *,
    card: dict[str, Any] | str | None = None,
    slope: float = 0.1,
    bias: tuple[float, float] = (10.0, 20.0),
    inputs: tuple[str, ...] = ("lightness",),
    output: str = "ab",
    sides: tuple[int | str, int | str] = ("height", "width"),
    noise: np.random.Generator | None = None,
) -> Path:
    """A 3×3 convolution: a warm tint that grows with lightness, or with `noise` any colour."""
    weights = np.full((2, 1, 3, 3), slope / 9, np.float32)
    if noise is not None:
        weights = noise.normal(0, 2, (2, 1, 3, 3)).astype(np.float32)
    nodes = [
        helper.make_node(
            "Conv", ["lightness", "weights", "bias"], [output], pads=[1, 1, 1, 1], kernel_shape=[3, 3]
        )
    ]
    shapes = {"lightness": ["n", 1, *sides], "hints": ["n", 3, *sides], "vividness": [1]}
    graph = helper.make_graph(
        nodes,
        "tint",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shapes[name]) for name in inputs],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["n", 2, *sides])],
        [
            numpy_helper.from_array(weights, "weights"),
            numpy_helper.from_array(np.array(bias, np.float32), "bias"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    if card is not None:
        text = card if isinstance(card, str) else json.dumps(card)
        helper.set_model_props(model, {CARD_KEY: text})
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path


def tint_card(**changes: Any) -> dict[str, Any]:
    card = Card(
        name="tint",
        version="1",
        description="A warm tint that grows with lightness.",
        license="MIT",
        input_size=32,
        parameters=20,
        training={"data": "none"},
        scores={"psnr": 20.5},
    )
    return {**card.model_dump(mode="json"), **changes}
