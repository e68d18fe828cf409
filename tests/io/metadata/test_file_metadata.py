from __future__ import annotations

import struct
import subprocess
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exif_blocks import NEW, block_of, photo_directory
from metadata_readers import ExifTool, photo, pixels, recolour, segment
from photochrom.io.metadata import png
from photochrom.io.metadata.exif import parse_block
from photochrom.io.metadata.file_metadata import KEEP, FileMetadata
from photochrom.io.metadata.photoshop import iptc_of, true_resources, with_iptc
from photochrom.io.metadata.placement import Placement
from photochrom.io.metadata.tiff import read_tiff_resources
from photochrom.io.metadata.xmp.extended import joined_packet, split_packet
from photochrom.io.vips import libvips
from xmp_packets import packet_about

SAME = Placement((64, 48), (64, 48))
XMP = packet_about((8, 8, 16, 24), (64, 48), (64, 48), "resource", "pixel")
IPTC_TAGS = [
    "-IPTC:Caption-Abstract=Grüße IPTC",
    "-IPTC:Keywords=eins",
    "-IPTC:Keywords=zwei",
    "-Photoshop:CopyrightFlag=true",
]
# Of the pixels and their file, not of the photo.
STORAGE = (
    "ImageWidth",
    "ImageHeight",
    "BitsPerSample",
    "Compression",
    "PhotometricInterpretation",
    "StripOffsets",
    "SamplesPerPixel",
    "RowsPerStrip",
    "StripByteCounts",
    "PlanarConfiguration",
    "SampleFormat",
    "Orientation",
    "ColorSpace",
    "YCbCrPositioning",
    "ExifImageWidth",
    "ExifImageHeight",
    "IPTCDigest",
    "CurrentIPTCDigest",
    "Predictor",
    "ThumbnailOffset",
)


@pytest.mark.parametrize("source", ["jpg", "tif", "png", "webp"])
@pytest.mark.parametrize("target", list(KEEP))
def test_another_program_finds_all_of_it(tmp_path: Path, exiftool: ExifTool, source: str, target: str) -> None:
    old = photo(tmp_path / f"old.{source}", exiftool, *(IPTC_TAGS if source in ("jpg", "tif") else []))
    said = exiftool(old)
    assert said["IFD0:Main:Model"] == "II ü"
    path = tmp_path / f"new.{target}"
    carried = recolour(old, path, mark=True)
    assert carried.lost == ()
    found = exiftool(path)
    kept = ("IFD0:", "ExifIFD:", "GPS:", "InteropIFD:", "IPTC:", "Photoshop:", "XMP-dc", "XMP-xmp:")
    for tag, value in said.items():
        if tag.startswith(kept) and not tag.endswith(STORAGE):
            assert found[tag] == value, tag
    assert found["XMP-iptcExt:Main:AISystemUsed"] == "n (p)"
    assert not [tag for tag in found if tag.endswith(("Warning", "Error"))]
    # And on from there, without the note being lost or doubled.
    back = tmp_path / f"back.{source}"
    recolour(path, back)
    for tag, value in exiftool(back).items():
        if tag.startswith(kept) and not tag.endswith(STORAGE):
            assert found[tag] == value, tag
    assert {t: v for t, v in found.items() if t.startswith("XMP")}.items() <= exiftool(back).items()


