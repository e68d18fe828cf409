"""Files that are no photo, not a whole one, or an attack: one clear line each, and nothing left behind."""

from __future__ import annotations

import os
import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fuzz.check import Check
from fuzz.seeds import make_seeds, png_chunk
from photochrom.colorizer import Colorizer
from photochrom.errors import OutputError, PhotoError
from photochrom.io import checks
from photochrom.io.picture import Picture
from photochrom.io.vips import image_from_array, libvips
from photochrom.options import Options

SEEDS = make_seeds()
SHARES = (0.02, 0.3, 0.6, 0.9, 0.99)


@pytest.fixture(scope="module")
def colorizer(tint: Path) -> Colorizer:
    return Colorizer(tint, device="cpu", threads=1)


@pytest.fixture
def check(colorizer: Colorizer, tmp_path: Path) -> Check:
    folder = tmp_path / "check"
    folder.mkdir()
    return Check(colorizer, folder)


def refused(check: Check, content: bytes, message: str, *, suffix: str = ".png", **options: Any) -> str:
    """Colorize what cannot be: `message` is in the one line, and `Check` finds nothing else to blame."""
    outcome, wrong = check(content, suffix, Options(**options))
    assert not wrong, wrong
    assert message in outcome, outcome
    with pytest.raises(PhotoError):
        Picture.read(content, max_pixels=Options(**options).max_pixels)
    return outcome


def colorized(check: Check, content: bytes, *, suffix: str = ".png", **options: Any) -> None:
    outcome, wrong = check(content, suffix, Options(**options))
    assert (outcome, wrong) == ("colorized", [])


@pytest.mark.parametrize("name", SEEDS)
def test_a_whole_photo_is_colorized(check: Check, name: str) -> None:
    if name == "tiff-lab":
        refused(check, SEEDS[name], "is a TIFF in CIELAB of 8 bits: sound, but")
    else:
        colorized(check, SEEDS[name])


@pytest.mark.parametrize("name", SEEDS)
def test_a_photo_that_is_cut_short_is_refused(check: Check, name: str) -> None:
    whole = SEEDS[name]
    for size in (1, 3, 20, *(int(len(whole) * share) for share in SHARES), len(whole) - 8):
        outcome, wrong = check(whole[:size], ".jpg", whole=whole)
        assert not wrong, (size, wrong)
        # An animation's first frame, and what lies behind all pixels, may come before the cut.
        several = ("gif-animated", "webp-animated", "tiff-pages", "heic-pictures", "tiff-preview-first")
        if name not in several and size < 0.7 * len(whole):
            assert "cut short" in outcome or "is no photo" in outcome or name == "tiff-lab", (size, outcome)


def holed(content: bytes) -> bytes:
    """Photo with a piece lost in the middle of its pixels."""
    if content.startswith(b"\xff\xd8"):
        # Codes of zeros may make sense to a JPEG decoder, fewer codes than pixels cannot.
        at = content.rfind(b"\xff\xda") + 60
        return content[:at] + content[at + 60 :]
    at = len(content) // 3
    return content[:at] + bytes(24) + content[at + 24 :]


@pytest.mark.parametrize(
    "name",
    [
        *("jpeg-baseline", "jpeg-progressive", "jpeg-cmyk", "jpeg-restart", "png-rgb", "png-interlaced", "png-16"),
        *("png-palette", "tiff-lzw", "tiff-rgba", "tiff-16-big", "tiff-float-deflate", "avif-444"),
    ],
)
def test_missing_parts_do_not_pass_for_a_photo(check: Check, name: str) -> None:
    refused(check, holed(SEEDS[name]), "is damaged")


