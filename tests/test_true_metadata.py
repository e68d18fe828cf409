"""What a result's file says of its pixels is true of them, as exiftool reads it, whatever the format."""

from __future__ import annotations

import json
import struct
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

from exif_blocks import OLD
from metadata_readers import need
from photochrom import Colorizer
from photochrom.io.metadata.exif import make_block, parse_block
from photochrom.io.metadata.file_metadata import FileMetadata
from photochrom.io.metadata.ifd import EXIF, INTEROP, Value
from photochrom.io.metadata.photoshop import with_iptc
from photochrom.io.vips import libvips
from photochrom.options import Options
from tiny_network import tint_card, write_network
from xmp_packets import packet_about

WIDTH, HEIGHT = 120, 80
BOX = (70, 10, 100, 50)  # the bright thing: left, top, right, bottom
RESULTS = (".jpg", ".png", ".tif", ".webp")


@pytest.fixture(scope="module")
def colorizer(tmp_path_factory: pytest.TempPathFactory) -> Colorizer:
    path = tmp_path_factory.mktemp("network") / "tint.onnx"
    return Colorizer(write_network(path, card=tint_card(input_size=16)), threads=1)


def read_all(folder: Path) -> dict[str, dict[str, Any]]:
    """Have exiftool read all files of a folder, by name."""
    need("exiftool", "libimage-exiftool-perl")
    command = ["exiftool", "-j", "-G1", "-n", "-struct", str(folder)]
    found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return {Path(tags["SourceFile"]).name: tags for tags in found}


def write_photo(path: Path, metadata: FileMetadata, box: tuple[int, int, int, int] = BOX) -> Path:
    """Write a dark photo with a bright thing, and what is said of it, in any of the formats."""
    pixels = np.full((HEIGHT, WIDTH), 60, np.uint8)
    pixels[box[1] : box[3], box[0] : box[2]] = 230
    image = libvips().Image.new_from_array(pixels).copy(interpretation="b-w")
    if path.suffix == ".tif":  # whose orientation is the file's own
        orientation = parse_block(metadata.exif or b"")[0].get(274, Value(3, b"\1\0"))
        image.set_type(libvips().GValue.gint_type, "orientation", orientation.numbers("<")[0])
    kind = path.suffix[1:]
    said = replace(metadata, format=kind)
    for name, content in said.header().items():
        image.set_type(libvips().GValue.blob_type, name, content)
    options: dict[str, Any] = {"lossless": True} if kind == "webp" else {"Q": 98} if kind == "jpg" else {}
    image.write_to_file(str(path), keep=said.keep, **options)
    said.embed(path)
    return path


def exif_of(orientation: int) -> bytes:
    """Say what depends on where and how many the pixels are, and what on their colours."""
    short, long = (lambda *n: Value(3, struct.pack(f"<{len(n)}H", *n))), lambda n: Value(4, struct.pack("<I", n))
    left, top, right, bottom = BOX
    middle = (left + right) // 2, (top + bottom) // 2
    return make_block(
        {
            256: long(WIDTH),
            257: long(HEIGHT),
            259: short(6),
            271: Value(2, b"Leica\0"),
            274: short(orientation),
            318: Value(5, struct.pack("<4I", 313, 1000, 329, 1000)),
            50719: short(8, 8),  # DefaultCropOrigin
            EXIF: {
                0x9102: Value(5, struct.pack("<2I", 2, 1)),
                0x9214: short(*middle, right - left, bottom - top),
                0xA001: short(65535),
                0xA002: long(WIDTH),
                0xA003: long(HEIGHT),
                0xA20E: Value(5, struct.pack("<2I", 4000, 1)),
                0xA20F: Value(5, struct.pack("<2I", 3000, 1)),
                0xA210: short(2),
                0xA214: short(*middle),
                0xA500: Value(5, struct.pack("<2I", 22, 10)),
                INTEROP: {1: Value(2, b"R03\0"), 0x1001: long(WIDTH), 0x1002: long(HEIGHT)},
            },
        }
    )


