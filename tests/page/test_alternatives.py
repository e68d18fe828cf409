"""Other colourings: one after the other, in the photo's shape, compared by a click, within the window."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from page_hand import add, expect, grey_png, marks


def test_each_is_shown_while_the_next_is_looked_for(open_page: Any, tmp_path: Path) -> None:
    page = open_page()
    add(page, grey_png(tmp_path / "photo.png"))
    held: list[Any] = []

    def hold(route: Any) -> None:
        if route.request.post_data_json["n"] > 2:
            held.append(route)
        else:
            route.continue_()

    page.route("**/alternatives", hold)
    page.locator("#other").click()
    expect(page.locator(".alternative img")).to_have_count(2)  # the photo as it is, and the first other one
    expect(page.locator("#alternatives-wait")).to_contain_text("Looking")
    expect(page.locator("#alternatives .hint").first).to_contain_text("guesses")
    held.pop().continue_()
    expect(page.locator(".alternative img")).to_have_count(3)
    page.keyboard.press("Escape")  # which leaves no uncaught error: `open_page` hears of one
    expect(page.locator("#alternatives")).to_be_hidden()
    page.unroute("**/alternatives")
    page.locator("#other").click()  # and again, from the beginning
    expect(page.locator(".alternative img")).to_have_count(4)
    assert marks(page) == []


def test_escape_while_pictures_are_on_their_way_leaves_no_error(open_page: Any, tmp_path: Path) -> None:
    page = open_page()
    add(page, grey_png(tmp_path / "photo.png"))
    page.evaluate("addEventListener('unhandledrejection', (event) => console.error(`unheard: ${event.reason}`))")
    for pause in (0, 50, 150, 400):
        page.locator("#other").click()
        page.wait_for_timeout(pause)
        page.keyboard.press("Escape")
        expect(page.locator("#alternatives")).to_be_hidden()
    page.wait_for_timeout(500)


@pytest.mark.parametrize(("height", "width"), [(300, 400), (600, 200), (150, 700)], ids=["4:3", "tall", "wide"])
def test_they_have_the_photos_shape_and_lie_within_the_dialog(
    open_page: Any, tmp_path: Path, height: int, width: int
) -> None:
    page = open_page(viewport={"width": 1440, "height": 900})
    add(page, grey_png(tmp_path / "photo.png", height, width))
    page.locator("#other").click()
    expect(page.locator(".alternative img")).to_have_count(4)
    page.locator(".alternative").nth(1).click()
    assert page.locator("#alternatives").evaluate("(box) => box.scrollHeight <= box.clientHeight")
    boxes = [box.bounding_box() for box in page.locator(".alternative-frame, #alternatives-large").all()]
    for box in boxes:
        assert box["width"] / box["height"] == pytest.approx(width / height, rel=0.03)
    for control in page.locator("#alternatives button").all():
        box = control.bounding_box()
        assert box["y"] + box["height"] <= 900

    # Larger on hover, and compared by a click: the photo as it is now beside it.
    small, large = page.locator(".alternative").nth(3), page.locator("#alternatives-large")
    assert large.bounding_box()["width"] > 1.4 * small.locator("img").bounding_box()["width"]
    small.hover()
    image = large.locator("img").first
    expect(image).to_have_attribute("src", small.locator("img").get_attribute("src"))
    page.mouse.move(5, 5)
    second = page.locator(".alternative img").nth(1).get_attribute("src")
    expect(image).to_have_attribute("src", second)
    now = page.locator(".alternative img").first.get_attribute("src")
    expect(large.locator(".alternatives-now")).to_have_attribute("src", now)


def test_where_there_are_fewer_it_says_so(open_page: Any, tmp_path: Path) -> None:
    page = open_page()
    add(page, grey_png(tmp_path / "photo.png"))
    page.route("**/alternatives", lambda route: route.fulfill(json={"alternatives": [{"hints": []}]}))
    page.locator("#other").click()
    expect(page.locator("#alternatives-wait")).to_contain_text("no other colours likely enough")
    expect(page.locator(".alternative")).to_have_count(1)
    page.locator("#alternatives-take").click()
    expect(page.locator("#alternatives")).to_be_hidden()


def test_they_are_found_by_the_small_copy_of_a_photo_that_is_on_its_way(open_page: Any, tmp_path: Path) -> None:
    page = open_page()
    held: list[Any] = []
    page.route("**/v1/photos?*", lambda route: route.continue_() if held else held.append(route))
    add(page, grey_png(tmp_path / "photo.png", 900, 1200))  # by its small copy, for the photo itself is held
    expect(page.locator("#photo-about")).to_contain_text("on its way")
    page.locator("#other").click()
    expect(page.locator(".alternative img")).to_have_count(4)
    box = page.locator("#alternatives-large").bounding_box()
    assert box["width"] / box["height"] == pytest.approx(4 / 3, rel=0.03)
    held[0].continue_()
