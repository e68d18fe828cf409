"""Whether a photo is grey, and whether it has enough colour to learn from."""

from __future__ import annotations

import io

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from photochrom.color.chroma import MIN_CHROMA, is_grey, mean_chroma
from photochrom.io.crops import read_crop


@given(st.integers(0, 400), st.floats(0, 80), st.floats(0, 6.28))
def test_a_photo_is_grey_if_no_more_than_a_hundredth_of_it_is_coloured(
    coloured: int, chroma: float, hue: float
) -> None:
    ab = np.zeros((20, 20, 2))
    ab.reshape(-1, 2)[:coloured] = chroma * np.cos(hue), chroma * np.sin(hue)
    if chroma < 5.9 or coloured < 4:
        assert is_grey(ab)
    elif chroma > 6.1 and coloured > 5:
        assert not is_grey(ab)
    if not 5.9 < chroma < 6.1:  # where rounding may decide
        assert is_grey(ab) == is_grey(ab[::-1].astype(np.float32))


def test_nothing_is_grey() -> None:
    assert is_grey(np.zeros((0, 2)))


def test_a_noisy_grey_scan_has_no_colour_to_learn_from() -> None:
    assert mean_chroma(np.full((50, 40, 3), 77, np.uint8)) < 0.1
    assert 100 < mean_chroma(np.full((5, 4, 3), (255, 0, 0), np.uint8)) < 110
    noisy = np.random.default_rng(0).normal(128, 3, (64, 64, 3)).clip(0, 255).astype(np.uint8)
    scan = io.BytesIO()
    Image.fromarray(noisy).save(scan, "JPEG", quality=80)
    assert mean_chroma(read_crop(scan.getvalue(), 64)) < MIN_CHROMA
