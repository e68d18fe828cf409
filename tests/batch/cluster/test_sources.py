"""Which photos a call finds, wherever they lie, and which results it refuses to make of them."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from photochrom.batch.cluster.sources import Sources, StoredPhoto
from photochrom.errors import OutputError
from photochrom.io.folder_rules import default_rules
from photochrom.io.storage import Storage
from small_photos import save_photos
from stores import SIGNATURE


@pytest.fixture
def memory() -> Iterator[Storage]:
    """A store that has a folder of its own for each test."""
    files = fsspec.filesystem("memory")
    yield Storage("memory://album")
    files.store.clear()
    files.pseudo_dirs[:] = [""]


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return save_photos(tmp_path / "one", 1)[0]


def find(place: str | Path, output: str | Path) -> tuple[Sources, list[StoredPhoto]]:
    sources = Sources([str(place)], Storage(str(output)), None, default_rules())
    return sources, list(sources.photos())


def results(place: str | Path, output: str | Path) -> list[str]:
    return [found.result for found in find(place, output)[1]]


def save_shard(path: Path, names: list[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as tar:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = 4
            tar.addfile(member, io.BytesIO(b"data"))
        link = tarfile.TarInfo("link.jpg")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    return path


def test_a_folder_with_two_colons_is_no_address(tmp_path: Path) -> None:
    save_photos(tmp_path / "album::1920", 1)
    sources, found = find(tmp_path / "album::1920", tmp_path / "out")
    assert len(found) == 1
    assert sources.unread == []


def test_a_relative_path_is_the_same_place_for_every_machine(tmp_path: Path, monkeypatch) -> None:
    save_photos(tmp_path / "album", 1)
    monkeypatch.chdir(tmp_path)
    assert [found.place for found in find("album", "out")[1]] == [str(tmp_path / "album")]


def test_members_of_a_shard_stay_in_the_folder_of_results(tmp_path: Path) -> None:
    names = ["./a.jpg", "/b.jpg", "c//d.jpg", "../e.jpg", "f/../../../g.jpg", "__MACOSX/._a.jpg", "._a.jpg"]
    sources, found = find(save_shard(tmp_path / "s.tar", names), tmp_path / "out")
    assert [each.result for each in found] == ["s/a.jpg", "s/b.jpg", "s/c/d.jpg"]
    (note,) = sources.notes
    assert note.endswith("5 left out (hidden 1, link 1, of the system 1, path leads out of the shard 2)")


def test_a_shard_without_photos_is_told(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "s.tar", "w"):
        pass
    assert find(tmp_path / "s.tar", tmp_path / "out")[0].notes == [f"{tmp_path / 's.tar'}: holds no photos"]


def test_shards_of_results_and_hidden_ones_are_no_photos(tmp_path: Path) -> None:
    for shard in "album/a.tar", "album/out/colorized-1.tar", "album/.trash/b.tar", "album/other/c.tar":
        save_shard(tmp_path / shard, ["x.jpg"])
    (tmp_path / "album" / "other" / ".photochrom").mkdir()
    assert results(tmp_path / "album", tmp_path / "album" / "out") == ["a/x.jpg"]


def test_results_in_a_store_are_no_photos(memory: Storage, photo: Path) -> None:
    for name in (
        "a.png",
        "out/b.png",
        "other/c.png",
        "other/deep/d.png",
        "other/.photochrom/running.json",
        "e/f.png",
    ):
        memory.put(photo, name)
    sources, found = find("memory://album", "memory://album/out")
    assert [each.result for each in found] == ["a.png", "e/f.png"]
    assert sources.notes == ["memory://album/other: holds the results of another call; left out"]


@pytest.mark.parametrize(
    ("place", "output"), [("memory://album", "memory://album/"), ("file://{}", "{}"), ("{}", "file://{}")]
)
def test_a_folder_is_not_that_of_its_own_results(memory: Storage, photo: Path, place: str, output: str) -> None:
    memory.put(photo, "a.png")
    with pytest.raises(OutputError, match="a photo would be written over itself"):
        find(place.format(photo.parent), output.format(photo.parent))


def test_a_photo_is_known_to_lie_in_the_folder_of_results(memory: Storage, photo: Path) -> None:
    memory.put(photo, "b/a.png")
    sources, (found,) = find("memory://album/b/a.png", "memory://album")
    assert sources.place_in_output(found) == "b/a.png"
    sources, (found,) = find(photo, photo.parent)
    assert sources.place_in_output(found) == photo.name
    sources, (found,) = find(photo, photo.parent / "out")
    assert sources.place_in_output(found) is None


def test_another_sidecar_makes_another_photo(tmp_path: Path) -> None:
    (photo,) = save_photos(tmp_path / "album", 1)
    stamps = []
    for content in None, "<x/>", "<x></x>":
        if content:
            photo.with_suffix(".xmp").write_text(content)
        stamps += [found.stamp for found in find(photo.parent, tmp_path / "out")[1]]
    assert len(set(stamps)) == 3
    assert stamps[1].startswith(stamps[0])


def test_a_shard_behind_a_link_is_found_and_no_file_is_said_to_be_left_out(tmp_path: Path) -> None:
    save_shard(tmp_path / "album" / "a.tar", ["x.jpg"])
    save_shard(tmp_path / "elsewhere" / "b.tar", ["y.jpg"])
    save_photos(tmp_path / "elsewhere", 1)
    (tmp_path / "album" / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "album" / "link" / "back").symlink_to(tmp_path / "album")
    sources, found = find(tmp_path / "album", tmp_path / "out")
    assert sorted(each.result for each in found) == ["a/x.jpg", "link/000.jpg", "link/b/y.jpg"]
    assert not [note for note in sources.notes if ".tar 1" in note]


def test_a_lent_address_of_a_photo_or_a_shard_is_found_and_its_signature_is_not_kept(
    signed: tuple[str, Path], photo: Path, tmp_path: Path
) -> None:
    url, folder = signed
    (folder / "a.png").write_bytes(photo.read_bytes())
    save_shard(folder / "s.tar", ["x.jpg"])
    places = [f"{url}/{name}?{SIGNATURE}" for name in ("a.png", "s.tar")]
    sources = Sources(places, Storage(str(tmp_path / "out")), None, default_rules())
    found = list(sources.photos())
    assert [(each.source, each.result, each.given) for each in found] == [
        (f"{url}/a.png", "a.png", 0),
        (f"{url}/s.tar/x.jpg", "s/x.jpg", 1),
    ]
    assert "secret" not in repr(found)
    assert [sources.place_in_output(each) for each in found] == [None, None]
    assert sources.opened[0].look("a.png") is not None


def test_a_name_that_is_no_text_is_found(tmp_path: Path) -> None:
    (photo,) = save_photos(tmp_path / "album", 1)
    photo.rename(os.fsdecode(os.fsencode(photo.parent) + b"/f\xfcr.jpg"))
    assert results(photo.parent, tmp_path / "out") == ["f\udcfcr.jpg"]


def test_a_web_server_s_folder_says_what_each_photo_is(web: tuple[str, Path], photo: Path) -> None:
    url, folder = web
    (folder / "ü b#.jpg").write_bytes(photo.read_bytes())
    (found,) = find(url, folder / "out")[1]
    assert found.result == "ü b#.jpg"
    there = Storage(url).look(found.name)
    assert there is not None
    assert (found.size, found.stamp) == (photo.stat().st_size, there.stamp)
