"""The pictures that no result has are told, whatever holds them."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

from kinds_of_files import picture
from photochrom.io.picture import Picture
from photochrom.io.reader import PhotoFile

FRAMES = [picture(40, 60, 3, 255, np.uint8, seed) for seed in range(4)]


def animated(kind: str, count: int, **options: Any) -> bytes:
    frames = [Image.fromarray(frame) for frame in FRAMES[:count]]
    buffer = BytesIO()
    frames[0].save(buffer, kind, save_all=True, append_images=frames[1:], **options)
    return buffer.getvalue()


def notes_of(content: bytes) -> list[str]:
    return [note.text for note in PhotoFile(content).notes]


@pytest.mark.parametrize(
    ("kind", "what"), [("PNG", "frame"), ("WEBP", "frame"), ("GIF", "frame"), ("MPO", "picture")]
)
@pytest.mark.parametrize("count", [1, 2, 4])
def test_further_pictures_are_told(kind: str, what: str, count: int) -> None:
    others = {1: None, 2: f"{what} 2 is", 4: f"{what}s 2 to 4 are"}[count]
    said = [f"has {count} {what}s; the first is colorized, {others} left out"]
    options = {} if kind == "MPO" else {"duration": 100}
    assert notes_of(animated(kind, count, **options)) == ([] if count == 1 else said)


def test_a_png_s_still_picture_may_be_no_frame() -> None:
    content = animated("PNG", 3, duration=100, default_image=True)
    assert notes_of(content) == ["has an animation of 2 frames, which is left out; its still picture is colorized"]
    assert np.array_equal(Picture.read(content).pixels, FRAMES[0])


def test_a_gain_map_is_no_picture_of_its_own() -> None:
    assert notes_of(animated("MPO", 2, xmp=b'<x:xmpmeta hdrgm:Version="1.0"/>')) == []


@pytest.mark.parametrize("lossless", [True, False])
def test_an_animation_without_loss_stays_so(lossless: bool) -> None:
    photo = PhotoFile(animated("WEBP", 3, duration=100, lossless=lossless))
    assert photo.metadata.lossless == lossless
    assert np.array_equal(Picture.decode(photo).pixels, FRAMES[0]) == lossless


def test_frames_of_a_sequence_are_told() -> None:
    content = animated("AVIF", 3, duration=100)
    assert notes_of(content) == ["has a sequence of 3 frames, which is left out; its still picture is colorized"]
