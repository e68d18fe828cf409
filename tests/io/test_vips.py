"""The wrapper of libvips: arrays in and out, changes of size, profiles that fit, and its messages for people."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom.errors import PhotoError
from photochrom.io.vips import (
    array_from_image,
    damaged,
    image_from_array,
    open_image,
    reason,
    render_text,
    resize,
    resize_array,
)


@settings(max_examples=40, deadline=None)
@given(
    height=st.integers(1, 20),
    width=st.integers(1, 20),
    bands=st.integers(1, 4),
    dtype=st.sampled_from([np.uint8, np.uint16]),
)
def test_an_array_comes_back(height: int, width: int, bands: int, dtype: type) -> None:
    pixels = np.random.default_rng(height).integers(0, np.iinfo(dtype).max, (height, width, bands), dtype)
    image = image_from_array(pixels)
    assert image.hasalpha() == (bands in (2, 4))
    assert np.array_equal(array_from_image(image, name="array"), pixels)


@settings(max_examples=40, deadline=None)
@given(height=st.integers(1, 50), width=st.integers(1, 50), value=st.integers(0, 255))
def test_a_flat_picture_stays_flat_at_any_size(height: int, width: int, value: int) -> None:
    flat = np.full((17, 23, 3), value, np.uint8)
    found = array_from_image(resize(image_from_array(flat), height, width), name="flat")
    assert found.shape == (height, width, 3)
    assert (found == value).all()


def test_what_is_transparent_adds_no_colour_when_it_is_shrunk() -> None:
    pixels = np.zeros((40, 40, 4), np.uint8)
    pixels[:, :20] = (200, 100, 50, 255)
    pixels[:, 20:, :3] = 255  # white that nobody sees
    small = array_from_image(resize(image_from_array(pixels), 10, 10), name="cut-out")
    seen = small[small[..., 3] > 128]
    assert np.abs(seen[:, :3].astype(int) - (200, 100, 50)).max() <= 3


def test_rows_of_a_resized_array_are_those_of_the_whole() -> None:
    array = np.random.default_rng(0).normal(size=(30, 20, 2)).astype(np.float32)
    rows = resize_array(array, 61, 47)
    whole = rows(0, 61)
    assert whole.shape == (61, 47, 2)
    assert whole.dtype == np.float32
    pieces = np.concatenate([resize_array(array, 61, 47)(top, min(top + 9, 61)) for top in range(0, 61, 9)])
    assert np.allclose(pieces, whole, atol=1e-5)


def test_what_is_no_photo_is_one_line_without_libvips_own_words() -> None:
    with pytest.raises(PhotoError, match=r"note\.txt: is no photo that photochrom can read"):
        open_image(b"Dear diary, today", name="note.txt")
    with pytest.raises(PhotoError, match="is empty"):
        open_image(b"", name="nothing.jpg")


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ("VipsJpeg: premature end of JPEG image\n", "premature end of JPEG image"),
        ("unable to load\npngload: libspng read error\n", "libspng read error"),
        ("unable to call icc_transform", "its data ends too early"),
        ("tiff: bad\x1b[31m tag", "bad?[31m tag"),
    ],
)
def test_the_telling_line_of_a_message_is_found(message: str, line: str) -> None:
    assert reason(Exception(message)) == line


def test_a_full_disk_is_not_called_damage() -> None:
    assert "the disk of temporary files is full" in str(damaged("a.jpg", Exception("write failed")))
    assert "is damaged or cut short (bad tag)" in str(damaged("a.jpg", Exception("tiff: bad tag")))


def test_text_is_ink_on_paper_in_any_script() -> None:
    for text in ("Åland <&>", "日本", "x" * 40):
        ink = render_text(text, 14)
        assert ink.dtype == np.uint8
        assert ink.ndim == 2
        assert ink.max() > 100
