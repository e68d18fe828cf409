"""What lies beside a photo as XMP: found, merged into its result, or copied beside it."""

from __future__ import annotations

import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metadata_readers import need
from photochrom import Colorizer
from photochrom.errors import OutputError
from photochrom.io.metadata.xmp.merged import merged_packets
from photochrom.io.picture import Picture
from photochrom.io.sidecars import find_sidecars, sidecar_target, sidecars_digest
from photochrom.options import Options
from tiny_network import tint_card, write_network

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
SPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "crs": "http://ns.adobe.com/camera-raw-settings/1.0/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "tiff": "http://ns.adobe.com/tiff/1.0/",
}


@pytest.fixture(scope="module")
def colorizer(tmp_path_factory: pytest.TempPathFactory) -> Colorizer:
    path = tmp_path_factory.mktemp("network") / "tint.onnx"
    return Colorizer(write_network(path, card=tint_card(input_size=16)), threads=1)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return Picture.from_array(np.full((30, 40), 99, np.uint8)).save(tmp_path / "photo.jpg")


def sidecar(path: Path, attributes: str, inner: str = "", about: str = "") -> Path:
    spaces = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in SPACES.items())
    path.write_text(
        f'<?xml version="1.0" encoding="UTF-8"?>\n<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}">'
        f'<rdf:Description rdf:about="{about}"{spaces} {attributes}>{inner}</rdf:Description>'
        "</rdf:RDF></x:xmpmeta>"
    )
    return path


def said(path: Path, *names: str) -> str:
    need("exiftool", "libimage-exiftool-perl")
    command = ["exiftool", "-s3", "-m", "-sep", ",", *(f"-{name}" for name in names), str(path)]
    return subprocess.run(command, check=True, capture_output=True).stdout.decode().strip()


def test_both_ways_to_name_them_are_found(tmp_path: Path, photo: Path) -> None:
    assert find_sidecars(photo) == []
    assert sidecars_digest(photo) == ""
    specific = sidecar(tmp_path / "photo.jpg.XMP", "")
    common = sidecar(tmp_path / "photo.xmp", "")
    sidecar(tmp_path / "photo_01.jpg.xmp", "")  # darktable's second version
    assert find_sidecars(photo) == [common, specific]
    before = sidecars_digest(photo)
    sidecar(common, 'photoshop:SidecarForExtension="NEF"')
    assert find_sidecars(photo) == [specific]
    sidecar(common, 'photoshop:SidecarForExtension="JPEG"')
    assert find_sidecars(photo) == [common, specific]
    assert sidecars_digest(photo) != before
    assert sidecar_target(specific, photo, Path("out/new.png")) == Path("out/new.png.XMP")
    assert sidecar_target(common, photo, Path("out/new.png")) == Path("out/new.xmp")
    assert find_sidecars(tmp_path / "photo") == [common]


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
def test_what_a_sidecar_says_is_in_the_result(
    tmp_path: Path, photo: Path, colorizer: Colorizer, suffix: str
) -> None:
    need("exiftool", "libimage-exiftool-perl")
    tags = ["-XMP-dc:Title=old", "-XMP-dc:Source=archive", "-XMP-xmp:Rating=1"]
    subprocess.run(["exiftool", "-q", "-overwrite_original", *tags, photo], check=True)
    title = "<dc:title><rdf:Alt><rdf:li xml:lang='x-default'>Großmutter</rdf:li></rdf:Alt></dc:title>"
    subjects = "<dc:subject><rdf:Bag><rdf:li>sea</rdf:li><rdf:li>Oma</rdf:li></rdf:Bag></dc:subject>"
    sidecar(tmp_path / "photo.xmp", 'xmp:Rating="3" lr:weightedFlatSubject="a"', title, about="uuid:7")
    sidecar(tmp_path / "photo.jpg.xmp", 'xmp:Rating="5" crs:ConvertToGrayscale="True"', subjects)
    target = tmp_path / f"result{suffix}"
    assert colorizer.open(photo).save(target) == []
    found = said(target, "XMP-dc:Title", "XMP-dc:Source", "XMP-dc:Subject", "XMP-xmp:Rating", "XMP-crs:all")
    assert found.splitlines() == ["Großmutter", "archive", "sea,Oma", "5"]
    assert "compositeWithTrained" in said(target, "XMP-iptcExt:DigitalSourceType")
    assert said(target, "Warning") in ("", "Improper EXIF header")
    assert not list(tmp_path.glob("result*.xmp"))
    plain = tmp_path / f"plain{suffix}"
    colorizer.open(photo).save(plain, Options(sidecars="ignore"))
    assert said(plain, "XMP-dc:Title", "XMP-xmp:Rating").splitlines() == ["old", "1"]


