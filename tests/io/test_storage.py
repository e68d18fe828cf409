"""Photos and results wherever they lie: the same answers from a disk, an object store, a server by SSH or HTTP."""

from __future__ import annotations

import logging
import pickle
import re
from pathlib import Path

import pytest

from photochrom.errors import OutputError, PhotoError
from photochrom.io.storage import Storage
from stores import SIGNATURE


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


def test_an_address_that_is_lent_opens_and_is_not_told(signed: tuple[str, Path], tmp_path: Path) -> None:
    url, folder = signed
    (folder / "a.jpg").write_bytes(b"photo")
    storage: Storage = pickle.loads(pickle.dumps(Storage(f"{url}?{SIGNATURE}")))
    assert (storage.where, storage.url("a.jpg"), storage.has_secret) == (url, f"{url}/a.jpg", True)
    entry = storage.look("a.jpg")
    assert entry is not None
    assert entry.size == 5
    storage.fetch("a.jpg", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == b"photo"
    assert storage.fetch_part("a.jpg", 0, 5) == b"photo"
    other = Storage(f"{url}?{SIGNATURE.replace('0123', '9')}")
    for act in (
        lambda: other.fetch("a.jpg", tmp_path / "back"),
        lambda: other.fetch_part("a.jpg", 0, 5),
        lambda: storage.put(tmp_path / "back", "a.jpg"),
    ):
        with pytest.raises((PhotoError, OutputError)) as caught:
            act()
        assert str(caught.value).startswith(f"{url}/a.jpg: ")
        assert "secret" not in str(caught.value)
        assert "AKIA" not in str(caught.value)


def test_a_password_opens_and_is_not_told(tmp_path: Path, monkeypatch) -> None:
    storage = Storage("http://ann:pass-word@127.0.0.1:9/album")
    with pytest.raises(PhotoError) as caught:
        list(storage.walk(lambda name: False))
    assert str(caught.value).startswith("http://ann@127.0.0.1:9/album: ")
    assert "pass-word" not in str(caught.value)


def test_links_are_followed_and_end_where_they_lead_back(tmp_path: Path) -> None:
    album, beside = tmp_path / "album", tmp_path / "beside"
    for folder in album / "sub", beside:
        folder.mkdir(parents=True)
        (folder / "a.jpg").write_bytes(b"photo")
    (album / "link").symlink_to(beside)
    (beside / "back").symlink_to(album)
    (album / "sub" / "again").symlink_to(album / "sub")
    (album / "broken.jpg").symlink_to(tmp_path / "none")
    (album / "one.jpg").symlink_to(beside / "a.jpg")
    storage = Storage(str(album))
    found = {entry.name: entry for _, entries in storage.walk(lambda name: False) for entry in entries}
    assert set(found) == {"one.jpg", "link/a.jpg", "sub/a.jpg", "sub/again/a.jpg"}
    assert all(storage.look(name) == entry for name, entry in found.items())


def test_links_on_a_server_are_followed_too(sftp: str, tmp_path: Path) -> None:
    album = Path("/", sftp.partition("://")[2].partition("/")[2]) / tmp_path.name
    (album / "sub").mkdir(parents=True)
    (album / "sub" / "a.jpg").write_bytes(b"photo")
    (album / "link").symlink_to("sub")
    (album / "sub" / "loop").symlink_to("..")
    (album / "one.jpg").symlink_to("sub/a.jpg")
    storage = Storage(f"{sftp}/{tmp_path.name}")
    found = {entry.name: entry for _, entries in storage.walk(lambda name: False) for entry in entries}
    assert {"one.jpg", "link/a.jpg", "sub/a.jpg"} <= set(found)
    assert len(found) < 10
    assert all(storage.look(name) == entry for name, entry in found.items())


def test_a_server_whose_key_is_not_known_is_not_trusted(sftp: str, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "known_hosts").touch()
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(OutputError, match="Host key is not trusted"):
        Storage(f"{sftp.replace('127.0.0.1', 'localhost')}/album")


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


def test_a_photo_asks_four_times_of_an_object_store(s3: str, tmp_path: Path, caplog) -> None:
    storage, file = Storage(f"{s3}/{tmp_path.name}"), tmp_path / "file"
    file.write_bytes(bytes(100_000))
    caplog.set_level(logging.INFO, logger="werkzeug")
    storage.put(file, "a.jpg")
    storage.look("a.jpg")
    storage.fetch("a.jpg", tmp_path / "back")
    asked = [re.search(r"(HEAD|GET|PUT|POST) \S*a\.jpg", line) for line in caplog.messages]
    # docs/scale.md reckons with them
    assert [found and found[1] for found in asked] == ["PUT", "HEAD", "HEAD", "GET"]
