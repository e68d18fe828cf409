from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from photochrom.errors import PhotoError
from photochrom.io.crops import read_crop
from photochrom.io.picture import Picture


@pytest.fixture
def photo(tmp_path: Path, grey: np.ndarray) -> Path:
    return Picture.from_array(np.stack([grey] * 3, axis=-1)).save(tmp_path / "photo.png")


@pytest.mark.parametrize(
    "name", ["älter.png", "夏.png", "scan[2].png", "a b'c\".png", "-dash.png", "%d.png", "[page=1]"]
)
def test_odd_names_are_read(photo: Path, name: str) -> None:
    odd = photo.with_name(name)
    shutil.copy(photo, odd)
    assert read_crop(odd, 8).shape == (8, 8, 3)
    assert Picture.read(odd).height == 40


@pytest.mark.skipif(os.name == "nt", reason="names are bytes on POSIX only")
def test_names_that_are_not_utf8_are_read(photo: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(photo.parent) + b"/caf\xe9.png"))
    try:
        shutil.copy(photo, odd)
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    assert Picture.read(odd).width == 60


def test_what_is_no_photo_says_so_in_one_line(tmp_path: Path, photo: Path) -> None:
    bad = {
        "empty.jpg": (b"", "is empty"),
        "text.jpg": (b"To whom it may concern", "is no photo"),
        "cut.png": (photo.read_bytes()[:200], "cut short"),
        "header.png": (photo.read_bytes()[:20], "cut short"),
        "noise.jpg": (b"\xff\xd8\xff\xe0" + bytes(range(256)), "damaged"),
    }
    for name, (content, message) in bad.items():
        path = tmp_path / name
        path.write_bytes(content)
        for read in (Picture.read, lambda path: read_crop(path, 8)):
            with pytest.raises(PhotoError, match=message) as caught:
                read(path)
            assert name in str(caught.value)
            assert "\n" not in str(caught.value)
        with pytest.raises(PhotoError):
            Picture.read(content)


def test_paths_that_are_no_files_say_so(tmp_path: Path) -> None:
    for path, message in {
        tmp_path / "missing.jpg": "no such file",
        tmp_path: "is a folder",
        Path("a\0b.jpg"): "cannot be read",
        tmp_path / ("x" * 300): "cannot be read",
        Path(os.devnull): "no regular file",
    }.items():
        with pytest.raises(PhotoError, match=message):
            Picture.read(path)


def test_formats_of_no_use_to_strangers_are_off(tmp_path: Path) -> None:
    path = tmp_path / "matrix.jpg"
    path.write_text("2 2\n1 2\n3 4\n")  # a format that libvips reads unless told not to
    with pytest.raises(PhotoError):
        Picture.read(path)
