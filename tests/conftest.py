"""What many tests try things on."""

from __future__ import annotations

import os

# Before torch is imported, here and in the commands that tests start: networks this small only lose by threads,
# and pytest-xdist's workers have the processors busy already.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stores import s3, sftp, web  # noqa: F401 (fixtures)
from tiny_network import tint_card, write_hinting_network, write_network


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep tests, and the commands they start, from networks that this computer's user pulled."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PHOTOCHROM_HOME", str(tmp_path_factory.mktemp("home")))
        for name in ("PHOTOCHROM_MIRROR", "HF_ENDPOINT"):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session")
def tint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Path of a network file that keeps the contract."""
    return write_network(tmp_path_factory.mktemp("network") / "tint.onnx", card=tint_card())


@pytest.fixture(scope="session")
def hinting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Path of a network file that takes and gives all that the contract knows."""
    return write_hinting_network(tmp_path_factory.mktemp("network") / "hinting.onnx")


@pytest.fixture
def grey() -> np.ndarray[Any, Any]:
    """A grey photo 40×60, uint8: a slope with a dark square in it."""
    pixels = np.add.outer(np.arange(40) * 2, np.arange(60) * 2).astype(np.uint8)
    pixels[10:20, 15:30] = 9
    return pixels
