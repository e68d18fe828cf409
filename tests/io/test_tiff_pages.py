"""Which of a TIFF's pictures is the photo, and that the others are told or colorized too."""

from __future__ import annotations

import struct
import subprocess
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

from kinds_of_files import picture
from metadata_readers import need
from photochrom.colorizer import Colorizer
from photochrom.errors import OutputError
from photochrom.io import tiff_join
from photochrom.io.picture import Picture
from photochrom.io.reader import PhotoFile
from photochrom.options import Options

FULL = picture(40, 60, 1, 65535)
SMALL = FULL[::4, ::4]


@settings(max_examples=30, deadline=None)
@given(
    order=st.sampled_from("<>"),
    big=st.booleans(),
    previews=st.integers(0, 2),
    copies=st.integers(0, 2),
    below=st.booleans(),
)
def test_the_full_size_picture_is_taken(order: str, big: bool, previews: int, copies: int, below: bool) -> None:
    buffer = BytesIO()
    with tifffile.TiffWriter(buffer, byteorder=order, bigtiff=big) as file:
        for number in range(previews):
            subifds = 1 if below and number == 0 else None
            artist = [(315, 2, 0, "scanner", True)]
            file.write(SMALL, subfiletype=1, subifds=subifds, extratags=artist, metadata=None)
            if subifds:
                file.write(FULL, subfiletype=0, metadata=None)
        if not (below and previews):
            file.write(FULL, metadata=None)
        for _ in range(copies):
            file.write(SMALL, subfiletype=1, metadata=None)
    photo = PhotoFile(buffer.getvalue())
    assert np.array_equal(Picture.decode(photo).to_numpy(), FULL)
    said = [note.text for note in photo.notes]
    if previews:
        assert said == ["begins with a smaller copy of itself; the full-size picture is colorized"]
        assert b"scanner" in (photo.metadata.file.exif or b"")
    elif copies:
        what = "a smaller copy" if copies == 1 else "2 smaller copies"
        assert said == [f"has {what} of itself, left out"]
    else:
        assert said == []


def test_a_larger_picture_below_the_first_is_the_photo() -> None:
    buffer = BytesIO()
    with tifffile.TiffWriter(buffer) as file:
        file.write(SMALL, subifds=2, metadata=None)
        file.write(FULL[::2, ::2], metadata=None)
        file.write(FULL, metadata=None)
    assert PhotoFile(buffer.getvalue()).width == 60


@pytest.mark.parametrize("compression", [None, "zstd"])
def test_a_preview_that_does_not_say_so_is_found(compression: str | None) -> None:
    full = picture(130, 194, 1, 65535)
    for first, photo in ((full[::4, ::4], full), (255 - full[::4, ::4], None), (full[::4, ::4][:, ::-1], None)):
        buffer = BytesIO()
        with tifffile.TiffWriter(buffer) as file:
            file.write(first, compression=compression, metadata=None)
            file.write(full, metadata=None)
        opened = PhotoFile(buffer.getvalue())
        assert np.array_equal(Picture.decode(opened).to_numpy(), first if photo is None else photo)
        assert opened.pages == (2 if photo is None else 1)
        assert ("begins with a smaller copy" in opened.notes[0].text) == (photo is not None)


def test_a_mask_is_no_photo_and_a_file_of_copies_has_one() -> None:
    buffer = BytesIO()
    with tifffile.TiffWriter(buffer) as file:
        file.write(np.full((80, 120), 255, np.uint8), subfiletype=2, metadata=None)
        file.write(SMALL, subfiletype=1, metadata=None)
        file.write(FULL, subfiletype=1, metadata=None)
    content = buffer.getvalue().replace(struct.pack("<HHII", 254, 4, 1, 2), struct.pack("<HHII", 254, 4, 1, 4))
    assert np.array_equal(Picture.read(content).to_numpy(), FULL)


def test_a_chain_that_bites_its_tail_ends() -> None:
    content = bytearray(tiff_pages(2))
    pages = tifffile.TiffFile(BytesIO(content)).pages
    first, second = pages[0].offset, pages[1].offset
    at = content.index(second.to_bytes(4, "little"), first)
    content[at : at + 4] = first.to_bytes(4, "little")
    assert PhotoFile(bytes(content)).pages == 1


def tiff_pages(count: int) -> bytes:
    buffer = BytesIO()
    with tifffile.TiffWriter(buffer) as file:
        for number in range(count):
            file.write(
                picture(20 + number, 30, 1, 255, np.uint8, number), description=f"page {number}", metadata=None
            )
    return buffer.getvalue()


@pytest.fixture(scope="module")
def colorizer(tint: Path) -> Colorizer:
    return Colorizer(tint, device="cpu", threads=1)


def test_pages_that_are_left_out_are_told(colorizer: Colorizer, tmp_path: Path) -> None:
    (tmp_path / "scan.tif").write_bytes(tiff_pages(3))
    notes = colorizer.open(tmp_path / "scan.tif").save(tmp_path / "first.tif")
    said = "has 3 pages; the first is colorized, pages 2 to 3 are left out (--pages all colorizes each)"
    assert [note.text for note in notes] == [said]


