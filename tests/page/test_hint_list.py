"""The list of hints: lit on the photo, named, hidden, removed; and colours taken under a loupe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from page_hand import PHONE, add, at, download, expect, follow, grey_png, marks, pixels, place, saved_points
from photochrom.color.cielab import rgb_to_lab
from photochrom.hints import color_ab

RED, BLUE = "#b0503c", "#3c60b0"


@pytest.fixture
def page(open_page: Any, tmp_path: Path) -> Any:
    page = open_page()
    add(page, grey_png(tmp_path / "photo.png"))
    place(page, 0.2, 0.3, RED)
    place(page, 0.8, 0.7, BLUE)
    return page


def test_an_entry_lights_its_mark_and_is_removed(page: Any) -> None:
    entries, points = page.locator("#points-list li"), page.locator("#points .mark")
    expect(entries).to_have_count(2)
    entries.nth(1).hover()
    expect(page.locator("#points .mark.lit")).to_have_count(1)
    expect(points.nth(1)).to_have_class("mark point of-point lit")
    page.mouse.move(5, 5)
    expect(page.locator("#points .mark.lit")).to_have_count(0)
    entries.first.locator(".chip").focus()
    expect(points.first).to_have_class("mark point of-point lit")
    follow(page, lambda: entries.first.locator(".chip-remove").click())
    assert marks(page) == [(pytest.approx(0.8, abs=0.01), pytest.approx(0.7, abs=0.01))]
    follow(page, lambda: page.keyboard.press("Control+z"))
    assert len(marks(page)) == 2


def test_a_hidden_hint_is_kept_and_does_not_colour(page: Any) -> None:
    def ab() -> Any:
        return rgb_to_lab(pixels(download(page, "#download")[0]))[90, 80, 1:]

    assert ab().tolist() == pytest.approx(color_ab(RED), abs=4)
    hide = page.locator("#points-list li").first.locator(".chip-hide")
    follow(page, lambda: hide.click())
    assert np.hypot(*(ab() - color_ab(RED))) > 10
    expect(hide).to_have_attribute("aria-pressed", "true")
    mark = page.locator("#points .mark").first
    assert (mark.get_attribute("aria-label") or "").endswith("hidden, 20% from the left, 30% from the top")
    assert [point["color"] for point in saved_points(page)] == [BLUE]
    expect(page.locator(".toast")).to_contain_text("The hidden one is not in the file")

    # It outlives the tab, and other colourings, and counts again when it is shown.
    page.wait_for_timeout(400)
    page.reload()
    expect(page.locator("#points-list li.hidden-hint")).to_have_count(1)
    expect(page.locator(".layer-after img")).to_have_count(1)
    page.locator("#other").click()
    page.locator(".alternative").nth(1).click()
    follow(page, lambda: page.locator("#alternatives-take").click())
    expect(page.locator("#points-list li.hidden-hint")).to_have_count(1)
    follow(page, lambda: page.keyboard.press("Control+z"))
    follow(page, lambda: page.locator("#points-list li").first.locator(".chip-hide").click())
    assert ab().tolist() == pytest.approx(color_ab(RED), abs=4)


def test_a_name_is_undone_and_kept_by_other_colourings(page: Any) -> None:
    page.locator("#points .mark").first.click()
    page.locator("#picker-label").fill("coat")
    page.keyboard.press("Enter")
    name = page.locator("#points-list .chip-name").first
    expect(name).to_have_text("coat")
    page.locator("#other").click()
    page.locator(".alternative").nth(1).click()
    follow(page, lambda: page.locator("#alternatives-take").click())
    expect(page.locator("#points-list .chip-name").get_by_text("coat", exact=True)).to_have_count(1)
    follow(page, lambda: page.keyboard.press("Control+z"))
    page.keyboard.press("Control+z")
    expect(name).not_to_have_text("coat")


def test_likely_colours_are_those_of_the_place_where_the_mark_lies_now(page: Any) -> None:
    page.mouse.click(*at(page, 0.3, 0.6))
    swatches = page.locator("#picker-suggestions .swatch")
    expect(swatches.first).to_be_visible()
    asked: list[Any] = []
    page.on("request", lambda request: request.url.endswith("/colors") and asked.append(request.post_data_json))
    page.mouse.move(*at(page, 0.3, 0.6))
    page.mouse.down()
    page.mouse.move(*at(page, 0.7, 0.2), steps=6)
    with page.expect_response("**/colors") as answer:
        page.mouse.up()
    expect(swatches).to_have_count(len(answer.value.json()["suggestions_ab"]))
    assert [(round(each["x"], 1), round(each["y"], 1)) for each in asked] == [
        (0.7, 0.2)
    ]  # once, when it lies still


def test_the_loupe_shows_what_the_eyedropper_takes(page: Any) -> None:
    page.mouse.click(*at(page, 0.5, 0.2))
    page.locator("#picker-picture").click()
    expect(page.locator("#taking")).to_contain_text("Choose the place whose colour to take")
    expect(page.locator("#loupe")).to_be_hidden()
    page.mouse.move(*at(page, 0.2, 0.3), steps=3)
    loupe = page.locator("#loupe")
    expect(loupe).to_be_visible()
    middle = loupe.locator("canvas").evaluate("(one) => [...one.getContext('2d').getImageData(60, 60, 1, 1).data]")
    assert rgb_to_lab(np.array(middle[:3], np.uint8))[1:].tolist() == pytest.approx(color_ab(RED), abs=6)
    assert loupe.locator("span").inner_text()
    page.locator("#taking-stop").click()
    expect(loupe).to_be_hidden()
    expect(page.locator("#taking")).to_be_hidden()

    # By keyboard, from the button and back to it.
    page.locator("#picker-picture").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#stage")).to_be_focused()
    for _ in range(4):
        page.keyboard.press("Shift+ArrowLeft")
    expect(loupe).to_be_visible()
    follow(page, lambda: page.keyboard.press("Enter"))
    expect(page.locator("#picker-picture")).to_be_focused()
    assert len(marks(page)) == 3


def test_a_finger_drags_the_loupe_and_lifts_where_it_takes(open_page: Any, tmp_path: Path) -> None:
    page = open_page(**PHONE)
    add(page, grey_png(tmp_path / "photo.png"))
    page.touchscreen.tap(*at(page, 0.5, 0.5))
    page.locator("#picker-picture").tap()
    touch = page.context.new_cdp_session(page)

    def finger(kind: str, *place: float) -> None:
        spots = [dict(zip("xy", at(page, *place), strict=True))] if place else []
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": spots})

    finger("touchStart", 0.2, 0.2)
    finger("touchMove", 0.4, 0.3)
    expect(page.locator("#loupe")).to_be_visible()
    finger("touchMove", 0.8, 0.3)
    follow(page, lambda: finger("touchEnd"))
    expect(page.locator("#loupe")).to_be_hidden()
    expect(page.locator("#picker-title")).to_have_text("Colour of this point")
