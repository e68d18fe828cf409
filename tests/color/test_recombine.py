"""Lightness and a, b recombined to sRGB: the lightness stays, by scikit-image's account, whatever the colours."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage.color import lab2rgb, rgb2lab

from photochrom.color.recombine import lightness_of, recombine

DEPTHS = [np.uint8, np.uint16]
KINDS = ["in gamut", "half out", "any", "white paper", "black paper"]
XYZ = np.array([[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]])


def photo_and_ab(kind, depth, size=120_000, seed=0):
    """A grey photo and a, b for it, H×W×1 and H×W×2."""
    rng = np.random.default_rng(seed)
    top = np.iinfo(depth).max
    level, spread = {
        "in gamut": (rng.uniform(0.3, 0.8, size), 8),
        "half out": (rng.random(size), 40),
        "any": (rng.random(size), 90),
        "white paper": (np.minimum(rng.normal(0.98, 0.02, size), 1), 3),
        "black paper": (np.maximum(rng.normal(0.01, 0.02, size), 0), 3),
    }[kind]
    ab = rng.normal(0, spread, (300, size // 300, 2)).astype(np.float32)
    return np.round(level * top).astype(depth).reshape(300, -1, 1), ab


def in_levels(lightness, depth):
    """Where an L lies among the grey levels of a depth, as scikit-image sees them: one step is 1."""
    levels = np.arange(np.iinfo(depth).max + 1, dtype=depth)
    return np.interp(lightness, rgb2lab(np.repeat(levels[:, None], 3, axis=1))[:, 0], levels)


def exactly(lightness, ab):
    """Linear RGB in float64, and the same with the largest share of chroma that fits: white is R = G = B = 1."""

    def linear(share):
        fy = (lightness + 16) / 116
        f = np.stack([fy + share * ab[..., 0] / 500, fy, fy - share * ab[..., 1] / 200], axis=-1)
        xyz = np.where(f > 6 / 29, f**3, (f - 4 / 29) * 3 * (6 / 29) ** 2)
        return (xyz * XYZ.sum(axis=1)) @ np.linalg.inv(XYZ).T

    def fits(rgb):
        return ((rgb >= -1e-9) & (rgb <= 1 + 1e-9)).all(axis=-1)

    lightness, ab = np.asarray(lightness, float), np.asarray(ab, float)
    whole = linear(1.0)
    low, high = np.zeros(lightness.shape), np.ones(lightness.shape)
    for _ in range(40):
        middle = (low + high) / 2
        inside = fits(linear(middle))
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    inside = fits(whole)
    return np.where(inside[..., None], whole, linear(low)), inside


def encoded(linear, depth):
    linear = np.clip(linear, 0, 1)
    srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.round(srgb * np.iinfo(depth).max).astype(int)


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("kind", KINDS)
def test_lightness_is_the_photo_s(kind, depth):
    photo, ab = photo_and_ab(kind, depth)
    result = recombine(photo, lightness_of(photo), ab)
    assert result.dtype == depth
    off = np.abs(in_levels(rgb2lab(result)[..., 0], depth) - photo[..., 0])
    assert np.quantile(off, 0.999) <= 1
    assert off.max() <= 2


@pytest.mark.parametrize("depth", DEPTHS)
@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_lightness_is_the_photo_s_for_any_ab(depth, data):
    photo = data.draw(hnp.arrays(depth, (6, 5, 1)))
    ab = data.draw(hnp.arrays(np.float32, (6, 5, 2), elements=st.floats(-128, 128, width=32)))
    off = in_levels(rgb2lab(recombine(photo, lightness_of(photo), ab))[..., 0], depth) - photo[..., 0]
    assert np.abs(off).max() <= 2


@pytest.mark.filterwarnings("ignore:Conversion from CIE-LAB")  # of those out of gamut
@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("kind", KINDS)
def test_colors_in_gamut_are_those_of_the_formula(kind, depth):
    photo, ab = photo_and_ab(kind, depth)
    lightness = lightness_of(photo)
    result = recombine(photo, lightness, ab).astype(int)
    linear, inside = exactly(lightness, ab)
    assert inside.mean() > 0.05
    assert np.abs(result - encoded(linear, depth))[inside].max() <= 1
    # scikit-image's white is not quite that of its matrix; the difference is a hundredth of a unit of a, b.
    if depth == np.uint8:
        other = np.round(lab2rgb(np.dstack([lightness, ab]).astype(float)) * 255)
        assert np.abs(result - other)[inside].max() <= 1
    else:
        back = rgb2lab(result.astype(depth))[..., 1:]
        assert np.abs(back - ab)[inside & (photo[..., 0] > 1000)].max() < 0.01


@pytest.mark.parametrize("kind", KINDS)
def test_colors_out_of_gamut_are_the_nearest_of_their_hue_to_an_8_bit_step(kind):
    photo, ab = photo_and_ab(kind, np.uint8)
    lightness = lightness_of(photo)
    linear, _ = exactly(lightness, ab)
    off = np.abs(recombine(photo, lightness, ab).astype(int) - encoded(linear, np.uint8)).max(axis=-1)
    assert np.quantile(off, 0.999) <= 1


@pytest.mark.parametrize("kind", KINDS)
def test_colors_out_of_gamut_keep_their_hue_and_lose_chroma(kind):
    photo, ab = photo_and_ab(kind, np.uint16)
    lab = rgb2lab(recombine(photo, lightness_of(photo), ab))
    chroma = np.hypot(ab[..., 0], ab[..., 1])
    along = (lab[..., 1:] * ab).sum(axis=-1) / chroma
    across = (lab[..., 1] * ab[..., 1] - lab[..., 2] * ab[..., 0]) / chroma
    lit = photo[..., 0] > 1000  # below, a rounding of 16 bits turns a hue
    assert (along <= chroma + 0.05)[lit].all()
    assert np.quantile(np.abs(across[lit]), 0.999) < 0.2
    assert np.abs(across[lit]).mean() < 0.02


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("channels", [1, 3])
def test_grey_without_color_stays_itself_at_every_level(depth, channels):
    levels = np.arange(np.iinfo(depth).max + 1, dtype=depth).reshape(1, -1, 1).repeat(channels, axis=2)
    result = recombine(levels, lightness_of(levels), np.zeros((*levels.shape[:2], 2), np.float32))
    assert np.array_equal(result, np.broadcast_to(levels, result.shape))


@pytest.mark.parametrize("depth", DEPTHS)
def test_white_and_black_have_no_color(depth):
    top = np.iinfo(depth).max
    photo = np.repeat(np.array([[0], [top]], depth), 50_000, axis=1)[..., None]
    ab = np.random.default_rng(1).normal(0, 20, (2, 50_000, 2)).astype(np.float32)
    assert np.array_equal(recombine(photo, lightness_of(photo), ab), np.repeat(photo, 3, axis=2))


@pytest.mark.parametrize("depth", DEPTHS)
def test_a_photo_s_own_colors_come_back(depth):
    rgb = np.random.default_rng(2).integers(0, np.iinfo(depth).max + 1, (200, 300, 3)).astype(depth)
    ab = rgb2lab(rgb)[..., 1:].astype(np.float32)
    back = recombine(rgb, lightness_of(rgb), ab)
    if depth == np.uint8:
        assert np.abs(back.astype(int) - rgb).max() <= 1
    assert np.abs(rgb2lab(back) - rgb2lab(rgb)).max() < (0.5 if depth == np.uint8 else 0.02)


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("channels", [1, 3])
def test_lightness_is_that_of_scikit_image(depth, channels):
    top = np.iinfo(depth).max
    pixels = np.random.default_rng(3).integers(0, top + 1, (150, 200, channels)).astype(depth)
    pixels[0] //= 100  # the straight line near black
    lightness = lightness_of(pixels)
    assert lightness.dtype == np.float32
    wide = np.broadcast_to(pixels, (150, 200, 3))
    assert np.abs(lightness - rgb2lab(wide)[..., 0]).max() < 1e-4


def test_a_part_gives_what_the_whole_gives_also_in_threads_and_from_views():
    photo, ab = photo_and_ab("half out", np.uint16)
    lightness = lightness_of(photo)
    whole = recombine(photo, lightness, ab)
    rows = [slice(start, start + 37) for start in range(0, 300, 37)]
    with ThreadPoolExecutor(4) as pool:
        parts = list(pool.map(lambda part: recombine(photo[part], lightness[part], ab[part]), rows))
    # Products of matrices round the last pixels of a block in another order.
    assert np.abs(np.concatenate(parts).astype(int) - whole).max() <= 1
    every = slice(None), slice(None, None, 3)
    views = recombine(photo[every], lightness[every], ab[every])
    assert np.abs(views.astype(int) - whole[every]).max() <= 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 70_000), (70_000, 1), (0, 5)])
def test_any_shape(shape):
    photo = np.full((*shape, 1), 128, np.uint8)
    ab = np.full((*shape, 2), 10, np.float32)
    result = recombine(photo, lightness_of(photo), ab)
    assert result.shape == (*shape, 3)
    assert (result == result[:1, :1]).all()
