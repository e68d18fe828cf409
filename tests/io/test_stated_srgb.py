"""From file to file: where a photo said what its numbers were, the result says that they are sRGB's."""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

from color_files import chrm, chunk, cicp, colours, encoded, gama, lightness, png, ramp
from photochrom import Colorizer
from photochrom.io.metadata.exif import make_block
from photochrom.io.metadata.ifd import EXIF, INTEROP, Value
from photochrom.io.picture import Picture

ADOBE = ((0.3127, 0.3290), (0.64, 0.33), (0.21, 0.71), (0.15, 0.06))


@pytest.fixture(scope="module")
def colorizer(tint: Path) -> Colorizer:
    return Colorizer(tint, threads=1)


def chunks(file: bytes) -> set[bytes]:
    found, at = set(), 8
    while at < len(file):
        size, kind = struct.unpack_from(">I4s", file, at)
        found.add(kind)
        at += size + 12
    return found


@pytest.mark.parametrize(
    "said",
    [[gama(1.0)], [gama(1.8), chrm(*ADOBE)], [chunk(b"sRGB", b"\0")], [gama(2.2)], [cicp(12, 13), gama(2.2)]],
)
@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg"])
def test_what_said_its_colours_says_srgb_now(
    tmp_path: Path, colorizer: Colorizer, said: list[bytes], suffix: str
) -> None:
    (tmp_path / "photo.png").write_bytes(png(ramp(np.uint8), *said))
    result = tmp_path / f"result{suffix}"
    colorizer.open(tmp_path / "photo.png").save(result)
    with PIL.Image.open(result) as image:
        assert image.info["icc_profile"][16:20] == b"RGB "
    if suffix == ".png":
        assert not chunks(result.read_bytes()) & {b"gAMA", b"cHRM", b"cICP", b"sRGB"}
    before, after = (Picture.read(file).lightness() for file in (tmp_path / "photo.png", result))
    assert np.abs(before - after).max() < (4 if suffix == ".jpg" else 0.6)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".webp"])
def test_what_said_nothing_says_nothing_now(tmp_path: Path, colorizer: Colorizer, suffix: str) -> None:
    PIL.Image.fromarray(ramp(np.uint8)).save(tmp_path / f"photo{suffix}")
    colorizer.open(tmp_path / f"photo{suffix}").save(tmp_path / f"result{suffix}")
    with PIL.Image.open(tmp_path / f"result{suffix}") as image:
        assert "icc_profile" not in image.info


@pytest.mark.parametrize("order", ["<", ">"])
def test_adobe_rgb_of_a_camera_is_gone_from_the_result(tmp_path: Path, colorizer: Colorizer, order: str) -> None:
    cube = colours(np.uint8).repeat(8, axis=0).repeat(8, axis=1)
    cube = (90 + cube * 0.3).astype(np.uint8)  # colours that sRGB has too
    white = struct.pack(f"{order}4I", 3127, 10000, 3290, 10000)
    inner = {
        0xA001: Value(3, struct.pack(f"{order}H", 65535)),
        0xA500: Value(5, struct.pack(f"{order}2I", 22, 10)),
        INTEROP: {1: Value(2, b"R03\0"), 2: Value(7, b"0100")},
    }
    block = make_block({315: Value(2, b"A camera's owner\0"), 318: Value(5, white), EXIF: inner}, order)
    (tmp_path / "photo.jpg").write_bytes(encoded(cube, "JPEG", quality=100, subsampling=0, exif=block))
    colorizer.open(tmp_path / "photo.jpg").save(tmp_path / "result.jpg")
    if shutil.which("exiftool") is None:
        if os.environ.get("CI"):
            pytest.fail("exiftool is missing, and CI must have it")
        pytest.skip("needs exiftool")
    command = ["exiftool", "-json", "-G1", "-n", str(tmp_path / "result.jpg")]
    tags: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)[0]
    assert tags["ExifIFD:ColorSpace"] == 1
    assert tags.get("InteropIFD:InteropIndex") in ("R98", None)
    assert tags["IFD0:Artist"] == "A camera's owner"
    assert not {"ExifIFD:Gamma", "IFD0:WhitePoint"} & tags.keys()
    assert tags["ICC-header:ColorSpaceData"].strip() == "RGB"
    light = (cube / 255) ** (563 / 256) @ np.array([0.29734, 0.62736, 0.07529])  # Adobe RGB (1998), 4.3.6
    off = np.abs(Picture.read(tmp_path / "result.jpg").lightness() - lightness(light))
    assert np.percentile(off, 95) < 1.5
