"""Zoom and pan at full resolution, phone and desktop, dark and light."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from page_hand import PHONE, add, at, expect, follow, grey_png, marks, shown

BACKGROUND = "getComputedStyle(document.body).backgroundColor"


def test_zoom_by_wheel_keys_and_double_click_reaches_the_photos_own_pixels(open_page: Any, tmp_path: Path) -> None:
    page = open_page()
    add(page, grey_png(tmp_path / "large.png", 1200, 2400))
    value = page.locator("#zoom-value")
    expect(value).to_have_text("Fit")
    x, y = at(page, 0.8, 0.3)
    page.mouse.move(x, y)
    page.mouse.wheel(0, -900)
    expect(value).not_to_have_text("Fit")
    # What was under it stays there; a wheel tells its place in whole pixels, and six times as large they are six.
    assert at(page, 0.8, 0.3) == (pytest.approx(x, abs=7), pytest.approx(y, abs=7))
    width = page.locator(".layer-after img").evaluate("(image) => image.naturalWidth")
    assert width < 2400
    for name in ("before", "after"):
        for _ in range(200):
            if page.locator(f".layer-{name} img").evaluate("(image) => image.naturalWidth") == 2400:
                break
            page.wait_for_timeout(50)
        assert page.locator(f".layer-{name} img").evaluate("(image) => image.naturalWidth") == 2400

    left = at(page, 0, 0)[0]
    page.mouse.down()
    page.mouse.move(x - 60, y - 5, steps=3)
    page.mouse.up()
    for _ in range(100):  # it is drawn with the next picture of the screen
        if at(page, 0, 0)[0] == pytest.approx(left - 60, abs=2):
            break
        page.wait_for_timeout(50)
    assert at(page, 0, 0)[0] == pytest.approx(left - 60, abs=2)
    page.keyboard.press("0")
    expect(value).to_have_text("Fit")
    page.keyboard.press("+")
    expect(value).not_to_have_text("Fit")
    page.keyboard.press("-")
    for _ in range(8):  # on a busy machine the two clicks may come too far apart to be a double one
        page.mouse.dblclick(*at(page, 0.5, 0.5))
        page.wait_for_timeout(500)
        if value.inner_text() != "Fit":
            break
        page.keyboard.press("Escape")
    expect(value).not_to_have_text("Fit")
    assert marks(page) == []  # and the first of its clicks has left no point
    expect(page.locator("#points .mark")).to_have_count(0)
    page.locator("#zoom-fit").click()
    expect(value).to_have_text("Fit")


def test_a_phone_shows_all_on_one_screen_and_takes_fingers(open_page: Any, tmp_path: Path) -> None:
    page = open_page(**PHONE)
    add(page, grey_png(tmp_path / "photo.png"))
    inside = """() => {
      const { scrollWidth, scrollHeight } = document.documentElement;
      return scrollWidth <= innerWidth && scrollHeight <= innerHeight;
    }"""
    assert page.evaluate(inside)
    page.touchscreen.tap(*at(page, 0.6, 0.4))
    expect(page.locator("#picker")).to_be_visible()
    stage, picker = page.locator("#stage").bounding_box(), page.locator("#picker").bounding_box()
    assert picker["y"] >= stage["y"] + stage["height"] - 1  # the photo stays in sight while its colour is chosen
    swatch = page.locator("#picker-suggestions .swatch").first
    follow(page, lambda: swatch.tap())
    page.locator("#picker-keep").tap()
    assert len(marks(page)) == 1

    for name, control in (("Look", "#vividness"), ("Save", "#download"), ("Colours", "#ask")):
        page.get_by_role("button", name=name, exact=True).tap()
        expect(page.locator(control)).to_be_visible()
        assert page.evaluate(inside)

    touch = page.context.new_cdp_session(page)
    x, y = at(page, 0.5, 0.5)
    for kind, span in (("touchStart", 30), ("touchMove", 60), ("touchMove", 110), ("touchEnd", None)):
        fingers = [] if span is None else [{"x": x - span, "y": y, "id": 1}, {"x": x + span, "y": y, "id": 2}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})
    expect(page.locator("#zoom-value")).not_to_have_text("Fit")
    expect(page.locator("#points .mark")).to_have_count(1)


def test_the_narrowest_phone_shows_all_of_the_width(open_page: Any, tmp_path: Path) -> None:
    page = open_page(**{**PHONE, "viewport": {"width": 320, "height": 640}})
    add(page, grey_png(tmp_path / "photo.png"))
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    expect(page.get_by_role("button", name="Compare", exact=True)).to_be_visible()


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_dark_and_light_follow_the_system_until_they_are_chosen(open_page: Any, scheme: str) -> None:
    page = open_page(color_scheme=scheme)
    dark = lambda: sum(map(int, page.evaluate(BACKGROUND)[4:-1].split(","))) < 384  # noqa: E731

    def settles(wanted: bool) -> bool:
        """Wait for colours that change gradually."""
        for _ in range(100):
            if dark() == wanted:
                return True
            page.wait_for_timeout(50)
        return False

    def press(theme: str) -> None:
        page.locator("#theme").click()
        expect(page.locator("html")).to_have_attribute("data-theme", theme)

    assert settles(scheme == "dark")
    press("dark")
    assert settles(True)
    page.reload()
    page.wait_for_selector("body.ready", state="attached")
    assert settles(True)
    press("light")
    assert settles(False)
    press("auto")
    assert settles(scheme == "dark")


def test_a_swipe_over_the_whole_photo_moves_the_divider(open_page: Any, tmp_path: Path) -> None:
    page = open_page()
    add(page, grey_png(tmp_path / "photo.png"))
    now = lambda: int(page.locator("#divider").get_attribute("aria-valuenow"))  # noqa: E731
    start = now()
    page.mouse.move(*at(page, 0.5, 0.4))
    page.mouse.down()
    page.mouse.move(*at(page, 0.7, 0.4), steps=4)
    page.mouse.up()
    assert now() == pytest.approx(start + 20, abs=2)
    expect(page.locator("#points .mark")).to_have_count(0)
    page.locator("#compare").click()
    assert now() == 0
    page.locator("#compare").click()
    assert now() == pytest.approx(start + 20, abs=2)
    shown(page)
