"""A photo that is asked for more than once, and the colours that one of its places may have."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from photochrom import Colorizer, Hint, Options, Picture
from photochrom.errors import PhotoError, TooLargeError, UnfitError
from photochrom.io.cached import CachedPhoto


@pytest.fixture(scope="module")
def colorizer(hinting: Path) -> Colorizer:
    return Colorizer(hinting)


@pytest.fixture(params=["jpg", "png"])
def photo(request: pytest.FixtureRequest, tmp_path: Path, grey: np.ndarray) -> Path:
    """Lies on its side, as cameras leave photos."""
    path = tmp_path / f"photo.{request.param}"
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    PIL.Image.fromarray(np.tile(grey, (3, 3))).save(path, exif=exif)
    return path


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
@pytest.mark.parametrize("long_edge", [None, 50])
def test_a_cached_photo_gives_what_its_file_gives(
    colorizer: Colorizer, photo: Path, tmp_path: Path, suffix: str, long_edge: int | None
) -> None:
    kept = CachedPhoto(photo)
    for hints in ((), (Hint(0.3, 0.4, "#aa2020"),)):
        options = Options(long_edge=long_edge, hints=hints)
        files = [tmp_path / f"{name}{suffix}" for name in ("kept", "fresh")]
        for source, file in zip((kept, photo), files, strict=True):
            colorizer.open(source).save(file, options, overwrite=True)
        assert files[0].read_bytes() == files[1].read_bytes()
    assert np.array_equal(colorizer(kept).pixels, colorizer(photo).pixels)


def test_other_hints_decode_nothing_again(colorizer: Colorizer, photo: Path, tmp_path: Path) -> None:
    kept = CachedPhoto(photo, name="kept")
    colorizer.open(kept).save(tmp_path / "one.webp", Options(long_edge=50))
    photo.unlink()
    hints = (Hint(0.3, 0.4, "#aa2020"),)
    colorizer.open(kept).save(tmp_path / "two.webp", Options(long_edge=50, hints=hints))
    assert (tmp_path / "one.webp").read_bytes() != (tmp_path / "two.webp").read_bytes()
    assert kept.nbytes > 50 * 33
    with pytest.raises(PhotoError, match="kept: there is no such file"):
        colorizer.open(kept).save(tmp_path / "three.webp")  # its own size was never asked for


def test_the_map_of_confidence_may_be_small(colorizer: Colorizer, photo: Path, tmp_path: Path) -> None:
    colorizer.open(CachedPhoto(photo)).save_confidence(tmp_path / "sure.png", long_edge=60)
    assert Picture.read(tmp_path / "sure.png").pixels.shape == (60, 40, 1)


def test_what_is_too_large_says_so_by_its_class(colorizer: Colorizer, photo: Path, tmp_path: Path) -> None:
    with pytest.raises(TooLargeError, match="more than the 100 that are allowed"):
        CachedPhoto(photo).open(max_pixels=100)
    long = Picture.from_array(np.zeros((1, 17_000), np.uint8)).save(tmp_path / "long.png")
    with pytest.raises(UnfitError, match=r"cannot be written as \.webp"):
        colorizer.open(long).save(tmp_path / "long.webp")