@pytest.mark.parametrize("large", [1 << 32, 1])
def test_all_pages_become_pages(
    colorizer: Colorizer, tmp_path: Path, large: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiff_join, "_LARGE", large)
    buffer = BytesIO()
    pages = [picture(20, 30, 1, 255, np.uint8), picture(64, 48, 3, 65535), picture(33, 17, 1, 65535)]
    with tifffile.TiffWriter(buffer) as file:
        file.write(pages[0], description="one", resolution=(300, 300), metadata=None)
        file.write(
            pages[1], description="two", photometric="rgb", tile=(16, 16), compression="zlib", metadata=None
        )
        file.write(SMALL, subfiletype=1, metadata=None)
        file.write(pages[2], description="three", compression="zstd", metadata=None)
    (tmp_path / "scan.tif").write_bytes(buffer.getvalue())
    prediction = colorizer.open(tmp_path / "scan.tif")
    notes = prediction.save(tmp_path / "all.tif", Options(pages="all"))
    assert "has a smaller copy of itself, left out" in [note.text for note in notes]
    with tifffile.TiffFile(tmp_path / "all.tif") as made:
        assert made.is_bigtiff == (large == 1)
        assert [page.description for page in made.pages] == ["one", "two", "three"]
        assert [page.subfiletype for page in made.pages] == [2, 2, 2]
        assert made.pages[1].is_tiled
        for number, (page, pixels) in enumerate(zip(made.pages, pages, strict=True)):
            assert page.shape == (*pixels.shape[:2], 3)
            assert page.dtype == pixels.dtype
            # Its lightness is its own page's, and no other's.
            own = Picture.decode(PhotoFile(buffer.getvalue(), page=number)).lightness()
            assert np.abs(Picture.from_array(page.asarray()).lightness() - own).max() < 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all.tif", "scan.tif"]


def test_notes_say_which_page_they_are_about(colorizer: Colorizer, tmp_path: Path) -> None:
    hues = np.random.default_rng(0).integers(0, 256, (6, 8, 3)).astype(np.uint8)
    buffer = BytesIO()
    with tifffile.TiffWriter(buffer) as file:
        file.write(picture(48, 64, 1, 255, np.uint8), metadata=None)
        file.write(picture(48, 64, 1, 255, np.uint8) > 99, metadata=None)
        file.write(hues.repeat(8, 0).repeat(8, 1), photometric="rgb", metadata=None)
        file.write(SMALL, subfiletype=1, metadata=None)
    (tmp_path / "scan.tif").write_bytes(buffer.getvalue())
    notes = colorizer.open(tmp_path / "scan.tif").save(tmp_path / "all.tif", Options(pages="all"))
    copies, black, colors = sorted(note.text for note in notes)
    assert copies == "has a smaller copy of itself, left out"
    assert black.startswith("page 2: came out without colours")
    assert colors.startswith("page 3: has colours already")


def test_pages_need_a_tiff(colorizer: Colorizer, tmp_path: Path) -> None:
    (tmp_path / "scan.tif").write_bytes(tiff_pages(2))
    with pytest.raises(OutputError, match=r"holds one picture, and the photo has 2 pages; make it a \.tif"):
        colorizer.open(tmp_path / "scan.tif").save(tmp_path / "all.png", Options(pages="all"))
    assert [path.name for path in tmp_path.iterdir()] == ["scan.tif"]


def test_pages_stay_as_they_were_compressed(colorizer: Colorizer, tmp_path: Path) -> None:
    need("exiftool", "libimage-exiftool-perl")
    buffer = BytesIO()
    with tifffile.TiffWriter(buffer) as file:
        for n, compression in enumerate([None, "lzw", "zlib", "zstd"]):
            file.write(
                picture(20 + n, 30, 1, 65535), compression=compression, resolution=(300, 300), metadata=None
            )
    (tmp_path / "scan.tif").write_bytes(buffer.getvalue())
    prediction = colorizer.open(tmp_path / "scan.tif")
    prediction.save(tmp_path / "all.tif", Options(pages="all"))
    prediction.save(tmp_path / "first.tif", Options())
    with tifffile.TiffFile(tmp_path / "all.tif") as made:
        assert [page.compression for page in made.pages] == [1, 5, 8, 8]
        assert [page.predictor for page in made.pages] == [1, 2, 2, 2]
        for number, page in enumerate(made.pages):
            own = Picture.decode(PhotoFile(buffer.getvalue(), page=number)).lightness()
            assert np.abs(Picture.from_array(page.asarray()).lightness() - own).max() < 1
    command = ["exiftool", "-validate", "-a", "-warning", str(tmp_path / "first.tif")]
    assert b": OK" in subprocess.run(command, check=True, capture_output=True).stdout
