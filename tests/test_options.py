"""What a user may ask of the colours: by `Options`, in memory and from file to file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from photochrom import Colorizer, Hint, Picture, Region
from photochrom.color.cielab import rgb_to_lab
from photochrom.errors import NetworkError
from photochrom.options import Options

fractions = st.floats(0, 1)
channels = st.floats(-128, 128)
colors = st.one_of(st.tuples(channels, channels), st.from_regex("#[0-9a-fA-F]{6}", fullmatch=True))
places = st.tuples(fractions, fractions)
reaches = st.none() | fractions
hints = st.one_of(
    st.builds(Hint, fractions, fractions, colors, reaches),
    st.builds(Hint, color=colors, reach=reaches, points=st.lists(places, min_size=1)),
    st.builds(
        Hint, color=colors, reach=reaches, stroke=st.lists(places, min_size=1), width=st.none() | st.just(0.1)
    ),
    st.builds(Hint, color=colors, reach=reaches, area=st.lists(places, min_size=3)),
)
regions = st.one_of(
    st.builds(Region, area=st.lists(places, min_size=3)),
    st.builds(Region, stroke=st.lists(places, min_size=1), width=st.none() | st.just(0.1)),
)


@pytest.fixture(scope="module")
def colorizer(hinting: Path) -> Colorizer:
    return Colorizer(hinting)


def evenly(level: int = 120, height: int = 64, width: int = 64) -> Picture:
    return Picture.from_array(np.full((height, width), level, np.uint8))


def colour_at(picture: Picture, x: float, y: float) -> np.ndarray:
    pixels = picture.pixels
    return rgb_to_lab(pixels[int(y * pixels.shape[0]), int(x * pixels.shape[1])])[1:]


@given(
    st.builds(
        Options,
        vividness=st.none() | fractions,
        hints=st.lists(hints, max_size=4),
        reach=fractions,
        protected=st.lists(regions, max_size=3),
        palette=st.lists(colors),
    )
)
def test_options_come_back_from_json(options: Options) -> None:
    dumped = options.model_dump(mode="json", exclude_defaults=True)
    assert Options.model_validate(json.loads(json.dumps(dumped))) == options
    assert hash(options) == hash(Options.model_validate_json(options.model_dump_json()))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"vividness": 1.1}, "less than or equal to 1"),
        ({"hints": [{"x": 2, "y": 0, "color": "#000000"}]}, "lies outside the photo"),
        ({"hints": [{"x": 0, "y": 0, "colour": "#000000"}]}, "colour"),
        ({"hints": [{"color": "#000000"}]}, "has no place; give it x and y, points, a stroke or an area"),
        ({"hints": [{"x": 0, "y": 0, "area": [[0, 0], [0, 1], [1, 1]], "color": "none"}]}, "x and y and area"),
        ({"hints": [{"x": 0, "y": 0, "color": "none", "reach": 1.1}]}, "reach of 1.1; use 0 to 1"),
        ({"reach": -0.1}, "greater than or equal to 0"),
        ({"protected": [{"area": [[0, 0], [0, 1]]}]}, "an area of 2 corners; give it three"),
        ({"protected": [{"stroke": [[0, 2]]}]}, "has 0, 2 in its stroke, outside the photo"),
        ({"protected": [{"area": [[0, 0], [0, 1], [1, 1]], "width": 0.1}]}, "a width, and is no stroke"),
        ({"protected": [{"x": 0.5, "y": 0.5}]}, "x"),
        ({"palette": ["red"]}, 'write it as "#rrggbb"'),
        ({"palette": [[200, 0]]}, "is no colour"),
    ],
)
def test_options_that_cannot_be_are_refused(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Options.model_validate(wrong)


def test_a_hint_moves_the_colours_at_its_place(colorizer: Colorizer) -> None:
    result = colorizer(evenly(), Options(hints=(Hint(0.25, 0.75, (-20, -12)),)))
    assert colour_at(result, 0.25, 0.75) == pytest.approx((-20, -12), abs=1.5)
    assert colour_at(result, 0.9, 0.1) == pytest.approx((8, 16), abs=1.5)


def test_the_later_hint_wins_and_the_callers_come_last(colorizer: Colorizer) -> None:
    first, second = Hint(0.5, 0.5, (-20, -12)), Hint(0.5, 0.5, (25, 5))
    options = Options(hints=(second, first))
    assert colour_at(colorizer(evenly(), options), 0.5, 0.5) == pytest.approx((-20, -12), abs=1.5)
    assert colour_at(colorizer(evenly(), options, hints=[second]), 0.5, 0.5) == pytest.approx((25, 5), abs=1.5)


def test_vividness_reaches_the_network(colorizer: Colorizer) -> None:
    for vividness, share in ((None, 1), (0, 0.5), (1, 1.5)):
        found = colour_at(colorizer(evenly(), Options(vividness=vividness)), 0.5, 0.5)
        assert found == pytest.approx((8 * share, 16 * share), abs=1)
    faint = colorizer(evenly(), Options(vividness=1), vividness=0)  # the caller's word is the last
    assert colour_at(faint, 0.5, 0.5) == pytest.approx((4, 8), abs=1)
    with pytest.raises(ValueError, match="out of range; use 0 to 1"):
        colorizer(evenly(), vividness=2)


def test_a_file_gets_what_memory_gets(colorizer: Colorizer, tmp_path: Path, grey: np.ndarray) -> None:
    path = Picture.from_array(grey).save(tmp_path / "photo.png")
    options = Options(vividness=0.8, hints=(Hint(0.2, 0.3, "#3060c0"),), saturation=1.2)
    colorizer.open(path).save(tmp_path / "result.png", options)
    assert np.array_equal(Picture.read(tmp_path / "result.png").pixels, colorizer(path, options).pixels)
    assert not np.array_equal(colorizer(path, options).pixels, colorizer(path).pixels)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_hints_are_places_of_the_upright_photo(colorizer: Colorizer, tmp_path: Path, orientation: int) -> None:
    photo, exif = PIL.Image.new("L", (96, 64), 120), PIL.Image.Exif()
    exif[0x0112] = orientation
    photo.save(tmp_path / "photo.tif", exif=exif)
    options = Options(hints=(Hint(0.2, 0.3, (-20, -12)),))
    colorizer.open(tmp_path / "photo.tif").save(tmp_path / "result.tif", options)
    with PIL.Image.open(tmp_path / "result.tif") as stored:
        assert stored.getexif()[0x0112] == orientation  # the pixels lie as they lay
    for result in (Picture.read(tmp_path / "result.tif"), colorizer(tmp_path / "photo.tif", options)):
        assert colour_at(result, 0.2, 0.3) == pytest.approx((-20, -12), abs=1.5)
        for x, y in ((0.8, 0.3), (0.2, 0.8), (0.8, 0.8)):
            assert colour_at(result, x, y) == pytest.approx((8, 16), abs=1.5)


@pytest.mark.parametrize(
    ("options", "lacks"),
    [
        (Options(vividness=0.5), "takes no vividness"),
        (Options(palette=((1, 1),)), "cannot follow a palette"),
    ],
)
def test_a_network_that_cannot_says_so(tint: Path, tmp_path: Path, options: Options, lacks: str) -> None:
    path = evenly().save(tmp_path / "photo.png")
    for call in (
        lambda: Colorizer(tint)(path, options),
        lambda: Colorizer(tint).open(path).save(tmp_path / "result.png", options),
        lambda: Colorizer(tint).check(options),
    ):
        with pytest.raises(NetworkError, match=lacks):
            call()
    assert not (tmp_path / "result.png").exists()
