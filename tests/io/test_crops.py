"""A photo as a small square, to train and to measure on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from photochrom.errors import PhotoError
from photochrom.io.crops import read_crop, read_resized
from photochrom.io.picture import Picture


@pytest.fixture
def photo(tmp_path: Path, grey: np.ndarray) -> Path:
    return Picture.from_array(np.stack([grey] * 3, axis=-1)).save(tmp_path / "photo.png")


def test_read_crop_gives_a_square_of_any_photo(photo: Path) -> None:
    for size in (16, 100):
        assert read_crop(photo, size).shape == (size, size, 3)
    assert np.array_equal(read_crop(photo, 16), read_crop(photo.read_bytes(), 16))


def test_a_line_is_no_square(tmp_path: Path) -> None:
    line = Picture.from_array(np.zeros((1, 3000), np.uint8)).save(tmp_path / "line.png")
    assert read_crop(line, 16).shape == (16, 16, 3)
    with pytest.raises(PhotoError, match="3000×1 pixels are too thin for a square"):
        read_crop(line, 256)


def test_read_crop_turns_grey_alpha_and_16_bits_into_rgb(tmp_path: Path, grey: np.ndarray) -> None:
    for name, array in {
        "grey": grey,
        "grey-alpha": np.stack([grey, grey], axis=-1),
        "rgba": np.stack([grey] * 4, axis=-1),
        "grey16": grey.astype(np.uint16) * 257,
        "rgb16": np.stack([grey.astype(np.uint16) * 257] * 3, axis=-1),
    }.items():
        path = Picture.from_array(array).save(tmp_path / f"{name}.png")
        square = read_crop(path, 8)
        assert (square.shape, square.dtype) == ((8, 8, 3), np.uint8), name
        if name in ("grey", "grey16", "rgb16"):
            assert 60 < square.mean() < 110, name  # 16 bits are scaled, not cut off


def test_a_crop_shows_the_middle_and_a_resized_photo_all_of_it(tmp_path: Path) -> None:
    wide = np.zeros((20, 60, 3), np.uint8)
    wide[:, 20:40] = 255  # the square in the middle
    path = Picture.from_array(wide).save(tmp_path / "wide.png")
    assert read_crop(path, 20).min() == 255
    resized = read_resized(path, 30)
    assert resized.shape == (30, 30, 3)
    assert resized[:, 12:18].min() > 240
    assert resized[:, :8].max() < 15
