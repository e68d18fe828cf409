"""One photo from the drop to the download, as a user goes: by mouse, by keyboard, with second thoughts."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from page_hand import (
    add,
    at,
    choose_hex,
    download,
    expect,
    follow,
    grey_png,
    marks,
    pixels,
    place,
    saved_points,
    shown,
    slope,
)
from photochrom.color.cielab import gamut_scale, rgb_to_lab
from photochrom.hints import color_ab
from photochrom.io.hints_file import read_hints

RED = "#b0503c"
POINT = '{"x": 1, "y": 0, "color": "#406080"}'


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return grey_png(tmp_path / "album page 1.png")


def test_a_photo_comes_in_is_compared_and_goes_home_in_colour(open_page: Any, photo: Path) -> None:
    page = open_page()
    expect(page.locator(".privacy")).to_contain_text("1 hour")
    add(page, photo)
    assert page.locator("#photo-about").inner_text() == "400 × 300, PNG, 8 bits"
    assert page.evaluate("window.shifted") < 0.02

    page.mouse.move(*at(page, 0.25, 0.9))
    divider = page.locator("#divider")
    box = divider.locator(".knob").bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(*at(page, 0.7, 0.9), steps=4)
    page.mouse.up()
    assert int(divider.get_attribute("aria-valuenow")) == pytest.approx(70, abs=2)

    content, name = download(page, "#download")
    image = Image.open(BytesIO(content))
    assert (image.format, image.size, name) == ("PNG", (400, 300), "album page 1-colour.png")
    lab = rgb_to_lab(pixels(content))
    grey = rgb_to_lab(np.repeat(slope()[..., None], 3, 2))
    assert np.abs(lab[..., 0] - grey[..., 0]).max() < 0.5
    assert np.abs(lab[..., 1:]).mean() > 3


def test_a_point_by_mouse_colours_its_place(open_page: Any, photo: Path, tmp_path: Path) -> None:
    page = open_page()
    add(page, photo)
    place(page, 0.75, 0.25, RED)
    assert marks(page) == [(pytest.approx(0.75, abs=0.01), pytest.approx(0.25, abs=0.01))]

    lab = rgb_to_lab(pixels(download(page, "#download")[0]))
    assert lab[75, 300, 1:].tolist() == pytest.approx(color_ab(RED), abs=3)
    assert lab[280, 20, 1:].tolist() != pytest.approx(color_ab(RED), abs=8)

    # Dragged away, its colour goes with it.
    page.mouse.move(*at(page, 0.75, 0.25))
    page.mouse.down()
    page.mouse.move(*at(page, 0.6, 0.6), steps=5)
    follow(page, lambda: page.mouse.move(*at(page, 0.25, 0.75), steps=5))
    page.mouse.up()
    shown(page)
    lab = rgb_to_lab(pixels(download(page, "#download")[0]))
    assert lab[225, 100, 1:].tolist() == pytest.approx(color_ab(RED), abs=3)
    assert lab[75, 300, 1:].tolist() != pytest.approx(color_ab(RED), abs=8)

    # What is saved is what the command line takes; what is loaded may be either form of colour.
    file = tmp_path / "saved.json"
    file.write_bytes(download(page, "#points-save")[0])
    (hint,) = read_hints(file).hints
    assert (hint.x, hint.y, hint.color) == (pytest.approx(0.25, abs=0.01), pytest.approx(0.75, abs=0.01), RED)
    other = tmp_path / "other.json"
    other.write_text(
        '{"hints": [{"x": 0.1, "y": 0.2, "color": [30, -12]}, {"x": 0.5, "y": 1, "color": "#406080"}]}'
    )
    follow(page, lambda: page.set_input_files("#points-file", str(other)))
    assert saved_points(page) == [
        {"x": 0.1, "y": 0.2, "color": [30, -12]},
        {"x": 0.5, "y": 1, "color": "#406080"},
    ]
    for text, said in (
        ('[{"x": 2, "y": 0, "color": "#406080"}]', "point 1 lies outside the photo"),
        ('[{"x": 1, "y": 0, "color": [null, null]}]', "point 1 has no colour"),
        ('[{"x": 1, "y": 0, "color": ["12", "30"]}]', "point 1 has no colour"),
        (f"[{', '.join([POINT] * 2305)}]", "it holds 2305 colour points; 2304 are taken"),
    ):
        other.write_text(text)
        page.set_input_files("#points-file", str(other))
        expect(page.locator(".toast.bad").last).to_contain_text(said)
        assert len(marks(page)) == 2


def test_points_that_come_with_their_photo_are_put_on_it(open_page: Any, photo: Path, tmp_path: Path) -> None:
    page, points = open_page(), tmp_path / "album page 1.hints.json"
    points.write_text(f"[{POINT}]")
    page.set_input_files("#chooser", [str(points), str(photo)])
    shown(page)
    expect(page.locator(".toast")).to_contain_text("1 colour point loaded")
    assert len(marks(page)) == 1


def test_everything_goes_by_keyboard(open_page: Any, photo: Path) -> None:
    page = open_page()
    add(page, photo)
    press = page.keyboard.press
    for _ in range(40):
        press("Tab")
        if page.evaluate("document.activeElement.id") == "stage":
            break
    expect(page.locator("#crosshair:not([hidden])")).to_have_count(1)
    for _ in range(3):
        press("Shift+ArrowRight")
    press("ArrowUp")
    press("Enter")
    expect(page.locator("#plane")).to_be_focused()
    follow(page, lambda: press("Shift+ArrowRight"))
    press("Enter")
    expect(page.locator("#picker")).to_be_hidden()
    ((x, y),) = marks(page)
    assert x > 0.55
    assert y < 0.5
    (point,) = saved_points(page)
    assert point["color"][0] > 10  # shifted towards red from what was there

    page.locator("#points .mark").focus()
    follow(page, lambda: press("Shift+ArrowDown"))
    assert marks(page)[0][1] > y
    press("Enter")
    expect(page.locator("#plane")).to_be_focused()
    press("Escape")
    expect(page.locator("#points .mark")).to_be_focused()
    follow(page, lambda: press("Delete"))
    assert marks(page) == []
    expect(page.locator("#stage")).to_be_focused()

    press("Tab")
    expect(page.locator("#divider")).to_be_focused()
    press("Home")
    assert page.locator("#divider").get_attribute("aria-valuetext") == "all in colour"
    press("ArrowRight")
    assert page.locator("#divider").get_attribute("aria-valuenow") == "2"
    press("End")
    assert page.locator("#divider").get_attribute("aria-valuenow") == "100"


def test_a_point_that_nobody_coloured_leaves_no_trace(open_page: Any, photo: Path) -> None:
    page = open_page()
    add(page, photo)
    page.mouse.click(*at(page, 0.5, 0.5))
    expect(page.locator("#points .mark.draft")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("#points .mark")).to_have_count(0)
    expect(page.locator("#undo")).to_be_disabled()


def test_undo_and_redo_go_through_points_and_sliders(open_page: Any, photo: Path) -> None:
    page = open_page()
    add(page, photo)
    place(page, 0.3, 0.3, RED)
    place(page, 0.7, 0.7, "#3c60b0")
    page.locator("#saturation").focus()
    follow(page, lambda: page.keyboard.press("ArrowRight"))
    expect(page.locator("#saturation-value")).to_have_text("101%")
    steps = [
        (lambda: page.keyboard.press("Control+z"), 2, "100%"),
        (lambda: page.locator("#undo").click(), 1, "100%"),
        (lambda: page.keyboard.press("Control+z"), 0, "100%"),
        (lambda: page.keyboard.press("Control+Shift+z"), 1, "100%"),
        (lambda: page.locator("#redo").click(), 2, "100%"),
        (lambda: page.keyboard.press("Control+y"), 2, "101%"),
    ]
    for step, count, strength in steps:
        follow(page, step)
        assert len(marks(page)) == count
        assert page.locator("#saturation-value").inner_text() == strength
    expect(page.locator("#redo")).to_be_disabled()


def test_the_picker_suggests_takes_from_the_picture_and_remembers(open_page: Any, photo: Path) -> None:
    page = open_page()
    add(page, photo)
    place(page, 0.2, 0.2, RED)
    page.mouse.click(*at(page, 0.8, 0.8))
    suggestions = page.locator("#picker-suggestions .swatch")
    expect(suggestions.first).to_be_visible()
    follow(page, lambda: suggestions.first.click())
    page.locator("#picker-picture").click()
    follow(page, lambda: page.mouse.click(*at(page, 0.2, 0.2)))
    assert len(marks(page)) == 2
    taken = saved_points_of(page)[1]["color"]
    assert taken == pytest.approx(color_ab(RED), abs=4)
    follow(page, lambda: page.locator("#picker-recent .swatch").first.click())
    box = page.locator("#plane").bounding_box()
    # A corner of the plane where no colour is: the nearest that the photo's lightness leaves room for.
    follow(page, lambda: page.mouse.click(box["x"] + 20, box["y"] + box["height"] - 20))
    a, b = saved_points_of(page)[1]["color"]
    lightness = rgb_to_lab(np.full(3, slope()[240, 320], np.uint8))[0]
    assert np.hypot(a, b) > 10
    assert gamut_scale(np.array([lightness, a, b]))[0] > 0.97
    choose_hex(page, "no colour")
    assert page.locator("#picker-hex").get_attribute("aria-invalid") == "true"
    assert saved_points_of(page)[1]["color"] == [a, b]


def saved_points_of(page: Any) -> list[dict[str, Any]]:
    """The points while the picker covers the button that saves them: as they are about to outlive the tab."""
    page.wait_for_timeout(400)
    photos = page.evaluate(
        """() => new Promise((resolve, reject) => {
          const opening = indexedDB.open("photochrom");
          opening.onerror = () => reject(opening.error);
          opening.onsuccess = () => {
            const all = opening.result.transaction("photos").objectStore("photos").getAll();
            all.onsuccess = () => resolve(all.result.map((photo) => photo.history.edit.points));
          };
        })"""
    )
    return list(photos[0])
