"""Two networks as one: the mean of their colours, which evens out what only one of them gets wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from photochrom.color.ab_bins import CELL
from photochrom.inference.card import Card, Output
from photochrom.inference.catalogue import Merge
from photochrom.inference.resample import nearest, smooth

if TYPE_CHECKING:
    from photochrom.inference.onnx_model import Network

__all__ = ["MergedSession", "merged_card"]

Planes = NDArray[np.float32]


def merged_card(first: Card, second: Card, share: float) -> Card:
    """Say of a merge what it is; it takes and gives what both networks do."""
    licenses = dict.fromkeys((first.license, second.license))
    return Card(
        name=str(Merge(first.name, second.name, share)),
        version=f"{first.version}+{second.version}",
        description=f"The colours of {first.name} and {second.name}, mixed: {share:.12g} of the second.",
        license=" AND ".join(licenses),
        input_size=max(first.input_size, second.input_size),
        inputs=tuple(name for name in first.inputs if name in second.inputs),
        # Features of two networks have no mean that means anything.
        outputs=tuple(name for name in first.outputs if name in second.outputs and name != "features"),
        parameters=first.parameters + second.parameters,
    )


class MergedSession:
    """Two open networks with the `run` of an ONNX Runtime session that keeps the network contract.

    a, b, confidence and distribution are each mixed in proportion. A mixture of two distributions has the mixture
    of their means as its mean. Each network works at its own size.

    Args:
        first: a network.
        second: another.
        share: of the second, 0 to 1.
    """

    def __init__(self, first: Network, second: Network, share: float) -> None:
        self._parts = [(first, 1 - share), (second, share)]
        self._size = max(first.card.input_size, second.card.input_size)

    def run(self, outputs: Sequence[Output], feed: dict[str, Planes]) -> list[Planes]:
        """Answer as the contract has it, by a pass of each network that has a share."""
        height, width = feed["lightness"].shape[2:]
        mixed: list[Planes] = [np.zeros(1, np.float32) for _ in outputs]
        for network, weight in self._parts:
            if not weight:
                continue
            scale = network.card.input_size / self._size
            shape = (max(1, round(height * scale)), max(1, round(width * scale)))
            hints, vividness = feed.get("hints"), feed.get("vividness")
            answers = network.run(
                np.clip(smooth(feed["lightness"], *shape), 0, 100),
                None if hints is None else nearest(hints, *shape),
                None if vividness is None else float(vividness[0]),
                outputs=outputs,
            )
            for number, output in enumerate(outputs):
                coarse = CELL if output == "distribution" else 1
                planes = smooth(answers[output], -(-height // coarse), -(-width // coarse))
                mixed[number] = mixed[number] + planes * np.float32(weight)
        return mixed
