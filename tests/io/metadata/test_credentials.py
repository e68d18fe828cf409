"""A signed history of the old pixels leaves with them, and that is said, whatever format has it."""

from __future__ import annotations

import struct
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from kinds_of_files import dng, picture, tiff_of
from metadata_readers import segment
from photochrom import Colorizer
from photochrom.io.metadata.png import chunk
from tiny_network import tint_card, write_network

STORE = b"\0\0\0\x2cjumb\0\0\0\x24jumdc2pa\0\x11\0\x10\x80\0\0\xaa\0\x38\x9b\x71\x03c2pa\0signed.."
OTHER = STORE.replace(b"c2pa", b"json")
MANIFEST = bytes.fromhex("d8fec3d61b0e483c92975828877ec481") + b"\0\0\0\0manifest\0" + bytes(8) + STORE
SIGNED = "left out: Content Credentials (C2PA)"
BOXED = "left out: a box of JUMBF"


def encoded(kind: str, **options: Any) -> bytes:
    buffer = BytesIO()
    Image.fromarray(picture(24, 32, 3, 255, np.uint8)).save(buffer, kind, **options)
    return buffer.getvalue()


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def jpeg(store: bytes) -> bytes:
    whole = encoded("JPEG")
    half = len(store) // 2  # a part after the first repeats the box's head, and says nothing of what it is
    parts = [b"JP\0\1\0\0\0\1" + store[:half], b"JP\0\1\0\0\0\2" + store[:8] + store[half:]]
    return whole[:2] + b"".join(segment(0xEB, part) for part in parts) + whole[2:]


def png() -> bytes:
    whole = encoded("PNG")
    return whole[:33] + chunk(b"caBX", STORE) + whole[33:]


def webp() -> bytes:
    whole = encoded("WEBP", exif=b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0", lossless=True)
    more = whole[12:] + b"C2PA" + struct.pack("<I", len(STORE) - 1) + STORE[:-1] + b"\0"
    return b"RIFF" + struct.pack("<I", 4 + len(more)) + b"WEBP" + more


def avif() -> bytes:
    return encoded("AVIF") + box(b"uuid", MANIFEST)  # at the end, so that no place that the tables name moves


def gif() -> bytes:
    whole = encoded("GIF")
    at = whole.index(b"\x2c", 13 + 3 * 2 ** (1 + (whole[10] & 7)))  # the picture
    return whole[:at] + b"\x21\xff\x0bC2PA_GIF\x01\0\0" + bytes([len(STORE)]) + STORE + b"\0" + whole[at:]


def jpeg_2000(kind: str) -> bytes:
    imagecodecs = pytest.importorskip("imagecodecs")
    pixels = picture(24, 32, 3, 255, np.uint8)
    if kind == "jp2":
        return bytes(imagecodecs.jpeg2k_encode(pixels, level=0, codecformat="jp2")) + box(b"uuid", MANIFEST)
    return bytes(imagecodecs.jpegxl_encode(pixels, usecontainer=True)) + STORE


def heic() -> bytes:
    pillow_heif.register_heif_opener()
    return encoded("HEIF") + box(b"uuid", MANIFEST)


@pytest.fixture(scope="module")
def colorizer(tmp_path_factory: pytest.TempPathFactory) -> Colorizer:
    path = tmp_path_factory.mktemp("network") / "tint.onnx"
    return Colorizer(write_network(path, card=tint_card(input_size=16)), threads=1)


MADE = {
    "jpg": lambda: jpeg(STORE),
    "png": png,
    "webp": webp,
    "avif": avif,
    "heic": heic,
    "gif": gif,
    "tif": lambda: tiff_of(picture(24, 32, 3, 255, np.uint8), extratags=[(52545, 7, len(STORE), STORE, True)]),
    "jp2": lambda: jpeg_2000("jp2"),
    "jxl": lambda: jpeg_2000("jxl"),
    "dng": lambda: dng(picture(40, 60, 1, 40000), signed=STORE),
}


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
@pytest.mark.parametrize("kind", MADE)
def test_a_signed_history_is_told_once_and_gone(
    tmp_path: Path, colorizer: Colorizer, kind: str, suffix: str
) -> None:
    source, target = tmp_path / f"photo.{kind}", tmp_path / f"result{suffix}"
    source.write_bytes(MADE[kind]())
    said = [note.text for note in colorizer.open(source).save(target) if "left out: " in note.text]
    assert [text[: len(SIGNED)] for text in said] == [SIGNED]
    assert b"signed.." not in target.read_bytes()
    again = colorizer.open(target).save(tmp_path / f"again{suffix}")
    assert not [note for note in again if "left out" in note.text]


@pytest.mark.parametrize("kind", ["jpg", "jxl"])
def test_other_boxes_of_jumbf_are_told_too(tmp_path: Path, colorizer: Colorizer, kind: str) -> None:
    source = tmp_path / f"photo.{kind}"
    source.write_bytes(jpeg(OTHER) if kind == "jpg" else jpeg_2000("jxl").replace(STORE, OTHER))
    said = [note.text for note in colorizer.open(source).save(tmp_path / "result.jpg")]
    assert [text[: len(BOXED)] for text in said if "left out" in text] == [BOXED]
