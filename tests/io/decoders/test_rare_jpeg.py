from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from kinds_of_files import picture
from photochrom.errors import PhotoError, PhotoKindError
from photochrom.io.content import default_suffix
from photochrom.io.picture import Picture
from photochrom.io.reader import PhotoFile

SIDES = st.integers(8, 70)


def lossless(pixels: Any) -> bytes:
    return bytes(imagecodecs.ljpeg_encode(pixels, bitspersample=16 if pixels.dtype == np.uint16 else 8))


@settings(max_examples=20, deadline=None)
@given(height=SIDES, width=SIDES, bands=st.sampled_from([1, 3]), wide=st.booleans())
def test_jpeg_ls_comes_back_bit_for_bit(height: int, width: int, bands: int, wide: bool) -> None:
    pixels = picture(height, width, bands, 65535 if wide else 255, np.uint16 if wide else np.uint8)
    photo = PhotoFile(imagecodecs.jpegls_encode(pixels))
    assert np.array_equal(Picture.decode(photo).to_numpy(), pixels)
    assert photo.format == ".jls"


@settings(max_examples=20, deadline=None)
@given(height=SIDES, width=SIDES, wide=st.booleans())
def test_jpeg_without_loss_comes_back_bit_for_bit(height: int, width: int, wide: bool) -> None:
    pixels = picture(height, width, 1, 65535 if wide else 255, np.uint16 if wide else np.uint8)
    photo = PhotoFile(lossless(pixels))
    assert np.array_equal(Picture.decode(photo).to_numpy(), pixels)
    assert (photo.format, photo.metadata.bits) == (".jpg", 16 if wide else 8)


@pytest.mark.parametrize("bands", [1, 3])
def test_12_bits_become_16(bands: int) -> None:
    samples = picture(40, 56, bands, 4095)
    photo = PhotoFile(imagecodecs.jpeg_encode(samples, bitspersample=12, level=98, subsampling="444"))
    found = Picture.decode(photo)
    assert (photo.dtype, photo.metadata.bits, photo.bands) == (np.uint16, 12, bands)
    assert np.abs(found.to_numpy() - samples * (65535 / 4095)).mean() < 16 * 30
    assert found.pixels.max() > 65000


def test_metadata_and_orientation_are_those_of_any_jpeg(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x112], exif[0x10E] = 6, "a print"
    buffer = BytesIO()
    Image.new("L", (8, 8)).save(buffer, "JPEG", exif=exif)
    segments = buffer.getvalue()
    begin = segments.index(b"\xff\xe1")
    length = int.from_bytes(segments[begin + 2 : begin + 4], "big") + 2
    pixels = picture(20, 30, 1, 65535)
    encoded = lossless(pixels)
    photo = PhotoFile(encoded[:2] + segments[begin : begin + length] + encoded[2:])
    assert np.array_equal(Picture.decode(photo).to_numpy(), np.rot90(pixels, -1))
    assert b"a print" in (photo.metadata.file.exif or b"")


def test_results_are_named_by_what_holds_them(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    wide, narrow = picture(20, 30, 1, 65535), picture(20, 30, 1, 255, np.uint8)
    for content, suffix in (
        (lossless(wide), ".png"),
        (lossless(narrow), ".jpg"),
        (imagecodecs.jpeg_encode(wide >> 4, bitspersample=12), ".png"),
        (imagecodecs.jpegls_encode(narrow), ".png"),
        (imagecodecs.jpeg_encode(narrow), ".jpg"),
    ):
        path.write_bytes(content)
        assert default_suffix(path) == suffix


def test_without_the_extra_it_is_called_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    wide = picture(20, 30, 1, 65535)
    kinds = {
        "a JPEG of 12 bits": imagecodecs.jpeg_encode(wide >> 4, bitspersample=12),
        "a JPEG without loss, of 16 bits": lossless(wide),
        "JPEG-LS of 16 bits": imagecodecs.jpegls_encode(wide),
    }
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    for words, content in kinds.items():
        with pytest.raises(PhotoKindError, match=f"is {words}: sound, but of a kind that the base install"):
            Picture.read(content)


def test_what_is_cut_is_damaged() -> None:
    wide = picture(60, 80, 1, 65535)
    for content in (
        lossless(wide),
        imagecodecs.jpegls_encode(wide),
        imagecodecs.jpeg_encode(wide >> 4, bitspersample=12),
    ):
        with pytest.raises(PhotoError, match="is damaged or cut short"):
            Picture.read(content[: len(content) // 2])
    with pytest.raises(PhotoError, match="more than the 4,000"):
        PhotoFile(lossless(wide), max_pixels=4000)
