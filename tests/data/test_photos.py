from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom.data.photos import PhotoRef, find_photos, split_photos
from photochrom.errors import DataError, PhotoError

keys = st.lists(st.text(min_size=1, max_size=8), unique=True, max_size=40)


def names(data, **options) -> list[str]:
    return [ref.key for ref in find_photos(data, **options)]


def parts(data) -> dict[str, str | None]:
    return {ref.key: ref.part for ref in find_photos(data)}


def test_folder_at_any_depth_sorted_by_path(tmp_path, files):
    files(tmp_path, {"b/2.PNG": b"2", "b/deep/er/1.jpeg": b"1", "a.webp": b"0", "b/notes.txt": b"", "z.tif": b"3"})
    refs = find_photos(tmp_path)
    assert [ref.key for ref in refs] == ["a.webp", "b/2.PNG", "b/deep/er/1.jpeg", "z.tif"]
    assert [ref.read() for ref in refs] == [b"0", b"2", b"1", b"3"]
    assert {ref.part for ref in refs} == {None}


def test_hidden_files_and_folders_are_ignored(tmp_path, files):
    files(tmp_path, {"a.png": b"a", "._a.png": b"x", ".git/b.png": b"x"})
    assert names(tmp_path) == ["a.png"]


def test_symbolic_links_are_followed_and_loops_survived(tmp_path, files):
    files(tmp_path / "data", {"a.png": b"a"})
    files(tmp_path / "elsewhere", {"b.png": b"b"})
    (tmp_path / "data" / "loop").symlink_to(tmp_path / "data")
    (tmp_path / "data" / "more").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "back").symlink_to(tmp_path / "data")
    (tmp_path / "data" / "self.d").symlink_to("self.d")
    assert names(tmp_path / "data") == ["a.png", "more/b.png"]


def test_a_photo_and_links_to_it_are_one(tmp_path, files):
    files(tmp_path / "in", {"a/1.png": b"1", "a/2.png": b"2"})
    (tmp_path / "in" / "best").mkdir()
    (tmp_path / "in" / "best" / "1.png").symlink_to("../a/1.png")
    (tmp_path / "link").symlink_to(tmp_path / "in")
    assert names([tmp_path / "in", tmp_path / "link", tmp_path / "in" / ".." / "in"]) == ["a/1.png", "a/2.png"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_is_no_photo_and_nobody_waits_for_it(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    (ref,) = find_photos(tmp_path)
    with pytest.raises(PhotoError, match="is no regular file"):
        ref.read()


def test_a_broken_link_is_listed_and_fails_when_read(tmp_path):
    (tmp_path / "gone.jpg").symlink_to("nowhere.jpg")
    (ref,) = find_photos(tmp_path)
    with pytest.raises(PhotoError, match=r"gone\.jpg: cannot be read"):
        ref.read()


def test_a_name_that_is_no_utf8(tmp_path):
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.jpg")).write_bytes(b"x")
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    refs = find_photos(tmp_path)
    assert refs[0].read() == b"x"
    assert split_photos(refs, test_fraction=0.5, seed=0)


def test_kaggle_layout(tmp_path, files):
    photos = {
        f"{side}_{kind}/image{i}.jpg": b""
        for side in ("train", "test")
        for kind in ("color", "black")
        for i in "12"
    }
    files(tmp_path / "archive", photos)
    expected = {
        "test_color/image1.jpg": "test",
        "test_color/image2.jpg": "test",
        "train_color/image1.jpg": "train",
        "train_color/image2.jpg": "train",
    }
    assert parts(tmp_path / "archive") == expected
    assert parts(tmp_path) == {f"archive/{key}": part for key, part in expected.items()}
    assert parts(tmp_path / "archive" / "test_color") == {"image1.jpg": "test", "image2.jpg": "test"}


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("article-train-00.tar", "train"),
        ("article_test_00.tar", "test"),
        ("TEST.tar", "test"),
        ("test3.tar", "test"),
        ("training-00.tar", None),
        ("latest.tar", None),
        ("train-test.tar", None),
        ("photos-00.tar", None),
    ],
)
def test_part_by_a_shard_name(tmp_path, tar, name, part):
    tar(tmp_path / name, {"a.png": b"a"})
    assert parts(tmp_path) == {"a": part}


def test_shards_of_a_folder_sorted_by_name_each_in_its_own_order(tmp_path, tar):
    tar(tmp_path / "s-01.tar", {"d.png": b"d", "c.png": b"c"})
    tar(tmp_path / "s-00.tar", {"b.png": b"b", "a.png": b"a"})
    assert names(tmp_path) == ["b", "a", "d", "c"]
    assert [ref.read() for ref in find_photos(tmp_path)] == [b"b", b"a", b"d", b"c"]


def test_patterns_and_lists(tmp_path, tar, files):
    for i in range(4):
        tar(tmp_path / f"s-{i:02}.tar", {f"{i}.png": b""})
    files(tmp_path / "folder", {"f.png": b"", "x [1] {2}.png": b""})
    assert names(f"{tmp_path}/s-*.tar") == ["0", "1", "2", "3"]
    assert names(f"{tmp_path}/s-{{01..02}}.tar") == ["1", "2"]
    assert names(str(tmp_path / "s-03.tar")) == ["3"]
    assert names((tmp_path / "s-03.tar").as_uri()) == ["3"]
    assert names([tmp_path / "folder", f"{tmp_path}/s-0[13].tar"]) == ["f.png", "x [1] {2}.png", "1", "3"]
    assert names(tmp_path / "folder" / "x [1] {2}.png") == ["x [1] {2}.png"]


