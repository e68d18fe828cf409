import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from photochrom.inference.card import CARD_KEY
from tiny_network import tint_card


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Five photos with soft colours, and two files that cannot be measured."""
    folder = tmp_path / "photos"
    folder.mkdir()
    random = np.random.default_rng(0)
    for number in range(5):
        small = random.integers(60, 200, (5, 6, 3), np.uint8)
        Image.fromarray(small).resize((96, 80), Image.Resampling.BICUBIC).save(folder / f"{number}.png")
    (folder / "broken.jpg").write_bytes((folder / "0.png").read_bytes()[:200])
    (folder / "empty.jpg").touch()
    return folder


@pytest.fixture
def echo(tmp_path: Path) -> Path:
    """A network that answers with the very hints it is given, and with vividness for a where there are none."""
    nodes = [
        helper.make_node("Slice", ["hints", "zero", "two", "one"], ["hint_ab"]),
        helper.make_node("Slice", ["hints", "two", "three", "one"], ["mask"]),
        helper.make_node("Sub", ["unit", "mask"], ["rest"]),
        helper.make_node("Mul", ["vividness", "direction"], ["amount"]),
        helper.make_node("Mul", ["rest", "amount"], ["tint"]),
        helper.make_node("Add", ["hint_ab", "tint"], ["ab"]),
    ]
    shapes = {"lightness": ["n", 1, "h", "w"], "hints": ["n", 3, "h", "w"], "vividness": [1]}
    graph = helper.make_graph(
        nodes,
        "echo",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()],
        [helper.make_tensor_value_info("ab", TensorProto.FLOAT, ["n", 2, "h", "w"])],
        [
            numpy_helper.from_array(np.array([0], np.int64), "zero"),
            numpy_helper.from_array(np.array([1], np.int64), "one"),
            numpy_helper.from_array(np.array([2], np.int64), "two"),
            numpy_helper.from_array(np.array([3], np.int64), "three"),
            numpy_helper.from_array(np.ones(1, np.float32), "unit"),
            numpy_helper.from_array(np.array([40, 0], np.float32).reshape(1, 2, 1, 1), "direction"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    card = tint_card(name="echo", inputs=["lightness", "hints", "vividness"], input_size=256)
    helper.set_model_props(model, {CARD_KEY: json.dumps(card)})
    onnx.save(model, tmp_path / "echo.onnx")
    return tmp_path / "echo.onnx"
