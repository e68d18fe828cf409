from __future__ import annotations

import struct
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from photochrom.errors import OutputError
from photochrom.io.metadata import ifd
from photochrom.io.metadata.ifd import EXIF, GPS, INTEROP, Directory, Layout, Value
from photochrom.io.metadata.tiff import missing_bytes, read_tiff_exif, write_tiff_exif
from photochrom.io.vips import libvips

ExifTool = Callable[..., dict[str, Any]]

TAGS = [
    "-IFD0:Make=Leica",
    "-Model=II ü",
    "-Artist=Søren",
    "-Copyright=© 1936",
    "-ModifyDate=1936:05:01 12:00:00",
    "-IFD0:Software=scan",
    "-DocumentName=Akte 7",
    "-PageName=recto",
    "-ImageDescription=Grüße aus Köln",
    "-XPTitle=Tïtel Ж",
    "-ExposureTime=1/60",
    "-ExposureCompensation=-1/3",
    "-UserComment=Ünïcode Ж",
    "-DateTimeOriginal=1936:05:01 12:00:00",
    "-LensInfo=35 50 3.5 undef",
    "-InteropIndex=R98",
    "-GPSLatitude=48.5",
    "-GPSLatitudeRef=N",
    "-GPSAltitude=500.25",
]
STORAGE = ("StripOffsets", "StripByteCounts", "RowsPerStrip", "Compression", "Predictor")

# What a camera or an archive may write, that a library which decodes values would change or refuse.
ODD: Directory = {
    270: Value(2, b"no final zero, and \xff"),
    271: Value(2, b"two\0strings\0"),
    33432: Value(7, b"text of the wrong type"),
    36867: Value(3, struct.pack("<3H", 1, 2, 65535)),
    50838: Value(4, struct.pack("<2I", 0, 2**32 - 1)),
    65000: Value(12, struct.pack("<2d", float("nan"), 1e300)),
    65001: Value(10, struct.pack("<4i", -1, 3, 0, 0)),
    65002: Value(8, struct.pack("<3h", -1, 2, -3)),
    65003: Value(6, b"\x80"),
    65004: Value(11, struct.pack("<f", -0.0)),
    EXIF: {
        33434: Value(5, struct.pack("<2I", 0, 0)),
        0x927C: Value(7, bytes(range(256)) * 9),
        INTEROP: {1: Value(2, b"R98\0")},
    },
    GPS: {0: Value(1, b"\2\3\0\0"), 2: Value(5, struct.pack("<6I", 48, 1, 30, 1, 1, 3))},
}


def block_of(directory: Directory, order: str = "<") -> bytes:
    if order == ">":
        directory = turned(directory)
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return b"Exif\0\0" + mark + struct.pack(f"{order}I", 8) + ifd.pack(directory, Layout(order), 8)


def turned(directory: Directory) -> Directory:
    return {tag: turned(v) if isinstance(v, dict) else v.swapped() for tag, v in directory.items()}


def read_block(block: bytes | None) -> Directory:
    assert block is not None
    file = BytesIO(block[6:])
    start = Layout.of(file)
    assert start is not None
    return ifd.read(file, *start)


def photo(path: Path, *, pages: int = 1, **options: Any) -> Path:
    pixels = np.add.outer(np.arange(60 * pages), np.arange(50)).astype(np.uint8)
    image = libvips().Image.new_from_array(pixels).copy()
    if pages > 1:
        image.set_type(libvips().GValue.gint_type, "page-height", 60)
    image.write_to_file(str(path), **options)
    return path


def opened(path: Path) -> Any:
    return libvips().Image.new_from_file(str(path))


LAYOUTS = [(order, big) for order in "<>" for big in (False, True)]


def empty_tiff(path: Path, order: str, big: bool) -> Path:
    """A whole TIFF of 2×2 pixels in any layout, made by hand: libvips writes the machine's order only."""
    layout = Layout(order, big)
    mark = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}H", 43 if big else 42)
    head = mark + (struct.pack(f"{order}HHQ", 8, 0, 24) if big else struct.pack(f"{order}I", 12))
    tags = {256: 2, 257: 2, 258: 8, 259: 1, 262: 1, 273: len(head), 277: 1, 278: 2, 279: 4}
    page: Directory = {tag: Value(4, struct.pack(f"{order}I", value)) for tag, value in tags.items()}
    at = 24 if big else 12
    content = head + bytes([1, 2, 3, 4])
    path.write_bytes(content.ljust(at, b"\0") + ifd.pack(page, layout, at))
    return path


