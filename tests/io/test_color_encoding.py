"""What a file's numbers mean: PNG's chunks, EXIF, TIFF, BMP and HEIF, each against a closed formula."""

from __future__ import annotations

import struct
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from color_files import chrm, chunk, cicp, colours, curv, encoded, gama, grey_icc, iccp, lightness, png, ramp, srgb
from photochrom.errors import PhotoError
from photochrom.io.icc import Chromaticities, gamma_curve, make_profile
from photochrom.io.metadata.exif import make_block
from photochrom.io.metadata.ifd import EXIF, INTEROP, Value
from photochrom.io.picture import Picture
from photochrom.io.reader import PhotoFile
from photochrom.io.vips import image_from_array

D65 = (0.3127, 0.3290)
REC709 = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
ADOBE = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
P3 = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))


def linear(number: Any) -> Any:
    """IEC 61966-2-1: from numbers to light, both 0..1."""
    number = np.asarray(number, np.float64)
    return np.where(number <= 0.04045, number / 12.92, ((number + 0.055) / 1.055) ** 2.4)


def to_xyz(red: Any, green: Any, blue: Any) -> Any:
    """The matrix from linear RGB of white D65 to XYZ (SMPTE RP 177)."""
    columns = np.array([(x / y, 1, (1 - x - y) / y) for x, y in (red, green, blue)]).T
    x, y = D65
    return columns * np.linalg.solve(columns, [x / y, 1, (1 - x - y) / y])


LUMINANCE = np.array([0.2126, 0.7152, 0.0722])


def off(file: bytes | Path, wanted: Any) -> float:
    """How far a file's lightness, as it is read, is from that of linear light in sRGB's primaries, in L*."""
    picture = Picture.read(file)
    seen = linear(picture.pixels / np.iinfo(picture.dtype).max)
    wanted = np.clip(np.broadcast_to(wanted if np.ndim(wanted) == 3 else wanted[..., None], seen.shape), 0, 1)
    assert np.abs(srgb(seen) - srgb(wanted)).max() < 0.02  # nor may a colour be another
    if seen.shape[2] == 3:
        seen, wanted = seen @ LUMINANCE, wanted @ LUMINANCE
    return float(np.abs(lightness(seen) - lightness(wanted)).max())


def told(file: bytes) -> list[str]:
    return [note.text for note in PhotoFile(file).notes]


@given(gamma=st.floats(0.4, 3.2), grey=st.booleans(), wide=st.booleans())
@settings(max_examples=60, deadline=None)
def test_gama_is_the_exponent(gamma: float, grey: bool, wide: bool) -> None:
    pixels = (ramp if grey else colours)(np.uint16 if wide else np.uint8)
    stored = 1 / (round(100_000 / gamma) / 100_000)
    light = (pixels / np.iinfo(pixels.dtype).max) ** stored
    if abs(stored / 2.2 - 1) < 0.0125:  # by custom sRGB's curve
        read = Picture.read(png(pixels, gama(gamma))).pixels
        assert np.array_equal(read.squeeze(), pixels)
    else:
        # 8 bits hold dark tones of 0.6 L* a step.
        assert off(png(pixels, gama(gamma)), light) < (0.1 if wide else 0.7)


def test_a_grey_png_may_have_a_profile_of_rgb() -> None:
    profile = make_profile([gamma_curve(1.0)], Chromaticities(D65, *ADOBE))
    assert profile is not None
    pixels = ramp(np.uint16)
    assert off(png(pixels, iccp(profile)), pixels / 65535) < 0.1


@pytest.mark.parametrize("number", [45455, 45454, 45000, 45900])
def test_the_customary_gama_is_srgb(number: int) -> None:
    pixels = colours(np.uint8)
    picture = Picture.read(png(pixels, chunk(b"gAMA", struct.pack(">I", number)), chrm(D65, *REC709)))
    assert np.array_equal(picture.pixels, pixels)


