"""What many tests try things on."""

from __future__ import annotations

import os

# Before torch is imported, here and in the commands that tests start: networks this small only lose by threads,
# and pytest-xdist's workers have the processors busy already.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

from small_disk import small_disk  # noqa: F401 (a fixture)
from stores import s3, sftp, signed, web  # noqa: F401 (fixtures)
from tiny_network import tint_card, write_hinting_network, write_network

settings.register_profile("photochrom", deadline=None)  # other tests run beside, and take the processors
settings.load_profile("photochrom")


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


@pytest.fixture(scope="session")
def official(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Gives the network file of a published network, of random weights; made once for all of xdist's workers."""
    folder = tmp_path_factory.getbasetemp().parent if "PYTEST_XDIST_WORKER" in os.environ else None
    folder = (folder or tmp_path_factory.mktemp("official")) / "official"
    folder.mkdir(exist_ok=True)

    def make(name: str) -> Path:
        from filelock import FileLock

        from photochrom.inference.published import PUBLISHED
        from photochrom.inference.published.convert import convert
        from published_weights import save_official

        path = folder / f"{name}.onnx"
        with FileLock(f"{path}.lock"):
            if not path.exists():
                weights = save_official(PUBLISHED[name].architecture, folder / f"{name}.pth")
                convert(weights, name, path)
                weights.unlink()
        return path

    return make


@pytest.fixture
def grey() -> np.ndarray[Any, Any]:
    """A grey photo 40×60, uint8: a slope with a dark square in it."""
    pixels = np.add.outer(np.arange(40) * 2, np.arange(60) * 2).astype(np.uint8)
    pixels[10:20, 15:30] = 9
    return pixels
