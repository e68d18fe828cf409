"""The table of formats says of each file what it is."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom import Picture
from photochrom.io.content import content_suffix, default_suffix
from photochrom.io.formats import (
    FORMATS,
    MEDIA_TYPES,
    PHOTO_SUFFIXES,
    RAW,
    SAVED_SUFFIXES,
    kind_of,
    result_suffix,
    usual_suffix,
)


@pytest.mark.parametrize("suffix", sorted({*SAVED_SUFFIXES, ".gif"}))
def test_a_file_is_known_by_its_content_whatever_its_name(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"photo{suffix}"
    if suffix in SAVED_SUFFIXES:
        Picture.from_array(np.full((20, 30), 99, np.uint8)).save(path)
    else:
        Image.new("L", (30, 20)).save(path)
    wrong = path.rename(tmp_path / "photo.txt")
    assert content_suffix(wrong) == kind_of(suffix.upper()) == Picture.read(wrong).format


def test_a_name_is_of_one_format() -> None:
    suffixes = [suffix for format in FORMATS for suffix in format.suffixes]
    names = [name for format in FORMATS for name in format.names]
    assert len(set(suffixes)) == len(suffixes)
    assert len(set(names)) == len(names)
    for format in FORMATS:
        for name in format.names:
            assert usual_suffix(f"{name.upper()}load_source") == format.suffix
    assert usual_suffix("magickload") is None
    assert usual_suffix("HEIF") == ".heic"  # as Pillow's plug-in calls it
    assert kind_of(".HEIF") == ".heic"


@pytest.mark.parametrize("brand", [b"avif", b"mif1"])
def test_a_heif_file_is_avif_by_its_pictures(brand: bytes, tmp_path: Path) -> None:
    path = tmp_path / "photo.avif"
    Picture.from_array(np.full((64, 64), 99, np.uint8)).save(path)
    path.write_bytes(path.read_bytes().replace(b"ftypavif", b"ftyp" + brand, 1))
    assert Picture.read(path).format == content_suffix(path) == default_suffix(path) == ".avif"


def test_results_are_of_kinds_that_hold_colour() -> None:
    assert result_suffix(".JPG") == ".JPG"
    assert result_suffix(".gif") == result_suffix(".unheard-of") == ".png"
    assert [result_suffix(".heic", wide=wide) for wide in (False, True)] == [".jpg", ".png"]
    assert [result_suffix(".jxl", wide=wide) for wide in (False, True)] == [".png", ".tif"]
    assert [result_suffix(".JPEG", wide=wide) for wide in (False, True)] == [".JPEG", ".png"]
    assert {result_suffix(suffix) for suffix in RAW} == {".tif"}
    assert all(result_suffix(suffix).lower() in SAVED_SUFFIXES for suffix in PHOTO_SUFFIXES)
    assert MEDIA_TYPES.keys() == {kind_of(suffix) for suffix in SAVED_SUFFIXES}


@pytest.mark.parametrize("content", [b"", b"\xff", b"no photo at all", b"RIFF\1\2\3\4WAVE"])
def test_what_is_no_photo_has_no_kind(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(content)
    assert content_suffix(tmp_path / "photo.jpg") is None


def test_what_cannot_be_read_has_no_kind(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    for name in ("pipe.jpg", "none.jpg", "null\0.jpg"):
        assert content_suffix(tmp_path / name) is None