@pytest.mark.parametrize(("order", "big"), LAYOUTS)
@pytest.mark.parametrize("block_order", "<>")
def test_values_survive_bit_for_bit(tmp_path: Path, order: str, big: bool, block_order: str) -> None:
    path = empty_tiff(tmp_path / "photo.tif", order, big)
    assert read_tiff_exif(path) is None
    block = block_of(ODD, block_order)
    for _ in range(2):
        write_tiff_exif(path, block)
        for source in (path, path.read_bytes()):
            read = read_block(read_tiff_exif(source))
            assert (turned(read) if order == ">" else read) == ODD
    assert opened(path).numpy().ravel().tolist() == [1, 2, 3, 4]
    assert missing_bytes(path) == 0


@pytest.mark.parametrize(
    "options", [{}, {"compression": "deflate", "predictor": "horizontal"}, {"tile": True}, {"compression": "jpeg"}]
)
@pytest.mark.parametrize("pages", [1, 3])
def test_another_program_reads_it_all(
    tmp_path: Path, exiftool: ExifTool, options: dict[str, Any], pages: int
) -> None:
    source = photo(tmp_path / "source.tif")
    said = exiftool(source, *TAGS)
    block = read_tiff_exif(source)
    assert block is not None
    path = photo(tmp_path / "photo.tif", pages=pages, **options)
    pixels = libvips().Image.new_from_file(str(path), n=-1).numpy()
    plain = exiftool(path)
    write_tiff_exif(path, block)
    found = exiftool(path)
    for tag, value in said.items():
        if not tag.endswith(STORAGE) and not tag.startswith("File"):
            assert found[tag] == value, tag
    for tag, value in plain.items():
        assert found[tag] == value, tag
    assert "ExifTool:Main:Warning" not in found
    written = libvips().Image.new_from_file(str(path), n=-1)
    assert np.array_equal(written.numpy(), pixels)
    assert written.get("n-pages") == pages


def test_bigtiff_is_read_by_another_program(tmp_path: Path, exiftool: ExifTool) -> None:
    source = photo(tmp_path / "source.tif")
    said = exiftool(source, *TAGS)
    block = read_tiff_exif(source)
    assert block is not None
    path = photo(tmp_path / "photo.tif", bigtiff=True)
    write_tiff_exif(path, block)
    # exiftool knows the directories of a BigTIFF by other names, and of its GPS tags only the numbers.
    found = {tag.rpartition(":")[2]: value for tag, value in exiftool(path).items() if "GPS" not in tag}
    names = "Make Model Artist Copyright ModifyDate ImageDescription DocumentName ExposureTime DateTimeOriginal"
    for name in [*names.split(), "UserComment", "LensInfo", "InteropIndex"]:
        assert found[name] == next(v for t, v in said.items() if t.endswith(f":{name}")), name
    assert read_block(read_tiff_exif(path))[GPS] == read_block(block)[GPS]


def test_pixels_and_what_libvips_carries_are_not_the_blocks_to_say(tmp_path: Path) -> None:
    path = photo(tmp_path / "photo.tif", xres=10.0)
    before = path.read_bytes()
    write_tiff_exif(path, block_of({256: Value(3, b"\1\0"), 274: Value(3, b"\6\0"), 700: Value(1, b"x")}))
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "block", [b"", b"Exif\0\0", b"Exif\0\0II*\0\xff\0\0\0", b"junk", b"Exif\0\0MM\0*\0\0\0\x08"]
)
def test_an_unreadable_block_adds_nothing(tmp_path: Path, block: bytes) -> None:
    path = photo(tmp_path / "photo.tif")
    before = path.read_bytes()
    write_tiff_exif(path, block)
    assert path.read_bytes() == before


def test_only_a_tiff_is_written_to(tmp_path: Path) -> None:
    path = tmp_path / "photo.tif"
    path.write_bytes(b"something else")
    with pytest.raises(OutputError, match="no TIFF"):
        write_tiff_exif(path, block_of(ODD))


def test_a_full_classic_tiff_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = photo(tmp_path / "photo.tif")
    before = path.read_bytes()
    with path.open("r+b") as file:
        file.truncate(2**32 - 100)  # sparse: takes no room on the disk
    with pytest.raises(OutputError, match="BigTIFF"):
        write_tiff_exif(path, block_of(ODD))
    assert path.stat().st_size == 2**32 - 100
    with path.open("rb") as file:
        assert file.read(len(before)) == before


