"""What is protected is as without hints to the byte, whatever the file, its size and how its pixels lie."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom import Colorizer, Hint, Options, Picture, Region
from photochrom.inference import compose

HINTS = (Hint(0.4, 0.4, (-60, -30)), Hint(stroke=[(0.1, 0.9), (0.9, 0.7)], color=(60, -50), reach=1))
REGIONS = (
    Region(area=[(0.21, 0.13), (0.68, 0.27), (0.83, 0.64), (0.32, 0.91)]),
    Region(stroke=[(0.93, 0.04), (0.95, 0.97)], width=0.07),
)
SAFE = Options(hints=HINTS, protected=REGIONS, vividness=0.7, saturation=1.3)


def covered(height: int, width: int, regions=REGIONS) -> np.ndarray:
    return np.logical_or.reduce([region.shape.mask(0, height, height, width) for region in regions])


def check(result: Picture, plain: Picture) -> None:
    """The result is the plain one where it is protected, and another one elsewhere."""
    mask = covered(result.height, result.width)
    assert 0.1 < mask.mean() < 0.6
    assert result.pixels[mask].tobytes() == plain.pixels[mask].tobytes()
    assert (result.pixels[~mask] != plain.pixels[~mask]).any(1).mean() > 0.1


def photo(height: int, width: int, dtype: type = np.uint8) -> np.ndarray:
    random = np.random.default_rng(4)
    rough = random.integers(60, 200, (height // 8 + 1, width // 8 + 1)).repeat(8, 0).repeat(8, 1)[:height, :width]
    grain = random.integers(-20, 20, (height, width))
    return ((rough + grain) * (257 if dtype is np.uint16 else 1)).astype(dtype)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_however_a_files_pixels_lie(colorizer: Colorizer, tmp_path: Path, orientation: int, suffix: str) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    PIL.Image.fromarray(photo(61, 97)).save(tmp_path / "photo.tif", exif=exif)
    opened = colorizer.open(tmp_path / "photo.tif")
    for long_edge in (None, 50):
        options = SAFE.model_copy(update={"long_edge": long_edge})
        opened.save(tmp_path / f"result{suffix}", options, overwrite=True)
        opened.save(tmp_path / f"plain{suffix}", options.without_hints, overwrite=True)
        check(*(Picture.read(tmp_path / f"{name}{suffix}") for name in ("result", "plain")))
    check(opened.colors(SAFE), opened.colors(SAFE.without_hints))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("bands", [1, 4])
def test_in_strips_of_a_large_photo(
    colorizer: Colorizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dtype: type, bands: int
) -> None:
    monkeypatch.setattr(compose, "_LARGE", 1 << 10)  # colours are looked up from here on
    grey = photo(701, 811, dtype)
    pixels = grey if bands == 1 else np.dstack([grey, grey[::-1], grey[:, ::-1], grey])
    path = Picture.from_array(pixels).save(tmp_path / "photo.png")
    opened = colorizer.open(path)
    opened.save(tmp_path / "result.png", SAFE)
    opened.save(tmp_path / "plain.png", SAFE.without_hints)
    result, plain = (Picture.read(tmp_path / f"{name}.png") for name in ("result", "plain"))
    check(result, plain)
    assert result.pixels.dtype == dtype
    assert np.array_equal(result.pixels, opened.colors(SAFE).pixels)


def test_a_palette_stays_where_hints_are_kept_away(colorizer: Colorizer) -> None:
    options = SAFE.model_copy(update={"palette": ((5, -30), (0, -25))})
    opened = colorizer.open(photo(80, 90))
    check(opened.colors(options), opened.colors(options.without_hints))


def test_a_network_without_hints_is_kept_away_too(tint: Path) -> None:
    options = SAFE.model_copy(update={"vividness": None})
    opened = Colorizer(tint).open(photo(80, 90))
    check(opened.colors(options), opened.colors(options.without_hints))


def test_confidence_and_current_colours_are_those_without_hints(colorizer: Colorizer) -> None:
    opened = colorizer.open(photo(64, 64))
    options = Options(
        hints=(Hint(0.5, 0.5, (-60, -30), 1),), protected=(Region(area=[(0.3, 0.3), (0.9, 0.3), (0.6, 0.9)]),)
    )
    assert opened.confidence(options)[32, 32] == opened.confidence()[32, 32]
    assert opened.candidates(0.5, 0.5, options).current == opened.candidates(0.5, 0.5).current
    bare = options.model_copy(update={"protected": ()})
    assert opened.confidence(bare)[32, 32] > opened.confidence()[32, 32]
    assert opened.candidates(0.5, 0.5, bare).current != opened.candidates(0.5, 0.5).current


def test_without_hints_there_is_nothing_to_protect(colorizer: Colorizer) -> None:
    opened = colorizer.open(photo(64, 64))
    assert np.array_equal(opened.colors(Options(protected=REGIONS)).pixels, opened.colors().pixels)


places = st.tuples(st.floats(0, 1), st.floats(0, 1))


@settings(max_examples=25, deadline=None)
@given(st.lists(places, min_size=3, max_size=7), st.lists(places, min_size=1, max_size=3), st.floats(0, 1))
def test_any_region_and_any_hints(colorizer: Colorizer, corners: list, points: list, reach: float) -> None:
    region = Region(area=corners)
    options = Options(hints=(Hint(points=points, color=(-60, 40)),), reach=reach, protected=(region,))
    opened = colorizer.open(photo(40, 52))
    mask = covered(40, 52, (region,))
    assert np.array_equal(opened.colors(options).pixels[mask], opened.colors().pixels[mask])
