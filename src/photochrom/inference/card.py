"""A network file's card: what the file says about itself, and that it is true of the file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from photochrom.errors import NetworkError

__all__ = ["CARD_KEY", "FEATURE_CELL", "Card", "Input", "Output", "has_card", "read_card"]

CARD_KEY = "photochrom"
"""Key of the card's JSON in the metadata of an ONNX file."""

Input = Literal["lightness", "hints", "vividness"]
Output = Literal["ab", "confidence", "distribution", "features"]

FEATURE_CELL = 8
"""Pixels along the side of a place that has features of its own."""


class Card(BaseModel):
    """What a network file says about itself.

    How it grows: a key that a reader does not know is ignored, so that one may be added at any time. What an older
    reader would get wrong raises `format`: a key that is gone or means something else, a new input or output.

    Attributes:
        format: version of the contract between the card, its network and the reader: 2 where the network gives
            features, else 1.
        name: what the network is called, such as ``"photochrom-1"``.
        version: of these weights.
        description: one sentence.
        license: SPDX identifier of the weights' licence.
        input_size: side in pixels of the square whose area the network works at.
        inputs: names of the inputs it takes.
        outputs: names of what it returns.
        parameters: number of learned values.
        training: what it was trained on and how long; free keys.
        scores: measured results; free keys.
        recipe: the training recipe that rebuilds it.
        source: of a network of others: the address of the weights that the file was made from.
        sha256: of that file of weights.
        paper: where its method is described.
        preprocessing: what the file does inside to its input and output.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    format: Literal[1, 2] = 1
    name: str = Field(min_length=1)
    version: str
    description: str
    license: str
    input_size: int = Field(ge=8, le=4096)
    inputs: tuple[Input, ...] = ("lightness",)
    outputs: tuple[Output, ...] = ("ab",)
    parameters: int = Field(ge=0)
    training: dict[str, str | int | float] = Field(default_factory=dict)
    scores: dict[str, float] = Field(default_factory=dict)
    recipe: dict[str, Any] = Field(default_factory=dict)
    source: str = ""
    sha256: str = ""
    paper: str = ""
    preprocessing: str = ""


def has_card(session: Any) -> bool:
    """Say whether an open ONNX Runtime session's file carries a card."""
    return CARD_KEY in session.get_modelmeta().custom_metadata_map


def read_card(session: Any, path: Path) -> Card:
    """Read the card of an open ONNX Runtime session's file.

    Raises:
        NetworkError: if there is none, it cannot be read, or the file's inputs and outputs are others.
    """
    text = session.get_modelmeta().custom_metadata_map.get(CARD_KEY)
    if text is None:
        raise NetworkError(path, "carries no photochrom card", "make network files with  photochrom export")
    try:
        card = Card.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        if any(fault["loc"] == ("format",) for fault in error.errors()):
            raise NetworkError(
                path,
                "its card is of another format than this photochrom reads, 1 or 2",
                "update photochrom, or export the network with this one",
            ) from error
        where = ".".join(map(str, first["loc"])) or "card"
        raise NetworkError(
            path, f"its card cannot be read ({where}: {first['msg']})", "export it again"
        ) from error
    _check_names(path, "inputs", session.get_inputs(), card.inputs, required="lightness")
    _check_names(path, "outputs", session.get_outputs(), card.outputs, required="ab")
    return card


def _check_names(path: Path, what: str, nodes: Sequence[Any], promised: Sequence[str], *, required: str) -> None:
    names = [node.name for node in nodes]
    if sorted(names) != sorted(promised) or required not in names:
        raise NetworkError(
            path,
            f"has the {what} {json.dumps(names)} where its card says {json.dumps(list(promised))}",
            "export it again",
        )
    for node in nodes:
        if node.type != "tensor(float)":
            raise NetworkError(path, f"{node.name} is {node.type}, not float32", "export it again")
