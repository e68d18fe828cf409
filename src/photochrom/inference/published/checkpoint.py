"""Weights out of PyTorch's files and safetensors, without PyTorch: read one tensor at a time, nothing is run.

Three layouts are known: the zip archive that ``torch.save`` writes since version 1.6, the chain of pickles that it
wrote before, and safetensors. The tar archives of PyTorch before 0.2 are not: no published network is one.
"""

from __future__ import annotations

import json
import pickle
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from math import prod
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import NetworkError
from photochrom.inference.published.pickles import Callee, load_restricted, safely

__all__ = ["Weight", "read_weights"]

_MAGIC = 0x1950A86A20F9469CFC6C  # first pickle of a file before the zip archive
_LEGACY_PROTOCOL = 1001
_MOST_PICKLE = 64 << 20  # bytes of names, shapes and strides; those of 228 million weights take 0.2 MB
_MOST_HEADER = 100 << 20  # bytes, as the library safetensors has it
_REMEDY = "fetch the weights again from where their authors publish them"

_BFLOAT16 = "bfloat16"
_STORAGES = {
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "DoubleStorage": "<f8",
    "BFloat16Storage": _BFLOAT16,
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "|i1",
    "ByteStorage": "|u1",
    "BoolStorage": "|b1",
}
_SAFETENSORS = {
    "F32": "<f4",
    "F16": "<f2",
    "F64": "<f8",
    "BF16": _BFLOAT16,
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "|i1",
    "U8": "|u1",
    "BOOL": "|b1",
}
_WRAPPERS = ("params_ema", "params", "state_dict", "model")  # keys that authors put a network's weights under


@dataclass(frozen=True)
class Weight:
    """One array of weights that lies in a file until it is read.

    Attributes:
        shape: of the array.
        read: gives the array; float32 where the file holds floating point of any kind.
    """

    shape: tuple[int, ...]
    read: Callable[[], NDArray[Any]]


def read_weights(path: Path) -> dict[str, Weight]:
    """Find the weights in a ``.pth``, ``.pt``, ``.bin`` or ``.safetensors`` file.

    Only names, shapes and places are read; each array follows when `Weight.read` is called.

    Raises:
        NetworkError: if the file is of another kind or damaged, or wants to run anything.
    """
    with safely(path, _REMEDY):
        with path.open("rb") as file:
            first = file.read(512)
            file.seek(0)
            if first.startswith(b"PK"):
                return _read_zip(file, path)
            if first[8:9] == b"{":
                return _read_safetensors(file, path)
            if first.startswith(b"\x80"):
                return _read_legacy(file, path)
        raise NetworkError(path, f"is no file of weights but {_kind(first)}", _REMEDY)


def _kind(first: bytes) -> str:
    if first.lstrip()[:1] == b"<":
        return "a web page"
    if b"ustar" in first:
        return "a tar archive, as PyTorch wrote before version 0.2"
    return "something else"


class _Entries(dict[Any, Any]):
    """What an OrderedDict of a pickle becomes; the attributes that PyTorch adds are dropped."""

    def __setstate__(self, state: object) -> None:
        pass


@dataclass(frozen=True)
class _Storage:
    """A run of numbers somewhere in the file. A pickle may change what it says: `_weight` checks it at the end."""

    dtype: str
    key: str
    count: int


