from __future__ import annotations

import struct
import sys
from io import BytesIO
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kinds_of_files import picture, strip_tiff, tiff_of
from photochrom.errors import PhotoError, PhotoKindError
from photochrom.io.picture import Picture
from photochrom.io.reader import PhotoFile


@settings(max_examples=40, deadline=None)
@given(
    height=st.integers(1, 70),
    width=st.integers(1, 70),
    bands=st.sampled_from([1, 3]),
    wide=st.booleans(),
    compression=st.sampled_from(["zstd", "lzma", "jpeg2000", "jpegxl", "png", "lerc", None]),
    tiled=st.booleans(),
    planes=st.booleans(),
    order=st.sampled_from("<>"),
    big=st.booleans(),
)
def test_compressions_without_loss_come_back_bit_for_bit(
    height: int,
    width: int,
    bands: int,
    wide: bool,
    compression: str | None,
    tiled: bool,
    planes: bool,
    order: str,
    big: bool,
) -> None:
    pixels = picture(height, width, bands, 65535 if wide else 255, np.uint16 if wide else np.uint8)
    assume(order == "<" or compression in ("zstd", "lzma", None))  # the others have an order of their own
    options: dict[str, Any] = {"compression": compression, "byteorder": order, "bigtiff": big}
    if tiled:
        options["tile"] = (32, 16)
    given = pixels
    if bands == 3:
        options["photometric"] = "rgb"
        options["planarconfig"] = "separate" if planes else "contig"
        given = np.moveaxis(pixels, -1, 0) if planes else pixels
    if compression in ("jpeg2000", "jpegxl"):
        options["compressionargs"] = {"level": 0} if compression == "jpeg2000" else {"lossless": True}
    try:
        content = tiff_of(given, **options)
    except (ValueError, RuntimeError, StopIteration):  # not all that TIFF knows is written by tifffile
        assume(False)
    photo = PhotoFile(content)
    assert np.array_equal(Picture.decode(photo).to_numpy(), pixels)
    assert photo.metadata.tile == ((16, 32) if tiled else None)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("bits", [12, 10, 14])
def test_samples_that_fill_no_bytes_are_scaled_to_16_bits(bits: int, order: str) -> None:
    samples = picture(23, 31, 1, 2**bits - 1)
    packed = ((samples[..., None] >> np.arange(bits - 1, -1, -1)) & 1).astype(np.uint8).reshape(23, -1)
    photo = PhotoFile(strip_tiff(31, 23, bits, np.packbits(packed, axis=1).tobytes(), order=order))
    found = Picture.decode(photo).to_numpy()
    assert photo.metadata.bits == bits
    assert np.abs(found - samples * (65535 / (2**bits - 1))).max() <= 0.5


@pytest.mark.parametrize("dtype", [np.uint32, np.uint64])
@pytest.mark.parametrize("meaning", ["minisblack", "miniswhite"])
def test_whole_numbers_of_32_and_64_bits_are_scaled(dtype: Any, meaning: str) -> None:
    wide = picture(20, 30, 1, 65535)
    step = np.iinfo(dtype).max // 65535
    found = Picture.read(tiff_of(wide.astype(dtype) * dtype(step), photometric=meaning)).to_numpy()
    assert np.array_equal(found, 65535 - wide if meaning == "miniswhite" else wide)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
@pytest.mark.parametrize("compression", [None, "zstd"])
@pytest.mark.parametrize("meaning", ["minisblack", "miniswhite"])
def test_floats_go_from_0_to_1(dtype: Any, compression: str | None, meaning: str) -> None:
    wide = picture(20, 30, 1, 65535)
    content = tiff_of((wide / 65535).astype(dtype), compression=compression, photometric=meaning)
    photo = PhotoFile(content)
    shown = 65535 - wide if meaning == "miniswhite" else wide
    assert np.abs(Picture.decode(photo).to_numpy().astype(int) - shown).max() <= (40 if dtype == np.float16 else 1)
    assert [note.text for note in photo.notes] == ["has floating-point samples; the result has 16 bits"]
    with pytest.raises(PhotoError, match="scale floats to go from 0 to 1"):
        Picture.read(tiff_of((wide / 255).astype(np.float64), compression=compression))


def test_a_palette_and_inks() -> None:
    numbers = picture(20, 30, 1, 255, np.uint8)
    palette = np.random.default_rng(1).integers(0, 65536, (3, 256)).astype(np.uint16)
    content = tiff_of(numbers, photometric="palette", colormap=palette, compression="zstd")
    assert np.array_equal(Picture.read(content).to_numpy(), (palette.T[numbers] >> 8).astype(np.uint8))
    inks = picture(20, 30, 4, 255, np.uint8)
    plain, rare = (
        Picture.read(tiff_of(inks, photometric="separated", compression=way)).to_numpy() for way in (None, "zstd")
    )
    assert np.array_equal(plain, rare)


