"""A few synthetic photos, and one small study of them that the tests look at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom.study import PlannedRun, plan_study, run_study


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight training and three test photos: a coloured disc before a coloured ground."""
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(1)
    rows, columns = np.mgrid[:40, :40]
    for part, count in (("train_color", 8), ("test_color", 3)):
        (folder / part).mkdir()
        for number in range(count):
            disc = (rows - rng.integers(12, 28)) ** 2 + (columns - rng.integers(12, 28)) ** 2 < 90
            pixels = np.where(disc[..., None], rng.integers(40, 250, 3), rng.integers(0, 200, 3))
            Image.fromarray(pixels.astype(np.uint8)).save(folder / part / f"{number}.png")
    return folder


@pytest.fixture(scope="session")
def plan() -> list[PlannedRun]:
    return plan_study(
        networks=["article-1", "article-3"],
        learning_rates=[0.01, 0.001],
        epochs=2,
        photos=6,
        test_photos=3,
        size=32,
        final_epochs=2,
        final_photos=8,
    )


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory, photos: Path, plan: list[PlannedRun]) -> Path:
    """The folder of a finished study."""
    folder = tmp_path_factory.mktemp("study") / "a study"
    result = run_study(plan, photos, folder, device="cpu", progress=False)
    assert result.report == folder / "report.html"
    return folder
