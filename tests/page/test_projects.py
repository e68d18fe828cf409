"""Projects: all photos with their colours as one file, opened again in another browser."""

from __future__ import annotations

import hashlib
import json
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from page_hand import add, download, expect, follow, grey_png, marks, place, saved_points, shown
from photochrom.io.hints_file import HintsFile, read_hints


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    return [grey_png(tmp_path / "one.png"), grey_png(tmp_path / "zwölf.png", 200, 240)]


@pytest.fixture
def page(open_page: Any, files: list[Path]) -> Any:
    """A page with two photos, of which the second has a point and another saturation."""
    page = open_page()
    add(page, *files)
    expect(page.locator(".frame[data-status=ready]")).to_have_count(2)
    page.locator(".frame").nth(1).click()
    shown(page)
    place(page, 0.3, 0.6, "#b0503c")
    page.locator("#saturation").focus()
    follow(page, lambda: page.keyboard.press("End"))
    return page


def save(page: Any, with_photos: bool, folder: Path) -> Path:
    page.locator("[data-dialog='#project-save']").click()
    page.locator("#project-with-photos").set_checked(with_photos)
    content, name = download(page, "#project-save-go")
    expect(page.locator("#project-save")).to_be_hidden()
    path = folder / name
    path.write_bytes(content)
    return path


def open_project(page: Any, path: Path) -> None:
    page.set_input_files("#project-file", str(path))


def check_second(page: Any, points: list[dict[str, Any]]) -> None:
    """See that the second photo has what was saved of it."""
    expect(page.locator(".frame[data-status=ready]")).to_have_count(2)
    page.locator(".frame").nth(1).click()
    shown(page)
    expect(page.locator("#photo-name")).to_have_text("zwölf.png")
    assert saved_points(page) == points
    assert page.locator("#saturation").input_value() == "200"


