"""The six networks are the article's, down to the last parameter."""

import pytest
import torch
from torch import nn

from photochrom.errors import NetworkError
from photochrom.models import create_network, list_architectures, register_architecture

PARAMETERS = {
    "article-1": 67_458,
    "article-2": 330_178,
    "article-3": 364_026,
    "article-4": 1_544_826,
    "article-5": 2_594_170,
    "article-6": 3_643_514,
}


@pytest.mark.parametrize(("name", "count"), PARAMETERS.items())
def test_parameters(name, count):
    assert sum(p.numel() for p in create_network(name).parameters()) == count


def test_they_are_listed_in_order():
    assert list_architectures()[:6] == list(PARAMETERS)


@pytest.mark.parametrize("name", ["article-1", "article-2"])
def test_one_and_two_never_propose_a_negative_value(name):
    ab = create_network(name).eval()(torch.rand(2, 1, 40, 40) * 100)
    assert ab.min() >= 0


@pytest.mark.parametrize("name", ["article-3", "article-4", "article-5", "article-6"])
def test_the_others_can(name):
    network = create_network(name)
    nn.init.constant_(network.after.bias, -200.0)
    assert network(torch.rand(1, 1, 32, 32) * 100).max() < 0


@pytest.mark.parametrize("name", PARAMETERS)
def test_convolutions_are_4_2_1_and_batch_norm_follows_all_but_the_last(name):
    network = create_network(name)
    layers = [
        m for m in network.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d | nn.BatchNorm2d | nn.ReLU)
    ]
    convolutions = [layer for layer in layers if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)]
    last = convolutions[-1] if name in ("article-1", "article-2") else convolutions[-2]
    for layer in convolutions:
        if layer.kernel_size == (3, 3):
            continue
        follows = layers[layers.index(layer) + 1]
        assert layer.kernel_size == (4, 4)
        assert isinstance(follows, nn.ReLU if layer is last else nn.BatchNorm2d)
        if layer.dilation == (2, 2):
            assert (layer.stride, layer.padding) == ((1, 1), (3, 3))
        else:
            assert (layer.stride, layer.padding) == ((2, 2), (1, 1))


def test_weights_start_as_pytorch_s_defaults():
    torch.manual_seed(3)
    network = create_network("article-1")
    torch.manual_seed(3)
    assert torch.equal(network.encoder[0][0].weight, nn.Conv2d(1, 32, 4).weight)


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(NetworkError, match="did you mean article-3"):
        create_network("artcle-3")


def test_a_name_is_given_once():
    with pytest.raises(NetworkError, match="registered already"):
        register_architecture("article-1", lambda: create_network("article-1"), "again")