@pytest.mark.parametrize("compression", [None, "zstd"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(
    ("bands", "meanings"), [(1, (0,)), (1, (2,)), (3, (0,)), (3, (2,)), (3, (0, 2)), (3, (2, 0)), (3, (0, 0))]
)
def test_further_samples_are_what_the_file_says(
    bands: int, meanings: tuple[int, ...], dtype: Any, compression: str | None
) -> None:
    pixels = picture(20, 30, bands + len(meanings), np.iinfo(dtype).max, dtype)
    kind = {"photometric": "rgb" if bands == 3 else "minisblack", "planarconfig": "contig"}
    photo = PhotoFile(tiff_of(pixels, extrasamples=meanings, compression=compression, **kind))
    assert (photo.bands, photo.has_alpha, photo.extra_bands) == (bands, 2 in meanings, meanings.count(0))
    found = np.concatenate(list(photo.strips()))
    assert np.array_equal(found[..., :bands], pixels[..., :bands])
    others = {what: pixels[..., bands + n] for n, what in enumerate(meanings)}
    if 2 in meanings:
        assert np.array_equal(found[..., -1], others[2])
    if 0 in meanings:
        assert np.array_equal(photo.extra().numpy().reshape(20, 30, -1)[..., -1], others[0])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("bands", [1, 3])
def test_premultiplied_transparency_is_taken_out(bands: int, dtype: Any) -> None:
    full = 1.0 if dtype is np.float32 else np.iinfo(dtype).max
    straight = picture(20, 30, bands, 65535).reshape(20, 30, bands) / 65535 * full
    alpha = np.linspace(0, full, 600).reshape(20, 30, 1)
    pixels = np.concatenate([straight * alpha / full, alpha], axis=2)
    pixels = pixels.astype(dtype) if dtype is np.float32 else np.rint(pixels).astype(dtype)
    kind = {"photometric": "rgb" if bands == 3 else "minisblack", "planarconfig": "contig"}
    photo = PhotoFile(tiff_of(pixels, extrasamples=(1,), compression="zstd", **kind))
    found = np.concatenate(list(photo.strips())).astype(float)
    most = np.iinfo(photo.dtype).max
    scale = most / full
    clear = alpha[..., 0] > full / 4
    assert np.abs(found[..., :bands] - straight * scale)[clear].max() < 5 * most / 255
    assert np.abs(found[..., bands] - alpha[..., 0] * scale).max() < 1


@pytest.mark.parametrize("bands", [1, 3])
def test_samples_whose_meaning_is_not_said_are_grey_or_colours(bands: int) -> None:
    pixels = picture(20, 30, bands, 255, np.uint8)
    content = bytearray(tiff_of(pixels, photometric="rgb" if bands == 3 else "minisblack"))
    with tifffile.TiffFile(BytesIO(content)) as file:
        at = file.pages[0].tags[262].offset
    content[at : at + 2] = struct.pack("<H", 263)  # Threshholding
    assert np.array_equal(Picture.read(bytes(content)).to_numpy(), pixels)


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32])
def test_signed_samples_are_called_so(dtype: Any) -> None:
    with pytest.raises(PhotoKindError, match=r"signed .*samples: sound, but of a kind"):
        Picture.read(tiff_of(np.zeros((20, 30), dtype)))


def test_without_the_extra_it_is_called_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    pixels = picture(20, 30, 3, 255, np.uint8)
    for options, words in (
        ({"compression": "zstd"}, "a TIFF compressed with ZSTD"),
        ({"planarconfig": "separate", "tile": (16, 16)}, "a TIFF of tiles with a plane to each channel"),
    ):
        monkeypatch.delitem(sys.modules, "imagecodecs")
        given = np.moveaxis(pixels, -1, 0) if "tile" in options else pixels
        content = tiff_of(given, photometric="rgb", **options)
        monkeypatch.setitem(sys.modules, "imagecodecs", None)
        with pytest.raises(PhotoKindError) as caught:
            Picture.read(content)
        assert caught.value.problem == f"is {words}: sound, but of a kind that the base install does not read"
        assert caught.value.remedy.startswith('pip install "photochrom[formats]"')
        with pytest.raises(PhotoError, match="is cut short"):  # which no extra mends
            Picture.read(content[:-10])


def test_what_is_cut_is_damaged() -> None:
    content = tiff_of(picture(60, 80, 1, 65535), compression="zstd")
    for size in (len(content) - 4, len(content) // 2):
        with pytest.raises(PhotoError, match="cut short"):
            Picture.read(content[:size])
    holed = bytearray(content)
    with tifffile.TiffFile(BytesIO(content)) as file:
        at = file.pages[0].dataoffsets[0]
    holed[at : at + 4] = bytes(4)
    with pytest.raises(PhotoError, match="is damaged or cut short"):
        Picture.read(bytes(holed))


def test_too_large_is_found_before_decoding() -> None:
    content = tiff_of(np.zeros((3000, 4000), np.uint8), compression="zstd")
    with pytest.raises(PhotoError, match="more than the 1,000,000 that are allowed"):
        PhotoFile(content, max_pixels=1_000_000)
