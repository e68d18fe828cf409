"""Training that begins with the weights of a run, or of a network file."""

import pytest
import torch

from photochrom.errors import RecipeError
from photochrom.inference.onnx_model import Network
from photochrom.models import create_network
from photochrom.training import Recipe, load_checkpoint, train
from photochrom.training.checkpoint import Progress, save_checkpoint
from photochrom.training.export import export_network
from photochrom.training.init import init_weights
from training_runs import RECIPE

HINTED = Recipe(name="h", network="photochrom-1", size=32, loss="distribution")


@pytest.fixture(scope="module")
def hinted(tmp_path_factory):
    """A network with other weights than a fresh one has, as a checkpoint and as a network file."""
    folder = tmp_path_factory.mktemp("hinted")
    torch.manual_seed(7)
    network = create_network("photochrom-1")
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.003 * torch.randn_like(parameter)
    save_checkpoint(folder / "checkpoint.safetensors", HINTED, network, Progress(facts={"grey_loss": 1.0}))
    export_network(folder, folder / "hinted.onnx", weights="float16")
    return folder, network


@pytest.mark.slow
@pytest.mark.parametrize(("source", "tolerance"), [("", 0), ("hinted.onnx", 1e-3)])
def test_every_weight_comes_back(hinted, source, tolerance):
    folder, network = hinted
    other = create_network("photochrom-1")
    begun = init_weights(other, str(folder / source))
    assert begun["init_from"].startswith("h, ")
    assert "fresh" not in begun["init_from"]
    for name, tensor in network.state_dict().items():
        torch.testing.assert_close(other.state_dict()[name], tensor, rtol=tolerance, atol=tolerance, msg=name)


def test_a_run_goes_on_from_another_ones_weights(photos, tmp_path):
    train(RECIPE, photos, tmp_path / "first", progress=False)
    second = RECIPE.model_copy(update={"init_from": str(tmp_path / "first"), "epochs": 1, "learning_rate": 1e-12})
    train(second, photos, tmp_path / "second", progress=False)
    before, after = (load_checkpoint(tmp_path / name) for name in ("first", "second"))
    for name, parameter in before.network.named_parameters():
        torch.testing.assert_close(after.weights[name], parameter.detach(), rtol=1e-5, atol=1e-8, msg=name)
    assert after.progress.facts["init_from"] == "t, epoch 4"


def test_layers_that_are_not_there_begin_fresh(hinted, tmp_path):
    network = create_network("photochrom-1")
    torch.nn.init.ones_(network.guide.weight)
    network.bold = torch.nn.Conv2d(80, 7, 1)
    save_checkpoint(tmp_path / "old.safetensors", HINTED, create_network("photochrom-1"), Progress())
    assert init_weights(network, str(tmp_path / "old.safetensors"))["init_from"] == "h, epoch 0; bold fresh"
    assert network.guide.weight.std() > 0


def test_a_folder_of_a_bundled_network_s_name_hides_none(tmp_path, monkeypatch):
    (tmp_path / "photochrom-1").mkdir()
    monkeypatch.chdir(tmp_path)
    begun = init_weights(create_network("photochrom-1"), "photochrom-1")
    assert begun["init_from"].startswith("photochrom-1, version")
    assert begun["init_sha256"] == Network("photochrom-1", device="cpu").sha256


@pytest.mark.parametrize(
    ("begin", "message"),
    [
        ("photochrom-9", "init_from: photochrom-9: there is no network of that name; did you mean photochrom-1"),
        ("no/such.safetensors", "init_from: no/such.safetensors: there is no checkpoint"),
        ("article-6", "init_from: the weights of article-6, version 1 do not fit this network"),
    ],
)
def test_what_cannot_be_begun_with(photos, tmp_path, begin, message):
    with pytest.raises(RecipeError, match=message):
        train(RECIPE.model_copy(update={"init_from": begin}), photos, tmp_path / "run", progress=False)
    assert not (tmp_path / "run").exists()
