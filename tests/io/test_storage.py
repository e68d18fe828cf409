"""Photos and results wherever they lie: the same answers from a disk, an object store, a server by SSH or HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest

from photochrom.errors import OutputError, PhotoError
from photochrom.io.storage import Storage


@pytest.fixture(params=["disk", "memory", "s3", "sftp"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "disk":
        return Storage(str(tmp_path / "album"))
    if request.param == "memory":
        return Storage(f"memory://{tmp_path.name}")
    return Storage(f"{request.getfixturevalue(request.param)}/{tmp_path.name}")


def test_a_file_comes_back_as_it_was_put_and_a_new_one_is_known_for_it(storage: Storage, tmp_path: Path) -> None:
    file, back = tmp_path / "file", tmp_path / "back"
    assert storage.look("a/b.jpg") is None
    file.write_bytes(b"first")
    put = storage.put(file, "a/b.jpg")
    assert storage.look("a/b.jpg") == put
    assert put.size == 5
    storage.fetch("a/b.jpg", back)
    assert back.read_bytes() == b"first"
    assert storage.fetch_part("a/b.jpg", 1, 3) == b"irs"
    file.write_bytes(b"second one")
    assert storage.put(file, "a/b.jpg").stamp != put.stamp
    storage.fetch("a/b.jpg", back)
    assert back.read_bytes() == b"second one"
    storage.remove("a/b.jpg")
    storage.remove("a/b.jpg")
    assert storage.look("a/b.jpg") is None


def test_a_walk_finds_each_file_once_by_folder_and_name(storage: Storage, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"photo")
    names = ["b.jpg", "a.jpg", "z/1.jpg", "z/y/2 ü.jpg", "left out/3.jpg", ".photochrom/4"]
    for name in names:
        storage.put(file, name)
    found = [entry for _, entries in storage.walk(lambda name: name == "left out") for entry in entries]
    assert [entry.name for entry in found] == ["a.jpg", "b.jpg", ".photochrom/4", "z/1.jpg", "z/y/2 ü.jpg"]
    assert all(storage.look(entry.name) == entry for entry in found)


def test_a_web_server_is_read_and_cannot_be_written_to(web: tuple[str, Path], tmp_path: Path) -> None:
    url, folder = web
    (folder / "sub").mkdir()
    (folder / "sub" / "a.jpg").write_bytes(b"photo")
    storage = Storage(url)
    assert [entry.name for _, entries in storage.walk(lambda name: False) for entry in entries] == ["sub/a.jpg"]
    storage.fetch("sub/a.jpg", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == b"photo"
    with pytest.raises(OutputError, match="cannot be written"):
        storage.put(tmp_path / "back", "b.jpg")


@pytest.mark.parametrize("act", ["walk", "look", "fetch", "put"])
def test_a_server_that_does_not_answer_is_one_line(act: str, tmp_path: Path, monkeypatch) -> None:
    for name, value in {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()
    storage, file = Storage("s3://nowhere/album"), tmp_path / "file"
    file.write_bytes(b"photo")
    acts = {
        "walk": lambda: list(storage.walk(lambda name: False)),
        "look": lambda: storage.look("a.jpg"),
        "fetch": lambda: storage.fetch("a.jpg", tmp_path / "back"),
        "put": lambda: storage.put(file, "a.jpg"),
    }
    with pytest.raises((PhotoError, OutputError)) as caught:
        acts[act]()
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("s3://nowhere/album")
    s3fs.S3FileSystem.clear_instance_cache()


def test_what_has_no_package_or_is_no_address_is_said() -> None:
    with pytest.raises(OutputError, match="no-such-kind"):
        Storage("no-such-kind://bucket/album")
