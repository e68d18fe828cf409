"""Photos that say something of themselves, and the way that the engine carries it to their coloured ones."""

from __future__ import annotations

import os
import shutil
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from photochrom.io.metadata.file_metadata import FileMetadata
from photochrom.io.metadata.xmp.added import mark_synthetic
from photochrom.io.vips import libvips

__all__ = ["TAGS", "XMP_TAGS", "ExifTool", "need", "photo", "pixels", "recolour", "segment"]

ExifTool = Callable[..., dict[str, Any]]

TAGS = [
    "-IFD0:Make=Leica",
    "-Model=II ü",
    "-Artist=Søren",
    "-ImageDescription=Grüße aus Köln",
    "-HostComputer=host",
    "-PageName=recto",
    "-IFD0:Rating=4",
    "-XPTitle=Tïtel Ж",
    "-UserComment=Ünïcode Ж",
    "-DateTimeOriginal=1936:05:01 12:00:00",
    "-ExposureCompensation=-1/3",
    "-InteropIndex=R98",
    "-GPSLatitude=48.5",
    "-GPSLatitudeRef=N",
    "-XResolution=300",
    "-YResolution=300",
    "-ResolutionUnit=inches",
]
XMP_TAGS = ["-XMP-dc:Title=Tïtle", "-XMP-dc:Creator=Søren", "-XMP-xmp:CreatorTool=Scan"]


def pixels(bands: int = 1) -> Any:
    array = np.add.outer(np.arange(48), np.arange(64)).astype(np.uint8)
    image = libvips().Image.new_from_array(np.repeat(array[..., None], bands, 2))
    return image.copy(interpretation="srgb" if bands == 3 else "b-w")


def recolour(source: Path, path: Path, *, thumbnail: bytes | None = None, mark: bool = False) -> FileMetadata:
    """Carry what a file says to another that has colours, as the engine does."""
    old = libvips().Image.new_from_file(str(source))
    field = {name: old.get(name) if old.get_typeof(name) else None for name in ("exif-data", "xmp-data")}
    carried = FileMetadata.read(source, exif=field["exif-data"], xmp=field["xmp-data"])
    if mark:
        carried = replace(carried, xmp=mark_synthetic(carried.xmp, network="n", version="v1", program="p"))
    carried = carried.adapt(path.suffix[1:], size=(64, 48), thumbnail=thumbnail)
    x, y = carried.dpi or (25.4, 25.4)
    new = pixels(3).copy(xres=x / 25.4, yres=y / 25.4)
    new.set_type(libvips().GValue.gstr_type, "resolution-unit", "in")
    for name, value in carried.header().items():
        new.set_type(libvips().GValue.blob_type, name, value)
    new.write_to_file(str(path), keep=carried.keep)
    carried.embed(path)
    assert libvips().Image.new_from_file(str(path), fail_on="warning").bands == 3
    assert [file for file in path.parent.iterdir() if file.suffix == ".longer"] == []
    return carried


def need(program: str, package: str) -> None:
    """Skip a test whose program is missing; fail it where that must be there."""
    if shutil.which(program) is None:
        reason = f"{program} is not installed (Debian: {package})"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


def photo(path: Path, exiftool: ExifTool, *options: str) -> Path:
    pixels().write_to_file(str(path), keep="none")
    exiftool(path, *TAGS, *XMP_TAGS, *options)
    return path


def segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content