def test_a_project_holds_hints_hashes_and_the_network(page: Any, files: list[Path], tmp_path: Path) -> None:
    path = save(page, False, tmp_path)
    assert path.name == "photos.photochrom.json"
    project = json.loads(path.read_text(encoding="utf-8"))
    assert [photo["name"] for photo in project["photos"]] == ["one.png", "zwölf.png"]
    for photo, file in zip(project["photos"], files, strict=True):
        assert photo["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
        assert photo["bytes"] == file.stat().st_size
        HintsFile.model_validate(photo["hints"])
    hints = tmp_path / "hints.json"
    hints.write_text(json.dumps(project["photos"][1]["hints"]))
    assert [hint.color for hint in read_hints(hints).hints] == ["#b0503c"]  # as the engine reads it
    assert project["photos"][1]["options"] == {"saturation": 2}
    offered = page.evaluate("fetch('v1/networks').then((answer) => answer.json())")["networks"][0]
    assert project["network"]["name"] == offered["name"]
    assert len(project["network"]["sha256"]) == 64
    assert project["network"]["sha256"] == offered["sha256"]


@pytest.mark.parametrize("packed", [False, True], ids=["as saved", "packed again"])
def test_a_project_with_photos_opens_elsewhere(page: Any, open_page: Any, tmp_path: Path, packed: bool) -> None:
    points = saved_points(page)
    path = save(page, True, tmp_path)
    if packed:  # by hand, with a tool that compresses
        with ZipFile(path) as archive, ZipFile(tmp_path / "again.zip", "w", ZIP_DEFLATED) as again:
            assert archive.testzip() is None
            for name in archive.namelist():
                again.writestr(name, archive.read(name))
        path = tmp_path / "again.zip"
    other = open_page()
    open_project(other, path)
    check_second(other, points)
    other.wait_for_timeout(400)
    other.reload()
    check_second(other, points)


def test_a_hidden_hint_is_in_the_project_and_still_hidden_elsewhere(
    page: Any, open_page: Any, tmp_path: Path
) -> None:
    follow(page, lambda: page.locator("#points-list .chip-hide").click())
    path = save(page, True, tmp_path)
    with ZipFile(path) as archive:
        project = json.loads(archive.read("project.json"))
    assert project["photos"][1]["hints"]["hints"] == []
    other = open_page()
    open_project(other, path)
    expect(other.locator(".frame[data-status=ready]")).to_have_count(2)
    other.locator(".frame").nth(1).click()
    expect(other.locator("#points-list li.hidden-hint")).to_have_count(1)


def test_a_photo_that_was_made_alike_to_another_opens_with_all_that_it_took_over(
    page: Any, open_page: Any, tmp_path: Path
) -> None:
    project = json.loads(save(page, False, tmp_path).read_text())
    taken = [{"points": [[number / 2048, 0.5]], "color": [20, -50], "reach": 0.5} for number in range(2048)]
    second = project["photos"][1]
    second["page"] = {"hints": second["hints"]["hints"], "taken": taken}
    path = tmp_path / "alike.photochrom.json"
    path.write_text(json.dumps(project))
    open_project(page, path)  # its photos are here already
    page.locator(".frame").nth(1).click()
    again = json.loads(save(page, False, tmp_path).read_text())
    assert [hint["color"] for hint in again["photos"][1]["page"]["taken"]] == [[20, -50]] * 2048


def test_a_project_without_photos_asks_for_them(
    page: Any, open_page: Any, files: list[Path], tmp_path: Path
) -> None:
    points = saved_points(page)
    path = save(page, False, tmp_path)
    other = open_page()
    open_project(other, path)
    asked = other.locator("#project-missing")
    expect(asked).to_contain_text("one.png")
    expect(asked).to_contain_text("zwölf.png")
    renamed = tmp_path / "holiday.png"
    renamed.write_bytes(files[1].read_bytes())
    other.set_input_files("#chooser", str(renamed))  # known by its hash
    expect(asked.locator("li")).to_have_count(1)
    other.set_input_files("#chooser", str(files[0]))
    expect(asked).to_be_hidden()
    expect(other.locator(".frame").first).to_have_attribute("aria-label", "one.png: ready")  # in the saved order
    other.locator(".frame").nth(1).click()
    shown(other)
    assert saved_points(other) == points


def test_a_project_is_dropped_and_its_photos_found_on_the_page(page: Any, tmp_path: Path) -> None:
    path = save(page, False, tmp_path)
    page.locator("#points-clear").click()
    page.evaluate(
        """(text) => {
          const carried = new DataTransfer();
          carried.items.add(new File([text], "photos.photochrom.json", { type: "application/json" }));
          const how = { dataTransfer: carried, bubbles: true, cancelable: true };
          document.body.dispatchEvent(new DragEvent("drop", how));
        }""",
        path.read_text(encoding="utf-8"),
    )
    expect(page.locator("#points .mark.point")).to_have_count(1)
    expect(page.locator(".frame")).to_have_count(2)
    page.locator("#undo").click()
    expect(page.locator("#points .mark.point")).to_have_count(0)
    assert marks(page) == []


def test_a_project_is_saved_while_the_server_is_out_of_order(
    open_page: Any, files: list[Path], tmp_path: Path
) -> None:
    page = open_page(expected=("500",))
    add(page, *files)
    page.wait_for_timeout(400)
    page.route("**/v1/networks", lambda route: route.fulfill(status=500))
    page.reload()
    expect(page.locator(".frame")).to_have_count(2)
    project = json.loads(save(page, False, tmp_path).read_text(encoding="utf-8"))
    assert [photo["name"] for photo in project["photos"]] == ["one.png", "zwölf.png"]
    assert "network" not in project


def test_a_photo_of_which_the_browser_has_no_copy_is_told(page: Any, tmp_path: Path) -> None:
    page.evaluate(
        """() => new Promise((resolve) => {
          indexedDB.open("photochrom").onsuccess = ({ target }) => {
            const files = target.result.transaction("files", "readwrite").objectStore("files");
            files.clear().onsuccess = () => resolve(target.result.close());
          };
        })"""
    )
    page.reload()
    shown(page)
    path = save(page, True, tmp_path)
    expect(page.locator(".toast.bad")).to_contain_text("no copy of one.png, zwölf.png")
    with ZipFile(path) as archive:
        assert archive.namelist() == ["project.json"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "hinting", "sha256": "0" * 64}, "not the one that the project was made with"),
        ({"name": "another", "sha256": "0" * 64}, "which this server does not offer"),
    ],
)
def test_another_network_is_told(page: Any, tmp_path: Path, change: dict[str, str], said: str) -> None:
    path = save(page, False, tmp_path)
    project = json.loads(path.read_text(encoding="utf-8"))
    project["network"] = change
    path.write_text(json.dumps(project))
    open_project(page, path)
    expect(page.locator(".toast.bad")).to_contain_text(said)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"photochrom_project": 2, "photos": []}', "a newer photochrom wrote it"),
        (b'{"photochrom_project": 1, "photos": [{"name": "a.png", "hints": [{"x": 7}]}]}', "a.png: point 1"),
        (b'{"photochrom_project": 1', "it is damaged"),
        (b"PK\x03\x04" + bytes(100), "it is no zip file, or was cut short"),
    ],
)
def test_a_file_that_is_no_project_changes_nothing(
    open_page: Any, tmp_path: Path, content: bytes, said: str
) -> None:
    path = tmp_path / "project.zip"
    path.write_bytes(content)
    page = open_page()
    open_project(page, path)
    expect(page.locator(".toast.bad")).to_contain_text(said)
    expect(page.locator("body.empty")).to_be_attached()


def test_a_zip_without_a_project_says_so(open_page: Any, tmp_path: Path) -> None:
    content = BytesIO()
    with ZipFile(content, "w") as archive:
        archive.writestr("letter.txt", "Dear grandmother, ")
    path = tmp_path / "letters.zip"
    path.write_bytes(content.getvalue())
    page = open_page()
    open_project(page, path)
    expect(page.locator(".toast.bad")).to_contain_text("a zip file without a project")
