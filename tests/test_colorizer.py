from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import photochrom
from photochrom import Colorizer, Picture, colorize
from photochrom.color.cielab import rgb_to_lab
from photochrom.errors import NetworkError, OutputError, PhotoError
from photochrom.inference.onnx_model import Network
from photochrom.options import Options
from tiny_network import tint_card, write_network


@pytest.fixture(scope="module")
def tinting(tint: Path) -> Colorizer:
    return Colorizer(tint)


def steps(picture: Picture, result: Picture) -> np.ndarray:
    """How far the result's lightness is from the photo's, in steps of an 8-bit grey scale."""
    scale = Picture.from_array(np.arange(256, dtype=np.uint8)[None]).lightness()[0]
    levels = [np.interp(one.lightness(), scale, np.arange(256)) for one in (picture, result)]
    return np.abs(levels[0] - levels[1])


@given(st.integers(0, 2**32 - 1), st.sampled_from([np.uint8, np.uint16]), st.sampled_from([1, 3]))
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_lightness_is_the_photos_whatever_the_network_proposes(
    tmp_path: Path, seed: int, dtype: type[np.unsignedinteger], channels: int
) -> None:
    random = np.random.default_rng(seed)
    network = write_network(tmp_path / "wild.onnx", card=tint_card(), noise=random)
    photo = Picture.from_array(
        random.integers(0, np.iinfo(dtype).max, (50, 70, channels), dtype=dtype, endpoint=True)
    )
    result = Colorizer(network)(photo)
    assert result.pixels.dtype == dtype
    assert result.pixels.shape == (50, 70, 3)
    off = steps(photo, result)
    assert np.quantile(off, 0.999) <= (1 if dtype is np.uint8 else 0.1)
    assert off.max() <= (2 if dtype is np.uint8 else 0.1)


def test_the_colours_are_the_networks(tinting: Colorizer) -> None:
    result = tinting(np.full((60, 90), 120, np.uint8))
    lab = rgb_to_lab(result.pixels)[20:-20, 20:-20]
    light = float(lab[..., 0].mean())
    assert np.abs(lab[..., 1] - (10 + 0.1 * light)).max() < 1
    assert np.abs(lab[..., 2] - (20 + 0.1 * light)).max() < 1


def test_a_path_bytes_pillow_array_and_picture_are_one_photo(
    tinting: Colorizer, tmp_path: Path, grey: np.ndarray
) -> None:
    path = Picture.from_array(grey).save(tmp_path / "photo.png")
    wanted = tinting(grey).to_numpy()
    for source in (path, str(path), path.read_bytes(), PIL.Image.fromarray(grey), Picture.read(path)):
        assert np.array_equal(tinting(source).to_numpy(), wanted)
    with pytest.raises(PhotoError, match="a dict is no photo"):
        tinting({})  # type: ignore[arg-type]


def test_a_colour_photo_and_a_sepia_scan_count_as_lightness_alone(tinting: Colorizer, grey: np.ndarray) -> None:
    sepia = np.stack([grey * 0.95, grey * 0.8, grey * 0.6], axis=-1).astype(np.uint8)
    alike = Picture.from_array(sepia)
    result = tinting(sepia)
    assert steps(alike, result).max() <= 2
    assert not np.array_equal(result.pixels, sepia)


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (1, 3000), (3000, 1), (2, 2), (700, 3)])
def test_tiny_and_narrow_photos_work(tinting: Colorizer, shape: tuple[int, int]) -> None:
    assert tinting(np.full(shape, 100, np.uint8)).pixels.shape == (*shape, 3)


def test_size_is_the_callers_to_choose(tint: Path, grey: np.ndarray) -> None:
    picture = Picture.from_array(np.tile(grey, (4, 4)))
    assert Colorizer(tint).open(picture).ab().shape == (26, 39, 2)
    assert Colorizer(tint, network_size=64).open(picture).ab().shape == (52, 78, 2)
    for size in (0, 7, 5000):
        with pytest.raises(NetworkError, match="out of range"):
            Colorizer(tint, network_size=size)


def test_alpha_and_16_bits_stay(tinting: Colorizer, tmp_path: Path, grey: np.ndarray) -> None:
    wide = np.stack([grey.astype(np.uint16) * 250, np.full(grey.shape, 30_000, np.uint16)], axis=-1)
    result = tinting(Picture.from_array(wide).save(tmp_path / "photo.png"))
    again = Picture.read(result.save(tmp_path / "result.png"))
    assert (again.pixels.dtype, again.pixels.shape) == (np.uint16, (*grey.shape, 3))
    assert again.alpha is not None
    assert (again.alpha == 30_000).all()


def test_an_open_network_is_shared(tint: Path, grey: np.ndarray) -> None:
    network = Network(tint)
    assert Colorizer(network).card is network.card
    assert np.array_equal(colorize(grey, network=network).pixels, Colorizer(network)(grey).pixels)


def test_colorize_writes_where_it_is_told(tint: Path, tmp_path: Path, grey: np.ndarray) -> None:
    path = Picture.from_array(grey).save(tmp_path / "photo.png")
    before = path.read_bytes()
    result = colorize(path, network=tint, output=tmp_path / "result.png")
    assert np.array_equal(Picture.read(tmp_path / "result.png").pixels, result.pixels)
    with pytest.raises(OutputError, match="already there"):
        colorize(path, network=tint, output=tmp_path / "result.png")
    with pytest.raises(OutputError, match="is the photo itself"):
        colorize(path, network=tint, output=path, overwrite=True)
    assert path.read_bytes() == before


def test_the_public_names_are_there() -> None:
    assert photochrom.__all__ == sorted(photochrom.__all__)
    for name in photochrom.__all__:
        assert getattr(photochrom, name)
    with pytest.raises(AttributeError, match="no attribute 'colourise'"):
        _ = photochrom.colourise


def test_colorize_heeds_every_option_for_a_file(tint: Path, tmp_path: Path, grey: np.ndarray) -> None:
    path = Picture.from_array(grey).save(tmp_path / "photo.png")
    os.utime(path, ns=(10**18, 10**18))
    options = Options(side_by_side=True, long_edge=30, keep_times=True)
    result = colorize(path, network=tint, output=tmp_path / "result.png", options=options)
    assert result.pixels.shape == (20, 64, 3)
    assert (tmp_path / "result.png").stat().st_mtime_ns == 10**18
    clear = Picture.from_array(np.dstack([grey, grey])).save(tmp_path / "clear.png")
    with pytest.warns(UserWarning, match="transparency"):
        colorize(clear, network=tint, output=tmp_path / "result.jpg")
