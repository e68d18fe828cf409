"""ONNX files put together from a graph and its weights, one weight at a time, without the package onnx.

An ONNX file is one Protocol Buffers message. Two messages written one after the other are read as one, of which
fields that repeat, such as a graph's weights, are joined
(https://protobuf.dev/programming-guides/encoding/#last-one-wins). So a file is the shipped graph, then one message
for each weight, then one for the card.
"""

from __future__ import annotations

from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from photochrom.inference.card import CARD_KEY, Card

__all__ = ["write_card", "write_weight"]

# Numbers of fields and types in onnx.proto.
_MODEL_GRAPH, _MODEL_METADATA = 7, 14
_GRAPH_INITIALIZER = 5
_TENSOR_DIMS, _TENSOR_TYPE, _TENSOR_NAME, _TENSOR_DATA = 1, 2, 8, 9
_ENTRY_KEY, _ENTRY_VALUE = 1, 2
_TYPES = {np.dtype(np.float32): 1, np.dtype(np.float16): 10}


def write_weight(file: BinaryIO, name: str, array: NDArray[Any]) -> None:
    """Add a weight, float32 or float16, to the graph that the file begins with."""
    array = np.asarray(array, order="C")
    head = b"".join(_number(_TENSOR_DIMS, side) for side in array.shape)
    head += _number(_TENSOR_TYPE, _TYPES[array.dtype]) + _text(_TENSOR_NAME, name)
    head += _varint(_TENSOR_DATA << 3 | 2) + _varint(array.nbytes)
    tensor = _varint(_GRAPH_INITIALIZER << 3 | 2) + _varint(len(head) + array.nbytes) + head
    file.write(_varint(_MODEL_GRAPH << 3 | 2) + _varint(len(tensor) + array.nbytes) + tensor)
    file.write(array.reshape(-1).view(np.uint8).data)  # little-endian, as all computers that run this are


def write_card(file: BinaryIO, card: Card) -> None:
    """Add a card to the file's metadata."""
    entry = _text(_ENTRY_KEY, CARD_KEY) + _text(_ENTRY_VALUE, card.model_dump_json())
    file.write(_varint(_MODEL_METADATA << 3 | 2) + _varint(len(entry)) + entry)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _text(field: int, text: str) -> bytes:
    content = text.encode()
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    """Write a number in sevens of bits, the lowest first; all but the last have the highest bit set."""
    groups = bytearray()
    while value >= 0x80:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    groups.append(value)
    return bytes(groups)
