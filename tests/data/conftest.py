"""Photos and shards made on the spot: no test needs a file from anywhere."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from packing_album import album  # noqa: F401 (a fixture)
from photochrom.data.photos import PhotoRef, find_photos
from photochrom.io.vips import libvips


def encode(pixels: np.ndarray, suffix: str = ".png") -> bytes:
    image = libvips().Image.new_from_array(pixels)
    return bytes(image.copy(interpretation="srgb").write_to_buffer(suffix))


def make_photo(seed: int, *, height: int = 40, width: int = 56, suffix: str = ".png") -> bytes:
    """A photo of one strong colour with noise, different for every seed."""
    random = np.random.default_rng(seed)
    colour = np.array([200, 30, 90])[random.permutation(3)]
    pixels = np.clip(colour + random.integers(-30, 30, (height, width, 3)), 0, 255).astype(np.uint8)
    return encode(pixels, suffix)


def make_grey(seed: int) -> bytes:
    level = np.random.default_rng(seed).integers(0, 255, (40, 56, 1), dtype=np.uint8)
    return encode(level.repeat(3, axis=2))


def write_tar(path: Path, files: Mapping[str, bytes], *, format: int = tarfile.GNU_FORMAT) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w", format=format) as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return path


def write_files(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture(name="photo")
def _photo() -> Callable[..., bytes]:
    return make_photo


@pytest.fixture(name="grey")
def _grey() -> Callable[[int], bytes]:
    return make_grey


@pytest.fixture(name="tar")
def _tar() -> Callable[..., Path]:
    return write_tar


@pytest.fixture(name="files")
def _files() -> Callable[[Path, Mapping[str, bytes]], Path]:
    return write_files


@pytest.fixture(scope="session")
def twelve(tmp_path_factory: pytest.TempPathFactory) -> list[PhotoRef]:
    """Twelve good photos, half in a folder, half in a shard."""
    root = tmp_path_factory.mktemp("twelve")
    folder = write_files(root / "folder", {f"{i:02}.jpg": make_photo(i, suffix=".jpg") for i in range(6)})
    shard = write_tar(root / "photos-00.tar", {f"{i:02}.png": make_photo(i) for i in range(6, 12)})
    return find_photos([folder, shard])
