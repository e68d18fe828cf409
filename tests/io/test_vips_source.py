"""Strips of pixels that libvips reads as an image while they are made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom.io.vips import array_from_image, libvips
from photochrom.io.vips_source import StripSource


def strips_of(pixels: np.ndarray, heights: list[int]) -> Iterator[np.ndarray]:
    top = 0
    while top < len(pixels):
        height = heights[top % len(heights)]
        yield pixels[top : top + height]
        top += height


@settings(max_examples=60, deadline=None)
@given(
    height=st.integers(1, 70),
    width=st.integers(1, 40),
    bands=st.integers(1, 4),
    dtype=st.sampled_from([np.uint8, np.uint16]),
    heights=st.lists(st.integers(1, 33), min_size=1, max_size=4),
    seed=st.integers(0, 99),
)
def test_any_strips_become_the_image(
    height: int, width: int, bands: int, dtype: type, heights: list[int], seed: int
) -> None:
    pixels = np.random.default_rng(seed).integers(
        0, np.iinfo(dtype).max, (height, width, bands), dtype, endpoint=True
    )
    source = StripSource(strips_of(pixels, heights), height, width, bands, dtype)
    image = source.open(libvips())
    assert image.hasalpha() == (bands in (2, 4))
    assert np.array_equal(array_from_image(image, name="strips"), pixels)
    assert source.error is None
    source.close()


def test_what_the_strips_raise_is_handed_on() -> None:
    def broken() -> Iterator[np.ndarray]:
        yield np.zeros((8, 16, 3), np.uint8)
        raise RuntimeError("the network failed")

    source = StripSource(broken(), 32, 16, 3, np.uint8)
    with suppress(libvips().Error):  # libvips may take what is missing for black
        source.open(libvips()).numpy()
    assert isinstance(source.error, RuntimeError)


@pytest.mark.parametrize(
    ("strip", "message"),
    [
        (np.zeros((8, 15, 3), np.uint8), "does not fit"),
        (np.zeros((8, 16, 3), np.uint16), "does not fit"),
        (np.zeros((8, 16, 3), np.uint8), "ended before"),
    ],
)
def test_strips_that_are_another_image_are_refused(strip: np.ndarray, message: str) -> None:
    source = StripSource(iter([strip]), 32, 16, 3, np.uint8)
    with suppress(libvips().Error):  # libvips may take what is missing for black
        source.open(libvips()).numpy()
    assert message in str(source.error)
