"""What stands behind a JPEG is named, whatever the file says of it, and however the JPEG is coded."""

from __future__ import annotations

import struct
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from kinds_of_files import picture
from photochrom.io.metadata.file_metadata import FileMetadata
from photochrom.io.metadata.left_out import GAIN_MAP, OTHER_DATA, OTHER_PICTURE, VIDEO

MOVIE = b"\0\0\0\x18ftypmp42" + bytes(12) + b"\0\0\0\x08moov" + b"frames" * 20


def jpeg(
    seed: int = 0, *, height: int = 40, width: int = 60, progressive: bool = False, xmp: bytes = b""
) -> bytes:
    buffer = BytesIO()
    image = Image.fromarray(picture(height, width, 3, 255, np.uint8, seed))
    image.save(buffer, "JPEG", quality=85, progressive=progressive, **({"xmp": xmp} if xmp else {}))
    return buffer.getvalue()


def named(content: bytes) -> tuple[str, ...]:
    """Return what a result says is left out."""
    return FileMetadata.read(content).adapt("png", size=(60, 40)).left_out


def about(properties: str) -> bytes:
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f"<rdf:Description {properties}/></rdf:RDF></x:xmpmeta>"
    ).encode()


PARTS = {
    OTHER_PICTURE: jpeg(1),
    VIDEO: MOVIE,
    OTHER_DATA: b"AXS!" + b"captions of an archive's program" * 4,
}


@settings(max_examples=60, deadline=None)
@given(
    height=st.integers(1, 80),
    width=st.integers(1, 80),
    progressive=st.booleans(),
    padding=st.sampled_from([b"", bytes(3), bytes(1 << 20), b"\xff" * 40, b"\r\n"]),
    parts=st.lists(st.sampled_from(list(PARTS)), max_size=3),
)
def test_what_stands_behind_is_named(
    height: int, width: int, progressive: bool, padding: bytes, parts: list[str]
) -> None:
    content = jpeg(height=height, width=width, progressive=progressive) + padding
    for part in parts:
        content += PARTS[part] + (padding if part == OTHER_PICTURE else b"")
    last = next(
        (n for n, part in enumerate(parts) if part != OTHER_PICTURE), len(parts)
    )  # has no end that is known
    assert named(content) == tuple(dict.fromkeys(parts[: last + 1]))


def test_little_data_and_a_missing_end_are_nothing() -> None:
    assert named(jpeg() + b"end") == ()
    assert named(jpeg()[:-2]) == ()


@pytest.mark.parametrize("attributes", ['h:Version="1.0" xmlns:h="http://ns.adobe.com/hdr-gain-map/1.0/"'])
def test_what_the_file_names_is_named_once(attributes: str) -> None:
    assert named(jpeg(xmp=about(attributes)) + jpeg(1)) == (GAIN_MAP,)
    motion = 'c:MotionPhoto="1" xmlns:c="http://ns.google.com/photos/1.0/camera/"'
    assert named(jpeg(xmp=about(motion)) + MOVIE) == (VIDEO,)
    stereo = BytesIO()
    first, second = (Image.fromarray(picture(40, 60, 3, 255, np.uint8, seed)) for seed in (0, 1))
    first.save(stereo, "MPO", save_all=True, append_images=[second])
    assert named(stereo.getvalue()) == ()  # PhotoFile counts them


@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
def test_a_motion_photo_s_box_is_named(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "photo.heic"
    image = Image.fromarray(picture(40, 60, 3, 255, np.uint8))
    if kind == "HEIF":
        heif = pytest.importorskip("pillow_heif")
        heif.from_pillow(image).save(path)
    else:
        image.save(path, kind)
    content = path.read_bytes()
    assert VIDEO not in named(content)
    assert VIDEO in named(content + struct.pack(">I4s", 8 + len(MOVIE), b"mpvd") + MOVIE)
