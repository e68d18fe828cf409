"""Weights read from PyTorch's files and safetensors without PyTorch; pickles that would do more are refused."""

import json
import pickle
import struct
import zipfile
from collections import OrderedDict
from io import BytesIO

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from photochrom.errors import NetworkError
from photochrom.inference.published.checkpoint import read_weights
from photochrom.inference.published.pickles import load_restricted

TENSORS = {
    "plain.weight": torch.arange(24, dtype=torch.float32).reshape(2, 3, 4),
    "half": torch.linspace(-2, 2, 7, dtype=torch.float16),
    "double": torch.linspace(-2, 2, 5, dtype=torch.float64),
    "brain": torch.linspace(-3, 3, 6, dtype=torch.bfloat16),
    "count": torch.tensor(41, dtype=torch.int64),
    "none": torch.zeros(0, 3),
}
STRIDED = {
    "turned": TENSORS["plain.weight"].permute(2, 0, 1),
    "part": TENSORS["plain.weight"][:, 1:, ::2],
    "channels_last": torch.arange(2 * 3 * 4 * 5.0)
    .reshape(2, 3, 4, 5)
    .contiguous(memory_format=torch.channels_last),
    "parameter": torch.nn.Parameter(torch.ones(3)),
}
STATE = OrderedDict(TENSORS | STRIDED)
STATE._metadata = {"": {"version": 1}}  # as every state_dict has


def check(path, expected):
    found = read_weights(path)
    assert list(found) == list(expected)
    for name, tensor in expected.items():
        array = found[name].read()
        assert found[name].shape == array.shape == tuple(tensor.shape)
        np.testing.assert_array_equal(
            array, tensor.detach().to(torch.float32 if tensor.is_floating_point() else tensor.dtype).numpy()
        )
        assert array.dtype == (np.float32 if tensor.is_floating_point() else np.int64)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize("wrapper", [None, "params", "state_dict", "model"])
def test_what_torch_saves_is_read(tmp_path, zipped, wrapper):
    path = tmp_path / "weights.pth"
    whole = STATE if wrapper is None else {"epoch": 3, wrapper: STATE, "optimizer": {"state": {0: torch.ones(2)}}}
    torch.save(whole, path, _use_new_zipfile_serialization=zipped)
    check(path, STATE)


def test_safetensors_are_read(tmp_path):
    path = tmp_path / "weights.safetensors"
    save_file(TENSORS, path, metadata={"format": "pt"})
    check(path, {name: TENSORS[name] for name in read_weights(path)})
    assert set(read_weights(path)) == set(TENSORS)


class Evil:
    def __init__(self, *call):
        self.call = call

    def __reduce__(self):
        return self.call


def touch(path):
    return Evil(open, (str(path), "w"))


def zipped_pickle(path, listing):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", listing)
        archive.writestr("archive/data/0", bytes(64))


def legacy_pickle(path, listing):
    system = {"protocol_version": 1001, "little_endian": True, "type_sizes": {}}
    first = [pickle.dumps(part, 2) for part in (0x1950A86A20F9469CFC6C, 1001, system)]
    path.write_bytes(b"".join([*first, listing, pickle.dumps([], 2)]))


GLOBAL = b"\x80\x02c"
MALICIOUS = {
    "system": GLOBAL + b"os\nsystem\nX\x02\x00\x00\x00ls\x85R.",
    "eval": GLOBAL + b"builtins\neval\nX\x01\x00\x00\x001\x85R.",
    "getattr of a name let in": GLOBAL + b"collections\nOrderedDict.__init__.__globals__\n.",
    "torch load": GLOBAL + b"torch\nload\nX\x01\x00\x00\x00x\x85R.",
    "torch hub": GLOBAL + b"torch.hub\nload\nX\x01\x00\x00\x00x\x85R.",
    "numpy": GLOBAL + b"numpy.testing._private.utils\nrunstring\n.",
    "NEWOBJ": GLOBAL + b"collections\nOrderedDict\n)\x81.",
    "INST": b"(ios\nsystem\n.",
    "OBJ": b"(cos\nsystem\nX\x02\x00\x00\x00lso.",
    "EXT": b"\x80\x02\x82\x01.",
    "STACK_GLOBAL": b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02ls\x85R.",
    "BUILD of what is let in": GLOBAL
    + b"torch._utils\n_rebuild_tensor_v2\nN}X\x09\x00\x00\x00_functionK\x01s\x86b.",
    "copyreg": GLOBAL + b"copyreg\n_reconstructor\ncbuiltins\nobject\nh\x00N\x87R.",
    "copyreg's newobj": GLOBAL + b"copyreg\n__newobj__\ncos\nsystem\n\x85R.",
    "BUILD by __setstate__": GLOBAL
    + b"collections\nOrderedDict\n)R}X\x0c\x00\x00\x00__setstate__cos\nsystem\nsb.",
    "state of what is let in": GLOBAL + b"torch\nSize\n}X\x08\x00\x00\x00__call__cos\nsystem\nsb.",
    "persistent id in a persistent id": b"\x80\x02X\x01\x00\x00\x000QQQ.",
    "persistent id that is a call": b"\x80\x02cos\nsystem\nX\x02\x00\x00\x00ls\x85RQ.",
    "tuples that would take forever": b"\x80\x02}K\x01" + b"q\x00h\x00\x86" * 99 + b"K\x01s.",
    "names of names": b"\x80\x02)" + b"\x85q\x00h\x00h\x00\x87" * 60 + b"Q.",
    "memo bomb": b"\x80\x02K\x01r\xff\xff\xff\x7f.",
    "text bomb": b"\x80\x02X\xff\xff\xff\x7fabc.",
    "text bomb of 8 bytes": b"\x80\x04\x8d" + struct.pack("<Q", 1 << 60) + b"abc.",
    "no end": b"\x80\x02}",
    "nothing on the stack": b"\x80\x02R.",
    "deep": b"\x80\x02" + b"]" * 100_000 + b"a" * 99_999 + b".",
}


