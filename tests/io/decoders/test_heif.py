from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms

from kinds_of_files import picture
from photochrom.errors import PhotoError, PhotoKindError
from photochrom.io.content import default_suffix
from photochrom.io.picture import Picture
from photochrom.io.reader import PhotoFile


def heic(pixels: Any, *, bits: int = 8, more: int = 0, **options: Any) -> bytes:
    mode = {2: "L", 3: "RGB", 4: "RGBA"}[pixels.ndim if pixels.ndim == 2 else pixels.shape[2]]
    wide = ";16" if pixels.dtype == np.uint16 else ""
    file = pillow_heif.from_bytes(mode=mode + wide, size=pixels.shape[1::-1], data=pixels.tobytes())
    for _ in range(more):
        file.add_frombytes(mode=mode + wide, size=pixels.shape[1::-1], data=pixels.tobytes())
    buffer = BytesIO()
    file.save(buffer, quality=-1, chroma=444, matrix_coefficients=0, bit_depth=bits, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("bands", [1, 3, 4])
@pytest.mark.parametrize(("bits", "dtype"), [(8, np.uint8), (10, np.uint16), (12, np.uint16)])
@pytest.mark.parametrize("size", [(64, 64), (75, 41)])
def test_heic_is_read_in_its_own_bits(bits: int, dtype: Any, bands: int, size: tuple[int, int]) -> None:
    if bands == 1 and bits > 8:
        pytest.skip("pillow-heif writes no grey of more than 8 bits")
    wide = picture(*size, bands, 65535)
    pixels = wide if dtype == np.uint16 else (wide >> 8).astype(np.uint8)
    photo = PhotoFile(heic(pixels, bits=bits))
    found = Picture.decode(photo)
    assert (photo.format, photo.dtype, photo.metadata.bits) == (".heic", dtype, bits)
    assert (photo.has_alpha, photo.bands) == (bands == 4, 1 if bands == 1 else 3)
    step = 65535 / (2**bits - 1) if dtype == np.uint16 else 1
    assert np.abs(found.to_numpy().astype(float) - pixels).max() <= 2 * step
    # White stays white, and what the encoder rounded aside, each sample is where another reader has it.
    assert found.to_numpy().max() == np.iinfo(dtype).max


def test_a_phone_s_photo_is_upright_with_its_metadata(tmp_path: Any) -> None:
    exif = Image.Exif()
    exif[0x112], exif[0x10E], exif[0x10F] = 6, "a print", "Phone"
    pixels = picture(48, 64, 3, 255, np.uint8)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    buffer = BytesIO()
    pillow_heif.register_heif_opener()
    Image.fromarray(pixels).save(buffer, "HEIF", quality=95, exif=exif.tobytes(), icc_profile=profile)
    path = tmp_path / "IMG_1.HEIC"
    path.write_bytes(buffer.getvalue())
    photo = PhotoFile(path)
    assert (photo.height, photo.width, photo.orientation) == (64, 48, 1)
    turned = np.rot90(pixels, -1).astype(float)
    assert np.abs(Picture.decode(photo).pixels - turned).mean() < 6
    assert b"a print" in (photo.metadata.file.exif or b"")
    assert PhotoFile(heic(pixels, xmp=b"<x:xmpmeta/>")).metadata.file.xmp == b"<x:xmpmeta/>"
    assert photo.metadata.profile
    assert photo.notes == []


def test_results_are_named_by_the_depth(tmp_path: Any) -> None:
    path = tmp_path / "photo.heic"
    for bits, suffix in ((8, ".jpg"), (10, ".png"), (12, ".png")):
        pixels = picture(64, 64, 3, 65535) if bits > 8 else picture(64, 64, 3, 255, np.uint8)
        path.write_bytes(heic(pixels, bits=bits))
        assert default_suffix(path) == suffix


def test_further_pictures_are_told() -> None:
    photo = PhotoFile(heic(picture(64, 64, 3, 255, np.uint8), more=2))
    said = ["has 3 pictures; the main one is colorized, the others are left out"]
    assert [note.text for note in photo.notes] == said


def test_what_is_cut_is_damaged_and_what_is_of_another_kind_is_not() -> None:
    whole = heic(picture(64, 64, 3, 255, np.uint8))
    for size in (30, 200, len(whole) - 20):
        with pytest.raises(PhotoError, match="is damaged or cut short"):
            Picture.read(whole[:size])
    for code, words in ((b"jpeg", "JPEG"), (b"j2k1", "JPEG 2000"), (b"vvc1", "VVC")):
        with pytest.raises(PhotoKindError, match=f"is a HEIF of {words}: sound, but of a kind"):
            Picture.read(whole.replace(b"hvc1", code))


def test_too_large_is_found_before_decoding() -> None:
    with pytest.raises(PhotoError, match="4,096 pixels, more than the 4,000"):
        PhotoFile(heic(picture(64, 64, 3, 255, np.uint8)), max_pixels=4000)