def test_damage_that_costs_no_pixel_is_passed_over(colorizer: Colorizer, tmp_path: Path) -> None:
    jpeg, png = SEEDS["jpeg-restart"], SEEDS["png-rgb"]
    restart = jpeg.index(b"\xff\xd1", jpeg.index(b"\xff\xda"))
    text = bytearray(png_chunk(b"tEXt", b"Comment\0scanned"))
    text[-1] ^= 1
    harmless = {
        "rubbish behind": (jpeg + b"rubbish", None),
        "no end": (jpeg[:-2], "premature end of JPEG image"),
        "half an end": (jpeg[:-1], "premature end of JPEG image"),
        "padding": (jpeg[:restart] + bytes(12) + jpeg[restart:], "extraneous bytes before marker 0xd1"),
        "a stray segment": (jpeg[:2] + bytes(300) + jpeg[2:], "300 extraneous bytes"),
        "a wrong checksum of text": (png[:33] + text + png[33:], None),
        "no IEND": (png[:-12], None),
        "orientation 9": (tiff({274: (3, 1, 9)}), "Orientation"),
        "orientation 0": (tiff({274: (3, 1, 0)}), "Orientation"),
    }
    for case, (content, note) in harmless.items():
        source = tmp_path / "photo"
        source.write_bytes(content)
        notes = colorizer.open(source).save(tmp_path / "result.png", overwrite=True)
        notes = [said for said in notes if "has colours already" not in said.text]
        if note is None:
            assert notes == [], case
        else:
            assert [note in said.text for said in notes] == [True], (case, notes)
            assert str(notes[0]).startswith(f"{source}: is slightly damaged")
        kind = {b"\xff\xd8": jpeg, b"\x89P": png}.get(content[:2], tiff({}))
        assert np.array_equal(Picture.read(content).pixels, Picture.read(kind).pixels), case


def test_what_is_no_photo_is_refused_whatever_its_name(check: Check) -> None:
    strangers = {
        "text": b"To whom it may concern",
        "compressed SVG": zlib.compress(b"<svg/>"),
        "libvips' own": b"\x08\xf2\xa6\xb6" + struct.pack("<7i", 2, 2, 1, 8, 0, 0, 1) + bytes(40),
        "CSV": b"1,2\n3,4\n",
        "a matrix": b"2 2\n1 2\n3 4\n",
        "Matlab": b"MATLAB 5.0 MAT-file".ljust(124) + b"\0\1IM" + bytes(64),
        "NIfTI": struct.pack("<i", 348) + bytes(340) + b"n+1\0",
        "HTML": b"<!DOCTYPE html><html></html>",
        "ZIP": b"PK\3\4" + bytes(64),
        "an MVG script": b"push graphic-context\nimage over 0,0 0,0 'https://example.com/x.png'\npop",
    }
    for content in strangers.values():
        refused(check, content, "is no photo that photochrom can read; save it as PNG or JPEG")


def encoded_by_pillow(kind: str) -> bytes:
    buffer = BytesIO()
    Image.fromarray(np.full((30, 40), 99, np.uint8)).save(buffer, kind)
    return buffer.getvalue()


def test_what_is_of_a_kind_that_is_not_read_is_called_by_its_name(check: Check) -> None:
    kinds = {
        "SVG": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>',
        "a PDF": b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF",
        "PostScript": b"%!PS-Adobe-3.0\n/Times findfont",
        "FITS": b"SIMPLE  =                    T".ljust(2880),
        "Radiance HDR": b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 1 +X 1\n" + bytes(4),
        "OpenEXR": b"\x76\x2f\x31\x01\2\0\0\0" + bytes(64),
        "an icon (ICO)": b"\0\0\1\0\1\0" + bytes(64),
        "a Photoshop file (PSD)": b"8BPS\0\1" + bytes(64),
        "DICOM": bytes(128) + b"DICM" + bytes(64),
        "a film (QuickTime)": b"\0\0\0\x14ftypqt  " + bytes(64),
        "a film (MP4)": b"\0\0\0\x14ftypiso5" + bytes(64),
        "a film (3GPP)": b"\0\0\0\x14ftyp3gp4" + bytes(64),
        "a film (MPEG)": b"\0\0\1\xba" + bytes(64),
        "a film (WMV)": bytes.fromhex("3026b2758e66cf11") + bytes(64),
        "a cursor (CUR)": b"\0\0\2\0\1\0" + bytes(64),
        "JBIG2": b"\x97JB2\r\n\x1a\n" + bytes(64),
        "a Krita file": b"PK\3\4" + bytes(26) + b"mimetypeapplication/x-krita",
        "Kodak Photo CD": bytes(2048) + b"PCD_IPI" + bytes(64),
        "DPX": b"SDPX" + bytes(64),
        "JNG": b"\x8bJNG\r\n\x1a\n" + bytes(64),
        "JPEG XS": b"\xff\x10\xff\x50" + bytes(64),
        "EMF": b"\1\0\0\0" + bytes(36) + b" EMF" + bytes(64),
        "TGA": encoded_by_pillow("TGA"),
    }
    drawing = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
    commented = b'<?xml version="1.0"?>\n<!-- ' + b"drawn by hand " * 50 + b'-->\n<svg width="9" height="9"/>'
    for begin in (drawing, commented):
        refused(check, begin, "is SVG: sound, but")
    refused(check, b"\n" + kinds["a PDF"], "is a PDF: sound, but")
    for kind, content in kinds.items():
        said = refused(check, content, f"is {kind}: sound, but of a kind that photochrom does not read")
        assert said.endswith("save it as TIFF, PNG or JPEG")