@given(
    red=st.tuples(st.floats(0.6, 0.68), st.floats(0.3, 0.33)),
    green=st.tuples(st.floats(0.2, 0.32), st.floats(0.58, 0.72)),
    gamma=st.floats(1, 2.6),
    wide=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_chrm_says_the_primaries(red: Any, green: Any, gamma: float, wide: bool) -> None:
    cube = colours(np.uint16 if wide else np.uint8)
    points = (red, green, (0.15, 0.06))
    stored = 1 / (round(100_000 / gamma) / 100_000)
    matrix = np.linalg.inv(to_xyz(*REC709)) @ to_xyz(*points)
    wanted = (cube / np.iinfo(cube.dtype).max) ** stored @ matrix.T
    assert off(png(cube, gama(gamma), chrm(D65, *points)), wanted) < (0.05 if wide else 0.5)


def test_chrm_without_gama_has_the_curve_of_srgb() -> None:
    cube = colours(np.uint16)
    matrix = np.linalg.inv(to_xyz(*REC709)) @ to_xyz(*ADOBE)
    assert off(png(cube, chrm(D65, *ADOBE)), linear(cube / 65535) @ matrix.T) < 0.1


def test_adobe_rgb_of_a_png_without_profile() -> None:
    cube = colours(np.uint16)
    matrix = np.linalg.inv(to_xyz(*REC709)) @ to_xyz(*ADOBE)
    file = png(cube, gama(563 / 256), chrm(D65, *ADOBE))
    assert off(file, (cube / 65535) ** (563 / 256) @ matrix.T) < 0.1


SAYINGS = {  # in their order of precedence, and the exponent that each says
    "cICP": (cicp(1, 8), 1.0),
    "iCCP": (iccp(grey_icc(curv(round(1.4 * 256)))), round(1.4 * 256) / 256),
    "sRGB": (chunk(b"sRGB", b"\0"), None),
    "gAMA": (gama(1.8), 1.8),
}


@pytest.mark.parametrize("which", [n for n in product([False, True], repeat=4) if any(n)])
def test_pngs_statements_hold_in_their_order(which: tuple[bool, ...]) -> None:
    said = [saying for saying, there in zip(SAYINGS.values(), which, strict=True) if there]
    pixels = ramp(np.uint16)
    exponent = said[0][1]
    values = pixels / 65535
    wanted = linear(values) if exponent is None else values**exponent
    for order in (1, -1):  # in the file
        file = png(pixels, *(chunk for chunk, _ in said[::order]))
        assert off(file, wanted) < 0.1
        assert PhotoFile(file).metadata.profile  # so that the result says what its own numbers are


@pytest.mark.parametrize(
    ("primaries", "points"), [(1, REC709), (12, P3), (9, ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)))]
)
@pytest.mark.parametrize(
    ("transfer", "curve"), [(13, linear), (8, np.array), (4, lambda v: v**2.2), (2, linear), (1, linear)]
)
def test_cicp_says_primaries_and_curve(primaries: int, points: Any, transfer: int, curve: Any) -> None:
    cube = colours(np.uint16)
    matrix = np.linalg.inv(to_xyz(*REC709)) @ to_xyz(*points)
    assert off(png(cube, cicp(primaries, transfer)), curve(cube / 65535) @ matrix.T) < 0.1


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (cicp(9, 16), "is HDR (PQ)"),
        (cicp(9, 18), "is HDR (HLG)"),
        (cicp(1, 13, full_range=0), "narrow range"),
        (cicp(1, 9), "code points 1 and 9"),
        (cicp(77, 13), "code points 77 and 13"),
    ],
)
@pytest.mark.parametrize("beside", [b"", iccp(grey_icc(curv(256))), chunk(b"sRGB", b"\0")])
def test_what_is_no_print_s_lightness_is_refused(said: bytes, problem: str, beside: bytes) -> None:
    with pytest.raises(PhotoError) as error:
        PhotoFile(png(ramp(np.uint16), said, beside), name="hdr.png")
    assert problem in error.value.problem
    assert "sRGB" in error.value.remedy or "full range" in error.value.remedy