@pytest.mark.parametrize("target", ["webp", "avif"])
@pytest.mark.parametrize("block", [b"no EXIF at all", b"II", b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0" + bytes(40)])
def test_exif_that_is_none_breaks_no_file(tmp_path: Path, target: str, block: bytes) -> None:
    carried = FileMetadata(exif=b"Exif\0\0" + block).adapt(target, size=(64, 48))
    assert carried.exif is None
    assert carried.lost == (f"EXIF, which is damaged so that {target} cannot hold it",)
    dense = FileMetadata(exif=b"Exif\0\0" + block, dpi=(300, 300)).adapt(target, size=(64, 48))
    assert FileMetadata.read(b"", exif=dense.exif).exif == dense.exif is not None


@pytest.mark.parametrize("source", ["jpg", "tif"])
@pytest.mark.parametrize("target", list(KEEP))
def test_xmp_turns_no_photo_a_second_time(tmp_path: Path, exiftool: ExifTool, source: str, target: str) -> None:
    old = photo(tmp_path / f"old.{source}", exiftool, "-IFD0:Orientation#=6", "-XMP-tiff:Orientation#=6")
    path = tmp_path / f"new.{target}"
    recolour(old, path)
    said = exiftool(path)
    assert said["XMP-tiff:Main:Orientation"] == 1
    assert said["XMP-dc:Main:Title"] == "Tïtle"
    assert said.get("IFD0:Main:Orientation", 1) == 1


@pytest.mark.parametrize("between", ["png", "webp", "avif"])
@pytest.mark.parametrize("target", ["jpg", "tif"])
def test_iptc_is_there_once(tmp_path: Path, exiftool: ExifTool, between: str, target: str) -> None:
    path, last = tmp_path / f"new.{between}", tmp_path / f"last.{target}"
    recolour(photo(tmp_path / "old.jpg", exiftool, *IPTC_TAGS), path)
    recolour(path, last, thumbnail=NEW)
    found = exiftool(last)
    assert [tag for tag in found if tag.endswith("Keywords")] == ["IPTC:Main:Keywords"]
    assert found["IFD0:Main:Model"] == "II ü"
    if target == "jpg":
        read = libvips().Image.new_from_file(str(last)).get("exif-data")
        assert not {33723, 34377} & parse_block(read)[0].keys()


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("target", ["jpg", "png", "webp", "avif"])
def test_exif_arrives_byte_for_byte(tmp_path: Path, order: str, target: str) -> None:
    old = tmp_path / "old.jpg"
    pixels().write_to_file(str(old), keep="none")
    block = block_of(order)
    replace(FileMetadata(format="jpg"), exif=block).embed(old)
    path = tmp_path / f"new.{target}"
    carried = recolour(old, path, thumbnail=NEW)
    read = libvips().Image.new_from_file(str(path))
    assert carried.exif is not None
    assert read.get("exif-data").removeprefix(b"Exif\0\0").startswith(carried.exif[6:])
    inner: Any = photo_directory(order)[0x8769]
    assert carried.exif.index(inner[0x927C].content) == block.index(inner[0x927C].content)


@pytest.mark.parametrize("target", ["jpg", "png", "webp", "avif"])
def test_a_new_thumbnail_is_embedded(tmp_path: Path, exiftool: ExifTool, target: str) -> None:
    old = photo(tmp_path / "old.jpg", exiftool)
    path = tmp_path / f"new.{target}"
    recolour(old, path, thumbnail=NEW)
    read = subprocess.run(["exiftool", "-b", "-ThumbnailImage", path], check=True, capture_output=True).stdout
    assert read == NEW


@pytest.mark.parametrize("target", ["jpg", "tif", "png", "webp"])
def test_imagemagick_agrees(
    tmp_path: Path, exiftool: ExifTool, identify: Callable[[Path, str], str], target: str
) -> None:
    path = tmp_path / f"new.{target}"
    recolour(photo(tmp_path / "old.jpg", exiftool, *IPTC_TAGS), path)
    kind, width, height, dpi, unit, keywords = identify(path, "%m %w %h %x %U [%[IPTC:2:25]]").split(" ")
    assert (kind, width, height) == ({"jpg": "JPEG", "tif": "TIFF"}.get(target, target.upper()), "64", "48")
    assert round(float(dpi) * (2.54 if unit == "PixelsPerCentimeter" else 1)) == 300
    assert keywords == ("[eins;zwei]" if target in ("jpg", "tif") else "[]")


def test_a_jpegs_own_segments_are_copied(tmp_path: Path) -> None:
    old = tmp_path / "old.jpg"
    pixels().write_to_file(str(old), keep="none")
    kept = [
        segment(0xFE, "ein Kommentar ü".encode()),
        segment(0xFE, b"Latin-1: \xfc"),
        segment(0xE5, b"Ricoh's"),
        segment(0xED, b"Adobe_CM\0"),
    ]
    preview = b"\xff\xd8\xff\xdb" + bytes(range(256)) * 250  # which goes on in the next segment
    dropped = [
        segment(0xE2, b"MPF\0grey previews"),
        segment(0xEB, b"JP signed"),
        segment(0xE0, b"JFXX\0grey"),
        segment(0xE2, b"FPXR\0\0\2grey"),
        segment(0xE4, b"SCALADO\0" + bytes(20)),
        segment(0xEC, b"Ducky\0\1\0\4\0\0\0\x3c"),
        segment(0xE3, preview),
        segment(0xE4, preview[9:]),
        segment(0xE2, b"BGTH" + preview),
    ]
    content = old.read_bytes()
    old.write_bytes(
        content[:2] + segment(0xE0, b"JFIF\0\1\1\1\1\x2c\1\x2c\0\0") + b"".join(dropped + kept) + content[2:]
    )
    path = tmp_path / "new.jpg"
    recolour(old, path)
    new = path.read_bytes()
    for part in kept:
        assert new.count(part) == 1
    for part in dropped:
        assert part not in new
    for target in ("png", "tif", "webp", "avif"):
        carried = recolour(path, tmp_path / f"new.{target}")
        said = str([text.text for text in carried.texts]) if target == "png" else str(carried.xmp, "utf-8")
        assert "ein Kommentar ü" in said
        assert "Latin-1: ü" in said


def test_a_pngs_own_chunks_are_copied(tmp_path: Path) -> None:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    old = tmp_path / "old.png"
    pixels().write_to_file(str(old), keep="none")
    texts = [
        chunk(b"tEXt", b"Title of it\0T\xe4tel"),
        chunk(b"iTXt", b"Description\0\1\0de\0Titel\0" + zlib.compress("Grüße Ж".encode())),
        chunk(b"zTXt", b"Author\0\0" + zlib.compress(b"S\xf8ren")),
    ]
    others = [chunk(b"prVt", b"private, to be copied"), chunk(b"prVT", b"private, only for these pixels")]
    content = old.read_bytes()
    old.write_bytes(content[:33] + b"".join(texts + others) + content[33:])
    path = tmp_path / "new.png"
    recolour(old, path)
    new = path.read_bytes()
    assert [new.count(part) for part in texts + others] == [1, 1, 1, 1, 0]
    recolour(path, tmp_path / "new.jpg")
    jpeg = (tmp_path / "new.jpg").read_bytes()
    for said in ("Title of it: Tätel", "Description: Grüße Ж", "Author: Søren"):
        assert segment(0xFE, said.encode()) in jpeg


@pytest.mark.parametrize(
    ("placement", "kept"),
    [
        (Placement((64, 48), (64, 48)), True),
        (Placement((64, 48), (32, 24)), False),
        (Placement((64, 48), (48, 64), turned=6), False),
        (Placement((64, 48), (132, 48), alone=False), False),
    ],
)
def test_a_png_s_place_on_a_page_goes_where_pixels_move(placement: Placement, kept: bool) -> None:
    page = [
        png.chunk(b"oFFs", struct.pack(">iiB", 100, 50, 0)),
        png.chunk(b"caNv", struct.pack(">4I", 1000, 800, 100, 50)),
        png.chunk(b"vpAg", struct.pack(">IIB", 1000, 800, 0)),
    ]
    others = [png.chunk(b"prVt", b"private"), png.chunk(b"prVu", b"")]
    photo = FileMetadata(segments=b"".join([others[0], *page, others[1]]), format="png")
    found = photo.adapt("png", size=placement.size, placement=placement).segments
    assert found == (photo.segments if kept else b"".join(others))


def test_of_a_png_only_named_chunks_before_its_end_are_copied(tmp_path: Path) -> None:
    old = tmp_path / "old.png"
    pixels().write_to_file(str(old), keep="none")
    content = old.read_bytes()
    wrong = [png.chunk(kind, b"wrong") for kind in (b"pr\0t", b"1rvt", b"PRVt", b"\xe4rvt")]
    old.write_bytes(content[:33] + b"".join(wrong) + content[33:] + png.chunk(b"prVt", b"behind"))
    assert FileMetadata.read(old).segments == b""


@pytest.mark.parametrize("name", ["iptc", "8bim"])
def test_iptc_that_a_png_holds_as_text_is_found(tmp_path: Path, exiftool: ExifTool, name: str) -> None:
    record = b"\x1c\x02\x19\0\x04eins\x1c\x02\x19\0\x04zwei"
    blob = record if name == "iptc" else with_iptc(b"", record)
    text = f"Raw profile type {name}\0\n{name}\n{len(blob):8d}\n{blob.hex()}\n"
    old = tmp_path / "old.png"
    pixels().write_to_file(str(old), keep="none")
    content = old.read_bytes()
    kind = b"tEXt" + text.encode()
    chunk = struct.pack(">I", len(kind) - 4) + kind + struct.pack(">I", zlib.crc32(kind))
    old.write_bytes(content[:33] + chunk + content[33:])
    for target in KEEP:
        path = tmp_path / f"new.{target}"
        recolour(old, path)
        assert exiftool(path)["IPTC:Main:Keywords"] == ["eins", "zwei"]


def test_a_tiffs_iptc_is_whole_in_every_way_to_write_it(tmp_path: Path, exiftool: ExifTool) -> None:
    record = b"\x1c\x02\x78\0\x05Hallo\x1c\x02\x19\0\x02k1"  # 17 bytes
    numbers = record.ljust(20, b"\0")
    swapped = b"".join(numbers[n : n + 4][::-1] for n in range(0, 20, 4))
    for kind, count, blob in ((7, 17, record), (1, 17, record), (4, 5, numbers), (4, 5, swapped)):
        head = b"II*\0\x08\0\0\0" + struct.pack("<HHHIII", 1, 33723, kind, count, 26, 0)
        resources = read_tiff_resources(head + blob)
        assert resources is not None
        assert iptc_of(resources) == record


def test_resources_over_64_kb_and_their_thumbnails(tmp_path: Path, exiftool: ExifTool) -> None:
    other = b"8BIM" + struct.pack(">H", 4000) + b"\4name\0" + struct.pack(">I", 100_000) + bytes(100_000)
    thumbnail = b"8BIM" + struct.pack(">HHI", 0x040C, 0, 5) + b"grey!\0"
    resources = with_iptc(thumbnail + other, b"\x1c\x02\x19\0\x04eins")
    assert true_resources(resources, SAME) == with_iptc(other, b"\x1c\x02\x19\0\x04eins")
    assert true_resources(other + b"damage", SAME) == other + b"damage"
    old = tmp_path / "old.jpg"
    pixels().write_to_file(str(old), keep="none")
    FileMetadata(resources=resources, format="jpg").embed(old)
    for target in ("jpg", "tif", "png"):
        path = tmp_path / f"new.{target}"
        carried = recolour(old, path)
        again = FileMetadata.read(path, exif=carried.exif)
        assert again.resources == true_resources(resources, SAME)
        assert exiftool(path)["IPTC:Main:Keywords"] == "eins"
    for target in ("webp", "avif"):  # which have room for 64 kB of EXIF only
        path = tmp_path / f"new.{target}"
        assert recolour(old, path).lost == (f"EXIF tag 34377, for which {target} has no room",)
        assert exiftool(path)["IPTC:Main:Keywords"] == "eins"


def test_xmp_over_64_kb(tmp_path: Path, exiftool: ExifTool) -> None:
    old = tmp_path / "old.jpg"
    pixels().write_to_file(str(old), keep="none")
    exiftool(old, "-XMP-dc:Title=Tïtle", f"-XMP-dc:Description={'lang ü ' * 12_000}", "-XMP-dc:Creator=Søren")
    said = {tag: value for tag, value in exiftool(old).items() if tag.startswith("XMP-dc")}
    assert len(said) == 3
    for target in KEEP:
        path = tmp_path / f"new.{target}"
        recolour(old, path, mark=True)
        found = exiftool(path)
        assert {tag: value for tag, value in found.items() if tag.startswith("XMP-dc")} == said
        assert (
            "XMP-xmpNote:Main:HasExtendedXMP" in found if target == "jpg" else "HasExtendedXMP" not in str(found)
        )
        recolour(path, tmp_path / f"again.{target}")
        again = {tag: v for tag, v in exiftool(tmp_path / f"again.{target}").items() if tag.startswith("XMP-dc")}
        assert again == said


def test_an_extension_keeps_its_prefixes() -> None:
    rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    extension = (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/" xmlns:a="urn:a"><r:RDF xmlns:r="{rdf}"><r:Description a:b="1"/>'
        '<r:Description xmlns:a="urn:other" a:b="2"><a:c>ü</a:c></r:Description></r:RDF></x:xmpmeta>'
    ).encode()
    for packet in (f'<rdf:RDF xmlns:rdf="{rdf}"/>', f'<rdf:RDF xmlns:rdf="{rdf}" xmlns:a="urn:main"> </rdf:RDF>'):
        joined = joined_packet(packet.encode(), extension)
        assert joined is not None
        assert split_packet(joined)[1] == joined
        root = ET.fromstring(joined)
        assert [sorted(d.attrib.items()) for d in root] == [[("{urn:a}b", "1")], [("{urn:other}b", "2")]]
        assert root[1][0].text == "ü"
    assert joined_packet(b"<a", extension) is None


@given(st.sampled_from(["jpg", "png", "tif"]), st.data())
@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damage_never_raises(tmp_path: Path, kind: str, data: st.DataObject) -> None:
    path = tmp_path / f"whole.{kind}"
    if not path.exists():
        whole = FileMetadata(
            exif=block_of("<"), xmp=XMP.ljust(70_000), resources=with_iptc(b"", b"\x1c\x02\x19\0\x04eins")
        )
        pixels().write_to_file(str(path), keep="none")
        replace(whole, format=kind).embed(path)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, min(len(content), 3000) - 1))] = data.draw(st.integers(0, 255))
    carried = FileMetadata.read(bytes(content[: data.draw(st.integers(0, len(content)))]))
    for target in KEEP:
        carried.adapt(target, size=(9, 9), placement=Placement((64, 48), (9, 9), 6), thumbnail=NEW).header()


def test_a_missing_file_says_nothing(tmp_path: Path) -> None:
    assert FileMetadata.read(tmp_path / "none.jpg") == FileMetadata()
