"""A photo and a network that several tests predict with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from photochrom import Colorizer, Picture


@pytest.fixture(scope="module")
def colorizer(hinting: Path) -> Colorizer:
    return Colorizer(hinting)


@pytest.fixture
def halves() -> Picture:
    """Dark and sure on the left, light and doubtful on the right."""
    pixels = np.full((64, 64), 10, np.uint8)
    pixels[:, 32:] = 180
    return Picture.from_array(pixels)