@pytest.mark.parametrize(
    ("said", "note"),
    [
        (chunk(b"gAMA", bytes(4)), "gAMA is no gamma"),
        (chunk(b"gAMA", b"\xff" * 4), "gAMA is no gamma"),
        (chunk(b"cHRM", bytes(32)), "cHRM spans no colours"),
        (cicp(1, 8, matrix=1), "cICP is invalid"),
        (iccp(grey_icc(curv(256))), "not of its kind"),
        (chunk(b"iCCP", b"damaged\0\0no zlib"), "not of its kind"),
    ],
)
def test_nonsense_is_left_aside_and_that_is_said(said: bytes, note: str) -> None:
    cube = colours(np.uint8)
    assert np.array_equal(Picture.read(png(cube, said)).pixels, cube)
    (text,) = told(png(cube, said))
    assert note in text
    assert text.endswith("left aside")


def test_chunks_of_a_wrong_length_are_none() -> None:
    cube = colours(np.uint8)
    file = png(cube, chunk(b"gAMA", b"\0\1"), chunk(b"cICP", b"\1"), chunk(b"cHRM", bytes(31)))
    assert np.array_equal(Picture.read(file).pixels, cube)


def test_a_damaged_profile_of_the_right_kind_is_left_aside_and_that_is_said() -> None:
    profile = bytearray(grey_icc(curv(256)))
    profile[128:132] = bytes(4)  # no tags
    file = encoded(ramp(np.uint8), "TIFF", icc_profile=bytes(profile))
    assert np.array_equal(Picture.read(file).pixels[..., 0], ramp(np.uint8))
    (text,) = told(file)
    assert text == "its ICC profile is damaged, and was left aside"


def exif(
    space: int | None = None, index: str | None = None, gamma: tuple[int, int] | None = None, order: str = "<"
) -> bytes:
    """An EXIF block that says something of colours."""
    inner: dict[int, Any] = {}
    if space is not None:
        inner[0xA001] = Value(3, struct.pack(f"{order}H", space))
    if gamma is not None:
        inner[0xA500] = Value(5, struct.pack(f"{order}2I", *gamma))
    if index is not None:
        inner[INTEROP] = {1: Value(2, index.encode() + b"\0")}
    return make_block({EXIF: inner}, order)


def in_adobe_rgb(cube: Any) -> Any:
    return (cube / 255) ** (563 / 256) @ (np.linalg.inv(to_xyz(*REC709)) @ to_xyz(*ADOBE)).T


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("space", "index", "adobe"),
    [
        (65535, "R03", True),
        (None, "R03", True),
        (2, None, True),
        (2, "R98", True),
        (1, "R03", False),
        (65535, "R98", False),
        (65535, None, False),
        (None, "R98", False),
    ],
)
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_dcfs_option_file_is_adobe_rgb(
    space: int | None, index: str | None, adobe: bool, order: str, format: str
) -> None:
    cube = colours(np.uint8).repeat(8, axis=0).repeat(8, axis=1)
    options: dict[str, Any] = {"JPEG": {"quality": 100, "subsampling": 0}, "WEBP": {"lossless": True}}.get(
        format, {}
    )
    file = encoded(cube, format, exif=exif(space, index, order=order), **options)
    wanted = in_adobe_rgb(cube) if adobe else linear(cube / 255)
    picture = Picture.read(file)
    seen = picture.pixels[4::8, 4::8] / 255
    assert np.abs(seen - srgb(wanted[4::8, 4::8])).max() < (0.03 if format == "JPEG" else 0.01)
    assert picture.metadata.profile == adobe


def test_an_icc_profile_holds_before_exif() -> None:
    file = encoded(ramp(np.uint8), "PNG", icc_profile=grey_icc(curv(256)), exif=exif(65535, "R03"))
    assert off(file, ramp(np.uint8) / 255) < 0.7


def test_pngs_chunks_hold_before_exif() -> None:
    cube = colours(np.uint8)
    raw = exif(65535, "R03").removeprefix(b"Exif\0\0")
    assert np.array_equal(Picture.read(png(cube, chunk(b"sRGB", b"\0"), chunk(b"eXIf", raw))).pixels, cube)
    assert not np.array_equal(Picture.read(png(cube, chunk(b"eXIf", raw))).pixels, cube)