def bright_box(path: Path) -> tuple[list[float], tuple[int, int]]:
    """Find the bright thing in the stored pixels: left, top, right, bottom in fractions, and the size."""
    light = libvips().Image.new_from_file(str(path)).numpy()[..., 1] > 145  # Pillow turns TIFFs
    rows, columns = np.flatnonzero(light.any(1)), np.flatnonzero(light.any(0))
    ends = [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
    return [end / light.shape[1 - n % 2] for n, end in enumerate(ends)], light.shape[::-1]


def test_what_is_said_of_places_is_true_of_the_results_pixels(tmp_path: Path, colorizer: Colorizer) -> None:
    (tmp_path / "results").mkdir()
    for orientation in range(1, 9):
        packet = packet_about(BOX, (WIDTH, HEIGHT), (WIDTH, HEIGHT), "resource", "normalized")
        source = tmp_path / f"{orientation}{RESULTS[orientation % 4]}"
        write_photo(source, FileMetadata(exif=exif_of(orientation), xmp=packet))
        for suffix in RESULTS:
            for long_edge in (None, 60):
                target = tmp_path / "results" / f"{source.stem}-{long_edge}{suffix}"
                assert colorizer.open(source).save(target, Options(long_edge=long_edge)) == []
    found = read_all(tmp_path / "results")
    assert len(found) == 64
    for name, tags in found.items():
        box, (width, height) = bright_box(tmp_path / "results" / name)
        middle = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        near = {"abs": 0.021, "rel": 0}  # a pixel of the smaller ones
        regions = tags["XMP-mwg-rs:RegionInfo"]
        area, sides = regions["RegionList"][0]["Area"], regions["AppliedToDimensions"]
        assert (sides["W"], sides["H"]) == (width, height), name
        assert (area["X"], area["Y"]) == pytest.approx(middle, **near), name
        assert (area["W"], area["H"]) == pytest.approx((box[2] - box[0], box[3] - box[1]), **near), name
        x, y, w, h = map(float, tags["XMP-MP:RegionInfoMP"]["Regions"][0]["Rectangle"].split(","))
        assert (x, y, x + w, y + h) == pytest.approx(box, **near), name
        boundary = tags["XMP-iptcExt:ImageRegion"][0]["RegionBoundary"]
        x, y, w, h = (boundary[f"Rb{name}"] for name in "XYWH")
        assert (x, y, x + w, y + h) == pytest.approx(box, **near), name
        x, y, w, h = map(int, tags["ExifIFD:SubjectArea"].split())
        assert (x / width, y / height) == pytest.approx(middle, **near), name
        assert (w / width, h / height) == pytest.approx((box[2] - box[0], box[3] - box[1]), **near), name
        assert tags["ExifIFD:SubjectLocation"] == f"{x} {y}", name
        assert (tags["ExifIFD:ExifImageWidth"], tags["ExifIFD:ExifImageHeight"]) == (width, height), name
        if not name.endswith(".tif") and int(name[0]) % 4 != 2:  # of a TIFF they are the file's own
            assert (tags["IFD0:ImageWidth"], tags["IFD0:ImageHeight"]) == (width, height), name
        interop = {key.partition(":")[2]: value for key, value in tags.items() if key.startswith("InteropIFD")}
        assert interop == {"InteropIndex": "R98", "RelatedImageWidth": width, "RelatedImageHeight": height}, name
        assert tags["ExifIFD:ColorSpace"] == 1
        # The sensor is 0.03 inch across and 0.0267 high, however many pixels there are of it.
        sensor = [WIDTH / 4000, HEIGHT / 3000][:: 1 if width > height else -1]
        pixels = tags["ExifIFD:FocalPlaneXResolution"], tags["ExifIFD:FocalPlaneYResolution"]
        assert [width / pixels[0], height / pixels[1]] == pytest.approx(sensor, rel=0.01), name
        assert tags["IFD0:Make"] == "Leica"
        stale = ("WhitePoint", "Gamma", "DefaultCropOrigin", "CompressedBitsPerPixel")
        assert not [key for key in tags if key.endswith(stale) and not key.startswith(("PNG", "ICC_Profile"))], (
            name
        )
        # libvips puts JPEG's header before a WebP's EXIF.
        assert tags.get("ExifTool:Warning", "") in ("", "[minor] Improper EXIF header"), name
        assert "ExifTool:Error" not in tags, name


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_decoder_that_turns_an_avif_moves_its_regions(
    tmp_path: Path, colorizer: Colorizer, orientation: int
) -> None:
    pixels = np.full((HEIGHT, WIDTH, 3), 60, np.uint8)
    pixels[BOX[1] : BOX[3], BOX[0] : BOX[2]] = 230
    packet = packet_about(BOX, (WIDTH, HEIGHT), (WIDTH, HEIGHT), "attributes", "normalized")
    exif = PIL.Image.Exif()
    exif[274] = orientation
    exif[271] = "Leica"
    PIL.Image.fromarray(pixels).save(tmp_path / "photo.avif", exif=exif.tobytes(), xmp=packet, quality=90)
    target = tmp_path / "results" / "result.png"
    target.parent.mkdir()
    colorizer.open(tmp_path / "photo.avif").save(target)
    box, (width, height) = bright_box(target)
    regions = read_all(target.parent)["result.png"]["XMP-mwg-rs:RegionInfo"]
    area, sides = regions["RegionList"][0]["Area"], regions["AppliedToDimensions"]
    assert (sides["W"], sides["H"]) == (width, height) == ((HEIGHT, WIDTH) if orientation > 4 else (WIDTH, HEIGHT))
    middle = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    assert (area["X"], area["Y"]) == pytest.approx(middle, abs=0.02)
    assert (area["W"], area["H"]) == pytest.approx((box[2] - box[0], box[3] - box[1]), abs=0.03)


@pytest.mark.parametrize("suffix", RESULTS)
def test_beside_its_photo_a_result_says_nothing_of_places(
    tmp_path: Path, colorizer: Colorizer, suffix: str
) -> None:
    packet = packet_about(BOX, (WIDTH, HEIGHT), (WIDTH, HEIGHT), "attributes", "normalized")
    record = b"\x1c\x02\x78\0\x05Hallo\x1c\x02\x83\0\x01P\x1c\x02\x82\0\x021W\x1c\x03\x14\0\x02\0\x78"
    path = b"8BIM" + struct.pack(">HHI", 2000, 0, 26) + bytes(26)
    source = write_photo(
        tmp_path / "photo.jpg", FileMetadata(exif=exif_of(1), xmp=packet, resources=with_iptc(path, record))
    )
    target = tmp_path / "results" / f"both{suffix}"
    target.parent.mkdir()
    (note,) = map(str, colorizer.open(source).save(target, Options(side_by_side=True)))
    assert note == f"{target}: left out: regions, such as faces, which would lie elsewhere"
    tags = read_all(target.parent)[target.name]
    gone = ("RegionInfo", "RegionInfoMP", "ImageRegion", "SubjectArea", "SubjectLocation", "FocalPlane", "Path")
    assert not [key for key in tags if any(name in key for name in gone) and "System" not in key]
    assert tags["ExifIFD:ExifImageWidth"] == WIDTH * 2 + 4
    assert tags["IPTC:Caption-Abstract"] == "Hallo"
    assert tags["IPTC:ImageOrientation"] == "L"
    assert not [key for key in tags if key.endswith((":ImageType", "IPTCImageWidth"))]


def test_a_resolution_that_is_not_the_same_both_ways_turns_too(tmp_path: Path, colorizer: Colorizer) -> None:
    exif = make_block({274: Value(3, b"\6\0"), 271: Value(2, b"Leica\0")})
    source = write_photo(tmp_path / "fax.jpg", FileMetadata(exif=exif, dpi=(204.0, 98.0)))
    (tmp_path / "results").mkdir()
    for suffix in RESULTS:
        colorizer.open(source).save(tmp_path / "results" / f"fax{suffix}")
    found = read_all(tmp_path / "results")
    for name, tags in found.items():
        read = round(tags["IFD0:XResolution"]), round(tags["IFD0:YResolution"])
        assert read == ((204, 98) if name.endswith((".jpg", ".tif")) else (98, 204)), name


HEAD = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'


def packet(attributes: str, inner: str = "") -> bytes:
    google = "http://ns.google.com/photos/1.0/"
    spaces = {
        "hdrgm": "http://ns.adobe.com/hdr-gain-map/1.0/",
        "apple": "http://ns.apple.com/HDRGainMap/1.0/",
        "Container": f"{google}container/",
        "Item": f"{google}container/item/",
        "GCamera": f"{google}camera/",
        "GDepth": f"{google}depthmap/",
        "GImage": f"{google}image/",
        "crs": "http://ns.adobe.com/camera-raw-settings/1.0/",
        "darktable": "http://darktable.sf.net/",
        "dcterms": "http://purl.org/dc/terms/",
        "dc": "http://purl.org/dc/elements/1.1/",
        "xmp": "http://ns.adobe.com/xap/1.0/",
        "xmpMM": "http://ns.adobe.com/xap/1.0/mm/",
        "lr": "http://ns.adobe.com/lightroom/1.0/",
        "photoshop": "http://ns.adobe.com/photoshop/1.0/",
        "tiff": "http://ns.adobe.com/tiff/1.0/",
        "exif": "http://ns.adobe.com/exif/1.0/",
        "exifEX": "http://cipa.jp/exif/1.0/",
        "acdsee": "http://ns.acdsee.com/iptc/1.0/",
        "bopt": "http://www.bibblelabs.com/BibbleOpt/5.0/",
        "alienexposure": "http://ns.alienskin.com/exposure/1.0/",
        "oplus": "http://ns.oplus.com/photos/1.0/camera/",
    }
    named = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in spaces.items())
    return f"<rdf:RDF {HEAD}{named}><rdf:Description {attributes}>{inner}</rdf:Description></rdf:RDF>".encode()