def test_a_photo_named_twice_is_listed_once(tmp_path, tar, files):
    tar(tmp_path / "s.tar", {"1.png": b""})
    files(tmp_path / "folder", {"sub/f.png": b""})
    given_twice = [tmp_path / "s.tar", f"{tmp_path}/*.tar", tmp_path / "folder", tmp_path / "folder" / "sub"]
    assert names(given_twice) == ["1", "sub/f.png"]


def test_keys_that_sources_share_are_made_unique(tmp_path, tar, files):
    tar(tmp_path / "s-00.tar", {"1.png": b"a", "2.png": b"b"})
    tar(tmp_path / "s-01.tar", {"1.png": b"c"})
    assert names(tmp_path) == ["s-00/1", "2", "s-01/1"]
    a = files(tmp_path / "a" / "same", {"1.png": b""})
    b = files(tmp_path / "b" / "same", {"1.png": b""})
    assert len(set(names([a, b]))) == 2


def test_errors_say_what_to_do(tmp_path, files, tar):
    with pytest.raises(DataError, match=r"no-such: there is no such file or folder; check the path"):
        find_photos(tmp_path / "no-such")
    with pytest.raises(DataError, match=r"s-\*\.tar: no file matches"):
        find_photos(f"{tmp_path}/s-*.tar")
    with pytest.raises(DataError, match="no photos were named"):
        find_photos([])
    files(tmp_path / "empty", {"notes.txt": b"", "photos.tar.gz": b""})
    with pytest.raises(
        DataError,
        match=r"no photos in it, neither .*\.jpg .* shards, but 1 file left out .*; unpack photos\.tar\.gz",
    ):
        find_photos(tmp_path / "empty")
    tar(files(tmp_path / "both", {"a.png": b""}) / "b.tar", {"b.png": b""})
    with pytest.raises(DataError, match=r"holds both photos \(a\.png\) and shards \(b\.tar\)"):
        find_photos(tmp_path / "both")
    with pytest.raises(DataError, match="no photos in it"):
        find_photos(tar(tmp_path / "text.tar", {"a.txt": b"a"}))
    with pytest.raises(DataError, match="is no pattern"):
        find_photos(f"{tmp_path}/s-{{00..02.tar")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is forbidden to this user")
def test_a_folder_without_permission(tmp_path, files):
    files(tmp_path, {"a.png": b"", "closed/b.png": b""})
    (tmp_path / "closed").chmod(0)
    try:
        with pytest.raises(DataError, match=r"closed: cannot be read .*; check its permissions"):
            find_photos(tmp_path)
    finally:
        (tmp_path / "closed").chmod(0o700)


def test_a_shard_changed_after_listing(tmp_path, tar):
    shard = tar(tmp_path / "s.tar", {"a.png": bytes(4000), "b.png": bytes(4000)})
    refs = find_photos(shard)
    os.truncate(shard, 3000)
    with pytest.raises(DataError, match=r"s\.tar: was changed after it was listed"):
        refs[1].read()


@given(keys, keys, st.floats(0, 1), st.integers())
def test_split_is_stable_when_photos_are_added(old, new, fraction, seed):
    def split(some: list[str]) -> tuple[list[str], list[str]]:
        sides = split_photos([PhotoRef(key, None, Path(key)) for key in some], test_fraction=fraction, seed=seed)
        return [ref.key for ref in sides[0]], [ref.key for ref in sides[1]]

    more = sorted({*old, *new})
    train, test = split(old)
    train_more, test_more = split(more)
    assert sorted(train + test) == sorted(old)
    assert train == [key for key in old if key in set(train_more)]
    assert test == [key for key in old if key in set(test_more)]


def test_photos_keep_their_part_when_others_of_the_same_names_come(tmp_path, files):
    for folder in "ab":
        files(tmp_path / folder, {f"IMG_{number}.png": folder.encode() for number in range(50)})

    def tested(*folders):
        refs = find_photos([tmp_path / folder for folder in folders])
        return {
            ref.path for ref in split_photos(refs, test_fraction=0.2, seed=0)[1] if ref.path.parent.name == "a"
        }

    assert 3 < len(tested("a")) < 25
    assert tested("a") == tested("a", "b")


def test_split_takes_about_the_fraction_and_depends_on_the_seed():
    refs = [PhotoRef(str(i), None, Path(str(i))) for i in range(2000)]
    train, test = split_photos(refs, test_fraction=0.1, seed=0)
    assert 150 < len(test) < 250
    assert len(train) + len(test) == 2000
    assert split_photos(refs, test_fraction=0.1, seed=0) == (train, test)
    assert split_photos(refs, test_fraction=0.1, seed=1)[1] != test
    assert split_photos(refs, test_fraction=0, seed=0) == (refs, [])
    assert split_photos(refs, test_fraction=1, seed=0) == ([], refs)
    with pytest.raises(ValueError, match="test_fraction"):
        split_photos(refs, test_fraction=20, seed=0)


def test_split_obeys_parts_and_trains_on_the_rest():
    refs = [PhotoRef(str(i), part, Path(str(i))) for i, part in enumerate(["train", "test", None, "test", None])]
    train, test = split_photos(refs, test_fraction=0.9, seed=0)
    assert [ref.key for ref in train] == ["0", "2", "4"]
    assert [ref.key for ref in test] == ["1", "3"]
