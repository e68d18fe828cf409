"""JPEGs decoded at one go have the pixels that they have otherwise; what is damaged or not plain is told alike.

Bytes are read the quick way where that is possible, a path never is: so both are compared.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms
from PIL.TiffImagePlugin import IFDRational

from photochrom.errors import PhotoError
from photochrom.io.crops import read_crop, read_resized
from photochrom.io.plain_jpeg import PlainJpeg

ORIENTATION, EXIF, COLOR_SPACE, GAMMA, PRIMARIES = 0x0112, 0x8769, 0xA001, 0xA500, 319
READERS = (read_crop, read_resized)


def photo(height: int, width: int, *, mode: str = "RGB", seed: int = 0) -> Image.Image:
    """Draw soft colours under a little grain."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (5, 6, 3), dtype=np.uint8))
    soft = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), np.int16)
    grainy = soft + rng.integers(-8, 9, (height, width, 1))
    return Image.fromarray(np.clip(grainy, 0, 255).astype(np.uint8)).convert(mode)


def jpeg(image: Image.Image, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", **options)
    return file.getvalue()


def exif(inner: dict[int, Any] | None = None, **outer: Any) -> bytes:
    block = Image.Exif()
    for tag, value in outer.items():
        block[int(tag.removeprefix("tag"))] = value
    if inner is not None:
        block[EXIF] = inner
    return block.tobytes()


def outcome(read: Any, source: bytes | Path, size: int) -> np.ndarray | str:
    try:
        pixels: np.ndarray = read(source, size, name="it")
    except PhotoError as error:
        return str(error)
    return pixels


def check_alike(data: bytes, folder: Path, size: int) -> None:
    path = folder / "photo.jpg"
    path.write_bytes(data)
    for read in READERS:
        quick, usual = outcome(read, data, size), outcome(read, path, size)
        assert isinstance(quick, str) == isinstance(usual, str), (quick, usual)
        assert np.array_equal(quick, usual), read.__name__


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    height=st.integers(1, 300),
    width=st.integers(1, 300),
    size=st.sampled_from([8, 16, 33, 100]),
    mode=st.sampled_from(["RGB", "RGB", "L"]),
    quality=st.sampled_from([30, 75, 98]),
    subsampling=st.sampled_from(["4:4:4", "4:2:2", "4:2:0"]),
    progressive=st.booleans(),
)
def test_a_plain_jpeg_has_the_same_pixels(
    tmp_path: Path,
    height: int,
    width: int,
    size: int,
    mode: str,
    quality: int,
    subsampling: str,
    progressive: bool,
) -> None:
    options = {} if mode == "L" else {"subsampling": subsampling}
    data = jpeg(photo(height, width, mode=mode), quality=quality, progressive=progressive, **options)
    assert PlainJpeg.open(data, "it") is not None
    check_alike(data, tmp_path, size)


def test_what_changes_no_pixel_leaves_a_jpeg_plain(tmp_path: Path) -> None:
    colours = photo(60, 80)
    for options in (
        {"exif": exif({COLOR_SPACE: 1}, tag271="Maker", tag274=1)},
        {"exif": exif({COLOR_SPACE: 0xFFFF})},
        {"xmp": b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"},
        {"comment": b"a cat"},
        {"dpi": (300, 300)},
    ):
        data = jpeg(colours, **options)
        assert PlainJpeg.open(data, "it") is not None, options
        check_alike(data, tmp_path, 16)
    assert PlainJpeg.open(jpeg(colours) + b"what a phone puts behind", "it") is not None


def test_what_changes_pixels_is_left_to_the_usual_way(tmp_path: Path) -> None:
    colours = photo(60, 80)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    primaries = tuple(IFDRational(number, 100) for number in (70, 30, 20, 70, 15, 6))
    kinds = {
        "turned": jpeg(colours, exif=exif(tag274=6)),
        "Adobe RGB": jpeg(colours, exif=exif({COLOR_SPACE: 2})),
        "Adobe RGB by XMP": jpeg(colours, xmp=b"<r exif:ColorSpace='2' xmlns:exif='e'/>"),
        "gamma": jpeg(colours, exif=exif({COLOR_SPACE: 0xFFFF, GAMMA: IFDRational(10, 10)})),
        "primaries": jpeg(colours, exif=exif({COLOR_SPACE: 0xFFFF}, **{f"tag{PRIMARIES}": primaries})),
        "profile": jpeg(colours, icc_profile=profile),
        "CMYK": jpeg(colours.convert("CMYK")),
        "unreadable EXIF": jpeg(colours, exif=b"Exif\0\0nothing"),
    }
    plain = read_crop(jpeg(colours), 16)
    for kind, data in kinds.items():
        assert PlainJpeg.open(data, "it") is None, kind
        check_alike(data, tmp_path, 16)
        if kind not in ("profile", "unreadable EXIF"):
            assert not np.array_equal(read_crop(data, 16), plain), kind
    file = io.BytesIO()
    colours.save(file, "PNG")
    assert PlainJpeg.open(file.getvalue(), "it") is None
    assert PlainJpeg.open(b"\xff\xd8\xff", "it") is None


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_jpeg_is_told_of_as_always(tmp_path: Path, data: st.DataObject) -> None:
    whole = jpeg(photo(90, 120), exif=exif({COLOR_SPACE: 1}, tag274=1), progressive=data.draw(st.booleans()))
    place = data.draw(st.integers(0, len(whole) - 1) | st.integers(2, 160))
    kind = data.draw(st.sampled_from(["changed", "cut short", "lost", "added"]))
    some = data.draw(st.binary(min_size=1, max_size=12))
    check_alike(
        {
            "changed": whole[:place] + some + whole[place + len(some) :],
            "cut short": whole[:place],
            "lost": whole[:place] + whole[place + len(some) :],
            "added": whole[:place] + some + whole[place:],
        }[kind],
        tmp_path,
        33,
    )


def test_a_jpeg_cut_short_is_no_photo() -> None:
    whole = jpeg(photo(90, 120))
    with pytest.raises(PhotoError, match="cut short"):
        read_crop(whole[: len(whole) // 2], 16)
    assert np.array_equal(read_crop(whole[:-2], 16), read_crop(whole, 16))  # only the mark of the end is missing
