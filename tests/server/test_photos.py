"""Photos that are sent once and asked for again."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

from photochrom import Picture
from photochrom.hints import color_ab
from server_checks import check_problem, wait_until


def test_a_photos_life(service: Any, photo: bytes) -> None:
    answer = service.client.post("/v1/photos", files={"photo": ("cat.png", photo)})
    assert answer.status_code == 201
    made = answer.json()
    assert answer.headers["location"] == f"/v1/photos/{made['id']}"
    wanted = {
        "name": "cat.png",
        "width": 64,
        "height": 48,
        "bits": 8,
        "format": "png",
        "is_grey": True,
        "notes": [],
    }
    assert {key: made[key] for key in wanted} == wanted
    assert len(made["id"]) >= 20
    expires = datetime.fromisoformat(made["expires_at"])
    assert timedelta(minutes=55) < expires - datetime.now(UTC) <= timedelta(hours=1, seconds=1)
    assert service.client.get(f"/v1/photos/{made['id']}").json() | {"expires_at": 0} == made | {"expires_at": 0}
    assert service.client.delete(f"/v1/photos/{made['id']}").status_code == 204
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/original")):
        check_problem(service.client.request(method, f"/v1/photos/{made['id']}{path}"), 404, "send it again")
    check_problem(service.client.post(f"/v1/photos/{made['id']}/colorize", json={}), 404, "send it again")


def test_a_deleted_photo_leaves_no_file(service: Any, photo: bytes) -> None:
    before = set(service.files)
    photo_id = service.send(photo)
    (file,) = set(service.files) - before
    assert file.read_bytes() == photo
    assert photo_id not in str(file)
    assert file.stat().st_mode & 0o077 == 0 or file.parent.stat().st_mode & 0o077 == 0
    service.client.delete(f"/v1/photos/{photo_id}")
    assert not file.exists()


def test_size_is_that_of_the_upright_photo(service: Any) -> None:
    buffer = BytesIO()
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    red = np.zeros((40, 60, 3), np.uint8)
    red[..., 0] = 200
    PIL.Image.fromarray(red).save(buffer, "JPEG", exif=exif)
    answer = service.client.post("/v1/photos", content=buffer.getvalue(), params={"name": "on its side.jpg"})
    made = answer.json()
    assert (made["width"], made["height"], made["is_grey"]) == (40, 60, False)
    assert made["name"] == "on its side.jpg"
    original = service.client.get(f"/v1/photos/{made['id']}/original", params={"long_edge": 30})
    shown = PIL.Image.open(BytesIO(original.content))
    assert (shown.size, shown.format) == ((20, 30), "JPEG")
    assert np.asarray(shown)[15, 10, 0] > 180 > 60 > np.asarray(shown)[15, 10, 2]
    whole = PIL.Image.open(BytesIO(service.client.get(f"/v1/photos/{made['id']}/original").content))
    assert whole.size == (40, 60)


def test_the_original_of_a_wide_and_clear_photo_is_one_that_browsers_show(service: Any, tmp_path: Path) -> None:
    wide = np.dstack([np.full((40, 60), 40_000), np.full((40, 60), 20_000)]).astype(np.uint16)
    content = Picture.from_array(wide).save(tmp_path / "wide.tif").read_bytes()
    photo_id = service.send(content, "wide.tif")
    assert service.client.get(f"/v1/photos/{photo_id}").json()["bits"] == 16
    shown = PIL.Image.open(BytesIO(service.client.get(f"/v1/photos/{photo_id}/original").content))
    assert (shown.format, shown.mode, shown.size) == ("WEBP", "RGBA", (60, 40))
    assert np.asarray(shown)[20, 30].tolist() == pytest.approx([156, 156, 156, 78], abs=2)


def test_a_photo_is_gone_after_its_time_and_use_renews_it(start: Callable[..., Any], photo: bytes) -> None:
    service = start("--keep", "2s")
    used, unused = service.send(photo), service.send(photo)
    for _ in range(4):
        time.sleep(0.7)
        assert service.client.get(f"/v1/photos/{used}").status_code == 200
    check_problem(service.client.get(f"/v1/photos/{unused}"), 404, "its time is over")
    wait_until(lambda: len(service.files) == 1)
    time.sleep(2.5)
    check_problem(service.client.get(f"/v1/photos/{used}"), 404)
    wait_until(lambda: not service.files)
    assert service.metric("photochrom_spool_bytes") == 0


def test_alternatives_begin_with_the_result_by_the_options(service: Any, photo: bytes) -> None:
    photo_id = service.send(photo)
    hints = [{"x": 0.9, "y": 0.9, "color": "#204080"}]
    ask = {"n": 3, "seed": 5, "options": {"hints": hints}}
    answer = service.client.post(f"/v1/photos/{photo_id}/alternatives", json=ask)
    sets = [each["hints"] for each in answer.json()["alternatives"]]
    assert len(sets) == 3
    assert sets[0] == hints
    assert all(each[-1] == hints[0] for each in sets)
    assert sets[1] != sets[2]
    assert answer.json() == service.client.post(f"/v1/photos/{photo_id}/alternatives", json=ask).json()
    results = [
        service.client.post(f"/v1/photos/{photo_id}/colorize", json={"hints": each}).content for each in sets
    ]
    assert len(set(results)) == 3


def test_suggestions_confidence_and_colours(service: Any, photo: bytes) -> None:
    photo_id = service.send(photo)
    hints = service.client.post(f"/v1/photos/{photo_id}/suggestions", json={"n": 2}).json()["hints"]
    assert [hint["x"] > 0.5 for hint in hints] == [True, True]  # light is doubtful
    answer = service.client.post(f"/v1/photos/{photo_id}/confidence", json={"long_edge": 32})
    assert answer.headers["content-type"] == "image/png"
    sure = np.asarray(PIL.Image.open(BytesIO(answer.content)))
    assert sure.shape == (24, 32)
    assert sure[12, 4] > sure[12, 28]
    place = service.client.post(f"/v1/photos/{photo_id}/colors", json={"x": 0.8, "y": 0.5, "options": {}}).json()
    assert 69 < place["lightness"] < 71
    assert place["current"].startswith("#")
    assert 1 <= len(place["suggestions"]) == len(place["suggestions_ab"]) <= 6
    assert place["suggestions_ab"][0] == pytest.approx(color_ab(place["suggestions"][0]), abs=2)


def test_a_hints_effect_is_where_it_changes_the_colours(service: Any, photo: bytes) -> None:
    photo_id = service.send(photo)
    hints = [{"x": 0.1, "y": 0.1, "color": "#204080"}, {"x": 0.9, "y": 0.5, "color": [40, -30], "reach": 0.2}]
    region = {"area": [[0, 0], [1, 0], [1, 0.4], [0, 0.4]]}

    def effect(**body: Any) -> Any:
        return service.client.post(f"/v1/photos/{photo_id}/hint-effect", json={"long_edge": 32, **body})

    answer = effect(hint=1, options={"hints": hints, "protected": [region]})
    assert answer.headers["content-type"] == "image/png"
    moved = np.asarray(PIL.Image.open(BytesIO(answer.content)))
    assert moved.shape == (24, 32)
    assert moved[12, 28] > 30
    assert moved[20, 2] == 0  # beyond its reach
    assert moved[2, 28] == 0  # protected
    check_problem(effect(hint=2, options={"hints": hints}), 422, "hint 2 is asked for")


def test_a_zip_holds_one_file_each(service: Any, photo: bytes) -> None:
    first, second = service.send(photo, "cat.png"), service.send(photo, "../../dog.png")
    items = [
        {"id": first, "options": {"format": "jpg"}},
        {"id": first, "options": {"format": "jpg", "saturation": 0}},
        {"id": second},
        {"id": second, "name": "C:\\x/..\\CAT", "options": {"format": "jpg"}},
        {"id": "unknown", "name": "bird"},
        {"id": first, "name": "e\u0301", "options": {"format": "jpg"}},
        {"id": first, "name": "\xc9", "options": {"format": "jpg"}},
    ]
    answer = service.client.post("/v1/zip", json={"items": items})
    assert answer.headers["content-type"] == "application/zip"
    archive = zipfile.ZipFile(BytesIO(answer.content))
    assert archive.testzip() is None
    names = ["cat.jpg", "cat (2).jpg", "dog.png", "CAT (3).jpg", "bird.error.txt", "e\u0301.jpg", "\xc9 (2).jpg"]
    assert archive.namelist() == names
    assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}
    single = service.client.post(f"/v1/photos/{second}/colorize", json={}).content
    assert archive.read("dog.png") == single
    assert b"send it again" in archive.read("bird.error.txt")


def test_a_zip_says_what_its_results_could_not_hold(service: Any, photo: bytes) -> None:
    wide, buffer = np.full((32, 48), 40_000, np.uint16), BytesIO()
    PIL.Image.fromarray(wide).save(buffer, "TIFF")
    items = [
        {"id": service.send(photo, "notes.png"), "name": "notes", "options": {"format": "png"}},
        {"id": service.send(buffer.getvalue(), "wide.tif"), "options": {"format": "jpg"}},
    ]
    archive = zipfile.ZipFile(BytesIO(service.client.post("/v1/zip", json={"items": items}).content))
    assert archive.namelist() == ["notes.png", "wide.jpg", "notes.txt"]
    assert "wide.jpg: .jpg cannot hold 16 bits per channel, which become 8" in archive.read("notes.txt").decode()


def test_a_zip_that_takes_its_time_loses_no_photo(start: Callable[..., Any]) -> None:
    service = start("--keep", "2s")
    noise, buffer = np.random.default_rng(0).integers(0, 255, (1500, 2000), np.uint8), BytesIO()
    PIL.Image.fromarray(noise).save(buffer, "TIFF")
    items = [{"id": service.send(buffer.getvalue(), f"{name}.tif")} for name in "abc"]
    with service.client.stream("POST", "/v1/zip", json={"items": items}) as answer:
        pieces = answer.iter_raw(1 << 16)
        content = [next(pieces)]
        time.sleep(5)  # what is made meanwhile is more than fits on the way
        content += pieces
    assert zipfile.ZipFile(BytesIO(b"".join(content))).namelist() == ["a.tif", "b.tif", "c.tif"]


def test_networks_and_limits_are_told(service: Any) -> None:
    networks = service.client.get("/v1/networks").json()
    assert networks["default"] == "hinting"
    (network,) = networks["networks"]
    assert network["inputs"] == ["lightness", "hints", "vividness"]
    assert network["input_size"] == 64
    limits = service.client.get("/v1/limits").json()
    assert limits == {
        "upload_bytes": 256 << 20,
        "pixels": 250_000_000,
        "keep_seconds": 3600,
        "photos": 1000,
        "token_required": False,
    }


def test_several_networks_are_offered(start: Callable[..., Any], tint: Any, photo: bytes) -> None:
    service = start("--network", str(tint))
    assert [each["name"] for each in service.client.get("/v1/networks").json()["networks"]] == ["hinting", "tint"]
    photo_id = service.send(photo)
    ask = f"/v1/photos/{photo_id}"
    results = [
        service.client.post(f"{ask}/colorize", json={"network": name}).content
        for name in (None, "hinting", "tint")
    ]
    assert results[0] == results[1] != results[2]
    check_problem(service.client.post(f"{ask}/colorize", json={"network": "/etc/passwd"}), 404, "use one of")
    hints = [{"x": 0, "y": 0, "color": [1, -40]}]
    moved = service.client.post(f"{ask}/colorize", json={"network": "tint", "hints": hints})
    assert moved.status_code == 200
    assert moved.content != results[2]
    for what, more in (("alternatives", {"n": 2}), ("suggestions", {"n": 2}), ("confidence", {})):
        refused = service.client.post(f"{ask}/{what}", json={**more, "options": {"network": "tint"}})
        check_problem(refused, 422, "tint")
    place = service.client.post(f"{ask}/colors", json={"x": 0, "y": 0, "options": {"network": "tint"}}).json()
    assert place["suggestions"] == []


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..\\..\\boot.ini", "/etc/passwd", "a\x00b", "\u202egpj.exe", "." * 300]
)
def test_a_name_is_never_a_path(service: Any, photo: bytes, name: str) -> None:
    answer = service.client.post("/v1/photos", content=photo, params={"name": name[:255]})
    shown = answer.json()["name"]
    assert not set(shown) & set("/\\\x00\u202e")
    assert shown not in ("", ".", "..")


def test_hints_of_every_shape_are_taken(service: Any, photo: bytes) -> None:
    corners = [[0.1, 0.1], [0.9, 0.1], [0.5, 0.9]]
    options = {
        "hints": [
            {"x": 0.5, "y": 0.5, "color": "#804020", "reach": 0.2},
            {"points": corners[:2], "color": [20, 10]},
            {"stroke": corners, "width": 0.05, "color": "none"},
            {"area": corners, "color": [-10, -20], "reach": 1},
        ],
        "protected": [{"area": corners}, {"stroke": corners[:1], "width": 0.1}],
    }
    answer = service.client.post(f"/v1/photos/{service.send(photo)}/colorize", json=options)
    assert answer.status_code == 200, answer.text
