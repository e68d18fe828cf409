"""What is measured: networks, each at the vividness asked for, and two answers that need no network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from photochrom.inference.card import Card
from photochrom.inference.onnx_model import Network
from photochrom.number_format import short

__all__ = ["REFERENCES", "Method", "list_methods"]

REFERENCES = {
    "grey": "no colour at all: a = b = 0",
    "mean colour": "one colour for every pixel: the mean a, b of these very photos",
}
"""Answers that need no network: who is not better than these has learned nothing."""


@dataclass(frozen=True)
class Method:
    """One row of the report.

    Attributes:
        name: no two rows share it.
        kind: ``"network"`` or ``"reference"``.
        description: one sentence.
        path: what opens the network, its file or a merge of two; None for a reference.
        digest: `Network.sha256`, so that results are never mixed with those of other weights.
        vividness: what the network is asked for; None for its default.
        card: what the network's file says; None for a reference.
    """

    name: str
    kind: Literal["network", "reference"]
    description: str
    path: Path | None = None
    digest: str = ""
    vividness: float | None = None
    card: Card | None = None

    @property
    def asks(self) -> bool:
        """Whether it can choose the places where hints help most."""
        return self.card is not None and "hints" in self.card.inputs and "distribution" in self.card.outputs

    @property
    def says_how_sure(self) -> bool:
        """Whether its answers come with a confidence."""
        return self.card is not None and "confidence" in self.card.outputs

    def as_dict(self) -> dict[str, Any]:
        """Return what a report says of it."""
        card = self.card
        return {
            "name": self.name,
            "kind": self.kind,
            "description": self.description,
            "digest": self.digest,
            "version": card.version if card else "",
            "license": card.license if card else "",
            "parameters": card.parameters if card else 0,
            "vividness": self.vividness,
        }


def list_methods(networks: Sequence[str | Path], vividness: Sequence[float] = ()) -> list[Method]:
    """List the rows of a report: the references first, then the networks in the order given.

    Args:
        networks: as `Network` takes them.
        vividness: a row for each of these, where a network takes vividness; empty for one row at its default.

    Raises:
        NetworkError: if a network cannot be opened.
    """
    found: dict[tuple[Path, float | None], Method] = {}
    given_as: dict[Path, str] = {}
    for given in networks:
        network = Network(given, device="cpu", threads=1)
        given_as.setdefault(network.path, str(given))
        values: Sequence[float | None] = vividness if vividness and "vividness" in network.card.inputs else [None]
        for value in values:
            method = Method(
                _row_name(network.card.name, value),
                "network",
                network.card.description,
                network.path,
                network.sha256,
                value,
                network.card,
            )
            found[network.path.resolve(), value] = method
    references = [Method(name, "reference", text) for name, text in REFERENCES.items()]
    return references + _named_apart(list(found.values()), given_as)


def _row_name(network: str, vividness: float | None) -> str:
    return network if vividness is None else f"{network} vividness {short(vividness)}"


def _named_apart(methods: list[Method], given_as: Mapping[Path, str]) -> list[Method]:
    """Call networks whose cards have one name as they were given."""
    count = Counter([*REFERENCES, *(method.name for method in methods)])
    return [
        replace(one, name=_row_name(given_as[one.path], one.vividness))
        if one.path is not None and count[one.name] > 1
        else one
        for one in methods
    ]
