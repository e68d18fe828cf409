"""What in a folder is no photo of its owner's."""

from __future__ import annotations

import pytest

from photochrom.errors import UsageError
from photochrom.io.folder_rules import DEFAULTS, FolderRules

LEFT_OUT = [
    ("@eaDir", True, "thumbnails"),
    ("2019/@eaDir", True, "thumbnails"),
    (".thumbnails", True, "hidden"),
    (".picasaoriginals", True, "hidden"),
    ("._photo.jpg", False, "hidden"),
    ("Thumbs.db", False, "thumbnails"),
    ("DSC_1.THM", False, "thumbnails"),
    ("$RECYCLE.BIN", True, "trash"),
    ("$Recycle.Bin", True, "trash"),
    ("#recycle", True, "trash"),
    ("@Recycle", True, "trash"),
    (".Trash-1000", True, "hidden"),
    ("Trash", True, "trash"),
    ("lost+found", True, "of the system"),
    ("System Volume Information", True, "of the system"),
    ("__MACOSX", True, "of the system"),
    ("photo.jpg.part", False, "on their way"),
    ("photo.crdownload", False, "on their way"),
]
TAKEN = [("eaDir", True), ("trash.jpg", False), ("thumbs.jpg", False), ("recycle", True), ("a.part.jpg", False)]


@pytest.mark.parametrize(("path", "is_folder", "why"), LEFT_OUT)
def test_what_programs_and_disks_leave_behind_is_left_out(path: str, is_folder: bool, why: str) -> None:
    assert FolderRules().reason(path, is_folder=is_folder) == why
    assert (
        FolderRules([f"!{path.rpartition('/')[2].replace('#', chr(92) + '#')}"]).reason(path, is_folder=is_folder)
        is None
    )


@pytest.mark.parametrize(("path", "is_folder"), TAKEN)
def test_what_only_sounds_so_is_taken(path: str, is_folder: bool) -> None:
    assert FolderRules().reason(path, is_folder=is_folder) is None


def test_patterns_are_those_of_gitignore_and_the_last_one_holds() -> None:
    rules = FolderRules(["*.png", "/old/", "scans/**/raw", "!keep.png"])
    for path, is_folder, left_out in (
        ("a.png", False, True),
        ("deep/a.png", False, True),
        ("keep.png", False, False),
        ("old", True, True),
        ("old", False, False),
        ("new/old", True, False),
        ("scans/1/2/raw", True, True),
        ("a.jpg", False, False),
    ):
        assert (rules.reason(path, is_folder=is_folder) is not None) == left_out, path
    assert rules.reason("a.png", is_folder=False) == "by --exclude '*.png'"
    assert FolderRules(["!*.png", "*.png"]).reason("a.png", is_folder=False) is not None


@pytest.mark.parametrize("pattern", ["", "  ", "!", "/", "a\nb"])
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(UsageError, match=r"is no pattern; write it as in a \.gitignore"):
        FolderRules([pattern])


def test_every_default_leaves_something_out() -> None:
    patterns = [pattern for those in DEFAULTS.values() for pattern in those]
    assert len(set(patterns)) == len(patterns)
