from __future__ import annotations

import struct
import sys
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from kinds_of_files import picture
from photochrom.color.cielab import linear_to_srgb
from photochrom.errors import PhotoError, PhotoKindError
from photochrom.io.content import default_suffix
from photochrom.io.picture import Picture
from photochrom.io.reader import PhotoFile


@settings(max_examples=25, deadline=None)
@given(
    height=st.integers(1, 300),
    width=st.integers(1, 300),
    bands=st.sampled_from([1, 2, 3, 4]),
    bits=st.sampled_from([8, 10, 12, 16]),
    box=st.booleans(),
)
def test_what_has_no_loss_keeps_its_bits(height: int, width: int, bands: int, bits: int, box: bool) -> None:
    samples = picture(height, width, bands, 2**bits - 1, np.uint8 if bits == 8 else np.uint16)
    photo = PhotoFile(
        imagecodecs.jpegxl_encode(samples, lossless=True, effort=1, bitspersample=bits, usecontainer=box)
    )
    found = Picture.decode(photo).to_numpy().reshape(samples.shape)
    colours = slice(0, 1 if bands < 3 else 3) if samples.ndim == 3 else slice(None)
    if bits == 8:
        assert np.array_equal(found, samples)
    else:  # imagecodecs says of more than 8 bits that they are linear
        light = samples[..., colours] / (2**bits - 1)
        assert np.abs(found[..., colours] - linear_to_srgb(light) * 65535).max() <= 0.51
    assert (photo.format, photo.has_alpha, photo.bands) == (".jxl", bands in (2, 4), 1 if bands < 3 else 3)
    assert (photo.height, photo.width) == (height, width)


def test_with_loss_and_floats() -> None:
    pixels = picture(60, 80, 3, 255, np.uint8)
    photo = PhotoFile(imagecodecs.jpegxl_encode(pixels, lossless=False, distance=0.5))
    assert np.abs(Picture.decode(photo).to_numpy().astype(int) - pixels).mean() < 6
    light = (picture(60, 80, 1, 65535) / 65535).astype(np.float32)
    photo = PhotoFile(imagecodecs.jpegxl_encode(light))
    assert np.abs(Picture.decode(photo).to_numpy() - linear_to_srgb(light) * 65535).max() < 2
    assert [note.text for note in photo.notes] == ["has floating-point samples; the result has 16 bits"]


def test_metadata_are_read() -> None:
    exif = Image.Exif()
    exif[0x10E] = "a print"
    block = bytes(4) + exif.tobytes().removeprefix(b"Exif\0\0")
    content = imagecodecs.jpegxl_encode(picture(20, 30, 1, 255, np.uint8), usecontainer=True)
    content += struct.pack(">I4s", 8 + len(block), b"Exif") + block
    packed = imagecodecs.brotli_encode(b"<x:xmpmeta/>")
    content += struct.pack(">I4s4s", 12 + len(packed), b"brob", b"xml ") + packed
    photo = PhotoFile(content)
    assert b"a print" in (photo.metadata.file.exif or b"")
    assert photo.metadata.file.xmp == b"<x:xmpmeta/>"


def test_an_animation_s_first_frame_is_taken() -> None:
    frames = np.stack([picture(20, 30, 3, 255, np.uint8, seed) for seed in range(3)])
    photo = PhotoFile(imagecodecs.jpegxl_encode(frames, lossless=True, photometric="rgb"))
    assert np.array_equal(Picture.decode(photo).to_numpy(), frames[0])
    said = "is an animation; its first frame is colorized, the others are left out"
    assert [note.text for note in photo.notes] == [said]


def test_results_are_named_by_the_depth(tmp_path: Path) -> None:
    path = tmp_path / "photo.jxl"
    for dtype, suffix in ((np.uint8, ".png"), (np.uint16, ".tif")):
        path.write_bytes(imagecodecs.jpegxl_encode(picture(20, 30, 1, 255, dtype)))
        assert default_suffix(path) == suffix


def test_what_cannot_be_read_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    content = imagecodecs.jpegxl_encode(picture(60, 80, 3, 255, np.uint8))
    with pytest.raises(PhotoError, match="more than the 4,000"):
        PhotoFile(content, max_pixels=4000)
    for size in (4, len(content) // 2):
        with pytest.raises(PhotoError, match="is damaged or cut short"):
            Picture.read(content[:size])
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    with pytest.raises(PhotoKindError, match=r'is JPEG XL: sound, but .*; pip install "photochrom\[formats\]"'):
        PhotoFile(content)
