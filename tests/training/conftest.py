"""Small folders of colour photos to train on."""

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    """Twelve training and four test photos in the Kaggle layout: sky over grass, at random heights."""
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    for part, count in (("train_color", 12), ("test_color", 4)):
        (folder / part).mkdir()
        for number in range(count):
            pixels = np.empty((48, 56, 3), np.float64)
            horizon = rng.integers(10, 38)
            pixels[:horizon] = (110, 160, 230)
            pixels[horizon:] = (70, 140, 50)
            pixels = np.clip(pixels * rng.uniform(0.6, 1.1) + rng.normal(0, 6, (48, 56, 1)), 0, 255)
            Image.fromarray(pixels.astype(np.uint8)).save(folder / part / f"{number:02}.png")
    return folder
