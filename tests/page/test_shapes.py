"""Hints that can be shaped: reach by a ring, strokes, areas, protected regions, "no colour here"."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from page_hand import (
    PHONE,
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
    violations,
)
from photochrom.color.cielab import rgb_to_lab
from photochrom.hints import color_ab
from photochrom.io.hints_file import read_hints

RED = "#b0503c"


@pytest.fixture
def page(open_page: Any, tmp_path: Path) -> Any:
    page = open_page()
    add(page, grey_png(tmp_path / "photo.png"))
    return page


def tool(page: Any, *names: str) -> None:
    for name in names:
        page.locator("#tools").get_by_role("button", name=name, exact=True).click()


def draw(page: Any, *places: tuple[float, float]) -> None:
    page.mouse.move(*at(page, *places[0]))
    page.mouse.down()
    for one in places[1:]:
        page.mouse.move(*at(page, *one), steps=6)
    page.mouse.up()


def result(page: Any) -> Any:
    return rgb_to_lab(pixels(download(page, "#download")[0]))


def saved(page: Any, tmp_path: Path) -> Any:
    file = tmp_path / "saved.json"
    file.write_bytes(download(page, "#points-save")[0])
    return read_hints(file)


def test_the_ring_is_dragged_and_what_the_hint_changes_is_outlined(page: Any) -> None:
    place(page, 0.3, 0.3, RED)
    page.locator("#points .mark").click()
    ring = page.locator("#ring .handle")
    expect(ring).to_be_visible()
    expect(page.locator("#outline")).to_be_hidden()
    box = ring.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    centre = at(page, 0.3, 0.3)
    page.mouse.move(x, y)
    page.mouse.down()
    follow(page, lambda: page.mouse.move(x + (centre[0] - x) * 0.5, y + (centre[1] - y) * 0.5, steps=5))
    expect(page.locator("#outline")).to_be_visible()
    near = page.locator("#outline path").first.get_attribute("d")
    page.mouse.up()
    expect(page.locator("#outline")).to_be_hidden()
    page.locator("#picker-keep").click()
    (point,) = saved_points(page)
    assert 0 < point["reach"] < 0.4
    expect(page.locator("#undo")).to_be_enabled()

    # The whole drag is one step; the slider and the keys do the same.
    follow(page, lambda: page.keyboard.press("Control+z"))
    page.locator("#points .mark").click()
    assert page.locator("#picker-reach").input_value() == "50"
    page.locator("#picker-reach").focus()
    follow(page, lambda: page.keyboard.press("End"))
    expect(page.locator("#picker-reach-value")).to_have_text("All that is alike")
    expect(page.locator("#outline")).to_be_visible()
    assert page.locator("#outline path").first.get_attribute("d") != near
    expect(page.locator("#picker-reach-share")).to_contain_text("% of the photo")
    page.locator("#points .mark").focus()
    follow(page, lambda: page.keyboard.press("["))
    follow(page, lambda: page.keyboard.press("["))
    expect(page.locator("#picker-reach")).to_have_value("90")
    expect(page.locator("#announcer")).to_contain_text("Reach 90%")
    page.locator("#picker-keep").click()
    assert saved_points(page)[0]["reach"] == 0.9


def test_the_outline_is_where_the_colours_change(page: Any) -> None:
    place(page, 0.3, 0.3, "#3c60b0")
    plain = result(page)
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+Shift+z")
    page.locator("#points .mark").click()
    page.locator("#picker-reach").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#outline")).to_be_visible()
    inside = """([x, y]) => {
      const outline = document.querySelector("#outline");
      const { width, height } = outline.viewBox.baseVal;
      const path = outline.querySelector("path");
      return path.isPointInFill(new DOMPoint(x * width, y * height));
    }"""
    page.evaluate("document.querySelector('#outline').style.fill = 'red'")
    said = page.evaluate(inside, [0.3, 0.3])
    far = page.evaluate(inside, [0.95, 0.95])
    assert (said, far) == (True, False)
    page.locator("#picker-remove").click()
    without = result(page)
    moved = np.hypot(*(plain - without)[..., 1:].transpose(2, 0, 1))
    assert moved[90, 120] > 4 > moved[285, 380]


def test_a_brush_draws_a_stroke_of_one_colour(page: Any, tmp_path: Path) -> None:
    tool(page, "Brush")
    draw(page, (0.1, 0.8), (0.5, 0.85), (0.9, 0.8))
    expect(page.locator("#picker-title")).to_have_text("Which colour is this?")
    expect(page.locator("#shapes .shape.draft")).to_have_count(1)
    follow(page, lambda: choose_hex(page, RED))
    expect(page.locator("#picker-title")).to_have_text("Colour of this stroke")
    page.locator("#picker-keep").click()
    (hint,) = saved(page, tmp_path).hints
    assert hint.color == RED
    assert 3 <= len(hint.stroke) < 30
    assert hint.stroke[0] == (pytest.approx(0.1, abs=0.01), pytest.approx(0.8, abs=0.01))
    assert hint.width == pytest.approx(0.03)
    lab = result(page)
    for x in (60, 200, 340):
        assert lab[int(300 * 0.82), x, 1:].tolist() == pytest.approx(color_ab(RED), abs=6)

    # Its mark moves it as a whole, keeps it on the photo, and undo brings it back.
    page.locator("#points .mark").focus()
    follow(page, lambda: [page.keyboard.press("Shift+ArrowUp") for _ in range(3)])
    (moved,) = saved(page, tmp_path).hints
    assert moved.stroke[0][1] < hint.stroke[0][1] - 0.02
    assert moved.stroke[0][0] == hint.stroke[0][0]
    follow(page, lambda: page.keyboard.press("Control+z"))
    assert saved(page, tmp_path).hints == (hint,)

    # Every shape survives the tab, and a file's way there and back.
    page.wait_for_timeout(400)
    page.reload()
    expect(page.locator("#shapes .shape.point")).to_have_count(1)
    file = tmp_path / "saved.json"
    page.locator("#points-clear").click()
    expect(page.locator("#points .mark")).to_have_count(0)
    page.set_input_files("#points-file", str(file))
    expect(page.locator("#points .mark")).to_have_count(1)
    assert saved(page, tmp_path).hints == (hint,)


def test_a_lasso_says_of_an_area_that_it_has_no_colour(page: Any, tmp_path: Path) -> None:
    tool(page, "Lasso", "No colour here")
    corners = (0.6, 0.2), (0.9, 0.2), (0.9, 0.5), (0.6, 0.5), (0.6, 0.22)
    follow(page, lambda: draw(page, *corners))
    expect(page.locator("#picker")).to_be_hidden()
    (hint,) = saved(page, tmp_path).hints
    assert hint.color == "none"
    assert 4 <= len(hint.area) < 20
    lab = result(page)
    assert np.abs(lab[110, 300, 1:]).max() < 3
    assert np.hypot(*lab[280, 40, 1:]) > 5
    mark = page.locator("#points .mark")
    expect(mark).to_have_attribute("aria-label", "Colour area 1: no colour, 75% from the left, 35% from the top")
    mark.click()
    expect(page.locator("#picker-title")).to_have_text("No colour here")
    follow(page, lambda: choose_hex(page, RED))
    page.locator("#picker-keep").click()
    assert saved(page, tmp_path).hints[0].color == RED

    # A drag that encloses nothing is no area.
    draw(page, (0.2, 0.5), (0.22, 0.5))
    expect(page.locator("#announcer")).to_contain_text("Too small")
    expect(page.locator("#points .mark")).to_have_count(1)


def test_what_is_protected_stays_as_it_was(page: Any, tmp_path: Path) -> None:
    before = result(page)
    tool(page, "Lasso", "Protect")
    draw(page, (0.1, 0.6), (0.4, 0.6), (0.4, 0.95), (0.1, 0.95), (0.1, 0.62))
    expect(page.locator("#points .mark.protected")).to_have_count(1)
    expect(page.locator("#picker")).to_be_hidden()
    tool(page, "Point", "Colour")
    place(page, 0.5, 0.8, "#3c60b0")
    page.locator("#points .mark.point").click()
    page.locator("#picker-reach").focus()
    follow(page, lambda: page.keyboard.press("End"))
    page.locator("#picker-keep").click()
    lab = result(page)
    assert np.abs(lab[200:270, 60:140] - before[200:270, 60:140]).max() < 0.01
    assert np.hypot(*(lab - before)[240, 200, 1:]) > 10
    content = saved(page, tmp_path)
    assert len(content.protected[0].area) >= 4

    # It is opened, hidden and removed as hints are, and undo knows of it.
    page.locator("#points .mark.protected").click()
    expect(page.locator("#picker-title")).to_have_text("Protected")
    expect(page.locator("#plane")).to_be_hidden()
    page.locator("#picker-remove").click()
    expect(page.locator("#points .mark.protected")).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(page.locator("#points .mark.protected")).to_have_count(1)


def test_the_keyboard_draws_strokes_and_areas(page: Any, tmp_path: Path) -> None:
    press = page.keyboard.press
    page.locator("#stage").focus()
    press("l")
    expect(page.locator("#tools [data-shape=lasso]")).to_have_attribute("aria-pressed", "true")
    press("k")
    press("Shift+ArrowUp")
    for key in ("Shift+ArrowRight", "Shift+ArrowDown", "Shift+ArrowLeft"):
        press("Enter")
        press(key)
    press("Enter")
    expect(page.locator("#announcer")).to_contain_text("Place 4")
    press("Enter")
    expect(page.locator("#points .mark.protected")).to_be_focused()
    assert len(saved(page, tmp_path).protected[0].area) == 4
    page.locator("#stage").focus()
    press("b")
    press("c")
    press("Enter")
    press("Shift+ArrowLeft")
    press("Enter")
    press("Escape")
    expect(page.locator("#shapes .shape.draft")).to_have_count(0)
    press("Enter")
    press("Shift+ArrowLeft")
    press("Enter")
    press("Enter")
    expect(page.locator("#plane")).to_be_focused()
    follow(page, lambda: press("Shift+ArrowRight"))
    press("Enter")
    (hint,) = saved(page, tmp_path).hints
    assert len(hint.stroke) == 2


def test_a_finger_draws_and_two_fingers_zoom(open_page: Any, tmp_path: Path) -> None:
    page = open_page(**PHONE)
    add(page, grey_png(tmp_path / "photo.png"))
    page.locator("#tools [data-shape=brush]").tap()
    touch = page.context.new_cdp_session(page)

    def fingers(kind: str, *places: tuple[float, float]) -> None:
        points = [
            {"x": at(page, *one)[0], "y": at(page, *one)[1], "id": number} for number, one in enumerate(places)
        ]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    fingers("touchStart", (0.2, 0.3))
    fingers("touchMove", (0.3, 0.3))
    expect(page.locator("#shapes .shape.draft")).to_have_count(1)
    fingers("touchStart", (0.3, 0.3), (0.6, 0.6))
    fingers("touchMove", (0.2, 0.2), (0.8, 0.8))
    expect(page.locator("#shapes .shape.draft")).to_have_count(0)
    fingers("touchEnd")
    expect(page.locator("#zoom-value")).not_to_have_text("Fit")
    expect(page.locator("#picker")).to_be_hidden()
    page.locator("#zoom-fit").tap()
    expect(page.locator("#zoom-value")).to_have_text("Fit")
    for _ in range(8):  # Chromium takes a touch back that a busy machine is slow to answer
        fingers("touchStart", (0.2, 0.3))
        for x in (0.3, 0.4, 0.5, 0.6):
            fingers("touchMove", (x, 0.3))
        fingers("touchEnd")
        page.wait_for_timeout(500)
        if page.locator("#picker").is_visible():
            break
    expect(page.locator("#picker")).to_be_visible()
    expect(page.locator("#points .mark.draft.of-stroke")).to_have_count(1)


def test_a_point_is_placed_again_with_its_colour(page: Any) -> None:
    place(page, 0.3, 0.3, RED)
    page.locator("#points .mark").click()
    page.locator("#picker-again").click()
    follow(page, lambda: page.mouse.click(*at(page, 0.7, 0.6)))
    page.locator("#picker-keep").click()
    assert marks(page) == [(pytest.approx(0.7, abs=0.01), pytest.approx(0.6, abs=0.01))]
    assert saved_points(page)[0]["color"] == RED
    follow(page, lambda: page.keyboard.press("Control+z"))
    assert marks(page) == [(pytest.approx(0.3, abs=0.01), pytest.approx(0.3, abs=0.01))]


def test_files_of_every_shape_are_read_and_wrong_ones_said(page: Any, tmp_path: Path) -> None:
    file = tmp_path / "hints.json"
    hints = [
        {"points": [[0.1, 0.1], [0.9, 0.1]], "color": [20, 10], "reach": 0.2},
        {"stroke": [[0.2, 0.5], [0.8, 0.5]], "color": "none", "width": 0.05},
        {"area": [[0.1, 0.7], [0.4, 0.7], [0.2, 0.9]], "color": RED},
    ]
    regions = [{"stroke": [[0.6, 0.8]], "width": 0.1}]
    file.write_text(json.dumps({"version": 1, "hints": hints, "protected": regions}))
    follow(page, lambda: page.set_input_files("#points-file", str(file)))
    expect(page.locator(".toast").last).to_contain_text("3 colour points and 1 protected region loaded")
    assert json.loads(download(page, "#points-save")[0]) == {"version": 1, "hints": hints, "protected": regions}
    for entry, said in (
        ({"area": [[0, 0], [1, 1]], "color": RED}, "point 1 has too few places"),
        ({"stroke": [[0, 0]], "width": 2, "color": RED}, "point 1 has a width that is none"),
        ({"x": 0.5, "y": 0.5, "area": [[0, 0], [1, 0], [1, 1]], "color": RED}, "point 1 has several shapes"),
        ({"points": [[0, 1.5]], "color": RED}, "point 1 lies outside the photo"),
    ):
        file.write_text(json.dumps([entry]))
        page.set_input_files("#points-file", str(file))
        expect(page.locator(".toast.bad").last).to_contain_text(said)
    expect(page.locator("#points .mark")).to_have_count(4)


@pytest.mark.parametrize(
    "options", [{"color_scheme": "dark"}, {"color_scheme": "light", **PHONE}], ids=["desktop", "phone"]
)
def test_axe_finds_nothing_wrong_with_shapes(open_page: Any, tmp_path: Path, options: dict[str, Any]) -> None:
    page = open_page(**options)
    add(page, grey_png(tmp_path / "photo.png"))
    tool(page, "Brush")
    expect(page.locator("#brush-width")).to_be_visible()
    assert violations(page) == []
    draw(page, (0.2, 0.6), (0.5, 0.7))
    page.locator("#preset-kind").select_option("Uniforms")
    follow(page, lambda: page.locator("#preset-swatches .swatch").first.click())
    assert violations(page) == []
    page.locator("#picker-picture").click()
    page.mouse.move(*at(page, 0.4, 0.4))
    assert violations(page) == []
    page.locator("#taking-stop").click()
    page.locator("#picker-keep").click()
    tool(page, "Protect")
    follow(page, lambda: draw(page, (0.6, 0.6), (0.8, 0.7)))
    follow(page, lambda: page.locator("#points-list .chip-hide").first.click())
    page.locator("#beside-view").click()
    assert violations(page) == []
    page.locator("#points .mark.protected").click()
    expect(page.locator("#picker-title")).to_have_text("Protected")
    assert violations(page) == []