def test_a_beginning_alone_makes_no_photo(check: Check) -> None:
    beginnings = {
        "JPEG 2000": b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(64),
        "JPEG 2000's stream": b"\xff\x4f\xff\x51" + bytes(64),
        "JPEG XL": b"\xff\x0a" + bytes(64),
        "JPEG XL's container": b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(64),
        "HEIF": b"\0\0\0\x18ftypheic" + bytes(64),
        "PPM": b"P6 2 2 255\n" + bytes(11),
        "PFM": b"Pf 2 2 -1\n" + bytes(15),
        "PBM": b"P1 2 2\n1 0 0\n",
    }
    for content in beginnings.values():
        refused(check, content, "is damaged or cut short")


def test_loaders_that_are_not_safe_are_off(tmp_path: Path) -> None:
    vips = libvips()
    file = tmp_path / "numbers"
    file.write_text("1 2\n3 4\n")
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
    for load in (
        lambda: vips.Image.csvload(str(file)),
        lambda: vips.Image.matrixload(str(file)),
        lambda: vips.Image.rawload(str(file), 2, 2, 1),
        lambda: vips.Image.vipsload(str(file)),
        lambda: vips.Image.svgload_buffer(svg),
    ):
        with pytest.raises(vips.Error, match="blocked"):
            load()


def test_the_content_says_what_a_file_is_and_not_its_name(colorizer: Colorizer, tmp_path: Path) -> None:
    for name, content in SEEDS.items():
        if name in ("png-rgb", "tiff-lzw", "webp-lossy", "avif-444", "gif-plain", "bmp-24"):
            source, target = tmp_path / "photo.jpg", tmp_path / f"{name}.jpg"
            source.write_bytes(content)
            notes = colorizer.open(source).save(target)
            assert all("transparency" in note.text or "colours already" in note.text for note in notes)
            assert target.read_bytes()[:2] == b"\xff\xd8"


def test_a_comment_that_is_not_utf8_is_no_reason_to_refuse_a_photo(check: Check) -> None:
    gif = SEEDS["gif-plain"]
    at = gif.index(b",\0\0\0\0")
    comment = "Café".encode("latin-1")
    colorized(check, gif[:at] + b"!\xfe" + bytes([len(comment)]) + comment + b"\0" + gif[at:])


def test_a_tiff_without_some_of_its_tiles_is_refused(check: Check) -> None:
    image = libvips().Image.new_from_buffer(SEEDS["png-grey"], "")
    content = bytearray(image.write_to_buffer(".tif", tile=True, tile_width=16, tile_height=16, compression="lzw"))
    at = content.index(struct.pack("<HH", 324, 4))
    assert struct.unpack_from("<I", content, at + 4) == (6,)
    struct.pack_into("<I", content, at + 4, 5)
    refused(check, bytes(content), "is damaged, 1 of its 6 tiles are missing; fetch or scan it again")


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 50_000), (50_000, 1), (2, 65_500), (65_500, 2)])
def test_odd_sizes_are_colorized(check: Check, height: int, width: int) -> None:
    pixels = np.linspace(0, 255, height * width).astype(np.uint8).reshape(height, width)
    image = image_from_array(pixels)
    for suffix, options, target in (
        *((".jpg", {}, ".jpg"), (".png", {"interlace": True}, ".png")),
        (".tif", {"tile": True, "compression": "deflate"}, ".tif"),
    ):
        colorized(check, image.write_to_buffer(suffix, **options), suffix=target)
    colorized(check, bmp(pixels), suffix=".bmp")
    if max(height, width) > 16_383:
        outcome, wrong = check(image.write_to_buffer(".png"), ".webp")
        assert not wrong
        assert "cannot be written as .webp" in outcome


def test_what_is_too_wide_for_a_jpeg_is_refused_on_either_side(check: Check) -> None:
    image = image_from_array(np.zeros((2, 65_501), np.uint8))
    outcome, wrong = check(image.write_to_buffer(".png"), ".jpg")
    assert not wrong
    assert "cannot be written as .jpg (Maximum supported image dimension is 65500 pixels)" in outcome
    frame = SEEDS["jpeg-grey"].index(b"\xff\xc0")
    wide = bytearray(SEEDS["jpeg-grey"])
    wide[frame + 7 : frame + 9] = struct.pack(">H", 65_501)
    refused(check, bytes(wide), "Maximum supported image dimension is 65500 pixels")


