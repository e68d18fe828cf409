"""Small networks that are real ones: ONNX files of a few operators, written in a moment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from photochrom.color.ab_bins import bin_centers
from photochrom.inference.card import CARD_KEY, Card


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


def write_hinting_network(path: Path) -> Path:
    """All that a network may take and give, by rules that a test can foresee.

    A hint colours all within 8 pixels; elsewhere the colour is a tint that vividness scales. The distribution is a
    bell around the colour, narrow near hints, and elsewhere the wider the lighter the photo is.
    """
    q = len(bin_centers())
    constants = {
        "tint": np.array([8, 16], np.float32).reshape(1, 2, 1, 1),
        "half": np.array(0.5, np.float32),
        "little": np.array(1e-6, np.float32),
        "zero": np.array(0, np.float32),
        "two": np.array(2, np.float32),
        "narrow": np.array(25, np.float32),
        "wider": np.array(9, np.float32),
        "fall": np.array(-1 / 125, np.float32),
        "one": np.array(1, np.float32),
        "parts": np.array([2, 1], np.int64),
        "centers": bin_centers().reshape(q, 2, 1, 1).copy(),
        "squares": (bin_centers() ** 2).sum(1).reshape(1, q, 1, 1),
    }
    around = {"kernel_shape": [17, 17], "pads": [8, 8, 8, 8]}
    cells = {"kernel_shape": [4, 4], "strides": [4, 4], "ceil_mode": 1}
    node = helper.make_node
    nodes = [
        node("Split", ["hints", "parts"], ["colours", "mask"], axis=1),
        node("Mul", ["colours", "mask"], ["placed"]),
        node("AveragePool", ["placed"], ["sum"], count_include_pad=1, **around),
        node("AveragePool", ["mask"], ["share"], count_include_pad=1, **around),
        node("Add", ["share", "little"], ["some"]),
        node("Div", ["sum", "some"], ["hinted"]),
        node("Greater", ["share", "little"], ["near"]),
        node("Add", ["vividness", "half"], ["strength"]),
        node("Mul", ["tint", "strength"], ["tinted"]),
        node("Where", ["near", "hinted", "tinted"], ["ab"]),
        # exp(-|center - ab|² / width), of which |ab|² falls out by the softmax
        node("Where", ["near", "hinted", "tint"], ["middle"]),
        node("MaxPool", ["middle"], ["middles"], **cells),
        node("Conv", ["middles", "centers"], ["product"]),
        node("Mul", ["product", "two"], ["twice"]),
        node("Sub", ["twice", "squares"], ["closeness"]),
        node("Mul", ["lightness", "wider"], ["light"]),
        node("Where", ["near", "zero", "light"], ["more"]),
        node("Add", ["more", "narrow"], ["width"]),
        node("MaxPool", ["width"], ["widths"], **cells),
        node("Div", ["closeness", "widths"], ["scores"]),
        node("Softmax", ["scores"], ["distribution"], axis=1),
        node("Mul", ["lightness", "fall"], ["variance"]),
        node("Where", ["near", "zero", "variance"], ["variances"]),
        node("Add", ["variances", "one"], ["confidence"]),
    ]
    shapes = {
        "lightness": ["n", 1, "height", "width"],
        "hints": ["n", 3, "height", "width"],
        "vividness": [1],
        "ab": ["n", 2, "height", "width"],
        "confidence": ["n", 1, "height", "width"],
        "distribution": ["n", q, "rows", "columns"],
    }
    values = {
        name: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()
    }
    card = tint_card(
        name="hinting",
        inputs=["lightness", "hints", "vividness"],
        outputs=["ab", "confidence", "distribution"],
        input_size=64,
    )
    graph = helper.make_graph(
        nodes,
        "hinting",
        [values[name] for name in card["inputs"]],
        [values[name] for name in card["outputs"]],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    helper.set_model_props(model, {CARD_KEY: json.dumps(card)})
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path