def test_xmp_may_say_it_too() -> None:
    from photochrom.io.metadata.xmp.added import FRESH

    cube = colours(np.uint8)
    said = b'<rdf:Description rdf:about="" xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:ColorSpace="65535"'
    said += b' xmlns:exifEX="http://cipa.jp/exif/1.0/" exifEX:InteroperabilityIndex="R03"/>'
    packet = FRESH.replace(b'<rdf:Description rdf:about=""/>', said)
    file = png(cube, chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet))
    assert off(file, in_adobe_rgb(cube)) < 1
    after = Picture.read(file).metadata.file.xmp
    assert after is not None
    assert b"R03" not in after
    assert b"65535" not in after


def test_uncalibrated_exif_may_say_gamma_and_primaries() -> None:
    numbers = [n for point in ADOBE for number in point for n in (round(number * 1000), 1000)]
    block = make_block(
        {
            318: Value(5, struct.pack("<4I", 3127, 10000, 3290, 10000)),
            319: Value(5, struct.pack("<12I", *numbers)),
            EXIF: {0xA001: Value(3, b"\xff\xff"), 0xA500: Value(5, struct.pack("<2I", 18, 10))},
        }
    )
    cube = colours(np.uint8)
    file = encoded(cube, "PNG", exif=block)
    matrix = np.linalg.inv(to_xyz(*REC709)) @ to_xyz(*ADOBE)
    assert off(file, (cube / 255) ** 1.8 @ matrix.T) < 1
    after = Picture.read(file).metadata.file.exif
    assert after is not None
    assert struct.pack("<HH", 319, 5) not in after  # no entries of them
    assert struct.pack("<HH", 0xA500, 5) not in after


def tiff(pixels: Any, tags: list[tuple[Any, ...]], **options: Any) -> bytes:
    """Encode with tifffile, which writes any tag."""
    from io import BytesIO

    import tifffile

    buffer = BytesIO()
    options.setdefault("photometric", "rgb" if pixels.ndim == 3 else "minisblack")
    tifffile.imwrite(buffer, pixels, extratags=tags, metadata=None, **options)
    return buffer.getvalue()


def test_tiffs_own_colorimetry_is_followed() -> None:
    cube = colours(np.uint8)
    table = [round(65535 * (n / 255) ** 1.4) for n in range(256)]
    numbers = [n for point in ADOBE for number in point for n in (round(number * 1000), 1000)]
    tags = [
        (301, 3, 768, table * 3, False),
        (318, 5, 2, (3127, 10000, 3290, 10000), False),
        (319, 5, 6, tuple(numbers), False),
    ]
    matrix = np.linalg.inv(to_xyz(*REC709)) @ to_xyz(*ADOBE)
    assert off(tiff(cube, tags), (cube / 255) ** 1.4 @ matrix.T) < 1
    assert off(tiff(ramp(np.uint8), [(301, 3, 256, table, False)]), (ramp(np.uint8) / 255) ** 1.4) < 0.7


def test_a_16_bit_tiffs_transfer_function_has_65536_entries() -> None:
    table = [round(65535 * (n / 65535) ** 1.8) for n in range(65536)]
    pixels = ramp(np.uint16, 1000)
    assert off(tiff(pixels, [(301, 3, 65536, table, False)]), (pixels / 65535) ** 1.8) < 0.1


@pytest.mark.parametrize(
    ("tag", "note"),
    [
        ((301, 3, 100, list(range(100)), False), "TransferFunction is damaged"),
        ((301, 3, 256, [0] * 256, False), "TransferFunction is damaged"),
        ((532, 5, 6, (16, 1, 235, 1) * 3, False), "ReferenceBlackWhite"),
    ],
)
def test_what_a_tiff_says_and_cannot_be_followed_is_told(tag: Any, note: str) -> None:
    cube = colours(np.uint8)
    (text,) = told(tiff(cube, [tag]))
    assert note in text
    assert np.array_equal(Picture.read(tiff(cube, [tag])).pixels, cube)