@pytest.mark.parametrize(
    "options", [{}, {"tile": True}, {"bigtiff": True}, {"rows": 7}, {"compression": "deflate"}]
)
def test_missing_bytes_are_counted(tmp_path: Path, options: dict[str, Any]) -> None:
    options = dict(options)
    path = photo(
        tmp_path / "photo.tif", **({"tile_height": options.pop("rows")} if "rows" in options else options)
    )
    assert missing_bytes(path) == missing_bytes(path.read_bytes()) == 0
    # The page's directory goes first, as some scanners write it, so that a cut takes pixels.
    with path.open("rb") as file:
        start = Layout.of(file)
        assert start is not None
        layout, at = start
        page = ifd.read(file, layout, at)
    value = page.get(324) or page[273]
    assert isinstance(value, Value)
    moved = Value(
        value.kind, struct.pack(f"<{value.count}{'IQ'[value.kind == 16]}", *(n + 4096 for n in value.numbers("<")))
    )
    page[324 if 324 in page else 273] = moved
    content = path.read_bytes()
    head = content[:8] + struct.pack("<Q", 16) if layout.big else content[:4] + struct.pack("<I", 8)
    whole = (head + ifd.pack(page, layout, len(head))).ljust(4096, b"\0") + content
    ends = [o + n for o, n in zip(moved.numbers("<"), numbers(page, 325 if 324 in page else 279), strict=True)]
    assert missing_bytes(whole) == 0
    for lost in (1, 100, 1000):
        assert (
            missing_bytes(whole[: max(ends) - lost]) == min(lost, max(ends) - 4096 - 8) or lost > max(ends) - 4200
        )
    (tmp_path / "cut.tif").write_bytes(whole[: max(ends) - 5])
    assert missing_bytes(tmp_path / "cut.tif") == 5


def numbers(page: Directory, tag: int) -> list[int]:
    value = page[tag]
    assert isinstance(value, Value)
    return value.numbers("<")


@pytest.mark.parametrize("counts", [None, 4, 5, 0xFFFFFFF])
def test_counts_that_are_absent_or_too_large_make_no_whole_photo_a_cut_one(
    tmp_path: Path, counts: int | None
) -> None:
    path = empty_tiff(tmp_path / "photo.tif", "<", False)
    with path.open("rb") as file:
        page = ifd.read(file, Layout("<"), 12)
    if counts is None:
        del page[279]
    else:
        page[279] = Value(4, struct.pack("<I", counts))
    table = ifd.pack(page, Layout("<"), 8)
    page[273] = Value(4, struct.pack("<I", 8 + len(table)))
    whole = b"II*\0\x08\0\0\0" + ifd.pack(page, Layout("<"), 8) + bytes(4)
    assert missing_bytes(whole) == 0
    assert missing_bytes(whole[:-3]) == 3


@pytest.mark.parametrize(
    "content", [b"", b"II", b"II*\0", b"MM\0*\0\0\0\x08", b"\xff\xd8\xff\xe0", b"II+\0\x08\0\0\0"]
)
def test_what_is_no_tiff_has_nothing_to_say(content: bytes) -> None:
    assert read_tiff_exif(content) is None
    assert missing_bytes(content) == 0


def test_a_table_that_points_to_itself_ends() -> None:
    table = struct.pack("<HHHIIHHIII", 2, EXIF, 4, 1, 8, GPS, 4, 1, 8, 0)
    assert read_tiff_exif(b"II*\0\x08\0\0\0" + table) is None


def test_a_long_chain_of_tables_ends() -> None:
    tables = (struct.pack("<HHHIII", 1, EXIF, 4, 1, 26 + 18 * n, 0) for n in range(5_000))
    assert read_tiff_exif(b"II*\0\x08\0\0\0" + b"".join(tables)) is None


@given(st.data())
@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damage_never_raises(tmp_path: Path, data: st.DataObject) -> None:
    order, big = data.draw(st.sampled_from(LAYOUTS))
    path = empty_tiff(tmp_path / "photo.tif", order, big)
    write_tiff_exif(path, block_of(ODD))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    damaged = bytes(content[: data.draw(st.integers(0, len(content)))])
    block = read_tiff_exif(damaged)
    missing_bytes(damaged)
    if block is not None:
        write_tiff_exif(empty_tiff(path, order, big), block)
        assert opened(path).numpy().ravel().tolist() == [1, 2, 3, 4]


def test_the_shape_of_the_old_array_is_no_description(tmp_path: Path) -> None:
    for description, kept in ((None, False), ("a harbour", True)):
        buffer = BytesIO()
        tifffile.imwrite(buffer, np.zeros((20, 30), np.uint8), description=description, metadata={"axes": "YX"})
        exif = read_tiff_exif(buffer.getvalue())
        assert (b"harbour" in (exif or b"")) == kept
        assert b"shape" not in (exif or b"")
