"""Grey ICC profiles, against closed formulas and Little CMS; profiles made of a curve and chromaticities."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ImageCms

from color_files import colours, curv, encoded, grey_icc, lightness, para, ramp, srgb
from photochrom.io.icc import (
    SRGB_CURVE,
    Chromaticities,
    color_space,
    gamma_curve,
    grey_table,
    make_profile,
    table_curve,
)
from photochrom.io.picture import Picture

SRGB_POINTS = Chromaticities((0.3127, 0.3290), (0.64, 0.33), (0.30, 0.60), (0.15, 0.06))


def light(number: np.ndarray, curve: tuple[str, list[float]]) -> np.ndarray:
    """ICC.1:2022, 10.6 and 10.18, written down once more."""
    kind, v = curve
    if kind == "gamma":
        return number ** v[0]
    if kind == "table":
        return np.interp(number, np.linspace(0, 1, len(v)), v)
    if kind == "para3":
        g, a, b, c, d = v
        return np.where(number >= d, (a * number + b) ** g, c * number)
    if kind == "para4":
        g, a, b, c, d, e, f = v
        return np.where(number >= d, (a * number + b) ** g + e, c * number + f)
    g, a, b, c = v  # para2
    return np.where(number >= -b / a, np.maximum(a * number + b, 0) ** g + c, c)


def tag(curve: tuple[str, list[float]]) -> bytes:
    kind, v = curve
    if kind == "gamma":
        return curv(round(v[0] * 256))
    if kind == "table":
        return curv(*(round(value * 65535) for value in v))
    return para(int(kind[-1]), *v)


def fixed(low: float, high: float) -> st.SearchStrategy[float]:
    """Numbers that profiles hold exactly."""
    return st.integers(round(low * 256), round(high * 256)).map(lambda n: n / 256)


CURVES = st.one_of(
    fixed(0.5, 4).map(lambda g: ("gamma", [g])),
    st.lists(st.integers(0, 65535), min_size=2, max_size=40).map(
        lambda v: ("table", [n / 65535 for n in sorted(v)])
    ),
    st.tuples(fixed(1, 3), fixed(0.5, 1), fixed(0, 0.25), fixed(0.02, 0.5), fixed(0, 0.25)).map(
        lambda v: ("para3", [*v])
    ),
    st.tuples(
        fixed(1, 3), fixed(0.5, 1), fixed(0, 0.25), fixed(0.02, 0.5), fixed(0, 0.25), fixed(0, 0.1), fixed(0, 0.1)
    ).map(lambda v: ("para4", [*v])),
    st.tuples(fixed(1, 3), fixed(0.5, 1), fixed(-0.25, 0.25), fixed(0, 0.125)).map(lambda v: ("para2", [*v])),
)


@given(curve=CURVES, lab=st.booleans(), version=st.sampled_from([2, 4]), wide=st.booleans())
@settings(max_examples=150, deadline=None)
def test_a_grey_profile_is_its_curve(curve: tuple[str, list[float]], lab: bool, version: int, wide: bool) -> None:
    levels = 65536 if wide else 256
    profile = grey_icc(tag(curve), connection=b"Lab " if lab else b"XYZ ", version=version)
    table = grey_table(profile, levels)
    assert table is not None
    values = light(np.linspace(0, 1, levels), curve)
    if lab:  # the curve gives L*, and that is what comes out
        linear = np.interp(values * 100, lightness(np.linspace(0, 1, 1 << 18)), np.linspace(0, 1, 1 << 18))
    else:
        linear = values
    assert np.abs(table - srgb(linear) * (levels - 1)).max() <= 1.01


@pytest.mark.parametrize("connection", [b"XYZ ", b"Lab "])
@pytest.mark.parametrize("curve", [curv(), curv(256), curv(461), curv(0, 9000, 30000, 65535), para(0, 2.2)])
def test_little_cms_says_the_same_of_8_bits(curve: bytes, connection: bytes) -> None:
    profile = grey_icc(curve, connection=connection)
    transform = ImageCms.buildTransform(
        ImageCms.ImageCmsProfile(BytesIO(profile)),
        ImageCms.createProfile("sRGB"),
        "L",
        "RGB",
        flags=ImageCms.Flags.NOOPTIMIZE,
    )
    table = grey_table(profile, 256)
    assert table is not None
    theirs = np.asarray(ImageCms.applyTransform(PIL.Image.fromarray(ramp(np.uint8)), transform))[0]
    assert np.abs(table[:, None].astype(int) - theirs).max() <= 1


@pytest.mark.parametrize("format", ["PNG", "JPEG", "TIFF"])
def test_a_grey_file_is_read_by_its_profile(format: str) -> None:
    options = {"quality": 100} if format == "JPEG" else {}
    file = encoded(ramp(np.uint8), format, icc_profile=grey_icc(curv(256)), **options)
    pixels = Picture.read(file).pixels[8, :, 0].astype(int)
    assert np.abs(pixels - srgb(np.arange(256) / 255) * 255)[4:].max() <= (6 if format == "JPEG" else 1)


def test_16_bits_of_a_linear_grey_profile_are_exact() -> None:
    grey = np.tile(np.arange(65536, dtype=np.uint16), (4, 1))
    file = encoded(grey, "TIFF", icc_profile=grey_icc(curv(256)))
    pixels = Picture.read(file).pixels[2, :, 0].astype(int)
    assert np.abs(pixels - srgb(np.arange(65536) / 65535) * 65535).max() <= 1


def test_alpha_beside_grey_is_no_part_of_the_curve() -> None:
    alpha = ramp(np.uint8)[:, ::-1]
    both = np.dstack([ramp(np.uint8), alpha])
    picture = Picture.read(encoded(both, "PNG", icc_profile=grey_icc(curv(256))))
    assert np.array_equal(picture.alpha, alpha)
    assert np.abs(picture.pixels[0, :, 0] - srgb(np.arange(256) / 255) * 255).max() <= 1


@pytest.mark.parametrize("format", ["WEBP", "AVIF"])
def test_formats_without_grey_take_a_grey_profile_for_each_channel(format: str) -> None:
    options = {"lossless": True} if format == "WEBP" else {"quality": 100}
    file = encoded(ramp(np.uint8).repeat(8, axis=1), format, icc_profile=grey_icc(curv(256)), **options)
    picture = Picture.read(file)
    middle = picture.pixels[8, 4::8].astype(int)
    assert np.abs(middle - srgb(np.arange(256) / 255)[:, None] * 255)[8:].max() <= (1 if format == "WEBP" else 4)


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"acsp" * 60,
        grey_icc(b""),
        grey_icc(b"curv\0\0\0\0\0\0\x7f\xff"),
        grey_icc(para(9, 1.0)),
        grey_icc(para(3, 2.4)),
        grey_icc(para(0, -1.0)),
        grey_icc(para(1, 2.0, 0.0, 1.0)),
        grey_icc(curv(256))[:140],
    ],
)
def test_a_damaged_profile_has_no_curve(damaged: bytes) -> None:
    assert grey_table(damaged, 256) is None


def test_a_profile_with_a_table_of_colours_is_left_to_little_cms() -> None:
    assert grey_table(grey_icc(curv(256), A2B0=b"mft2" + bytes(60)), 256) is None


@given(
    gamma=st.floats(0.5, 4),
    red=st.tuples(st.floats(0.55, 0.7), st.floats(0.28, 0.34)),
    green=st.tuples(st.floats(0.15, 0.32), st.floats(0.58, 0.75)),
    blue=st.tuples(st.floats(0.12, 0.17), st.floats(0.04, 0.09)),
)
@settings(max_examples=40, deadline=None)
def test_a_made_profile_is_what_the_closed_formula_says(
    gamma: float, red: tuple[float, float], green: tuple[float, float], blue: tuple[float, float]
) -> None:
    points = Chromaticities(SRGB_POINTS.white, red, green, blue)
    profile = make_profile([gamma_curve(gamma)], points)
    assert profile is not None
    assert color_space(profile) == b"RGB "
    transform = ImageCms.buildTransform(
        ImageCms.ImageCmsProfile(BytesIO(profile)), ImageCms.createProfile("sRGB"), "RGB", "RGB"
    )
    cube = colours(np.uint8)
    theirs = np.asarray(ImageCms.applyTransform(PIL.Image.fromarray(cube), transform)).astype(float) / 255
    wanted = srgb((cube / 255.0) ** gamma @ (np.linalg.inv(to_xyz(SRGB_POINTS)) @ to_xyz(points)).T)
    # In linear light, where Little CMS rounds; out of sRGB it clips as we do.
    assert np.abs(linear(theirs) - linear(wanted)).max() < 0.01


def to_xyz(points: Chromaticities) -> np.ndarray:
    """The matrix from linear RGB to XYZ (SMPTE RP 177)."""
    columns = np.array([(x / y, 1, (1 - x - y) / y) for x, y in (points.red, points.green, points.blue)]).T
    x, y = points.white
    return columns * np.linalg.solve(columns, [x / y, 1, (1 - x - y) / y])


def linear(number: np.ndarray) -> np.ndarray:
    return np.where(number <= 0.04045, number / 12.92, ((number + 0.055) / 1.055) ** 2.4)


def test_curves_that_are_made_are_read_again() -> None:
    steps = np.linspace(0, 1, 65536)
    for curve, wanted in (
        (gamma_curve(1.8), steps**1.8),
        (SRGB_CURVE, linear(steps)),
        (table_curve([0, 20000, 65535]), np.interp(steps, [0, 0.5, 1], [0, 20000 / 65535, 1])),
    ):
        profile = make_profile([curve])
        assert profile is not None
        table = grey_table(profile, 65536)
        assert table is not None
        assert np.abs(table - srgb(wanted) * 65535).max() <= 2


@pytest.mark.parametrize(
    "points",
    [
        Chromaticities((0.3127, 0.3290), (0.3, 0.3), (0.3, 0.3), (0.3, 0.3)),
        Chromaticities((0.0, 0.0), (0.64, 0.33), (0.30, 0.60), (0.15, 0.06)),
        Chromaticities((0.7, 0.29), (0.64, 0.33), (0.30, 0.60), (0.15, 0.06)),
        Chromaticities((0.3127, 0.3290), (42949.0, 42949.0), (0.30, 0.60), (0.15, 0.06)),
    ],
)
def test_chromaticities_that_span_nothing_make_no_profile(points: Chromaticities) -> None:
    assert make_profile([SRGB_CURVE], points) is None
