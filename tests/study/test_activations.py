"""Layers traced through hooks, and the pictures that `photochrom inspect` draws of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from photochrom.errors import CheckpointError, NetworkError, OutputError, PhotoError, RecipeError
from photochrom.models import create_network, list_architectures
from photochrom.study import trace_layers
from photochrom.study.activations import INPUT
from photochrom.study.inspection import inspect_checkpoint
from photochrom.training import load_recipe, save_checkpoint
from photochrom.training.checkpoint import Progress

OF_LIGHTNESS = [name for name in list_architectures() if create_network(name).inputs == ("lightness",)]
NOISE = torch.rand(1, 1, 32, 48, generator=torch.Generator().manual_seed(0)) * 100


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    pixels = np.add.outer(np.arange(40) * 3, np.arange(50) * 2).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def checkpoint_of(network: str, folder: Path) -> Path:
    torch.manual_seed(0)
    recipe = load_recipe("article-1", {"network": network, "size": "32", "epochs": "1"})
    path = folder / "checkpoint.safetensors"
    save_checkpoint(path, recipe, create_network(network), Progress(epoch=1))
    return path


@pytest.mark.parametrize("name", OF_LIGHTNESS)
def test_a_trace_accounts_for_every_parameter(name: str) -> None:
    network = create_network(name)
    layers = trace_layers(network, NOISE)
    assert sum(layer.parameters for layer in layers) == sum(p.numel() for p in network.parameters())
    assert layers[0].sources == (INPUT,)
    assert len({layer.name for layer in layers}) == len(layers)
    with torch.no_grad():
        assert torch.equal(layers[-1].output, network.eval()(NOISE)[0])
    for layer in layers:
        assert tuple(layer.output.shape) == (layer.channels_out, *layer.size)


def test_the_last_articles_table() -> None:
    layers = {layer.name: layer for layer in trace_layers(create_network("article-6"), NOISE)}
    assert list(layers) == [
        *(f"encoder.{n}" for n in range(4)), "middle.0", "middle.1", *(f"decoder.{n}" for n in range(3)),
        "last", "after",
    ]  # fmt: skip
    first, dilated = layers["encoder.0"], layers["middle.0"]
    assert (first.kernel, first.stride, first.size) == ((4, 4), (2, 2), (16, 24))
    assert first.followed_by == ["BatchNorm2d", "ReLU"]
    assert (dilated.dilation, dilated.channels_in, dilated.channels_out) == ((2, 2), 256, 256)
    joins = {name: layer.joins for name, layer in layers.items() if layer.joins}
    assert joins == {
        "decoder.1": ("encoder.2",),
        "decoder.2": ("encoder.1",),
        "last": ("encoder.0",),
        "after": (INPUT,),
    }


def test_plain_autoencoders_join_nothing() -> None:
    assert not any(layer.joins for layer in trace_layers(create_network("article-2"), NOISE))


def test_tracing_leaves_the_network_as_it_was() -> None:
    network = create_network("article-3").train()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    trace_layers(network, NOISE)
    assert network.training
    assert all(not module._forward_hooks for module in network.modules())
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


def test_a_network_that_takes_more_than_lightness_is_refused() -> None:
    network = create_network("article-1")
    network.inputs = ("lightness", "hints")  # type: ignore[misc]
    with pytest.raises(NetworkError, match="lightness, hints"):
        trace_layers(network, NOISE)


@pytest.mark.parametrize("name", OF_LIGHTNESS)
def test_inspect_draws_a_sheet_for_each_layer(name: str, tmp_path: Path, photo: Path) -> None:
    drawn = inspect_checkpoint(checkpoint_of(name, tmp_path), photo, tmp_path / "sheets")
    layers = trace_layers(create_network(name), NOISE)
    assert [path.name for path in drawn] == [
        "00-photo.png",
        *(f"{number:02d}-{layer.name}.png" for number, layer in enumerate(layers, start=1)),
        "layers.png",
    ]
    for path in drawn:
        with Image.open(path) as sheet:
            sheet.verify()


def test_inspect_takes_a_run_folder_and_a_size(tmp_path: Path, photo: Path) -> None:
    checkpoint_of("article-1", tmp_path)
    assert len(inspect_checkpoint(tmp_path, photo, tmp_path / "sheets", size=20)) == 6


def test_inspect_overwrites_nothing_unasked(tmp_path: Path, photo: Path) -> None:
    checkpoint = checkpoint_of("article-1", tmp_path)
    first = inspect_checkpoint(checkpoint, photo, tmp_path / "sheets")
    with pytest.raises(OutputError, match="--overwrite"):
        inspect_checkpoint(checkpoint, photo, tmp_path / "sheets")
    assert inspect_checkpoint(checkpoint, photo, tmp_path / "sheets", overwrite=True) == first


def test_inspect_says_what_is_wrong(tmp_path: Path, photo: Path) -> None:
    checkpoint = checkpoint_of("article-1", tmp_path)
    with pytest.raises(CheckpointError, match="there is no checkpoint"):
        inspect_checkpoint(tmp_path / "none", photo, tmp_path / "sheets")
    with pytest.raises(CheckpointError, match="damaged or no checkpoint"):
        inspect_checkpoint(photo, photo, tmp_path / "sheets")
    with pytest.raises(PhotoError, match="no such file"):
        inspect_checkpoint(checkpoint, tmp_path / "none.jpg", tmp_path / "sheets")
    with pytest.raises(RecipeError, match="--size 0"):
        inspect_checkpoint(checkpoint, photo, tmp_path / "sheets", size=0)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="choose another --output"):
        inspect_checkpoint(checkpoint, photo, tmp_path / "file" / "sheets")