def zero_png(width: int, height: int, *, interlaced: bool = False) -> bytes:
    """A grey PNG that is black all over, made in a moment however large it is."""
    size = height * (1 + width)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    # After a full flush the next piece stands alone, so that one piece can be repeated.
    piece = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    rest = packer.compress(bytes(size % (1 << 20))) + packer.flush()
    check = (size % 65_521) << 16 | 1
    data = b"\x78\x9c" + piece * (size >> 20) + rest + struct.pack(">I", check)
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, interlaced)
    start = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header)
    return start + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")


def test_a_bomb_is_refused_by_the_limit_on_pixels(check: Check) -> None:
    bomb = zero_png(60_000, 60_000)
    assert len(bomb) < 5_000_000
    said = refused(check, bomb, "pixels, more than the 100,000,000 that are allowed", max_pixels=100_000_000)
    assert "--max-pixels" in said
    refused(check, zero_png(70_000, 60_000), "more than the 4,000,000,000 that are allowed")
    side = (1 << 31) - 1
    refused(check, sized("png-rgb", b"IHDR", 4, ">II", side, side), "")


def test_a_side_that_makes_even_one_row_a_burden_is_refused(check: Check) -> None:
    for sides in ((1_000_001, 30), (30, 1_000_001)):
        said = refused(check, sized("png-rgb", b"IHDR", 4, ">II", *sides), "more than 1,000,000 to a side")
        assert said.endswith("cut it into pieces")


def sized(name: str, mark: bytes, at: int, form: str, *sides: int) -> bytes:
    content = bytearray(SEEDS[name])
    struct.pack_into(form, content, content.index(mark) + at, *sides)
    return bytes(content)


def test_what_is_decoded_as_a_whole_must_fit_into_memory(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "usable_memory", lambda: 5e8)
    for content in (
        sized("jpeg-progressive", b"\xff\xc2", 5, ">HH", 20_000, 20_000),
        zero_png(40_000, 40_000, interlaced=True),
        sized("gif-plain", b",\0\0\0\0", 5, "<HH", 20_000, 20_000),
        sized("avif-444", b"ispe", 8, ">II", 16_000, 16_000),
        sized("bmp-24", b"BM", 18, "<ii", 20_000, 20_000),
        image_from_array(np.zeros((5_000, 5_000), np.uint8)).write_to_buffer(".webp", effort=0),
    ):
        said = refused(check, content, "can only be decoded as a whole")
        assert "of this computer's 0.5 GB of memory; save it as baseline JPEG or as TIFF" in said
    assert checks.held_bytes(libvips().Image.new_from_buffer(SEEDS["jpeg-baseline"], ""), None) == 0


def test_memory_is_that_of_the_computer(monkeypatch: pytest.MonkeyPatch) -> None:
    assert checks.usable_memory.__wrapped__() > 1e8
    monkeypatch.setattr(os, "sysconf_names", {})
    assert 1e8 < checks.usable_memory.__wrapped__() <= 8e9


Entry = tuple[int, int, int] | None


def tiff(changes: dict[int, Entry], data: bytes = bytes(range(120)) * 10) -> bytes:
    """A grey TIFF of 40×30 with some of its entries changed (type, count, value) or left out."""
    entries: dict[int, Entry] = {256: (4, 1, 40), 257: (4, 1, 30), 258: (3, 1, 8), 259: (3, 1, 1), 262: (3, 1, 1)}
    entries |= {273: (4, 1, 8), 277: (3, 1, 1), 278: (4, 1, 30), 279: (4, 1, 1200), **changes}
    known = sorted((tag, entry) for tag, entry in entries.items() if entry is not None)
    table = b"".join(struct.pack("<HHII", tag, *entry) for tag, entry in known)
    start = struct.pack("<2sHI", b"II", 42, 8 + len(data))
    return start + data + struct.pack("<H", len(known)) + table + bytes(4)


