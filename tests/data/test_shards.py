from __future__ import annotations

import gzip
import io
import os
import subprocess
import tarfile

import numpy as np
import pytest
import webdataset
from hypothesis import given
from hypothesis import strategies as st

from photochrom.data.photos import find_photos
from photochrom.data.shards import index_shard
from photochrom.errors import DataError

PHOTOS = {f"{i:03}": np.random.default_rng(i).bytes(300 + 700 * i) for i in range(5)}


@pytest.fixture(scope="module")
def shard(tmp_path_factory):
    """A shard as webdataset writes it, with other members beside the photos."""
    path = tmp_path_factory.mktemp("shard") / "photos-00.tar"
    with webdataset.TarWriter(str(path)) as writer:
        for key, data in PHOTOS.items():
            writer.write({"__key__": key, "jpg": data, "json": {"label": key}, "cls": 3, "txt": "a text"})
    return path


@given(st.permutations(range(len(PHOTOS))))
def test_photos_are_read_in_any_order(shard, order):
    refs = find_photos(shard)
    assert [ref.key for ref in refs] == list(PHOTOS)
    assert [refs[i].read() for i in order] == [PHOTOS[refs[i].key] for i in order]


def test_a_shard_cut_anywhere_is_named(shard, tmp_path_factory):
    whole = shard.read_bytes()
    with tarfile.open(shard) as tar:
        members = tar.getmembers()
        end = tar.offset + tarfile.BLOCKSIZE  # the first block of zeros; what follows is padding
    edges = {
        cut + by
        for m in members
        for cut in (m.offset, m.offset_data, m.offset_data + m.size)
        for by in (-1, 0, 1, 100)
    }
    cuts = {*range(0, end, 512), *edges, *range(7, end, 211), end - 1}
    path = tmp_path_factory.mktemp("cut") / "cut-00.tar"
    for cut in sorted(cut for cut in cuts if 0 <= cut < end):
        path.write_bytes(whole[:cut])
        with pytest.raises(DataError, match=r"cut-00\.tar: is (cut short|no \.tar)"):
            index_shard(path)
    for cut in (end, end + 1, len(whole)):
        path.write_bytes(whole[:cut])
        assert len(index_shard(path)) == len(PHOTOS)


@pytest.mark.parametrize("format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_every_tar_format_and_long_names(tmp_path, tar, format):
    folder = "d" * 90
    path = tar(
        tmp_path / "s.tar", {f"{folder}/{'n' * 90}.jpg": b"1", "./b.left.png": b"2", "c.WEBP": b"3"}, format=format
    )
    refs = find_photos(path)
    assert [ref.key for ref in refs] == [f"{folder}/{'n' * 90}", "b", "c"]
    assert [ref.read() for ref in refs] == [b"1", b"2", b"3"]


def test_a_member_with_holes_is_named(tmp_path, tar):
    path = tar(tmp_path / "s.tar", {"a.jpg": b"1"})
    (tmp_path / "holed.jpg").write_bytes(b"x" + bytes(1 << 20) + b"x")
    os.truncate(tmp_path / "holed.jpg", 4 << 20)
    subprocess.run(["tar", "-S", "-rf", path, "-C", tmp_path, "holed.jpg"], check=True)
    with pytest.raises(DataError, match=r"s\.tar: holed\.jpg is stored with holes"):
        find_photos(path)


def test_members_that_are_no_photos(tmp_path, tar):
    members = {"._a.jpg": b"x", "a.jpg.txt": b"x", "b/.jpg": b"x", "jpg": b"x", "a.jpg": b"1", "x.y/c.jpg": b"2"}
    path = tar(tmp_path / "s.tar", members)
    assert [(ref.key, ref.read()) for ref in find_photos(path)] == [("a", b"1"), ("x.y/c", b"2")]


def test_folders_links_and_hard_links_in_a_tar(tmp_path):
    with tarfile.open(tmp_path / "s.tar", "w") as tar:
        member = tarfile.TarInfo("a.jpg")
        member.size = 3
        tar.addfile(member, io.BytesIO(b"abc"))
        for name, kind in [
            ("folder.jpg", tarfile.DIRTYPE),
            ("b.jpg", tarfile.LNKTYPE),
            ("c.jpg", tarfile.SYMTYPE),
        ]:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "a.jpg"
            tar.addfile(member)
    assert [(key, length) for key, _, length in index_shard(tmp_path / "s.tar")] == [("a", 3), ("b", 3)]


@pytest.mark.parametrize("second", ["a.png", "a.jpg", "a.1.jpg"])
def test_two_photos_of_one_key(tmp_path, second):
    with tarfile.open(tmp_path / "s.tar", "w") as tar:
        for name in ("a.jpg", second):
            tar.addfile(tarfile.TarInfo(name))
    with pytest.raises(DataError, match=rf"s\.tar: the key a holds two photos, a\.jpg and {second}"):
        index_shard(tmp_path / "s.tar")


def test_files_that_are_no_shards(tmp_path, shard):
    path = tmp_path / "s.tar"
    path.write_bytes(gzip.compress(shard.read_bytes()))
    with pytest.raises(DataError, match=r"is a gzip-compressed archive.*unpack it"):
        index_shard(path)
    path.write_bytes(np.random.default_rng(0).bytes(5000))
    with pytest.raises(DataError, match=r"s\.tar: is no \.tar archive"):
        index_shard(path)
    path.write_bytes(b"")
    with pytest.raises(DataError, match=r"s\.tar: is cut short \(0 bytes\)"):
        index_shard(path)
    with pytest.raises(DataError, match=r"none\.tar: cannot be read"):
        index_shard(tmp_path / "none.tar")


@given(st.binary(max_size=64), st.integers(0, 6000))
def test_a_damaged_shard_never_raises_anything_else(shard, tmp_path_factory, damage, at):
    data = bytearray(shard.read_bytes())
    data[at : at + len(damage)] = damage
    path = tmp_path_factory.mktemp("damaged") / "s.tar"
    path.write_bytes(data)
    message = ""
    try:
        index_shard(path)
    except DataError as error:
        message = str(error)
    assert not message or "s.tar" in message
    assert "\n" not in message


def test_archives_joined_end_to_end(tmp_path, shard):
    path = tmp_path / "s.tar"
    path.write_bytes(shard.read_bytes() * 2)
    with pytest.raises(DataError, match=r"s\.tar: goes on after its end mark"):
        index_shard(path)
