"""What goes in must come out, through the service as from the engine."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import PIL.ImageCms
import pytest

from photochrom import Colorizer, Hint, Options, Picture
from photochrom.io.vips import libvips


@pytest.fixture(scope="session")
def engine(hinting: Path) -> Colorizer:
    return Colorizer(hinting, threads=1)


def hills(height: int = 70, width: int = 90) -> np.ndarray[Any, Any]:
    y, x = np.mgrid[:height, :width]
    return (120 + 60 * np.sin(x / 17) + 50 * np.cos(y / 11)).astype(np.uint8)


def photo_of(kind: str, path: Path) -> Path:
    """Write a photo of the kind that a client may send, with all that it may carry."""
    grey = hills()
    if kind == "jpg":
        exif = PIL.Image.Exif()
        exif[0x010F], exif[0x0112] = "Zeiss Ikon", 6
        profile = PIL.ImageCms.ImageCmsProfile(PIL.ImageCms.createProfile("sRGB")).tobytes()
        colours = PIL.Image.fromarray(np.stack([grey, grey // 2 + 60, 255 - grey // 2], axis=-1))
        colours.save(path, exif=exif, icc_profile=profile, dpi=(300, 300), quality=95)
    elif kind in ("png", "tif"):
        wide = grey.astype(np.uint16) * 256 + np.arange(90, dtype=np.uint16)
        clear = np.dstack([wide, 65535 - wide])
        image = libvips().Image.new_from_array(clear).copy(interpretation="grey16")
        image.write_to_file(str(path))
    elif kind == "webp":
        PIL.Image.fromarray(np.dstack([grey] * 4)).save(path, lossless=True)
    else:
        PIL.Image.fromarray(grey).save(path)
    return path


@pytest.mark.parametrize("kind", ["jpg", "png", "tif", "webp", "bmp", "gif"])
def test_a_result_is_the_engines_to_the_last_byte(
    service: Any, engine: Colorizer, tmp_path: Path, kind: str
) -> None:
    path = photo_of(kind, tmp_path / f"photo.{kind}")
    suffix = "png" if kind == "gif" else kind
    hints = [{"x": 0.2, "y": 0.7, "color": "#a03020"}]
    options = {"vividness": 0.8, "hints": hints, "saturation": 1.2}
    wanted = tmp_path / f"wanted.{suffix}"
    engine.open(path).save(wanted, Options.model_validate(options))
    ways = {
        "form": service.client.post(
            "/v1/colorize", files={"photo": (path.name, path.read_bytes())}, data={"options": json.dumps(options)}
        ),
        "body": service.client.post(
            "/v1/colorize",
            content=path.read_bytes(),
            params={"vividness": "0.8", "saturation": "1.2", "hints": json.dumps(hints)},
        ),
        "kept": service.client.post(
            f"/v1/photos/{service.send(path.read_bytes(), path.name)}/colorize", json=options
        ),
    }
    media = {"jpg": "jpeg", "tif": "tiff"}.get(suffix, suffix)
    for way, answer in ways.items():
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == f"image/{media}"
        assert answer.content == wanted.read_bytes(), way
    assert ways["form"].headers["content-disposition"] == f'attachment; filename="photo.{suffix}"'


def test_nothing_is_lost_on_the_way(service: Any, tmp_path: Path) -> None:
    path = photo_of("jpg", tmp_path / "photo.jpg")
    answer = service.client.post("/v1/colorize", files={"photo": ("photo.jpg", path.read_bytes())})
    result = PIL.Image.open(BytesIO(answer.content))
    assert result.getexif()[0x010F] == "Zeiss Ikon"
    assert result.getexif()[0x0112] == 6
    assert result.info["dpi"] == (300, 300)
    assert result.info["icc_profile"]
    assert b"trainedAlgorithmicMedia" in answer.content or b"DigitalSourceType" in answer.content
    for kind in ("png", "tif"):
        path = photo_of(kind, tmp_path / f"photo.{kind}")
        answer = service.client.post("/v1/colorize", content=path.read_bytes())
        before, after = Picture.read(path), Picture.read(answer.content)
        assert after.dtype == np.uint16
        assert np.array_equal(after.alpha, before.alpha)
        assert np.abs(after.lightness() - before.lightness()).max() < 0.1


def test_options_are_heeded(service: Any, photo: bytes) -> None:
    def ask(**options: Any) -> PIL.Image.Image:
        answer = service.client.post(f"/v1/photos/{photo_id}/colorize", json=options)
        assert answer.status_code == 200, answer.text
        return PIL.Image.open(BytesIO(answer.content))

    photo_id = service.send(photo)
    plain = np.asarray(ask()).astype(int)
    assert np.ptp(np.asarray(ask(saturation=0)).astype(int), axis=2).max() <= 1
    assert not np.array_equal(np.asarray(ask(vividness=1)), plain)
    hinted = np.asarray(ask(hints=[{"x": 0.75, "y": 0.5, "color": [0, -40]}])).astype(int)
    assert hinted[24, 48, 2] > hinted[24, 48, 0] + 30 > plain[24, 48, 2] - plain[24, 48, 0] + 30
    assert ask(long_edge=32).size == (32, 24)
    assert ask(side_by_side=True).size[0] > 128
    for kind, name in {"jpg": "JPEG", "webp": "WEBP", "tif": "TIFF", "bmp": "BMP", "png": "PNG"}.items():
        assert ask(format=kind).format == name
    rough, fine = (
        service.client.post(f"/v1/photos/{photo_id}/colorize", json={"format": "jpg", "quality": quality}).content
        for quality in (10, 98)
    )
    assert len(rough) < len(fine)
    assert (
        b"DigitalSourceType"
        not in service.client.post(f"/v1/photos/{photo_id}/colorize", json={"mark": False}).content
    )


def test_the_result_of_a_preview_is_the_engines_too(
    service: Any, engine: Colorizer, photo: bytes, tmp_path: Path
) -> None:
    photo_id = service.send(photo)
    for number in range(3):  # the second and third find everything decoded
        x = 0.2 + number / 4
        options = Options(long_edge=40, hints=(Hint(x, 0.5, "#3050c0"),))
        engine.open(photo).save(tmp_path / "wanted.webp", options, overwrite=True)
        answer = service.client.post(
            f"/v1/photos/{photo_id}/colorize",
            json={"long_edge": 40, "format": "webp", "hints": [{"x": x, "y": 0.5, "color": "#3050c0"}]},
        )
        assert answer.content == (tmp_path / "wanted.webp").read_bytes()


def test_what_a_format_cannot_hold_is_said(service: Any, tmp_path: Path) -> None:
    path = photo_of("png", tmp_path / "photo.png")
    answer = service.client.post(
        "/v1/colorize", files={"photo": ("my.png", path.read_bytes())}, data={"options": '{"format": "jpg"}'}
    )
    (note,) = json.loads(answer.headers["photochrom-notes"])
    assert note.startswith("my.png: .jpg cannot hold transparency")


def test_all_pages_come_back_where_they_are_asked_for(service: Any) -> None:
    pages = [PIL.Image.fromarray(hills(20 + n, 30)) for n in range(3)]
    buffer = BytesIO()
    pages[0].save(buffer, "TIFF", save_all=True, append_images=pages[1:])

    def ask(**options: Any) -> Any:
        form = {"options": json.dumps(options)}
        return service.client.post("/v1/colorize", files={"photo": ("scan.tif", buffer.getvalue())}, data=form)

    first, whole = ask(), ask(pages="all")
    sizes = [(30, 20 + n) for n in range(3)]
    for answer, expected in ((first, sizes[:1]), (whole, sizes)):
        result = PIL.Image.open(BytesIO(answer.content))
        found = [(result.seek(n), result.mode, result.size)[1:] for n in range(result.n_frames)]
        assert found == [("RGB", size) for size in expected]
    (said,) = json.loads(first.headers["photochrom-notes"])
    assert said.startswith("scan.tif: has 3 pages; the first is colorized, pages 2 to 3 are left out")
    assert "photochrom-notes" not in whole.headers
    other = ask(pages="all", format="png")
    assert (other.status_code, other.json()["code"]) == (422, "output-unfit")
    assert "has 3 pages" in other.json()["detail"]
    refused = ask(pages="all", hints=[{"x": 0.5, "y": 0.5, "color": "#3050c0"}])
    assert (refused.status_code, refused.json()["subject"]) == (422, "pages")


def test_files_are_named_after_their_photos(service: Any, photo: bytes) -> None:
    for name, wanted in {
        "Großmutter 1.png": "filename=\"Gro_mutter 1.png\"; filename*=UTF-8''Gro%C3%9Fmutter%201.png",
        "scan.2.tif": 'filename="scan.2.png"',
        'a"b.png': 'filename="a_b.png"',
    }.items():
        photo_id = service.send(photo, name)
        answer = service.client.post(f"/v1/photos/{photo_id}/colorize", json={})
        assert wanted in answer.headers["content-disposition"]


def test_no_file_is_left_of_a_request(service: Any, photo: bytes) -> None:
    before = len(service.files)
    service.client.post("/v1/colorize", content=photo)
    service.client.post("/v1/colorize", content=b"no photo")
    service.client.post("/v1/colorize", content=photo, params={"format": "gif"})
    assert len(service.files) == before
