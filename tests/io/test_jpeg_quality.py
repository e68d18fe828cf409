"""The quality of a JPEG by its tables, and what a result is saved at."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom import Colorizer
from photochrom.color.recombine import lightness_of
from photochrom.io.jpeg_quality import jpeg_quality
from photochrom.io.vips import image_from_array
from photochrom.options import Options

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.jpg"))
GREY = np.random.default_rng(0).integers(0, 255, (24, 40), np.uint8)


@pytest.fixture(scope="module")
def colorizer(tint: Path) -> Colorizer:
    return Colorizer(tint, threads=1)


def jpeg(mode: str = "L", **options: Any) -> bytes:
    buffer = BytesIO()
    PIL.Image.fromarray(GREY).convert(mode).save(buffer, "JPEG", **options)
    return buffer.getvalue()


@given(quality=st.integers(1, 100), mode=st.sampled_from(["L", "RGB", "CMYK"]), progressive=st.booleans())
@settings(max_examples=60, deadline=None)
def test_libjpegs_quality_is_found(quality: int, mode: str, progressive: bool) -> None:
    assert jpeg_quality(jpeg(mode, quality=quality, progressive=progressive)) == quality
    assert jpeg_quality(image_from_array(GREY).write_to_buffer(".jpg", Q=quality)) == quality


@given(quality=st.integers(40, 99), seed=st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_tables_of_another_shape_have_the_nearest_quality(quality: int, seed: int) -> None:
    luminance, chrominance = PIL.Image.open(BytesIO(jpeg("RGB", quality=quality))).quantization.values()  # type: ignore[attr-defined]
    rng = np.random.default_rng(seed)
    shaken = [
        [max(1, round(step * rng.uniform(0.8, 1.25))) for step in table] for table in (luminance, chrominance)
    ]
    found = jpeg_quality(jpeg("RGB", qtables=shaken))
    assert found is not None
    assert abs(found - quality) <= 4


def test_steps_of_16_bits_are_read() -> None:
    assert jpeg_quality(jpeg(qtables=[[255] * 64])) == 1
    coarse = jpeg(qtables=[[40] * 64])
    found = jpeg_quality(coarse)
    at = coarse.index(b"\xff\xdb\0\x43\0") + 2
    wide = b"\0\x83\x10" + b"".join(b"\0" + coarse[n : n + 1] for n in range(at + 3, at + 67))
    assert jpeg_quality(coarse[:at] + wide + coarse[at + 67 :]) == found


@pytest.mark.parametrize(
    "file", [b"", b"\x89PNG", jpeg()[:20], b"\xff\xd8\xff\xdb\0\x10\0" + bytes(9), b"\xff\xd8\xff\xd9"]
)
def test_what_has_no_tables_has_no_quality(file: bytes) -> None:
    assert jpeg_quality(file) is None


@pytest.mark.parametrize(
    ("saved", "asked", "result"),
    [(95, None, 95), (100, None, 100), (92, None, 92), (60, None, 92), (95, 70, 70), (60, 98, 98)],
)
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_result_has_the_photo_s_own_quality_and_no_poorer_one_than_92(
    tmp_path: Path, colorizer: Colorizer, saved: int, asked: int | None, result: int, mode: str
) -> None:
    (tmp_path / "photo.jpg").write_bytes(jpeg(mode, quality=saved))
    colorizer.open(tmp_path / "photo.jpg").save(tmp_path / "result.jpg", Options(quality=asked))
    assert jpeg_quality(tmp_path / "result.jpg") == result
    with PIL.Image.open(tmp_path / "result.jpg") as image:
        sampling = {part[1:3] for part in image.layer}  # type: ignore[attr-defined]
    assert (sampling == {(1, 1)}) == (result >= 90)


def test_another_format_s_photo_becomes_a_jpeg_of_92(tmp_path: Path, colorizer: Colorizer) -> None:
    PIL.Image.fromarray(GREY).save(tmp_path / "photo.png")
    colorizer.open(tmp_path / "photo.png").save(tmp_path / "result.jpg")
    assert jpeg_quality(tmp_path / "result.jpg") == 92


@pytest.mark.parametrize("suffix", [".webp", ".avif"])
@pytest.mark.parametrize("lossless", [False, True])
def test_what_was_without_loss_stays_so(tmp_path: Path, colorizer: Colorizer, suffix: str, lossless: bool) -> None:
    y, x = np.mgrid[:64, :64]
    soft = (128 + 60 * np.sin(x / 9) * np.cos(y / 7)).astype(np.uint8)
    photo, result = tmp_path / f"photo{suffix}", tmp_path / f"result{suffix}"
    image_from_array(np.dstack([soft] * 3)).write_to_file(str(photo), lossless=lossless)
    colorizer.open(photo).save(result)
    colorizer.open(photo).save(tmp_path / "exact.png")
    with PIL.Image.open(result) as image, PIL.Image.open(tmp_path / "exact.png") as exact:
        same = np.array_equal(np.asarray(image.convert("RGB")), np.asarray(exact.convert("RGB")))
    assert same == lossless


@pytest.mark.parametrize("example", EXAMPLES[:3], ids=lambda path: path.stem)
def test_lightness_stays_within_a_fifth_of_a_step(tmp_path: Path, colorizer: Colorizer, example: Path) -> None:
    with PIL.Image.open(example) as image:
        image.save(tmp_path / "photo.jpg", quality=95)
    colorizer.open(tmp_path / "photo.jpg").save(tmp_path / "result.jpg")
    before, after = (
        lightness_of(np.asarray(PIL.Image.open(tmp_path / f"{name}.jpg").convert("RGB")))
        for name in ("photo", "result")
    )
    assert np.abs(after - before).mean() <= 0.2
