from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, save

from photochrom import list_networks
from photochrom.errors import NetworkError
from photochrom.inference.card import Card
from photochrom.inference.catalogue import bundled_networks
from photochrom.inference.onnx_model import Network
from tiny_network import tint_card, write_network


def test_a_network_says_what_it_is(tint: Path) -> None:
    network = Network(tint)
    assert network.card == Card.model_validate(tint_card())
    assert (network.device, network.path) == ("cpu", tint)
    assert "tint" in repr(network)


@pytest.mark.parametrize("shape", [(1, 1, 32, 32), (3, 1, 7, 50), (1, 1, 1, 1)])
def test_it_proposes_a_and_b_at_any_size(tint: Path, shape: tuple[int, ...]) -> None:
    ab = Network(tint).run(np.full(shape, 50, np.float32))["ab"]
    assert (ab.dtype, ab.shape) == (np.float32, (shape[0], 2, *shape[2:]))
    assert ab[:, 1].min() > ab[:, 0].min() >= 10  # warm, as it was made


def test_wrong_planes_are_the_callers_mistake(tint: Path) -> None:
    with pytest.raises(ValueError, match="is not"):
        Network(tint).run(np.zeros((32, 32), np.float32))


def test_a_network_that_takes_hints_gets_none(tmp_path: Path) -> None:
    inputs = ("lightness", "hints", "vividness")
    path = write_network(tmp_path / "hints.onnx", card=tint_card(inputs=inputs), inputs=inputs)
    assert Network(path).run(np.zeros((2, 1, 8, 8), np.float32))["ab"].shape == (2, 2, 8, 8)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"card": None, "inputs": ("lightness", "hints")}, "carries no photochrom card"),
        ({"card": "{"}, "its card cannot be read"),
        ({"card": tint_card(format=3)}, "another format than this .*; update photochrom"),
        ({"card": tint_card(format=3, inputs=["sound"])}, "update photochrom"),
        ({"card": tint_card(inputs=["lightness", "sound"])}, r"its card cannot be read \(inputs"),
        ({"card": tint_card(input_size=0)}, r"its card cannot be read \(input_size"),
        ({"card": tint_card(), "output": "colours"}, "its card says"),
        ({"card": tint_card(inputs=["lightness", "hints"])}, "its card says"),
        ({"card": tint_card(), "inputs": ("lightness", "hints")}, "its card says"),
    ],
)
def test_a_file_that_breaks_the_contract_is_refused(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    path = write_network(tmp_path / "broken.onnx", **options)
    with pytest.raises(NetworkError, match=message) as caught:
        Network(path)
    assert "broken.onnx" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_card_may_say_more_than_this_photochrom_knows(tmp_path: Path) -> None:
    path = write_network(
        tmp_path / "later.onnx", card=tint_card(mood="blue", training={"photos": 3, "weather": "fog"})
    )
    card = Network(path).card
    assert (card.name, card.training) == ("tint", {"photos": 3, "weather": "fog"})
    assert "mood" not in card.model_dump()


def test_float16_is_not_the_contract(tmp_path: Path) -> None:
    values = {
        name: helper.make_tensor_value_info(name, TensorProto.FLOAT16, ["n", 2, "h", "w"])
        for name in ("lightness", "ab")
    }
    graph = helper.make_graph(
        [helper.make_node("Identity", ["lightness"], ["ab"])], "half", [values["lightness"]], [values["ab"]]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    helper.set_model_props(model, {"photochrom": json.dumps(tint_card())})
    save(model, tmp_path / "half.onnx")
    with pytest.raises(NetworkError, match="not float32"):
        Network(tmp_path / "half.onnx")


def test_nonsense_is_an_error_and_never_a_grey_picture(tmp_path: Path) -> None:
    path = write_network(tmp_path / "nan.onnx", card=tint_card(), bias=(float("nan"), 0))
    with pytest.raises(NetworkError, match="no numbers"):
        Network(path).run(np.zeros((1, 1, 8, 8), np.float32))


def test_a_network_of_one_size_only_says_so(tmp_path: Path) -> None:
    network = Network(write_network(tmp_path / "fixed.onnx", card=tint_card(), sides=(32, 32)))
    assert network.run(np.zeros((1, 1, 32, 32), np.float32))["ab"].shape == (1, 2, 32, 32)
    with pytest.raises(NetworkError, match="failed on 16×32"):
        network.run(np.zeros((1, 1, 32, 16), np.float32))


def test_files_that_are_no_networks_say_so(tmp_path: Path) -> None:
    text, empty = tmp_path / "text.onnx", tmp_path / "empty.onnx"
    text.write_text("hello")
    empty.write_bytes(b"")
    for path, message in {
        text: "is no ONNX network",
        empty: "photochrom card|is no ONNX network",
        tmp_path: "is a folder",
        tmp_path / "missing.onnx": "no such network file",
    }.items():
        with pytest.raises(NetworkError, match=message) as caught:
            Network(path)
        assert "\n" not in str(caught.value)


def test_an_unknown_name_tells_what_there_is() -> None:
    with pytest.raises(NetworkError, match=r"rembrandt: there is no network of that name; .*bundled"):
        Network("rembrandt")
    for name in bundled_networks():
        with pytest.raises(NetworkError, match=f"did you mean {name}"):
            Network(f"{name}x")


def test_cuda_is_refused_where_there_is_none(tint: Path) -> None:
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this ONNX Runtime has CUDA")
    with pytest.raises(NetworkError, match="onnxruntime-gpu"):
        Network(tint, device="cuda")
    with pytest.raises(NetworkError, match="use one of auto, cpu, cuda, openvino"):
        Network(tint, device="tpu")  # type: ignore[arg-type]


def test_every_bundled_network_keeps_the_contract() -> None:
    cards = list_networks()
    assert [card.name for card in cards] == list(bundled_networks())
    for card in cards:
        network = Network(card.name)
        assert network.card == card
        for height, width in ((card.input_size, card.input_size), (37, 91)):
            ab = network.run(np.full((1, 1, height, width), 50, np.float32))["ab"]
            assert ab.shape == (1, 2, height, width)
            assert np.abs(ab).max() < 128