@pytest.mark.parametrize("wrap", [zipped_pickle, legacy_pickle], ids=["zip", "legacy"])
@pytest.mark.parametrize("name", MALICIOUS)
def test_pickles_that_do_more_are_refused(tmp_path, wrap, name):
    path = tmp_path / "weights.pth"
    wrap(path, MALICIOUS[name])
    with pytest.raises(NetworkError) as refused:
        read_weights(path)
    assert refused.value.subject == str(path)


@pytest.mark.parametrize(
    ("name", "listing"),
    {
        "INT": b"I1\n.",
        "LONG4": b"\x80\x02\x8b\x01\x00\x00\x00\x01.",
        "BYTEARRAY8": b"\x80\x05\x96" + struct.pack("<Q", 1) + b"a.",
        "EXT1": b"\x80\x02\x82\x01.",
        "FROZENSET": b"\x80\x04(\x91.",
    }.items(),
)
def test_what_arrays_do_not_need_is_refused_before_anything_is_obeyed(name, listing):
    with pytest.raises(pickle.UnpicklingError, match=f"it uses the pickle instruction {name}$"):
        load_restricted(BytesIO(listing), {})


def test_no_memo_of_gigabytes_is_made():
    with pytest.raises(pickle.UnpicklingError, match="it numbers objects that it does not have"):
        load_restricted(BytesIO(MALICIOUS["memo bomb"]), {})


@pytest.mark.parametrize("wrap", [zipped_pickle, legacy_pickle], ids=["zip", "legacy"])
def test_nothing_in_a_pickle_ever_runs(tmp_path, wrap):
    path, harm = tmp_path / "weights.pth", tmp_path / "harm"
    listing = pickle.dumps(touch(harm), 2)
    pickle.loads(listing).close()
    assert harm.exists()  # it would have
    harm.unlink()
    wrap(path, listing)
    with pytest.raises(NetworkError, match=r"wants to use (io|_io|builtins)\.open"):
        read_weights(path)
    assert not harm.exists()


def tensor(offset=0, shape=(2,), strides=(1,), count=16, dtype="FloatStorage"):
    """A listing with one view of the 64 bytes that `zipped_pickle` writes."""

    class Storage:
        pass

    class Pickler(pickle._Pickler):
        def persistent_id(self, thing):
            return ("storage", Evil, "0", "cpu", count) if isinstance(thing, Storage) else None

        def save_global(self, thing, name=None):
            names = {Evil: f"torch\n{dtype}", touch: "torch._utils\n_rebuild_tensor_v2"}
            self.write(b"c" + names[thing].encode() + b"\n")

        save_type = save_global
        dispatch = pickle._Pickler.dispatch | {type: save_global, type(touch): save_global}

    file = BytesIO()

    class View:
        def __reduce__(self):
            return touch, (Storage(), offset, shape, strides, False, None)

    Pickler(file, 2).dump({"weight": View()})
    return file.getvalue()


def test_a_view_within_its_numbers_is_read(tmp_path):
    zipped_pickle(tmp_path / "weights.pth", tensor(4, (3, 4), (4, 1)))
    assert read_weights(tmp_path / "weights.pth")["weight"].read().shape == (3, 4)


