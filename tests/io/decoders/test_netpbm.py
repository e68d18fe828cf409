from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from kinds_of_files import picture
from photochrom.errors import PhotoError
from photochrom.io.content import default_suffix
from photochrom.io.picture import Picture
from photochrom.io.reader import PhotoFile

SIDES = st.integers(1, 50)


@settings(max_examples=60, deadline=None)
@given(
    height=SIDES,
    width=SIDES,
    bands=st.sampled_from([1, 3]),
    most=st.sampled_from([1, 15, 100, 255, 256, 1023, 4095, 65535]),
    text=st.booleans(),
    comment=st.sampled_from([b" ", b"\n", b"\n# by hand\n", b"\t#\n# 3 4\n"]),
)
def test_samples_are_scaled_to_white(
    height: int, width: int, bands: int, most: int, text: bool, comment: bytes
) -> None:
    samples = picture(height, width, bands, most)
    kind = {(1, True): b"P2", (3, True): b"P3", (1, False): b"P5", (3, False): b"P6"}[bands, text]
    head = kind + comment + b"%d %d" % (width, height) + comment + b"%d\n" % most
    plain = b" ".join(b"%d" % sample for sample in samples.ravel())
    content = head + (plain if text else samples.astype(">u2" if most > 255 else "u1").tobytes())
    found = Picture.read(content).to_numpy()
    full = 255 if most < 256 else 65535
    assert found.dtype == (np.uint8 if most < 256 else np.uint16)
    assert np.abs(found - samples * (full / most)).max() < 0.501
    if most == 255:  # Pillow agrees
        assert np.array_equal(np.asarray(Image.open(BytesIO(content))), found)
    if not text:
        with pytest.raises(PhotoError, match="is damaged or cut short"):
            Picture.read(content[:-1])


@settings(max_examples=20, deadline=None)
@given(height=SIDES, width=SIDES, text=st.booleans())
def test_black_and_white(height: int, width: int, text: bool) -> None:
    black = picture(height, width, 1, 255, np.uint8) > 90
    body = (
        "".join("01"[int(one)] for one in black.ravel()).encode() if text else np.packbits(black, axis=1).tobytes()
    )
    content = (b"P1 " if text else b"P4 ") + b"%d %d\n" % (width, height) + body
    assert np.array_equal(Picture.read(content).to_numpy(), np.where(black, 0, 255))
    assert np.array_equal(np.asarray(Image.open(BytesIO(content)).convert("L")), np.where(black, 0, 255))


@pytest.mark.parametrize("bands", [1, 2, 3, 4])
@pytest.mark.parametrize("most", [255, 65535])
def test_pam_has_alpha(bands: int, most: int) -> None:
    samples = picture(9, 14, bands, most)
    head = b"P7\n# made\nWIDTH 14\nHEIGHT 9\nDEPTH %d\nMAXVAL %d\nTUPLTYPE X\nENDHDR\n" % (bands, most)
    photo = PhotoFile(head + samples.astype(">u2" if most > 255 else "u1").tobytes())
    assert np.array_equal(Picture.decode(photo).to_numpy(), samples)
    assert photo.has_alpha == (bands in (2, 4))


@pytest.mark.parametrize("bands", [1, 3])
@pytest.mark.parametrize(("scale", "order"), [(b"-1.0", "<"), (b"1.0", ">"), (b"-0.5", "<")])
def test_floats_lie_upside_down(bands: int, scale: bytes, order: str, tmp_path: Path) -> None:
    samples = picture(9, 14, bands, 65535)
    floats = (samples / 65535).astype(f"{order}f4")[::-1]
    path = tmp_path / "photo.pfm"
    path.write_bytes((b"Pf" if bands == 1 else b"PF") + b"\n14 9\n" + scale + b"\n" + floats.tobytes())
    photo = PhotoFile(path)
    assert np.abs(Picture.decode(photo).to_numpy().astype(int) - samples).max() <= 1
    assert [note.text for note in photo.notes] == ["has floating-point samples; the result has 16 bits"]
    assert default_suffix(path) == ".tif"


@pytest.mark.parametrize(
    "one",
    [
        b"P4 9 2\n" + bytes(4),
        b"P5 3 2 255\n" + bytes(6),
        b"P6 3 2 300\n" + bytes(36),
        b"P7\nWIDTH 2\nHEIGHT 2\nDEPTH 2\nMAXVAL 255\nENDHDR\n" + bytes(8),
    ],
)
def test_further_pictures_are_told(one: bytes) -> None:
    assert PhotoFile(one + b"\n").notes == []
    (note,) = PhotoFile(one + one).notes
    assert note.text == "has further pictures behind the first, which are left out"


def test_what_cannot_be_read_says_why() -> None:
    for content in (
        b"P5 ",
        b"P5 3 0 255\n",
        b"P5 3 3 70000\n",
        b"P5 99999999 1 255\n",
        b"P7\nWIDTH 3\n",
        b"P6 2 x 255\n",
    ):
        with pytest.raises(PhotoError, match="is damaged or cut short"):
            PhotoFile(content)
    with pytest.raises(PhotoError, match="more than the 4,000"):
        PhotoFile(b"P5 80 60 255\n", max_pixels=4000)
