"""What a GIF says beside its pixels reaches every format."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from kinds_of_files import picture
from photochrom.io.metadata.file_metadata import FileMetadata

PACKET = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" dc:source="archive"/></rdf:RDF></x:xmpmeta>'
)
IN_XMP = b"\x21\xff\x0bXMP DataXMP" + PACKET + bytes([1, *range(255, -1, -1), 0])


def gif(**options: Any) -> bytes:
    buffer = BytesIO()
    Image.fromarray(picture(20, 30, 1, 255, np.uint8)).save(buffer, "GIF", **options)
    return buffer.getvalue()


@settings(max_examples=30, deadline=None)
@given(
    comment=st.text("aü本 ", min_size=1, max_size=300),
    interlace=st.booleans(),
    transparent=st.booleans(),
    xmp=st.sampled_from(["none", "before", "behind"]),
)
def test_comments_and_xmp_are_read(comment: str, interlace: bool, transparent: bool, xmp: str) -> None:
    options = {"transparency": 3} if transparent else {}
    content = gif(comment=comment.encode(), interlace=int(interlace), **options)
    palette = 13 + (3 << ((content[10] & 7) + 1) if content[10] & 0x80 else 0)
    if xmp == "before":
        content = content[:palette] + IN_XMP + content[palette:]
    elif xmp == "behind":
        content = content[:-1] + IN_XMP + content[-1:]
    said = FileMetadata.read(content)
    assert [text.said for text in said.texts] == [comment]
    assert said.xmp == (None if xmp == "none" else PACKET)


@pytest.mark.parametrize("size", [6, 13, 40, 200])
def test_a_cut_one_says_what_is_there(size: int) -> None:
    assert FileMetadata.read(gif()[:size]).texts == ()


def test_a_png_says_it_too() -> None:
    carried = FileMetadata.read(gif(comment=b"Ulm, 1931")).adapt("png", size=(30, 20))
    assert [text.text for text in carried.texts] == ["Ulm, 1931"]