@pytest.mark.parametrize(
    "view",
    [
        {"offset": 15},
        {"shape": (4, 4), "strides": (5, 1)},
        {"offset": -4},
        {"shape": (-1,)},
        {"strides": (-1,)},
        {"shape": (1 << 40, 1 << 40), "strides": (0, 0)},
        {"count": 17, "shape": (17,)},
        {"count": 1 << 62, "shape": (1 << 61,)},
        {"shape": (2, 2)},
        {"shape": ("a",)},
        {"shape": (2.0,)},
        {"dtype": "QInt8Storage"},
        {"dtype": "ComplexFloatStorage"},
    ],
    ids=str,
)
def test_views_beyond_their_numbers_are_refused(tmp_path, view):
    zipped_pickle(tmp_path / "weights.pth", tensor(**view))
    with pytest.raises(NetworkError):
        read_weights(tmp_path / "weights.pth")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<!DOCTYPE html><title>404</title>",
        b"version https://git-lfs.github.com/spec/v1\n",
        bytes(1000),
        b"PK\x03\x04",
    ],
)
def test_what_holds_no_weights_is_refused_by_name(tmp_path, content):
    path = tmp_path / "weights.pth"
    path.write_bytes(content)
    with pytest.raises(NetworkError, match="weights") as refused:
        read_weights(path)
    assert refused.value.remedy


def test_numbers_of_another_computer_are_refused(tmp_path):
    path = tmp_path / "weights.pth"
    torch.save(dict(TENSORS), path)
    with zipfile.ZipFile(path) as good:
        parts = {name: good.read(name) for name in good.namelist()}
    order = next(name for name in parts if name.endswith("/byteorder"))
    for content in (b"big", bytes(1 << 24)):
        with zipfile.ZipFile(path, "w") as bad:
            for name, part in (parts | {order: content}).items():
                bad.writestr(name, part, zipfile.ZIP_DEFLATED if name == order else None)
        with pytest.raises(NetworkError, match="its numbers are big-endian"):
            read_weights(path)
    big = {"protocol_version": 1001, "little_endian": False, "type_sizes": {}}
    path.write_bytes(b"".join(pickle.dumps(part, 2) for part in (0x1950A86A20F9469CFC6C, 1001, big, {}, [])))
    with pytest.raises(NetworkError, match="no PyTorch of a common computer wrote it"):
        read_weights(path)


@pytest.mark.parametrize("root", ["/etc/", "../../", "C:/Windows/", ""])
def test_no_path_in_an_archive_is_followed(tmp_path, root):
    path = tmp_path / "folder" / "weights.pth"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{root}data.pkl", tensor(4, (3, 4), (4, 1)))
        archive.writestr(f"{root}data/0", bytes(64))
    assert read_weights(path)["weight"].read().shape == (3, 4)
    assert [found.name for found in tmp_path.rglob("*")] == ["folder", "weights.pth"]


def test_a_compressed_archive_is_refused(tmp_path):
    torch.save(dict(TENSORS), tmp_path / "good.pth")
    with zipfile.ZipFile(tmp_path / "good.pth") as good, zipfile.ZipFile(tmp_path / "bad.pth", "w", 8) as bad:
        for name in good.namelist():
            bad.writestr(name, good.read(name))
    with pytest.raises(NetworkError, match="compressed"):
        read_weights(tmp_path / "bad.pth")


@pytest.mark.parametrize("entry", [
    {"dtype": "F32", "shape": [4], "data_offsets": [0, 8]},
    {"dtype": "F32", "shape": [4], "data_offsets": [0, 1 << 40]},
    {"dtype": "F32", "shape": [-4], "data_offsets": [0, 16]},
    {"dtype": "F99", "shape": [4], "data_offsets": [0, 16]},
    {"dtype": "F32", "shape": [4]},
    [],
], ids=str)  # fmt: skip
def test_impossible_safetensors_are_refused(tmp_path, entry):
    header = json.dumps({"weight": entry}).encode()
    (tmp_path / "weights.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(16))
    with pytest.raises(NetworkError):
        read_weights(tmp_path / "weights.safetensors")


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused_never_anything_else(tmp_path, zipped, data):
    path = tmp_path / "weights.pth"
    torch.save(dict(TENSORS), path, _use_new_zipfile_serialization=zipped)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(len(content) // 2, len(content)))])
    try:
        weights = read_weights(path)
    except NetworkError:
        return
    for weight in weights.values():
        assert weight.read().shape == weight.shape


def test_a_page_of_a_server_in_place_of_weights_is_called_one(tmp_path):
    path = tmp_path / "weights.pth"
    path.write_text("\n <!DOCTYPE html><title>Sign in</title>")
    with pytest.raises(NetworkError, match="is no file of weights but a web page"):
        read_weights(path)
    path.write_bytes(b"plain nonsense")
    with pytest.raises(NetworkError, match="but something else"):
        read_weights(path)
