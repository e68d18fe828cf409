"""What happens inside a network for one photo, layer by layer, seen through forward hooks.

A layer is a convolution (or any other module with weights of its own) together with the normalization and
activation that follow it. Nothing is known here of any particular network: order, sizes and skip joins are
taken from the tensors that really pass.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from photochrom.errors import NetworkError
from photochrom.models import ColorizationNetwork

__all__ = ["INPUT", "Layer", "trace_layers"]

INPUT = "lightness"
"""Stands among a layer's sources for the network's own input."""

_FOLLOWERS = (
    nn.ReLU, nn.LeakyReLU, nn.GELU, nn.SiLU, nn.Sigmoid, nn.Tanh, nn.Identity, nn.Dropout, nn.Dropout2d,
    nn.BatchNorm2d, nn.GroupNorm, nn.InstanceNorm2d, nn.LayerNorm,
)  # fmt: skip


_CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)  # without children they are no layer, but nothing


@dataclass
class Layer:
    """One layer of a network, as one photo went through it.

    Attributes:
        name: the module's path in the network.
        kind: "convolution", "transposed convolution", or the module's class.
        followed_by: classes of the normalization and activation after it.
        kernel: height and width; None where there is none.
        stride: vertical and horizontal; likewise.
        dilation: likewise.
        channels_in: of its input, joined planes counted.
        channels_out: of its output.
        size: height and width of its output.
        parameters: of it and what follows it.
        sources: layers whose outputs its input is made of, in the order of the channels, or `INPUT`.
        output: what it gave, after what follows it: float32 [C,H,W] on the CPU.
    """

    name: str
    kind: str
    kernel: tuple[int, ...] | None
    stride: tuple[int, ...] | None
    dilation: tuple[int, ...] | None
    channels_in: int
    channels_out: int
    size: tuple[int, int]
    parameters: int
    sources: tuple[str, ...]
    output: Tensor
    followed_by: list[str] = field(default_factory=list)

    @property
    def joins(self) -> tuple[str, ...]:
        """The sources that a skip connection brings: all but the first."""
        return self.sources[1:]


def trace_layers(network: ColorizationNetwork, lightness: Tensor) -> list[Layer]:
    """Run a network on one photo and note what each layer did.

    Args:
        network: any; it is left in the mode it was in.
        lightness: [1,1,H,W], 0..100.

    Returns:
        The layers in the order in which they ran.

    Raises:
        NetworkError: if it takes more than lightness, or no layer gave planes.
    """
    if network.inputs != ("lightness",):
        raise NetworkError(
            None, f"its inputs are {', '.join(network.inputs)}", "only networks of lightness can be traced"
        )
    layers: list[Layer] = []
    known: list[tuple[str, Tensor]] = []  # planes that a later layer's input may be made of

    def note(name: str, module: nn.Module, inputs: tuple[object, ...], output: object) -> None:
        taken = inputs[0] if inputs else None
        if not isinstance(taken, Tensor) or not isinstance(output, Tensor) or output.ndim != 4:
            return
        planes = output.detach().float().cpu().clone()  # a copy: what follows may work in place
        if layers and isinstance(module, _FOLLOWERS):
            layers[-1].name = _shared_name(network, layers[-1].name, name)
            layers[-1].output = planes[0]
            layers[-1].followed_by.append(type(module).__name__)
            layers[-1].parameters += _parameters(module)
            known[-1] = (layers[-1].name, planes)
            return
        given = taken.detach().float().cpu()
        if not known:
            known.append((INPUT, given.clone()))
        layers.append(_layer(name, module, given, planes, known))
        known.append((name, planes))

    handles = [
        module.register_forward_hook(lambda module, inputs, output, name=name: note(name, module, inputs, output))
        for name, module in network.named_modules()
        if not list(module.children()) and not isinstance(module, _CONTAINERS)
    ]
    was_training = network.training
    try:
        with torch.no_grad():
            network.eval()(lightness)
    finally:
        network.train(was_training)
        for handle in handles:
            handle.remove()
    if not layers:
        raise NetworkError(
            None, "none of its layers gives planes, so there is nothing to draw", "inspect another network"
        )
    return layers


def _layer(name: str, module: nn.Module, given: Tensor, planes: Tensor, known: list[tuple[str, Tensor]]) -> Layer:
    kinds = {nn.Conv2d: "convolution", nn.ConvTranspose2d: "transposed convolution"}
    kind = kinds.get(type(module), type(module).__name__)
    height, width = planes.shape[-2:]
    return Layer(
        name=name,
        kind=kind,
        kernel=getattr(module, "kernel_size", None) if kind in kinds.values() else None,
        stride=getattr(module, "stride", None) if kind in kinds.values() else None,
        dilation=getattr(module, "dilation", None) if kind in kinds.values() else None,
        channels_in=given.shape[1],
        channels_out=planes.shape[1],
        size=(height, width),
        parameters=_parameters(module),
        sources=_sources(given, known),
        output=planes[0],
    )


def _sources(given: Tensor, known: list[tuple[str, Tensor]]) -> tuple[str, ...]:
    """Find which earlier planes, one after another along the channels, a layer's input consists of."""
    if given.ndim != 4:
        return ()
    found: list[str] = []
    start = 0
    while start < given.shape[1]:
        for name, planes in reversed(known):  # the latest first: the same planes may stand there twice
            end = start + planes.shape[1]
            if planes.shape[2:] == given.shape[2:] and torch.equal(given[:, start:end], planes):
                found.append(name)
                start = end
                break
        else:
            return tuple(found)  # made by something that is no module: an addition, a resampling
    return tuple(found)


def _shared_name(network: nn.Module, layer: str, follower: str) -> str:
    """Name a layer after the block that holds just it and what follows it, where there is one."""
    block = layer.rpartition(".")[0]
    if not block or follower.rpartition(".")[0] != block:
        return layer
    own = [module for module in network.get_submodule(block).modules() if not list(module.children())]
    return block if sum(not isinstance(module, _FOLLOWERS) for module in own) == 1 else layer


def _parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