@dataclass(frozen=True)
class _Tensor:
    """A view of a storage: where it begins, its shape and strides, all in numbers."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


_NAMES: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): Callee(_Entries),
    ("torch._utils", "_rebuild_tensor"): Callee(_Tensor),
    ("torch._utils", "_rebuild_tensor_v2"): Callee(lambda *given: _Tensor(*given[:4])),
    ("torch._utils", "_rebuild_parameter"): Callee(lambda tensor, *_: tensor),
    ("torch", "Size"): Callee(tuple),
} | {("torch", name): dtype for name, dtype in _STORAGES.items()}


def _read_zip(file: BinaryIO, path: Path) -> dict[str, Weight]:
    with zipfile.ZipFile(file) as archive:
        entries = {entry.filename: entry for entry in archive.infolist()}
        pickles = [name for name in entries if name.rpartition("/")[2] == "data.pkl"]
        if len(pickles) != 1:
            raise NetworkError(path, "is a zip archive, but none that PyTorch wrote", _REMEDY)
        root = pickles[0].removesuffix("data.pkl")
        order = entries.get(f"{root}byteorder")
        if order is not None and (order.file_size > 6 or archive.read(order) != b"little"):
            raise pickle.UnpicklingError("its numbers are big-endian")
        if entries[pickles[0]].file_size > _MOST_PICKLE:
            raise pickle.UnpicklingError("its list of arrays is too long")
        listing = archive.read(pickles[0])

    def storage(pid: Any) -> _Storage:
        _, dtype, key, _, count = pid
        return _Storage(dtype, key, count)

    def place(key: str) -> tuple[int, int]:
        entry = entries[f"{root}data/{key}"]
        if entry.compress_type != zipfile.ZIP_STORED:
            raise pickle.UnpicklingError("its arrays are compressed, which PyTorch's never are")
        with path.open("rb") as file:
            file.seek(entry.header_offset)
            header = file.read(30)  # followed by the entry's name and extra field, whose lengths end it
        lengths = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
        return entry.header_offset + 30 + lengths, entry.file_size

    return _weights_in(path, load_restricted(BytesIO(listing), _NAMES, storage), place)


def _read_legacy(file: BinaryIO, path: Path) -> dict[str, Weight]:
    listing = BytesIO(file.read(_MOST_PICKLE))
    magic, protocol, system = (load_restricted(listing, {}) for _ in range(3))
    if magic != _MAGIC or protocol != _LEGACY_PROTOCOL or not system["little_endian"]:
        raise pickle.UnpicklingError("no PyTorch of a common computer wrote it")
    sizes: dict[str, int] = {}

    def storage(pid: Any) -> _Storage:
        _, dtype, key, _, count, view = pid
        if view is not None:
            raise pickle.UnpicklingError("its arrays share their numbers in a way that is not read")
        sizes[key] = count * np.dtype(_stored(dtype)).itemsize
        return _Storage(dtype, key, count)

    whole = load_restricted(listing, _NAMES, storage)
    keys = load_restricted(listing, {})
    places = {}
    start = listing.tell()
    for key in keys:  # each array comes after its length
        places[key] = (start + 8, sizes[key])
        start += 8 + sizes[key]
    return _weights_in(path, whole, places.__getitem__)


def _read_safetensors(file: BinaryIO, path: Path) -> dict[str, Weight]:
    length = int.from_bytes(file.read(8), "little")
    if length > _MOST_HEADER:
        raise ValueError("its list of arrays is too long")
    header = json.loads(file.read(length))
    weights = {}
    for name, entry in header.items():
        if name != "__metadata__":
            start, end = entry["data_offsets"]
            shape = tuple(entry["shape"])
            strides = tuple(prod(shape[at + 1 :]) for at in range(len(shape)))
            if end - start != prod(shape) * np.dtype(_stored(_SAFETENSORS[entry["dtype"]])).itemsize:
                raise ValueError("an array is of another length than is said")
            tensor = _Tensor(_Storage(_SAFETENSORS[entry["dtype"]], name, prod(shape)), 0, shape, strides)
            weights[name] = _weight(path, tensor, (8 + length + start, end - start))
    return weights


def _weights_in(path: Path, whole: Any, place: Callable[[str], tuple[int, int]]) -> dict[str, Weight]:
    """Find a network's weights in what a checkpoint holds: it may hold an optimizer's as well."""
    for wrapper in _WRAPPERS:
        if isinstance(whole, Mapping) and isinstance(whole.get(wrapper), Mapping):
            whole = whole[wrapper]
            break
    if not isinstance(whole, Mapping) or not whole:
        raise NetworkError(path, "holds no weights under their names", _REMEDY)
    weights = {}
    for name, tensor in whole.items():
        if not isinstance(name, str) or not isinstance(tensor, _Tensor):
            raise NetworkError(path, f"holds something other than weights under {name!r}", _REMEDY)
        weights[name] = _weight(path, tensor, place(tensor.storage.key))
    return weights


def _weight(path: Path, tensor: _Tensor, place: tuple[int, int]) -> Weight:
    """Make sure that a tensor lies within its storage, and that within the file."""
    storage, (start, size) = tensor.storage, place
    numbers = (start, size, storage.count, tensor.offset, *tensor.shape, *tensor.strides)
    if not all(type(number) is int and number >= 0 for number in numbers):
        raise ValueError("an array has an impossible shape")
    shape = tuple(tensor.shape)
    itemsize = np.dtype(_stored(storage.dtype)).itemsize
    last = tensor.offset + sum((side - 1) * step for side, step in zip(shape, tensor.strides, strict=True))
    whole = storage.count * itemsize
    # An array of more numbers than its storage has would repeat some: weights never do, and bombs do.
    if prod(shape) > storage.count or (0 not in shape and last >= storage.count):
        raise ValueError("an array reaches beyond its numbers")
    if whole > size or start + whole > path.stat().st_size:
        raise ValueError("it is cut short")
    return Weight(shape, partial(_read, path, tensor, start))


def _read(path: Path, tensor: _Tensor, start: int) -> NDArray[Any]:
    dtype: np.dtype[Any] = np.dtype(_stored(tensor.storage.dtype))
    span = 1 + sum((side - 1) * step for side, step in zip(tensor.shape, tensor.strides, strict=True))
    if 0 in tensor.shape:
        return np.zeros(tensor.shape, dtype)
    numbers = np.fromfile(path, dtype, span, offset=start + tensor.offset * dtype.itemsize)
    strides = [step * dtype.itemsize for step in tensor.strides]
    array = np.asarray(np.lib.stride_tricks.as_strided(numbers, tensor.shape, strides), order="C")
    if tensor.storage.dtype == _BFLOAT16:  # the upper half of a float32
        return (array.astype(np.uint32) << 16).view(np.float32)
    return array.astype(np.float32, copy=False) if array.dtype.kind == "f" else array


def _stored(dtype: str) -> str:
    if dtype not in _STORAGES.values():
        raise ValueError("its numbers are of an unknown type")
    return "<u2" if dtype == _BFLOAT16 else dtype
