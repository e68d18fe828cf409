"""A photo's own pixels and the colours of its small copy, put together strip by strip."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom import Colorizer, Picture
from photochrom.color.cielab import rgb_to_lab
from photochrom.inference.compose import beside, compose


def photo(height: int, width: int, bands: int, dtype: type = np.uint8) -> Picture:
    """A soft slope of light with grain; what is uint16 is the same photo."""
    light = np.linspace(60, 200, width).astype(np.uint8)[None, :, None]
    grain = np.random.default_rng(0).integers(0, 13, (height, width, bands), np.uint8)
    pixels = light + grain
    return Picture.from_array(pixels if dtype == np.uint8 else pixels.astype(np.uint16) * 257)


def colours(height: int = 24, width: int = 32) -> tuple[np.ndarray, np.ndarray]:
    """A small copy's lightness and its a, b, which go round the hues."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    ab = np.stack([30 * np.cos(x / 6), 30 * np.sin(y / 6)], axis=2)
    return 30 + 40 * x / width, ab.astype(np.float32)


def composed(picture: Picture, threads: int = 1, **more: object) -> tuple[np.ndarray, np.ndarray]:
    own, coloured = zip(*compose(picture, *colours(), threads, **more), strict=True)  # type: ignore[arg-type]
    return np.concatenate(own), np.concatenate(coloured)


@pytest.mark.parametrize("bands", [1, 3])
def test_large_photos_are_looked_up_much_as_they_are_computed(bands: int) -> None:
    quick, exact = photo(1 << 11, 1 << 11, bands), photo(1 << 11, 1 << 11, bands, np.uint16)
    some = slice(100, 132)  # rows at the top are skipped, so that it shows which rows these are

    def rows(picture: Picture) -> np.ndarray:
        strips = np.split(picture.pixels[: some.stop], [some.start])
        return list(compose(picture, *colours(), 1, strips))[1][1]

    wanted = rows(exact) / 257
    off = np.abs(rows(quick) - wanted)
    assert off.mean() < 0.8
    assert off.max() < 6
    assert np.abs(wanted - wanted.mean(2, keepdims=True)).mean() > 10  # which are colours


@pytest.mark.parametrize("bands", [1, 3])
def test_small_photos_of_8_bits_are_those_of_16_to_a_step(bands: int) -> None:
    (_, eight), (_, sixteen) = (composed(photo(90, 120, bands, dtype)) for dtype in (np.uint8, np.uint16))
    assert (eight.dtype, sixteen.dtype) == (np.uint8, np.uint16)
    assert np.abs(eight - sixteen / 257).max() <= 1


def test_lightness_is_the_photos_own_and_colours_are_the_copys() -> None:
    own, coloured = composed(photo(96, 128, 1))
    lab = rgb_to_lab(coloured)
    np.testing.assert_allclose(lab[..., 0], rgb_to_lab(own.repeat(3, 2))[..., 0], atol=0.5)
    _, ab = colours()
    assert np.abs(lab[2::4, 2::4, 1:] - ab).mean() < 3


@pytest.mark.parametrize("large", [False, True])
def test_neither_threads_nor_strips_show(large: bool) -> None:
    picture = photo(2050 if large else 60, 2048 if large else 80, 1)
    rows = 40
    whole = next(compose(picture, *colours(), 1, [picture.pixels[:rows]]))[1]
    strips = np.split(picture.pixels[:rows], [2, 12, 26])
    parts = list(compose(picture, *colours(), 3, strips))
    assert [len(own) for own, _ in parts] == [2, 10, 14, 14]
    assert np.array_equal(np.concatenate([coloured for _, coloured in parts]), whole)


@pytest.mark.parametrize("bands", [1, 3])
def test_alpha_is_no_colour_and_comes_along(bands: int) -> None:
    plain = photo(50, 70, bands)
    alpha = np.random.default_rng(1).integers(0, 256, (50, 70, 1), np.uint8)
    own, coloured = composed(Picture.from_array(np.concatenate([plain.pixels, alpha], 2)))
    assert np.array_equal(own, np.concatenate([plain.pixels, alpha], 2))
    assert np.array_equal(coloured, composed(plain)[1])


def test_colours_that_no_display_shows_are_brought_in() -> None:
    picture, (lightness, ab) = photo(40, 60, 1), colours()
    wild, bound = (next(compose(picture, lightness, np.full_like(ab, far) * [1, 0], 1))[1] for far in (1e4, 150))
    assert np.array_equal(wild, bound)


@given(
    st.sampled_from([1, 3]), st.booleans(), st.integers(0, 5), st.sampled_from([np.uint8, np.uint16]), st.data()
)
def test_the_photo_is_left_of_its_colours_and_white_between_them(
    bands: int, has_alpha: bool, gap: int, dtype: type, data: st.DataObject
) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    most, (height, width) = np.iinfo(dtype).max, rng.integers(1, 6, 2)
    own = rng.integers(0, most, (height, width, bands + has_alpha), dtype)
    coloured = rng.integers(0, most, (height, width, 3), dtype)
    found = beside(own, coloured, gap, has_alpha)
    assert found.dtype == dtype
    assert found.shape == (height, 2 * width + gap if gap else width, 3 + has_alpha)
    assert np.array_equal(found[:, -width:, :3], coloured)
    if has_alpha:
        assert np.array_equal(found[:, -width:, 3], own[..., -1])
    if gap:
        assert (found[:, :width, :3] == own[..., :bands]).all()
        assert (found[:, width:-width] == most).all()
        assert np.array_equal(found[:, :width, 3:], own[..., bands:])


def test_strips_leave_no_seams(tint: Path, monkeypatch: pytest.MonkeyPatch, grey: np.ndarray) -> None:
    photo = np.tile(grey, (3, 3))
    whole = Colorizer(tint)(photo).pixels
    monkeypatch.setattr("photochrom.io.picture.STRIP", 500)
    for threads in (1, 3):
        assert np.array_equal(Colorizer(tint, threads=threads)(photo).pixels, whole)


@pytest.mark.parametrize("colours", [1, 3])
@pytest.mark.parametrize(("height", "width"), [(120, 180), (121, 181), (1, 500), (500, 1)])
def test_a_large_photo_looks_like_a_small_one(
    tint: Path, monkeypatch: pytest.MonkeyPatch, colours: int, height: int, width: int
) -> None:
    y, x = np.mgrid[:height, :width]
    photo = (120 + 60 * np.sin(x / 17) + 50 * np.cos(y / 11)).astype(np.uint8)[..., None].repeat(colours, axis=2)
    joined = Colorizer(tint)(photo)
    monkeypatch.setattr("photochrom.inference.compose._LARGE", 1)
    found = Colorizer(tint)(photo)
    assert np.abs(found.pixels.astype(int) - joined.pixels).max() <= 3
    assert np.abs(found.lightness() - joined.lightness()).max() < 0.5
    monkeypatch.setattr("photochrom.io.picture.STRIP", 4 * width)
    for threads in (1, 3):
        assert np.array_equal(Colorizer(tint, threads=threads)(photo).pixels, found.pixels)
