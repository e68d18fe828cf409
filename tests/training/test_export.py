"""From a checkpoint to a network file that the engine colorizes with."""

import json

import numpy as np
import onnx
import pytest
import torch
from PIL import Image

from photochrom import Colorizer
from photochrom.cli.main import main
from photochrom.color.cielab import rgb_to_lab
from photochrom.errors import CheckpointError, NetworkError, OutputError
from photochrom.inference.catalogue import bundled_networks
from photochrom.inference.onnx_model import Network
from photochrom.training import Recipe, load_checkpoint, train
from photochrom.training.checkpoint import save_checkpoint
from photochrom.training.export import export_network

RECIPE = Recipe(name="mine", network="article-3", size=32, batch=4, epochs=30, learning_rate=0.01)


@pytest.fixture(scope="module")
def run(photos, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "run"
    train(RECIPE, photos, folder, progress=False)
    return folder


@pytest.mark.slow
def test_from_photos_to_a_photo_in_colour(run, photos, tmp_path, capsys):
    assert (
        main(["export", str(run), "--output", str(tmp_path / "mine.onnx"), "--note", "data=sky over grass"]) == 0
    )
    card = json.loads(capsys.readouterr().out)
    assert (card["name"], card["input_size"], card["parameters"]) == ("mine", 32, 364_026)
    assert card["training"]["epochs"] == card["training"]["epochs of the recipe"] == 30
    assert card["training"]["photos"] == 12
    assert card["training"]["data"] == "sky over grass"
    assert card["recipe"]["learning_rate"] == 0.01
    history = load_checkpoint(run).history
    assert card["scores"]["test mse"] == pytest.approx(history[-1].test_loss, abs=0.01)
    assert card["scores"]["test mse"] < card["scores"]["grey mse"]

    photo = Image.open(next(iter(sorted((photos / "test_color").iterdir()))))
    lab = rgb_to_lab(np.asarray(Colorizer(tmp_path / "mine.onnx")(photo.convert("L")).to_numpy()))
    assert lab[2:8, :, 2].mean() < -5  # the sky is blue again
    assert lab[-8:-2, :, 1].mean() < -5  # and the grass green


@pytest.mark.slow
def test_half_precision_halves_the_file_and_answers_alike(run, tmp_path):
    for weights in ("float32", "float16"):
        export_network(run, tmp_path / f"{weights}.onnx", weights=weights)
    whole, half = (tmp_path / "float32.onnx", tmp_path / "float16.onnx")
    assert half.stat().st_size < 0.6 * whole.stat().st_size
    lightness = (torch.rand(1, 1, 45, 61) * 100).numpy()
    assert np.abs(Network(whole).run(lightness)["ab"] - Network(half).run(lightness)["ab"]).max() < 0.5


def test_weights_that_half_precision_cannot_hold_are_not_written_so(run, tmp_path):
    whole = load_checkpoint(run)
    largest = max(whole.network.parameters(), key=torch.numel)
    with torch.no_grad():
        largest[0] = 1e5  # float16 ends at 65,504
    (tmp_path / "run").mkdir()
    save_checkpoint(tmp_path / "run/checkpoint.safetensors", whole.recipe, whole.network, whole.progress)
    with pytest.raises(NetworkError, match=r"half precision moves .*; export it with --weights float32"):
        export_network(tmp_path / "run", tmp_path / "half.onnx", weights="float16")
    assert not (tmp_path / "half.onnx").exists()
    export_network(tmp_path / "run", tmp_path / "whole.onnx")


@pytest.mark.slow
def test_a_file_tells_nothing_of_the_machine_it_was_made_on(run, tmp_path):
    export_network(run, tmp_path / "mine.onnx")
    model = onnx.load(tmp_path / "mine.onnx")
    for weights in model.graph.initializer:
        weights.ClearField("raw_data")  # any three letters may stand in there by chance
    content = model.SerializeToString()
    assert b".py" not in content
    assert str(tmp_path).encode() not in content


def test_no_bound_of_whole_numbers_is_left_out(run, tmp_path):
    """OpenVINO takes one that is missing for another, and then gives other colours without a word."""
    export_network(run, tmp_path / "mine.onnx")
    for path in (tmp_path / "mine.onnx", *bundled_networks().values()):
        graph = onnx.shape_inference.infer_shapes(onnx.load(path)).graph
        whole = {v.name for v in graph.value_info if v.type.tensor_type.elem_type == onnx.TensorProto.INT64}
        clips = [list(filter(None, node.input)) for node in graph.node if node.op_type == "Clip"]
        assert all(len(inputs) == 3 for inputs in clips if inputs[0] in whole)


def test_nothing_is_overwritten_unless_asked(run, tmp_path):
    path = tmp_path / "mine.onnx"
    path.write_text("precious")
    with pytest.raises(OutputError, match="exists; choose another name or add --overwrite"):
        export_network(run, path)
    assert path.read_text() == "precious"
    export_network(run, path, overwrite=True)
    assert Network(path).card.name == "mine"


def test_a_file_that_answers_otherwise_is_not_kept(run, tmp_path, monkeypatch):
    def run_wrongly(self, lightness, hints=None, vividness=None, *, outputs=("ab",)):
        return dict.fromkeys(outputs, np.zeros((1, 2, *lightness.shape[2:]), np.float32))

    monkeypatch.setattr(Network, "run", run_wrongly)
    with pytest.raises(NetworkError, match="differs from the checkpoint's"):
        export_network(run, tmp_path / "mine.onnx")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("size", "growth"), [(4, 1), (32, 1e5)], ids=["small", "diverging"])
def test_any_run_can_be_exported(photos, tmp_path, size, growth):
    train(RECIPE.model_copy(update={"size": size, "epochs": 1}), photos, tmp_path / "run", progress=False)
    whole = load_checkpoint(tmp_path / "run")
    with torch.no_grad():
        for parameter in list(whole.network.parameters())[-2:]:
            parameter *= growth  # as too high a learning rate leaves it: rounded more coarsely than colours are
    save_checkpoint(tmp_path / "run/checkpoint.safetensors", whole.recipe, whole.network, whole.progress)
    assert export_network(tmp_path / "run", tmp_path / "mine.onnx").input_size == max(size, 8)


def test_errors_are_one_line(run, tmp_path, capsys):
    with pytest.raises(CheckpointError, match="there is no checkpoint"):
        export_network(tmp_path / "nowhere", tmp_path / "mine.onnx")
    with pytest.raises(OutputError, match="cannot be written"):
        export_network(run, tmp_path / "missing" / "mine.onnx")
    assert main(["export", str(run), "--output", str(tmp_path / "a.onnx"), "--note", "no equals sign"]) == 1
    assert capsys.readouterr().err == "photochrom: --note no equals sign: has no =; write it as key=value\n"
