"""Strips become a file of the format that its suffix says, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from photochrom.errors import OutputError, PhotoError
from photochrom.io.formats import SAVED_SUFFIXES, WIDE
from photochrom.io.reader import PhotoFile
from photochrom.io.writer import Image, check_target, encode_thumbnail, losses, write_image
from photochrom.result_notes import Note

LOSSLESS = {".png", ".tif", ".tiff", ".bmp"}


def photo(bands: int, dtype: type = np.uint8, height: int = 50, width: int = 40) -> np.ndarray:
    """A slope in every band, so that an exchange of bands or sides shows."""
    y, x = np.mgrid[:height, :width] / max(height, width)
    planes = [x, y, 1 - x, 0.25 + y / 2][:bands] if bands > 2 else [x, 0.25 + y / 2][:bands]
    return (np.stack(planes, axis=-1) * np.iinfo(dtype).max).astype(dtype)


def strips_of(pixels: np.ndarray, rows: int = 7) -> Iterator[np.ndarray]:
    return (pixels[top : top + rows] for top in range(0, len(pixels), rows))


def write(path: Path, pixels: np.ndarray, **options) -> list[Note]:
    return write_image(path, Image(*pixels.shape, pixels.dtype), strips_of(pixels), **options)


@pytest.mark.parametrize("suffix", sorted(SAVED_SUFFIXES))
@pytest.mark.parametrize("bands", [1, 3])
def test_an_independent_reader_finds_the_pixels(tmp_path: Path, suffix: str, bands: int) -> None:
    pixels = photo(bands)
    path = tmp_path / f"photo{suffix}"
    assert write(path, pixels) == []
    found = np.asarray(PillowImage.open(path).convert("RGB")).astype(int)
    wanted = pixels if bands == 3 else pixels.repeat(3, axis=2)
    assert np.abs(found - wanted).mean() < (0.01 if suffix in LOSSLESS else 3)


@pytest.mark.parametrize("suffix", sorted(WIDE))
def test_16_bits_stay_where_the_format_holds_them(tmp_path: Path, suffix: str) -> None:
    pixels = photo(3, np.uint16)
    path = tmp_path / f"photo{suffix}"
    write(path, pixels)
    found = np.concatenate(list(PhotoFile(path).strips()))
    assert found.dtype == np.uint16
    error = np.abs(found.astype(int) - pixels).mean()
    assert error == 0 if suffix != ".avif" else error < 600


@pytest.mark.parametrize("suffix", [".png", ".tif", ".webp", ".avif"])
def test_alpha_stays_where_the_format_holds_it(tmp_path: Path, suffix: str) -> None:
    pixels = photo(4)
    path = tmp_path / f"photo{suffix}"
    write(path, pixels)
    found = np.asarray(PillowImage.open(path))
    assert found.shape == pixels.shape
    assert np.abs(found[..., 3].astype(int) - pixels[..., 3]).mean() < 1.5


def test_a_jpeg_lies_over_white_where_the_photo_is_transparent(tmp_path: Path) -> None:
    pixels = photo(4)
    pixels[..., 3] = 0
    write(tmp_path / "photo.jpg", pixels)
    assert np.asarray(PillowImage.open(tmp_path / "photo.jpg")).min() > 250


def test_a_lower_quality_makes_a_smaller_file(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    sizes = []
    for quality in (20, 60, 95):
        write(tmp_path / "photo.jpg", noise, quality=quality)
        sizes.append((tmp_path / "photo.jpg").stat().st_size)
    assert sizes == sorted(set(sizes))


def test_a_failure_in_the_strips_reaches_the_caller_and_leaves_nothing(tmp_path: Path) -> None:
    pixels = photo(3)

    def broken() -> Iterator[np.ndarray]:
        yield pixels[:10]
        raise PhotoError("scan.jpg", "is cut short", "scan it again")

    with pytest.raises(PhotoError, match=r"scan\.jpg"):
        write_image(tmp_path / "photo.png", Image(*pixels.shape, pixels.dtype), broken())
    assert list(tmp_path.iterdir()) == []


def test_the_times_are_those_that_are_given(tmp_path: Path) -> None:
    write(tmp_path / "photo.png", photo(3), times=(10**18, 2 * 10**18))
    assert (tmp_path / "photo.png").stat().st_mtime_ns == 2 * 10**18


def test_what_cannot_be_written_is_said_before_work_begins(tmp_path: Path) -> None:
    (tmp_path / "there.png").touch()
    (tmp_path / "folder.png").mkdir()
    for path, options, message in (
        (tmp_path / "photo.xcf", {}, "cannot write .xcf; use .jpg"),
        (tmp_path / "photo", {}, "cannot write a name without suffix"),
        (tmp_path / "photo.jpg", {"quality": 101}, "a quality of 101 is out of range"),
        (tmp_path / "nowhere" / "photo.jpg", {}, "nowhere does not exist"),
        (tmp_path / "there.png", {}, "is already there"),
        (tmp_path / "folder.png", {"overwrite": True}, "is a folder"),
    ):
        with pytest.raises(OutputError) as caught:
            check_target(path, **options)
        assert message in str(caught.value)
    check_target(tmp_path / "there.png", overwrite=True)


def test_what_a_format_cannot_hold_of_a_photo_is_said(tmp_path: Path) -> None:
    write(tmp_path / "scan.png", photo(4, np.uint16))
    scan = PhotoFile(tmp_path / "scan.png")
    (line,) = map(str, losses(scan, Path("result.jpg")))
    assert line == (
        "result.jpg: .jpg cannot hold transparency, which is laid over white, "
        "nor 16 bits per channel, which become 8"
    )
    assert losses(scan, Path("result.tif")) == []


def test_a_thumbnail_is_a_jpeg_of_its_pixels() -> None:
    pixels = photo(3)
    image = PillowImage.open(BytesIO(encode_thumbnail(pixels)))
    assert (image.format, image.size) == ("JPEG", (40, 50))
    assert np.abs(np.asarray(image).astype(int) - pixels).mean() < 4