def container(semantic: str) -> str:
    items = "".join(
        f'<rdf:li rdf:parseType="Resource"><Container:Item Item:Semantic="{name}" Item:Mime="a/b"/></rdf:li>'
        for name in ("Primary", semantic)
    )
    return f"<Container:Directory><rdf:Seq>{items}</rdf:Seq></Container:Directory>"


SAMSUNG = b"video" + b"SEFH" + struct.pack("<IIHHII", 107, 1, 0, 0x0A30, 5, 5)
BESIDES = [  # XMP, what stands behind the picture, its segments, and what is left out of the result
    (packet('hdrgm:Version="1.0"', container("GainMap")), OLD, b"", "a gain map"),
    (packet("", "<hdrgm:Version>1.0</hdrgm:Version>"), OLD, b"", "a gain map"),
    (packet('apple:HDRGainMapVersion="65536"'), b"", b"", "a gain map"),
    (packet('GCamera:MicroVideo="1" GCamera:MicroVideoOffset="9"'), b"film", b"", "a video"),
    (packet('GCamera:MotionPhoto="1"', container("MotionPhoto")), b"film", b"", "a video"),
    (packet('oplus:MotionPhotoOwner="o" oplus:VideoLength="4"'), b"film", b"", "a video"),
    (packet('GDepth:Mime="image/png"', "<GDepth:Data>AAAA</GDepth:Data>"), b"", b"", "a depth map"),
    (packet('GImage:Mime="image/jpeg" GImage:Data="AAAA"'), b"", b"", "another picture of the same shot"),
    (packet('dcterms:provenance="https://example.com/x.c2pa"'), b"", b"", "Content Credentials (C2PA)"),
    (packet(""), SAMSUNG + struct.pack("<I4s", 24, b"SEFT"), b"", "a video"),
    (packet(""), OLD, b"\xff\xe2\0\x20urn:iso:std:iso:ts:21496:-1\0\0\0", "a gain map"),
    (packet(""), b"", b"\xff\xeb\0\x18JP\0\1\0\0\0\1jumbc2pa......", "Content Credentials (C2PA)"),
]


