"""The contract that every network keeps, and the padding that lets it take photos of any size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from photochrom.inference.card import Input, Output

__all__ = ["ColorizationNetwork", "PretrainedEncoder", "pad_to_multiple"]


class PretrainedEncoder(nn.Module):
    """The part of a network that has published weights, and that training treats by itself."""

    def load_pretrained(self) -> None:
        """Take the published weights.

        Raises:
            ImportError: if the extra that they come with is not installed.
        """
        raise NotImplementedError

    def drop_blocks(self, most: float) -> None:
        """Let photos pass blocks by in training (drop path, also called stochastic depth).

        Args:
            most: the largest chance that a block has, 0 to 1.
        """
        raise NotImplementedError

    def draw_drops(self, draw: Callable[[int], Tensor]) -> None:
        """Draw which photos of the next pass skip which blocks; without it, blocks draw from PyTorch's generator.

        Args:
            draw: gives so many even numbers from 0 to below 1 for each photo [N,blocks].
        """


class ColorizationNetwork(nn.Module):
    """A network that proposes a, b for a lightness plane of any size.

    A family subclasses this and writes `propose`, which only ever sees sides that are multiples of
    `multiple`; `forward` pads by reflection before it and crops after it. One that takes hints or gives more than
    a, b says so in `inputs` and `outputs`. One that gives a distribution over colours is a `DistributionNetwork`.

    Attributes:
        multiple: what the sides given to `propose` are multiples of.
        inputs: names of the inputs that `forward` takes, as in the network file's contract.
        outputs: names of what it returns.
    """

    multiple: int = 1
    inputs: ClassVar[tuple[Input, ...]] = ("lightness",)
    outputs: ClassVar[tuple[Output, ...]] = ("ab",)

    def __init__(self) -> None:
        super().__init__()
        self.register_load_state_dict_pre_hook(_take_former_keys)  # type: ignore[no-untyped-call]

    @property
    def pretrained_encoder(self) -> PretrainedEncoder | None:
        """The network's encoder that has published weights, or None where there is none."""
        return None

    def former_key(self, key: str) -> str:
        """Return the name that a weight had in files of earlier versions, for those that still have it."""
        return key

    def propose(self, lightness: Tensor, hints: Tensor | None = None, vividness: Tensor | None = None) -> Tensor:
        """Do what `forward` does for an H and W that are multiples of `multiple`."""
        raise NotImplementedError

    def forward(self, lightness: Tensor, hints: Tensor | None = None, vividness: Tensor | None = None) -> Tensor:
        """Propose colours.

        Args:
            lightness: [N,1,H,W], 0..100, any H and W from 1 up.
            hints: [N,3,H,W]: a, b in CIELAB units, and 1 where somebody hinted, else 0. None: no hints.
            vividness: [1], 0 (most likely to be true) to 1 (as vivid as photos are). None: 0.

        Returns:
            a, b [N,2,H,W] in CIELAB units.
        """
        height, width = lightness.shape[-2:]
        padded = pad_to_multiple(lightness, self.multiple)
        if hints is None and vividness is None:
            return self.propose(padded)[..., :height, :width]
        hints = None if hints is None else pad_to_multiple(hints, self.multiple)
        return self.propose(padded, hints, vividness)[..., :height, :width]

    def answers(
        self, lightness: Tensor, hints: Tensor | None = None, vividness: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        """Return everything in `outputs`, in that order, each as the network file's contract has it."""
        return (self.forward(lightness, hints, vividness),)


def _take_former_keys(network: ColorizationNetwork, state: dict[str, Any], prefix: str, *_: Any) -> None:
    for key in [prefix + name for name, _ in network.named_parameters()]:
        former = prefix + network.former_key(key.removeprefix(prefix))
        if key not in state and former in state:
            state[key] = state.pop(former)


def pad_to_multiple(planes: Tensor, multiple: int) -> Tensor:
    """Pad [N,C,H,W] at the bottom and the right by reflection until both sides are multiples of `multiple`.

    The reflection goes back and forth where the planes are smaller than what is missing, down to one pixel,
    which `torch.nn.functional.pad` refuses. It is made of look-ups, so it exports with dynamic sizes.
    """
    if not torch.compiler.is_exporting() and all(side % multiple == 0 for side in planes.shape[-2:]):
        return planes
    for dim in (-2, -1):
        side = planes.shape[dim]
        padded = (side + multiple - 1) // multiple * multiple
        there = torch.arange(padded, device=planes.device)
        period = 2 * torch.arange(side, device=planes.device)[-1:]  # there and back again
        # Not by clamp: of whole numbers without an upper bound, OpenVINO makes 0.
        period = torch.maximum(period, torch.ones_like(period))
        there = torch.remainder(there, period)
        planes = planes.index_select(dim, torch.minimum(there, period - there))
    return planes
