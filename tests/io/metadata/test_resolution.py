"""The resolution of a photo: kept where it is said, in whatever way, and never made up."""

from __future__ import annotations

from pathlib import Path

import pytest

from metadata_readers import TAGS, XMP_TAGS, ExifTool, photo, pixels, recolour, segment
from photochrom.io.metadata.file_metadata import KEEP, FileMetadata
from photochrom.io.vips import libvips


@pytest.mark.parametrize("target", list(KEEP))
def test_resolution_is_kept_and_none_is_made_up(tmp_path: Path, exiftool: ExifTool, target: str) -> None:
    old = tmp_path / "old.jpg"
    pixels().write_to_file(str(old), keep="none")
    assert FileMetadata.read(old).dpi is None
    content = old.read_bytes()
    jfif = segment(0xE0, b"JFIF\0\1\1\2\0\x76\0\x3b\0\0")  # 118 and 59 dots per cm
    old.write_bytes(content[:2] + jfif + content[2:])
    assert FileMetadata.read(old).dpi == (118 * 2.54, 59 * 2.54)
    path, again = tmp_path / f"new.{target}", tmp_path / f"again.{target}"
    recolour(old, path)
    assert recolour(path, again).dpi == pytest.approx((118 * 2.54, 59 * 2.54), abs=0.02)


@pytest.mark.parametrize("target", list(KEEP))
@pytest.mark.parametrize("said", [[], XMP_TAGS, TAGS[:1]])
def test_no_resolution_and_no_exif_are_made_up(
    tmp_path: Path, exiftool: ExifTool, target: str, said: list[str]
) -> None:
    old = tmp_path / "old.jpg"
    pixels().write_to_file(str(old), keep="none")
    exiftool(old, *said)
    if "-IFD0:Make=Leica" in said:  # with which exiftool writes 72 dots per inch
        exiftool(old, "-IFD0:XResolution=", "-IFD0:YResolution=", "-IFD0:ResolutionUnit=")
    path = tmp_path / f"new.{target}"
    assert recolour(old, path).dpi is None
    found = exiftool(path)
    assert not [tag for tag in found if "Resolution" in tag or "PixelsPerUnit" in tag or "Warning" in tag]
    if target != "tif" and said != TAGS[:1]:
        assert not [tag for tag in found if tag.startswith(("IFD", "Exif"))]
    assert ("IFD0:Main:Make" in found) == (said == TAGS[:1])
    assert ("XMP-dc:Main:Title" in found) == (said == XMP_TAGS)


@pytest.mark.parametrize("source", ["jpg", "png"])
@pytest.mark.parametrize("target", list(KEEP))
def test_a_files_own_resolution_goes_before_that_of_exif(
    tmp_path: Path, exiftool: ExifTool, source: str, target: str
) -> None:
    old = tmp_path / f"old.{source}"
    array = pixels().copy(xres=600 / 25.4, yres=600 / 25.4)
    array.set_type(libvips().GValue.gstr_type, "resolution-unit", "in")
    array.write_to_file(str(old), keep="none")
    if source == "jpg":  # of which libvips wrote no resolution
        content = old.read_bytes()
        old.write_bytes(content[:2] + segment(0xE0, b"JFIF\0\1\1\1\2\x58\2\x58\0\0") + content[2:])
    assert FileMetadata.read(old).dpi == pytest.approx((600, 600), abs=0.02)
    exiftool(old, "-IFD0:XResolution=72", "-IFD0:YResolution=72")
    path = tmp_path / f"new.{target}"
    assert recolour(old, path).dpi == pytest.approx((600, 600), abs=0.02)
    found = exiftool(path)
    place = {"jpg": "JFIF:Main:XResolution", "png": "PNG-pHYs:Main:PixelsPerUnitX", "tif": "IFD0:Main:XResolution"}
    if target in place:
        assert found[place[target]] == pytest.approx(23622 if target == "png" else 600, abs=0.02)
    if target != "tif":
        assert found["IFD0:Main:XResolution"] == 72


def test_a_files_rounded_resolution_goes_behind_that_of_exif(tmp_path: Path, exiftool: ExifTool) -> None:
    old = photo(tmp_path / "old.png", exiftool, *(f"-PNG-pHYs:PixelsPerUnit{axis}=11811" for axis in "XY"))
    assert FileMetadata.read(old).dpi == pytest.approx((299.9994, 299.9994))
    read = libvips().Image.new_from_file(str(tmp_path / "old.png"))
    assert FileMetadata.read(tmp_path / "old.png", exif=read.get("exif-data")).dpi == (300, 300)