@pytest.mark.parametrize(("xmp", "behind", "segments", "left_out"), BESIDES)
@pytest.mark.parametrize("suffix", [".jpg", ".tif"])
def test_what_a_file_holds_besides_is_named_and_no_longer_claimed(
    tmp_path: Path, colorizer: Colorizer, xmp: bytes, behind: bytes, segments: bytes, left_out: str, suffix: str
) -> None:
    whole = packet('dc:source="archive" GCamera:BurstID="7"')
    inner = whole.index(b"dc:source"), whole.index(b"></rdf:Description")
    said = xmp.replace(b"<rdf:Description ", b"<rdf:Description " + whole[slice(*inner)] + b" ")
    source = write_photo(tmp_path / "photo.jpg", FileMetadata(xmp=said, segments=segments))
    with source.open("ab") as file:
        file.write(behind)
    target = tmp_path / f"result{suffix}"
    (note,) = map(str, colorizer.open(source).save(target))
    assert note.startswith(f"{target}: left out: {left_out}")
    content = target.read_bytes()
    assert b'dc:source="archive"' in content
    assert b'GCamera:BurstID="7"' in content
    for claim in (b"hdrgm:V", b":HDRGain", b"Item:", b"MotionPhoto", b"MicroVideo", b"GDepth:", b"GImage:"):
        assert content.count(claim) == 0 or (claim[:1].isupper() and claim[-1:] == b":"), claim
    for claim in (b"<GDepth:", b"GDepth:M", b"GImage:D", b"<Item:", b"provenance", b"21496", b"jumbc2pa", b"film"):
        assert claim not in content, claim
    assert colorizer.open(target).save(tmp_path / f"again{suffix}") == []  # nothing claims it any more