def test_a_copy_beside_the_result_is_true_of_it(tmp_path: Path, photo: Path, colorizer: Colorizer) -> None:
    sizes = 'tiff:ImageWidth="40" tiff:ImageLength="30" dc:format="image/jpeg" xmp:Rating="5" crs:HasCrop="True"'
    own = sidecar(tmp_path / "photo.jpg.xmp", sizes)
    before = own.read_bytes()
    (tmp_path / "out").mkdir()
    target = tmp_path / "out" / "new.png"
    assert colorizer.open(photo).save(target, Options(sidecars="copy", long_edge=20)) == []
    copy = tmp_path / "out" / "new.png.xmp"
    names = ("tiff:ImageWidth", "tiff:ImageHeight", "dc:Format", "xmp:Rating", "crs:HasCrop")
    assert said(copy, *(f"XMP-{name}" for name in names)).splitlines() == ["20", "15", "image/png", "5"]
    assert "compositeWithTrained" in said(copy, "XMP-iptcExt:DigitalSourceType")
    assert said(target, "XMP-xmp:Rating") == ""
    assert own.read_bytes() == before
    copy.write_text("mine")
    target.unlink()
    with pytest.raises(OutputError, match="is already there"):
        colorizer.open(photo).save(target, Options(sidecars="copy"))
    assert (copy.read_text(), target.exists()) == ("mine", False)
    colorizer.open(photo).save(target, Options(sidecars="copy"), overwrite=True)
    assert said(copy, "XMP-tiff:ImageWidth") == "40"


def test_a_sidecar_that_serves_both_is_left_as_it_is(tmp_path: Path, photo: Path, colorizer: Colorizer) -> None:
    own = sidecar(tmp_path / "photo.xmp", 'xmp:Rating="5"')
    before = own.read_bytes()
    assert colorizer.open(photo).save(tmp_path / "photo.png", Options(sidecars="copy")) == []
    assert own.read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"no XML", b"<a/>", b"<!DOCTYPE a><a/>", b"\xff\xfe<"])
@pytest.mark.parametrize("way", ["merge", "copy"])
def test_a_sidecar_beyond_reading_is_said(
    tmp_path: Path, photo: Path, colorizer: Colorizer, content: bytes, way: str
) -> None:
    (tmp_path / "photo.xmp").write_bytes(content)
    (note,) = map(
        str, colorizer.open(photo).save(tmp_path / "result.png", Options.model_validate({"sidecars": way}))
    )
    assert note == f"{tmp_path / 'photo.xmp'}: cannot be read as XMP; what it says is left out"
    assert not (tmp_path / "result.xmp").exists()


def test_a_bmp_has_no_room_for_it(tmp_path: Path, photo: Path, colorizer: Colorizer) -> None:
    sidecar(tmp_path / "photo.xmp", 'xmp:Rating="5"')
    (note,) = map(str, colorizer.open(photo).save(tmp_path / "result.bmp"))
    assert ".bmp cannot hold what the sidecar says" in note


values = st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), st.text("xyzü<&\"'", max_size=4), max_size=4)


@given(values, values, st.booleans(), st.sampled_from(["utf-8", "utf-16-le"]), st.sampled_from(["", "uuid:1"]))
@settings(deadline=None, max_examples=100)
def test_merging_is_a_union_in_which_the_sidecar_is_right(
    own: dict[str, str], other: dict[str, str], attributes: bool, encoding: str, about: str
) -> None:
    def packet(values: dict[str, str], prefix: str, subject: str) -> str:
        root = ET.Element(f"{{{RDF}}}RDF")
        description = ET.SubElement(root, f"{{{RDF}}}Description", {f"{{{RDF}}}about": subject})
        for name, value in values.items():
            if attributes:
                description.set(f"{{urn:mine}}{name}", value)
            else:
                ET.SubElement(description, f"{{urn:mine}}{name}").text = value
        ET.register_namespace(prefix, "urn:mine")
        return ET.tostring(root, encoding="unicode")

    merged = merged_packets(
        packet(own, "p", about).encode(encoding), packet(other, "q", "uuid:other").encode(encoding)
    )
    assert merged is not None
    found: dict[str, str] = {}
    descriptions = list(ET.fromstring(merged).iter(f"{{{RDF}}}Description"))
    for description in descriptions:
        pairs = [*description.attrib.items(), *((child.tag, child.text or "") for child in description)]
        for name, value in pairs:
            if name.startswith("{urn:mine}"):
                assert name not in found
                found[name] = value
    assert found == {f"{{urn:mine}}{name}": value for name, value in {**own, **other}.items()}
    assert {description.get(f"{{{RDF}}}about") for description in descriptions} == {about}
