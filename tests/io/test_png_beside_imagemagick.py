"""PNG's gAMA and cHRM mean what ImageMagick, which reads them by libpng, takes them for."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from color_files import chrm, colours, gama, png, ramp, srgb
from metadata_readers import need
from photochrom.io.picture import Picture

D65 = (0.3127, 0.3290)
PRIMARIES = {
    "Rec. 709": ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06)),
    "Adobe RGB": ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06)),
    "Display P3": ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
}
_POINTS = ("red primary", "green primary", "blue primary", "white point")


def run(*command: str | Path) -> bytes:
    need(str(command[0]), "imagemagick")
    return subprocess.run(command, check=True, capture_output=True).stdout


def matrix(red: Any, green: Any, blue: Any, white: Any) -> Any:
    """From linear RGB to XYZ (SMPTE RP 177)."""
    columns = np.array([(x / y, 1, (1 - x - y) / y) for x, y in (red, green, blue)]).T
    x, y = white
    return columns * np.linalg.solve(columns, [x / y, 1, (1 - x - y) / y])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("grey", [False, True])
def test_linear_light_becomes_the_same_pixels(tmp_path: Path, grey: bool, dtype: Any) -> None:
    pixels = ramp(dtype) if grey else colours(dtype)
    path = tmp_path / "linear.png"
    path.write_bytes(png(pixels, gama(1.0), chrm(D65, *PRIMARIES["Rec. 709"])))
    raw = run("convert", path, "-colorspace", "sRGB", "-depth", "16", "-endian", "LSB", "rgb:-")
    theirs = np.frombuffer(raw, "<u2").reshape(*pixels.shape[:2], 3) / 65535
    ours = Picture.read(path).pixels / np.iinfo(dtype).max
    assert np.abs(ours - theirs).max() < (0.6 / 255 if dtype == np.uint8 else 0.0005)
    assert np.abs(theirs - pixels.reshape(*pixels.shape[:2], -1) / np.iinfo(dtype).max).max() > 0.2


@pytest.mark.parametrize("gamma", [1.5, 1.8, 2.0, 2.6])
@pytest.mark.parametrize("primaries", PRIMARIES)
def test_the_numbers_are_read_as_imagemagick_reads_them(tmp_path: Path, primaries: str, gamma: float) -> None:
    pixels = colours(np.uint16)
    path = tmp_path / "photo.png"
    path.write_bytes(png(pixels, gama(gamma), chrm(D65, *PRIMARIES[primaries])))
    said = run("identify", "-verbose", path).decode()
    exponent = float(re.search(r"Gamma: ([\d.]+)", said)[1])
    points = [tuple(map(float, re.search(rf"{name}: \(([\d.]+),([\d.]+)\)", said).groups())) for name in _POINTS]
    to_srgb = np.linalg.inv(matrix(*PRIMARIES["Rec. 709"], D65)) @ matrix(*points)
    wanted = srgb(np.clip((pixels / 65535) ** (1 / exponent) @ to_srgb.T, 0, 1))
    assert np.abs(Picture.read(path).pixels / 65535 - wanted).max() < 0.002


def test_imagemagick_takes_results_for_srgb(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(png(colours(np.uint16), gama(1.0), chrm(D65, *PRIMARIES["Display P3"])))
    Picture.read(path).save(tmp_path / "result.png")
    said = run("identify", "-verbose", tmp_path / "result.png").decode()
    assert re.search(r"Colorspace: (\w+)", said)[1] == "sRGB"
    assert float(re.search(r"Gamma: ([\d.]+)", said)[1]) == pytest.approx(1 / 2.2, abs=1e-4)
