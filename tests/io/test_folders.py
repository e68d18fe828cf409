"""The walk through a folder, whatever lies in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from photochrom.io.folders import walk_files


def walk(folder: Path, **more: object) -> list[str]:
    def unreadable(path: Path, error: OSError) -> None:
        raise AssertionError(path) from error

    return [str(path) for path in walk_files(folder, **{"unreadable": unreadable, **more})]  # type: ignore[arg-type]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("b.jpg", "a.txt", ".hidden", "sub/c.jpg", "sub/deep/d.jpg", ".git/e.jpg", "other/f.jpg"):
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path / "tree"


def test_files_come_by_name_and_hidden_ones_do_not(tree: Path) -> None:
    assert walk(tree) == ["a.txt", "b.jpg", "other/f.jpg", "sub/c.jpg", "sub/deep/d.jpg"]
    assert walk(tree, without=tree / "sub") == ["a.txt", "b.jpg", "other/f.jpg"]


def test_links_are_followed_last_and_each_folder_once(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "g.jpg").touch()
    (tree / "a link").symlink_to(tree / "sub")
    (tree / "loop").symlink_to(tree)
    (tree / "more").symlink_to(tmp_path / "elsewhere")
    (tree / "self").symlink_to("self")  # leads nowhere: to fail where it is read
    again: list[Path] = []
    found = walk(tree, again=again.append)
    assert found == ["a.txt", "b.jpg", "self", "other/f.jpg", "sub/c.jpg", "sub/deep/d.jpg", "more/g.jpg"]
    assert again == [tree / "a link", tree / "loop"]


def test_a_folder_chooses_what_is_looked_at(tree: Path) -> None:
    def choose(name: Path, entries: object) -> list[os.DirEntry[str]]:
        assert isinstance(entries, list)
        return [entry for entry in entries if entry.name == "sub"] or entries

    assert walk(tree, choose=choose) == ["sub/c.jpg", "sub/deep/d.jpg"]


def test_what_cannot_be_read_is_told_and_the_rest_is_walked(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, reported = os.scandir, []

    def scandir(path: Path) -> object:
        if Path(path).name == "sub":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    found = walk(tree, unreadable=lambda path, error: reported.append((path, error.errno)))
    assert found == ["a.txt", "b.jpg", "other/f.jpg"]
    assert reported == [(tree / "sub", 13)]
