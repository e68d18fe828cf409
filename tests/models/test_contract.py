"""The contract that every registered network keeps; a new network is tested by being registered."""

import numpy as np
import pytest
import torch

from photochrom.color.ab_bins import bin_centers
from photochrom.color.cielab import rgb_to_lab
from photochrom.inference.onnx_model import Network
from photochrom.models import create_network, describe_architecture, list_architectures
from photochrom.training.checkpoint import Progress, load_checkpoint, save_checkpoint
from photochrom.training.export import export_network
from photochrom.training.recipe import Recipe

pytestmark = pytest.mark.parametrize("name", list_architectures())


def make(name):
    torch.manual_seed(0)
    return create_network(name)


def lightness(*shape):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(1)) * 100


def inputs_of(network, planes):
    """Everything that a network takes: points of two colours, and half of all vividness."""
    hints = torch.zeros(len(planes), 3, *planes.shape[2:])
    hints[:, :, :2, :3] = torch.tensor([40.0, -20, 1])[:, None, None]
    hints[:, :, -1:, -1:] = torch.tensor([-30.0, 25, 1])[:, None, None]
    given = {"lightness": planes, "hints": hints, "vividness": torch.tensor([0.5])}
    return [given[name] for name in network.inputs]


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (3, 17), (31, 33), (64, 48), (100, 7)])
def test_any_size_gives_a_b_of_that_size(name, size):
    ab = make(name).eval()(lightness(2, 1, *size))
    assert ab.shape == (2, 2, *size)
    assert torch.isfinite(ab).all()


def test_all_answers_are_of_their_shapes_and_ranges(name):
    network = make(name).eval()
    answers = dict(
        zip(network.outputs, network.answers(*inputs_of(network, lightness(2, 1, 45, 70))), strict=True)
    )
    assert answers["ab"].shape == (2, 2, 45, 70)
    if "confidence" in answers:
        assert answers["confidence"].shape == (2, 1, 45, 70)
        assert 0 <= answers["confidence"].min() <= answers["confidence"].max() <= 1
    if "distribution" in answers:
        assert answers["distribution"].shape == (2, len(bin_centers()), 12, 18)
        assert torch.allclose(answers["distribution"].sum(1), torch.ones(2, 12, 18), atol=1e-4)
    if "features" in answers:
        assert answers["features"].shape[2:] == (6, 9)
        assert torch.allclose(answers["features"].square().sum(1), torch.ones(2, 6, 9), atol=1e-4)


def test_padding_is_cropped_away_and_only_pads(name):
    network = make(name).eval()
    side = network.multiple * 2
    whole = lightness(1, 1, side, side)
    assert torch.equal(network(whole), network.propose(whole))


def test_every_weight_gets_a_gradient(name):
    network = make(name)
    loss = sum(answer.square().mean() for answer in network.answers(*inputs_of(network, lightness(2, 1, 48, 64))))
    loss.backward()
    for parameter_name, parameter in network.named_parameters():
        assert parameter.grad is not None, parameter_name
        assert torch.isfinite(parameter.grad).all(), parameter_name
        # A bias before batch norm is cancelled by it; every kernel must take part.
        assert parameter.ndim == 1 or parameter.grad.abs().sum() > 0, parameter_name


def test_photos_of_a_batch_do_not_mix_in_evaluation(name):
    network = make(name).eval()
    both = lightness(2, 1, 32, 32)
    assert torch.allclose(network(both)[1:], network(both[1:]), atol=1e-4)


def test_same_seed_same_weights(name):
    one, two = make(name).state_dict(), make(name).state_dict()
    assert all(torch.equal(one[key], two[key]) for key in one)


def test_it_learns(name):
    network = make(name)
    rgb = (
        torch.rand(1, 3, 1, 1, generator=torch.Generator().manual_seed(5)).expand(4, 3, 32, 32)
        * lightness(4, 1, 32, 32)
        / 100
    )
    lab = rgb_to_lab(rgb.contiguous(), axis=1)
    optimizer = torch.optim.Adam(network.parameters(), 0.003)
    losses = []
    for _ in range(25):
        loss = torch.nn.functional.mse_loss(network(lab[:, :1]), lab[:, 1:])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]


def test_it_is_described(name):
    assert len(describe_architecture(name)) > 5


@pytest.mark.slow
def test_checkpoint_and_network_file_answer_alike(name, tmp_path):
    network = make(name)
    network(lightness(4, 1, 64, 64))  # batch norm's running figures leave their start
    recipe = Recipe(name=name, network=name, size=96)
    save_checkpoint(tmp_path / "checkpoint.safetensors", recipe, network, Progress())
    loaded = load_checkpoint(tmp_path).network
    assert all(
        torch.equal(a, b) for a, b in zip(loaded.state_dict().values(), network.state_dict().values(), strict=True)
    )

    card = export_network(tmp_path, tmp_path / "network.onnx")
    assert card.parameters == sum(p.numel() for p in network.parameters())
    written = Network(tmp_path / "network.onnx", device="cpu")
    assert written.card == card
    for size in [(1, 1), (53, 97), (128, 160)]:
        inputs = inputs_of(loaded, lightness(2, 1, *size))
        with torch.no_grad():
            expected = loaded.answers(*inputs)
        given = {name: tensor.numpy() for name, tensor in zip(loaded.inputs, inputs, strict=True)}
        vividness = 0.5 if "vividness" in given else None
        found = written.run(given["lightness"], given.get("hints"), vividness)
        for output, answer in zip(loaded.outputs, expected, strict=True):
            assert np.abs(found[output] - answer.numpy()).max() < 1e-3, (size, output)