def test_what_told_other_programs_how_to_show_the_photo_is_gone(tmp_path: Path, colorizer: Colorizer) -> None:
    attributes = (
        'crs:ConvertToGrayscale="True" crs:HasCrop="True" darktable:history_params="00" darktable:colorlabels="1" '
        'xmpMM:InstanceID="xmp.iid:1" xmpMM:DocumentID="xmp.did:1" lr:hierarchicalSubject="a|b" '
        'photoshop:SidecarForExtension="NEF" photoshop:City="Ulm" dc:format="image/tiff" tiff:Compression="1" '
        'tiff:ImageWidth="120" exif:ColorSpace="65535" exifEX:InteroperabilityIndex="R03" exifEX:Gamma="22/10" '
        'acdsee:rpp="crop" acdsee:dpp="grey" acdsee:rating="3" bopt:exposureval="0.5" alienexposure:crop_angle="2"'
    )
    xmp = packet(attributes, "<crs:ToneCurve><rdf:Seq><rdf:li>0, 0</rdf:li></rdf:Seq></crs:ToneCurve>")
    source = write_photo(tmp_path / "photo.tif", FileMetadata(xmp=xmp))
    target = tmp_path / "results" / "result.png"
    target.parent.mkdir()
    assert colorizer.open(source).save(target) == []
    tags = read_all(target.parent)["result.png"]
    said = {key: value for key, value in tags.items() if key.startswith("XMP") and "iptcExt" not in key}
    assert said == {
        "XMP-darktable:Colorlabels": 1,
        "XMP-xmpMM:DocumentID": "xmp.did:1",
        "XMP-lr:HierarchicalSubject": "a|b",
        "XMP-acdsee:Rating": 3,
        "XMP-photoshop:City": "Ulm",
        "XMP-dc:Format": "image/png",
        "XMP-tiff:ImageWidth": 120,
        "XMP-exif:ColorSpace": 1,
        "XMP-exifEX:InteropIndex": "R98",
    }


@pytest.mark.parametrize("turned", [False, True])
def test_a_map_keeps_its_place_in_the_world_or_loses_it(
    tmp_path: Path, colorizer: Colorizer, turned: bool
) -> None:
    tags = {
        33550: Value(12, struct.pack("<3d", 2.0, 2.0, 0.0)),
        33922: Value(12, struct.pack("<6d", 60.0, 40.0, 0.0, 500_000.0, 5_000_000.0, 0.0)),
        34735: Value(3, struct.pack("<4H", 1, 1, 0, 0)),
        **({274: Value(3, b"\6\0")} if turned else {}),
    }
    source = write_photo(tmp_path / "aerial.tif", FileMetadata(exif=make_block(tags)))
    target = tmp_path / "results" / ("map.png" if turned else "map.tif")
    target.parent.mkdir()
    notes = colorizer.open(source).save(target, Options(long_edge=60))
    found = read_all(target.parent)[target.name]
    if turned:
        assert [str(note) for note in notes] == [
            f"{target}: left out: its place on the map (GeoTIFF), which would be another"
        ]
        assert not [key for key in found if "PixelScale" in key or "TiePoint" in key]
    else:
        assert notes == []
        assert found["IFD0:PixelScale"] == "4 4 0"
        assert found["IFD0:ModelTiePoint"] == "30 20 0 500000 5000000 0"


def test_a_photo_turned_only_by_its_tag_keeps_every_byte_of_its_regions(
    tmp_path: Path, colorizer: Colorizer
) -> None:
    packet = packet_about(BOX, (WIDTH, HEIGHT), (WIDTH, HEIGHT), "attributes", "normalized")
    source = write_photo(tmp_path / "photo.jpg", FileMetadata(exif=exif_of(6), xmp=packet))
    colorizer.open(source).save(tmp_path / "result.jpg", Options(mark=False))
    assert packet in (tmp_path / "result.jpg").read_bytes()
