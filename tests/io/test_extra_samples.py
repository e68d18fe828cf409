"""A TIFF's samples beside its colours, from file to file: what is transparency, and what leaves as it came."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from photochrom import Colorizer
from photochrom.errors import PhotoError
from photochrom.io.picture import Picture
from photochrom.io.reader import PhotoFile
from photochrom.options import Options
from photochrom.result_notes import Note

COLOURS = {"minisblack": 1, "miniswhite": 1, "rgb": 3}


@pytest.fixture(scope="module")
def colorizer(tint: Path) -> Colorizer:
    return Colorizer(tint, threads=1)


def write(path: Path, photometric: str, extras: tuple[int, ...], dtype: Any, **options: Any) -> np.ndarray:
    """Write a TIFF of noise, and return its samples."""
    bands = COLOURS[photometric] + len(extras)
    pixels = np.random.default_rng(bands).integers(0, np.iinfo(dtype).max, (45, 37, bands), dtype, endpoint=True)
    planar = options.pop("planarconfig", "contig")
    data = pixels.transpose(2, 0, 1) if planar == "separate" else pixels
    tifffile.imwrite(
        path, data, photometric=photometric, extrasamples=extras, planarconfig=planar, metadata=None, **options
    )
    return pixels


def besides_colors(notes: list[Note]) -> list[Note]:
    """Leave out that a photo, which is of noise here, has colours already."""
    return [note for note in notes if "has colours already" not in note.text]


@given(
    photometric=st.sampled_from(sorted(COLOURS)),
    extras=st.lists(st.sampled_from([0, 0, 2]), min_size=1, max_size=4)
    .filter(lambda e: e.count(2) < 2)
    .map(tuple),
    dtype=st.sampled_from([np.uint8, np.uint16]),
    layout=st.sampled_from(
        [{}, {"tile": (16, 32)}, {"planarconfig": "separate"}, {"bigtiff": True, "byteorder": ">"}]
    ),
    orientation=st.integers(1, 8),
)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_neither_colour_nor_transparency_leaves_as_it_came(
    tmp_path: Path,
    colorizer: Colorizer,
    photometric: str,
    extras: tuple[int, ...],
    dtype: Any,
    layout: Any,
    orientation: int,
) -> None:
    source, result = tmp_path / "scan.tif", tmp_path / "result.tif"
    tags = [(274, 3, 1, orientation, False)]
    pixels = write(source, photometric, extras, dtype, extratags=tags, **layout)
    if "planarconfig" in layout and COLOURS[photometric] == 1:
        with pytest.raises(PhotoError, match="in separate planes; save it with interleaved channels"):
            PhotoFile(source)
        return
    assert besides_colors(colorizer.open(source).save(result, overwrite=True)) == []
    others = pixels[..., COLOURS[photometric] :]
    alpha = [n for n, meaning in enumerate(extras) if meaning == 2]
    order = [*alpha, *(n for n, meaning in enumerate(extras) if meaning != 2)]
    with tifffile.TiffFile(result) as file:
        page = file.pages[0]
        assert [int(meaning) for meaning in page.extrasamples] == [extras[n] for n in order]
        written = page.asarray()
    assert written.dtype == dtype
    assert np.array_equal(written[..., 3:], others[..., order])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_infrared_is_no_weight_for_colours(tmp_path: Path, dtype: Any) -> None:
    pixels = write(tmp_path / "infrared.tif", "rgb", (0,), dtype)
    tifffile.imwrite(tmp_path / "plain.tif", pixels[..., :3], photometric="rgb", metadata=None)
    infrared, plain = (PhotoFile(tmp_path / f"{name}.tif") for name in ("infrared", "plain"))
    assert not infrared.has_alpha
    assert infrared.extra_bands == 1
    assert np.array_equal(infrared.shrunk(9, 8), plain.shrunk(9, 8))
    assert np.array_equal(Picture.decode(infrared).to_numpy(), pixels[..., :3])


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_a_format_without_room_for_it_says_so(tmp_path: Path, colorizer: Colorizer, suffix: str) -> None:
    write(tmp_path / "scan.tif", "rgb", (0,), np.uint8)
    (note,) = besides_colors(colorizer.open(tmp_path / "scan.tif").save(tmp_path / f"result{suffix}"))
    assert note.text == f"{suffix} cannot hold a further channel beside the colours, such as infrared"
    assert not Picture.read(tmp_path / f"result{suffix}").has_alpha


def test_side_by_side_has_no_place_for_it_and_says_so(tmp_path: Path, colorizer: Colorizer) -> None:
    write(tmp_path / "scan.tif", "minisblack", (0, 0), np.uint8)
    (note,) = besides_colors(
        colorizer.open(tmp_path / "scan.tif").save(tmp_path / "result.tif", Options(side_by_side=True))
    )
    assert "without the channels beside the colours" in note.text
    assert Picture.read(tmp_path / "result.tif").bands == 3


def test_a_smaller_result_has_smaller_extra_samples(tmp_path: Path, colorizer: Colorizer) -> None:
    write(tmp_path / "scan.tif", "rgb", (0,), np.uint8)
    extra = PhotoFile(tmp_path / "scan.tif", long_edge=15).extra().numpy()
    assert extra.shape[:2] == (15, 12)


def test_samples_of_which_nothing_is_said_are_refused(tmp_path: Path) -> None:
    pixels = np.zeros((8, 8, 5), np.uint8)
    tifffile.imwrite(tmp_path / "scan.tif", pixels, photometric="rgb", extrasamples=(0, 0), metadata=None)
    data = bytearray((tmp_path / "scan.tif").read_bytes())
    at = data.index((338).to_bytes(2, "little") + b"\3\0")
    data[at : at + 2] = (40000).to_bytes(2, "little")  # a private tag
    with pytest.raises(PhotoError, match="5 channels and does not say what they are"):
        PhotoFile(bytes(data))


def test_another_channel_before_premultiplied_transparency_is_refused(tmp_path: Path) -> None:
    tifffile.imwrite(
        tmp_path / "scan.tif", np.zeros((8, 8, 5), np.uint8), photometric="rgb", extrasamples=(0, 1), metadata=None
    )
    with pytest.raises(PhotoError, match="before premultiplied transparency; save it with transparency first"):
        PhotoFile(tmp_path / "scan.tif")


@pytest.mark.parametrize(("dtype", "step"), [(np.uint8, 257), (np.uint16, 1)])
def test_transparency_of_cielab_has_all_its_levels(tmp_path: Path, dtype: Any, step: int) -> None:
    top = np.iinfo(dtype).max
    pixels = np.full((4, 64, 5), top // 2, dtype)
    pixels[..., 3] = pixels[..., 4] = np.linspace(0, top, 64).astype(dtype)
    tifffile.imwrite(
        tmp_path / "scan.tif",
        pixels,
        photometric="cielab",
        extrasamples=(2, 0),
        metadata=None,
        planarconfig="contig",
    )
    photo = PhotoFile(tmp_path / "scan.tif")
    (strip,) = photo.strips()
    assert np.array_equal(strip[0, :, 3], pixels[0, :, 3].astype(int) * step)
    assert np.array_equal(photo.extra().numpy()[0], strip[0, :, 3])