TILE: dict[int, Entry] = {273: None, 278: None, 279: None, 324: (4, 1, 8), 325: (4, 1, 1200)}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({256: (4, 1, 1 << 31)}, "out of range"),
        ({256: (4, 1, 0)}, "is no photo"),
        ({257: (4, 1, 50_000), 278: (4, 1, 50_000)}, "is damaged or cut short"),
        ({257: (4, 1, 50_000)}, "is damaged or cut short"),
        ({256: (4, 1, 60_000), 257: (4, 1, 60_000), 278: (4, 1, 60_000)}, "is damaged or cut short"),
        ({256: (4, 1, 60_000), 257: (4, 1, 60_000), 278: (4, 1, 60_000), 259: (3, 1, 8)}, "strip size is"),
        ({279: (4, 1, 1 << 31), 259: (3, 1, 8)}, "is cut short"),
        ({279: (4, 1, 100), 259: (3, 1, 5)}, "is damaged"),
        ({273: (4, 1, 1 << 30)}, "bytes of its pixels are missing"),
        ({273: None}, "is no photo"),
        ({**TILE, 322: (4, 1, 1 << 31), 323: (4, 1, 1 << 31)}, "out of range"),
        ({**TILE, 322: (4, 1, 65_536), 323: (4, 1, 65_536)}, "out of range"),
        ({**TILE, 322: (4, 1, 0), 323: (4, 1, 0)}, "is no photo"),
        ({**TILE, 322: (4, 1, 17), 323: (4, 1, 33)}, "is damaged"),
        ({258: (3, 1, 64)}, "is damaged"),
        ({258: (3, 1, 200)}, "is a TIFF of 200 bits: sound, but"),
        ({258: (3, 1, 12)}, "is damaged"),
        ({258: (3, 1, 0)}, "is no photo"),
        ({277: (3, 1, 200), 256: (4, 1, 2), 257: (4, 1, 3)}, "has 200 channels and does not say what they are"),
        ({277: (3, 1, 65_535)}, "out of range"),
        ({277: (3, 1, 3), 262: (3, 1, 2)}, "is damaged or cut short"),
        ({339: (3, 1, 2)}, "is a photo of signed samples: sound, but"),
        ({339: (3, 1, 6), 258: (3, 1, 64)}, "is a TIFF of signed or complex samples: sound, but"),
        ({259: (3, 1, 99)}, "is a TIFF compressed with number 99: sound, but"),
        ({259: (3, 1, 7)}, "is damaged"),
        ({259: (3, 1, 4)}, "is damaged"),
    ],
)
def test_a_tiff_that_lies_is_refused(check: Check, changes: dict[int, Entry], message: str) -> None:
    refused(check, tiff(changes), message)


def test_ycbcr_of_a_tiff_is_read_from_jpeg_alone(check: Check, tmp_path: Path) -> None:
    image = Image.fromarray(np.full((30, 40, 3), (112, 90, 70), np.uint8)).convert("YCbCr")
    for compression in (None, "tiff_lzw"):  # of which libvips takes Y, Cb and Cr for red, green and blue
        buffer = BytesIO()
        image.save(buffer, "TIFF", compression=compression)
        refused(
            check, buffer.getvalue(), "is a TIFF of YCbCr colours that are not JPEG's: sound, but", suffix=".tif"
        )
    colorized(check, SEEDS["tiff-jpeg"], suffix=".tif")


def test_a_tiff_whose_directories_go_in_circles_is_read(check: Check) -> None:
    content = bytearray(tiff({}))
    content[-4:] = content[4:8]
    colorized(check, bytes(content))
    for tag in (34665, 34853, 330):  # as do those of EXIF, GPS and previews
        colorized(check, tiff({tag: (4, 1, 8 + 1200)}))


def test_floats_that_are_no_lightness_are_refused(check: Check) -> None:
    floats = np.linspace(0, 1, 1200, dtype=np.float32).reshape(30, 40)
    for value, message in {
        np.nan: "holds NaN, which is no number",
        np.inf: "scale floats to go from 0 to 1",
        -np.inf: "scale floats to go from 0 to 1",
        -0.5: "its values go from -0.5 to 1",
        255.0: "its values go from 0 to 255",
    }.items():
        floats[7, 7] = value
        for compression in ("none", "deflate"):
            image = libvips().Image.new_from_array(floats)
            refused(check, image.write_to_buffer(".tif", compression=compression), message)


def bmp(pixels: np.ndarray) -> bytes:
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, "BMP")
    return buffer.getvalue()


