from __future__ import annotations

import re
import struct
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import tifffile

from kinds_of_files import dng, picture
from photochrom.color.cielab import linear_to_srgb
from photochrom.errors import PhotoError, PhotoKindError
from photochrom.io.picture import Picture
from photochrom.io.reader import PhotoFile
from xmp_packets import packet_about

LIGHT = picture(96, 128, 1, 65535) // 2 + 4000


def expected(light: np.ndarray) -> np.ndarray:
    """A reading of linear light that owes nothing to LibRaw."""
    return linear_to_srgb(light / 65535) * 65535


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("preview", [None, LIGHT[::8, ::8]])
def test_a_linear_dng_keeps_its_light(order: str, preview: np.ndarray | None) -> None:
    photo = PhotoFile(dng(np.stack([LIGHT] * 3, axis=-1), preview=preview, order=order, artist="Jane"))
    found = Picture.decode(photo)
    assert (photo.format, photo.dtype, photo.notes) == (".dng", np.uint16, [])
    assert np.abs(found.pixels - expected(LIGHT)[..., None]).max() < 40  # of 65535
    assert b"Jane" in (photo.metadata.file.exif or b"")


def test_a_mosaic_is_developed() -> None:
    slope = np.linspace(4000, 60000, 128)[None, :].repeat(96, axis=0).astype(np.uint16)
    photo = PhotoFile(dng(slope, preview=slope[::8, ::8]))
    found = Picture.decode(photo).pixels[8:-8, 8:-8]
    assert photo.height == 96
    assert np.abs(found - expected(slope)[8:-8, 8:-8, None]).max() < 600  # of 65535: what lies between samples


@pytest.mark.parametrize(("orientation", "turns"), [(1, 0), (3, 2), (6, 3), (8, 1)])
def test_a_raw_comes_upright(orientation: int, turns: int) -> None:
    photo = PhotoFile(dng(np.stack([LIGHT] * 3, axis=-1), orientation=orientation))
    turned = np.rot90(expected(LIGHT), turns)
    assert (photo.height, photo.width, photo.orientation) == (*turned.shape, 1)
    assert np.abs(Picture.decode(photo).pixels - turned[..., None]).max() < 40
    said = replace(
        photo.metadata.file, xmp=packet_about((64, 0, 128, 24), (128, 96), (128, 96), "resource", "pixel")
    )
    moved = replace(photo.metadata, file=said).fitted("png", (photo.width, photo.height)).xmp or b""
    marked = np.zeros((96, 128), bool)
    marked[:24, 64:] = True
    rows, columns = (np.flatnonzero(np.rot90(marked, turns).any(axis)) for axis in (1, 0))
    middle = (columns[0] + columns[-1] + 1) / 2, (rows[0] + rows[-1] + 1) / 2
    found = [float(number) for number in re.findall(rb"<area:[xy]>([\d.]+)<", moved)]
    assert found == [middle[0], middle[1]]


def test_what_libraw_cannot_read_is_refused_and_never_its_preview(tmp_path: Path) -> None:
    whole = dng(LIGHT, preview=LIGHT[::8, ::8])
    tiff = tmp_path / "photo.nef"  # a TIFF with a preview and nothing that LibRaw knows
    tiff.write_bytes(dng(np.stack([LIGHT] * 3, axis=-1)).replace(b"Test Cam", b"Nonsense")[:8] + bytes(64))
    with pytest.raises(PhotoError):
        Picture.read(tiff)
    for size in (len(whole) - 10, len(whole) // 2):
        with pytest.raises(PhotoError, match="is cut short"):
            Picture.read(whole[:size])
    Picture.from_array(LIGHT).save(tmp_path / "photo.tif")
    named = (tmp_path / "photo.tif").rename(tmp_path / "photo.cr2")
    with pytest.raises(PhotoKindError, match=r"is a camera raw that LibRaw cannot read .*; develop it first"):
        Picture.read(named)


def test_a_compression_that_libraw_does_not_know_is_no_damage() -> None:
    content = bytearray(dng(np.stack([LIGHT] * 3, axis=-1), preview=LIGHT[::8, ::8]))
    with tifffile.TiffFile(BytesIO(content)) as file:
        at = file.pages[0].pages[0].tags[259].valueoffset
    content[at : at + 2] = struct.pack("<H", 52546)  # JPEG XL, of DNG 1.7
    with pytest.raises(PhotoKindError, match=r"is a camera raw that LibRaw cannot read .*; develop it first"):
        Picture.read(bytes(content))


def test_too_large_is_found_before_it_is_developed() -> None:
    with pytest.raises(PhotoError, match="12,288 pixels, more than the 12,000"):
        PhotoFile(dng(LIGHT), max_pixels=12_000)
