"""Files that are whole or not there at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from photochrom.errors import OutputError
from photochrom.io.atomic import make_folder, move_file, replace_file, same_file, same_place


def test_a_block_that_ends_well_leaves_the_new_file_alone_in_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "result.png"
    path.write_bytes(b"old")
    with replace_file(path) as temporary:
        temporary.write_bytes(b"new")
        assert path.read_bytes() == b"old"  # until the very end
        assert temporary.suffix == ".png"  # for writers that go by it
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt])
def test_a_block_that_fails_leaves_the_old_file_alone_in_its_folder(
    tmp_path: Path, kind: type[BaseException]
) -> None:
    path = tmp_path / "result.png"
    path.write_bytes(b"old")

    def fail() -> None:
        with replace_file(path) as temporary:
            temporary.write_bytes(b"half")
            raise kind

    with pytest.raises(kind):
        fail()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_name_as_long_as_the_file_system_allows_is_written(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 251 + ".png")
    with replace_file(path) as temporary:
        temporary.write_bytes(b"new")
    assert path.read_bytes() == b"new"


@pytest.mark.skipif(os.name == "nt", reason="permissions are of another kind there")
def test_the_permissions_of_the_replaced_file_stay(tmp_path: Path) -> None:
    path = tmp_path / "result.png"
    path.touch(0o600)
    with replace_file(path) as temporary:
        temporary.write_bytes(b"new")
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_moves_also_to_another_file_system(tmp_path: Path) -> None:
    other = Path("/dev/shm")
    if not other.is_dir() or other.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is one file system only")
    source, target = tmp_path / "made.png", other / f"photochrom-test-{os.getpid()}.png"
    source.write_bytes(b"made")
    try:
        move_file(source, target)
        assert target.read_bytes() == b"made"
        assert not source.exists()
    finally:
        target.unlink(missing_ok=True)


def test_a_move_that_fails_for_another_reason_keeps_the_file(tmp_path: Path) -> None:
    source = tmp_path / "made.png"
    source.write_bytes(b"made")
    with pytest.raises(OSError, match="No such file"):
        move_file(source, tmp_path / "nowhere" / "made.png")
    assert source.read_bytes() == b"made"


def test_a_folder_below_a_file_cannot_be_made(tmp_path: Path) -> None:
    make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"file.below: cannot be made \(Not a directory\)"):
        make_folder(tmp_path / "file" / "below")


def test_links_lead_to_one_file(tmp_path: Path) -> None:
    photo, link, hard = tmp_path / "photo.png", tmp_path / "link.png", tmp_path / "hard.png"
    photo.touch()
    link.symlink_to(photo)
    hard.hardlink_to(photo)
    assert same_file(photo, link)
    assert same_file(photo, hard)
    assert not same_file(photo, tmp_path / "missing.png")
    assert not same_file("null\0byte", photo)


def test_what_is_not_there_yet_has_a_place(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "alias").symlink_to(tmp_path / "real")
    assert same_place(tmp_path / "real" / "new.png", tmp_path / "alias" / "new.png")
    assert not same_place(tmp_path / "real" / "new.png", tmp_path / "real" / "other.png")