def test_a_bmp_that_lies_is_refused(check: Check) -> None:
    for name in ("bmp-24", "bmp-8", "bmp-rle8"):
        for width, height in (
            (0, 9),
            (9, 0),
            ((1 << 31) - 1, (1 << 31) - 1),
            (-5, 9),
            (40, -(1 << 31)),
            (40, 300),
        ):
            refused(check, sized(name, b"BM", 18, "<ii", width, height), "", max_pixels=10_000_000)
    for form, at, value in (
        ("<I", 10, 1 << 31),
        ("<I", 14, 41),
        ("<H", 28, 64),
        ("<I", 30, 11),
        ("<I", 46, 1 << 31),
    ):
        refused(check, sized("bmp-8", b"BM", at, form, value), "")


def jpeg_with(segment: bytes, content: bytes = SEEDS["jpeg-baseline"]) -> bytes:
    return content[:2] + segment + content[2:]


def test_damaged_metadata_is_no_reason_to_refuse_a_photo(check: Check) -> None:
    def exif(orientation: int, kind: int = 3) -> bytes:
        block = b"Exif\0\0II*\0\x08\0\0\0\1\0" + struct.pack("<HHII", 0x0112, kind, 1, orientation) + bytes(4)
        return segment(0xE1, block)

    def segment(mark: int, block: bytes) -> bytes:
        return struct.pack(">BBH", 255, mark, len(block) + 2) + block

    profile = bytes(range(200)) * 3
    xmp = b"http://ns.adobe.com/xap/1.0/\0"
    for number, added in enumerate(
        (
            *(exif(orientation) for orientation in (0, 9, 65_535)),
            exif(6, kind=7),
            exif(6, kind=99),
            segment(0xE1, b"Exif\0\0"),
            segment(0xE1, b"Exif\0\0II*\0\xff\xff\xff\xff"),
            segment(0xE1, b"Exif\0\0" + bytes(range(256))),
            segment(0xE1, xmp + b"<x:xmpmeta><unclosed>"),
            segment(0xE1, xmp + b"\0\1\2\xff\xfe"),
            segment(0xE1, xmp + b'<!DOCTYPE a [<!ENTITY b "ccc">]><a>&b;</a>'),
            segment(0xE2, b"ICC_PROFILE\0\1\1" + profile),
            segment(0xE2, b"ICC_PROFILE\0\1\1"),
            segment(0xE2, b"ICC_PROFILE\0\7\2" + profile),
            segment(0xED, b"Photoshop 3.0\0008BIM\4\4\0\0\xff\xff\xff\xff"),
            segment(0xEE, b"Adobe\0d\0\0\0\0\x09"),
        )
    ):
        colorized(check, jpeg_with(added), suffix=(".jpg", ".png", ".tif", ".webp")[number % 4])


def test_a_profile_of_another_colour_space_leaves_the_numbers_alone(check: Check, tmp_path: Path) -> None:
    vips = libvips()
    carriers = {kind: image_from_array(np.zeros((2, 2, 3), np.uint8)) for kind in ("srgb", "cmyk")}
    profiles = {
        kind: image.icc_export(output_profile=kind).get("icc-profile-data") for kind, image in carriers.items()
    }
    for name, kind in {"jpeg-baseline": "cmyk", "png-grey": "cmyk", "jpeg-cmyk": "srgb"}.items():
        copy = vips.Image.new_from_buffer(SEEDS[name], "").copy()
        copy.set_type(vips.GValue.blob_type, "icc-profile-data", profiles[kind])
        colorized(check, copy.write_to_buffer(".tif", compression="deflate"))


def test_an_error_keeps_no_file_open(check: Check) -> None:
    if not Path("/proc/self/fd").exists():
        pytest.skip("needs /proc")
    import gc

    gc.disable()
    try:
        for name in ("jpeg-baseline", "png-rgb", "tiff-lzw", "webp-lossy", "avif-444", "gif-plain", "bmp-24"):
            check(SEEDS[name][:300], ".png")
            before = len(list(Path("/proc/self/fd").iterdir()))
            for size in (5, 50, 300):
                check(SEEDS[name][:size], ".png")
            assert len(list(Path("/proc/self/fd").iterdir())) <= before, name
    finally:
        gc.enable()


def test_an_error_in_the_middle_of_writing_leaves_the_old_result(colorizer: Colorizer, tmp_path: Path) -> None:
    photo, result = tmp_path / "photo.png", tmp_path / "result.png"
    photo.write_bytes(holed(SEEDS["png-rgb"]))
    result.write_bytes(b"what was there")
    with pytest.raises(PhotoError):
        colorizer.open(photo).save(result, overwrite=True)
    assert result.read_bytes() == b"what was there"
    with pytest.raises(OutputError):
        colorizer.open(photo).save(result)
