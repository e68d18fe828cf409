"""Pillow's images as photos: every mode, as bright, as upright and as well documented as they are."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from photochrom.errors import PhotoError
from photochrom.io.picture import Picture


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16", "F"])
def test_every_pillow_mode_is_taken(grey: np.ndarray, mode: str) -> None:
    if mode == "F":
        image = PIL.Image.fromarray(grey.astype(np.float32) / 255)
    elif mode == "I;16":
        image = PIL.Image.fromarray(grey.astype(np.uint16) * 257)
    else:
        image = PIL.Image.fromarray(grey).convert("RGB" if mode in ("CMYK", "YCbCr") else "L").convert(mode)
    picture = Picture.from_pil(image)
    assert (picture.height, picture.width) == grey.shape
    assert (picture.alpha is not None) == (mode in ("LA", "RGBA"))
    if mode in ("L", "RGB", "LA", "RGBA", "I;16"):
        assert np.array_equal(np.asarray(picture.to_pil()), np.asarray(image))


def test_a_damaged_pillow_image_is_a_photo_error() -> None:
    buffer = BytesIO()
    PIL.Image.fromarray(np.random.default_rng(0).integers(0, 255, (50, 50), np.uint8)).save(buffer, "PNG")
    with pytest.raises(PhotoError, match="cannot be decoded"):
        Picture.from_pil(PIL.Image.open(BytesIO(buffer.getvalue()[:1000])))


@pytest.mark.parametrize("mode", ["I", "I;16", "I;16B"])
def test_pillow_s_wide_greys_keep_their_values(mode: str) -> None:
    ramp = np.linspace(0, 65535, 60).astype(np.uint16).reshape(6, 10)
    kind = {"I": np.int32, "I;16": np.uint16, "I;16B": ">u2"}[mode]
    image = PIL.Image.fromarray(ramp.astype(np.int32))
    if mode != "I":
        image = PIL.Image.frombytes(mode, (10, 6), ramp.astype(kind).tobytes())
    assert image.mode == mode
    assert np.array_equal(Picture.from_pil(image).to_numpy(), ramp)


@pytest.mark.parametrize("kind", ["L TIFF", "I TIFF", "I;16 TIFF", "F TIFF", "I;16 PNG"])
def test_a_pillow_image_is_turned_upright_once_and_keeps_what_its_file_said(kind: str, tmp_path: Path) -> None:
    mode, form = kind.split()
    ramp = np.linspace(0, 255, 60).astype(np.uint8).reshape(6, 10)
    wide = ramp * np.uint16(257)
    values = {"L": ramp, "I": wide.astype(np.int32), "I;16": wide, "F": ramp / np.float32(255)}[mode]
    exif, buffer = PIL.Image.Exif(), BytesIO()
    exif[0x0112], exif[0x010F] = 6, "Leica"  # lies on its side
    PIL.Image.fromarray(values).save(buffer, form, exif=exif, dpi=(300, 300))
    image = PIL.Image.open(buffer)
    assert image.mode == mode
    picture = Picture.from_pil(image)
    assert np.array_equal(picture.to_numpy(), np.rot90(ramp if mode == "L" else wide, -1))
    assert picture.format == {"TIFF": ".tif", "PNG": ".png"}[form]
    carried = Picture.read(picture.save(tmp_path / "again.png")).metadata.file
    assert carried.dpi == pytest.approx((300, 300), abs=0.02)
    assert carried.exif is not None
    assert b"Leica" in carried.exif


def test_a_pillow_image_beyond_16_bits_is_refused() -> None:
    with pytest.raises(PhotoError, match="16 bits hold 0 to 65535"):
        Picture.from_pil(PIL.Image.fromarray(np.full((2, 2), 70_000, np.int32)))
