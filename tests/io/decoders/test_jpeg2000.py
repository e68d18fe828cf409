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
from photochrom.errors import PhotoError, PhotoKindError
from photochrom.io.content import default_suffix
from photochrom.io.picture import Picture
from photochrom.io.reader import PhotoFile


@settings(max_examples=25, deadline=None)
@given(
    height=st.integers(1, 70),
    width=st.integers(1, 70),
    bands=st.sampled_from([1, 3, 4]),
    bits=st.sampled_from([8, 10, 12, 16]),
    box=st.booleans(),
)
def test_what_has_no_loss_keeps_its_bits(height: int, width: int, bands: int, bits: int, box: bool) -> None:
    samples = picture(height, width, bands, 2**bits - 1, np.uint8 if bits == 8 else np.uint16)
    content = imagecodecs.jpeg2k_encode(
        samples, level=0, bitspersample=bits, codecformat="jp2" if box else "j2k", resolutions=1
    )
    photo = PhotoFile(content)
    found = Picture.decode(photo).to_numpy()
    full = 255 if bits == 8 else 65535
    assert np.abs(found - samples * (full / (2**bits - 1))).max() < 0.501
    assert (photo.format, photo.metadata.bits) == (".jp2", bits)


def test_metadata_are_read(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x10E] = "a print"
    content = imagecodecs.jpeg2k_encode(picture(20, 30, 1, 255, np.uint8), level=0, codecformat="jp2")
    for uuid, block in (
        (b"JpgTiffExif->JP2", exif.tobytes().removeprefix(b"Exif\0\0")),
        (bytes.fromhex("be7acfcb97a942e89c71999491e3afac"), b"<x:xmpmeta/>"),
    ):
        content += struct.pack(">I4s", 24 + len(block), b"uuid") + uuid + block
    photo = PhotoFile(content)
    assert b"a print" in (photo.metadata.file.exif or b"")
    assert photo.metadata.file.xmp == b"<x:xmpmeta/>"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_turned_as_its_exif_says(orientation: int) -> None:
    pixels = picture(20, 30, 1, 255, np.uint8)
    content = imagecodecs.jpeg2k_encode(pixels, level=0, codecformat="jp2")
    exif = Image.Exif()
    exif[274] = orientation
    block = b"JpgTiffExif->JP2" + exif.tobytes().removeprefix(b"Exif\0\0")
    photo = PhotoFile(content + struct.pack(">I4s", 8 + len(block), b"uuid") + block, upright=False)
    assert (photo.orientation, photo.height) == (orientation, 20)
    found = Picture.read(content + struct.pack(">I4s", 8 + len(block), b"uuid") + block).to_numpy()
    assert found.shape[:2] == ((30, 20) if orientation > 4 else (20, 30))


def test_results_are_named_by_the_depth(tmp_path: Path) -> None:
    path = tmp_path / "photo.jp2"
    for dtype, suffix in ((np.uint8, ".png"), (np.uint16, ".tif")):
        path.write_bytes(imagecodecs.jpeg2k_encode(picture(20, 30, 1, 255, dtype), level=0, codecformat="jp2"))
        assert default_suffix(path) == suffix


@pytest.mark.parametrize(("brand", "kind"), [(b"mjp2", "a film"), (b"jpm ", "a compound document")])
def test_relatives_are_called_by_their_names(brand: bytes, kind: str) -> None:
    content = b"\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14ftyp" + brand + bytes(300)
    with pytest.raises(PhotoKindError, match=f"is {kind}"):
        PhotoFile(content)


def test_what_cannot_be_read_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    content = imagecodecs.jpeg2k_encode(picture(60, 80, 3, 255, np.uint8), level=0, codecformat="jp2")
    with pytest.raises(PhotoError, match="more than the 4,000"):
        PhotoFile(content, max_pixels=4000)
    with pytest.raises(PhotoKindError, match=r"a colour space other than sRGB and grey \(number 14\)"):
        PhotoFile(content.replace(b"colr\1\0\0\0\0\0\x10", b"colr\1\0\0\0\0\0\x0e"))
    for size in (60, len(content) // 2):
        with pytest.raises(PhotoError, match="is damaged or cut short"):
            Picture.read(content[:size])
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    with pytest.raises(PhotoKindError, match=r'is JPEG 2000: sound, but .*; pip install "photochrom\[formats\]"'):
        PhotoFile(content)