def test_white_is_zero_of_16_bits_is_read_as_a_positive() -> None:
    pixels = ramp(np.uint16)
    file = tiff(65535 - pixels, [], photometric="miniswhite")
    assert np.array_equal(Picture.read(file).pixels[..., 0], pixels)


def test_16_bit_grey_may_have_a_profile_of_rgb() -> None:
    profile = make_profile([gamma_curve(1.0)], Chromaticities(D65, *ADOBE))
    pixels = ramp(np.uint16)
    assert off(tiff(pixels, [], iccprofile=profile), pixels / 65535) < 0.1


def bmp(pixels: Any, kind: bytes, *, gammas: Any = (0, 0, 0), points: Any = (), profile: bytes = b"") -> bytes:
    """Encode uint8 RGB of a width that 4 divides as a BMP of version 5."""
    height, width, _ = pixels.shape
    body = pixels[::-1, :, ::-1].tobytes()
    ends = [round(number * (1 << 30)) for x, y in points for number in (x, y, 1 - x - y)] or [0] * 9
    head = struct.pack("<IiiHHIIiiII", 124, width, height, 1, 24, 0, len(body), 2835, 2835, 0, 0)
    head += struct.pack("<4I", 0, 0, 0, 0) + kind + struct.pack("<9I", *ends)
    head += struct.pack("<3I", *(round(gamma * 65536) for gamma in gammas))
    head += struct.pack("<4I", 4, 124 + len(body), len(profile), 0)
    return struct.pack("<2sIHHI", b"BM", 138 + len(body) + len(profile), 0, 0, 138) + head + body + profile


def test_a_calibrated_bmp_is_followed() -> None:
    cube = colours(np.uint8)
    matrix = np.linalg.inv(to_xyz(*REC709)) @ to_xyz(*ADOBE)
    file = bmp(cube, b"\0\0\0\0", gammas=(1.8,) * 3, points=ADOBE)
    assert off(file, (cube / 255) ** 1.8 @ matrix.T) < 1
    assert np.array_equal(Picture.read(bmp(cube, b"\0\0\0\0")).pixels, cube)  # most say nothing
    assert np.array_equal(Picture.read(bmp(cube, b"BGRs", gammas=(1.8,) * 3, points=ADOBE)).pixels, cube)


def test_a_profile_in_a_bmp_is_followed() -> None:
    cube = colours(np.uint8)
    profile = make_profile([gamma_curve(1.0)], Chromaticities(D65, *REC709))
    assert profile is not None
    assert off(bmp(cube, b"DEBM", profile=profile), cube / 255) < 1
    assert told(bmp(cube, b"KNIL")) == ["its ICC profile is in another file, and was left aside"]


def with_nclx(file: bytes, primaries: int, transfer: int) -> bytes:
    """Change what an AVIF of libvips says of its colours."""
    at = file.index(b"colrnclx") + 8
    return file[:at] + struct.pack(">HH", primaries, transfer) + file[at + 4 :]


def avif(pixels: Any) -> bytes:
    made: bytes = image_from_array(pixels).write_to_buffer(".avif", lossless=True)
    return made


def test_an_avifs_nclx_is_followed() -> None:
    cube = colours(np.uint8)
    file = avif(cube)
    assert np.array_equal(Picture.read(file).pixels, cube)
    assert not PhotoFile(file).metadata.profile
    matrix = np.linalg.inv(to_xyz(*REC709)) @ to_xyz(*P3)
    assert off(with_nclx(file, 12, 13), linear(cube / 255) @ matrix.T) < 1
    for transfer, curve in ((16, "PQ"), (18, "HLG")):
        with pytest.raises(PhotoError, match=f"is HDR \\({curve}\\)"):
            PhotoFile(with_nclx(file, 9, transfer))


@given(at=st.integers(0, 700), byte=st.integers(0, 255))
@settings(max_examples=150, deadline=None)
def test_a_damaged_nclx_is_no_crash(at: int, byte: int) -> None:
    from photochrom.io.cicp import read_nclx

    file = bytearray(AVIF)
    file[min(at, len(file) - 1)] = byte
    read_nclx(bytes(file))
    read_nclx(bytes(file[:at]))


AVIF = avif(colours(np.uint8))
