"""Before and after: the divider that keeps out of the way, the photo before held up, both side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from page_hand import PHONE, add, at, expect, grey_png, marks
from photochrom.color.cielab import srgb_to_linear
from server_checks import wait_until

CLIP = "(layer) => getComputedStyle(layer).clipPath"


@pytest.fixture
def page(open_page: Any, tmp_path: Path) -> Any:
    page = open_page()
    add(page, grey_png(tmp_path / "photo.png"))
    return page


def split(page: Any) -> int:
    return int(page.locator("#divider").get_attribute("aria-valuenow"))


def test_a_new_photo_is_all_in_colour_and_the_toggle_shows_its_state(page: Any) -> None:
    assert split(page) == 0
    expect(page.locator("#tag-before")).to_have_class("tag tag-before out")
    compare = page.locator("#compare")
    expect(compare).to_have_attribute("aria-pressed", "false")
    look = (
        "(one) => { const { backgroundColor, color } = getComputedStyle(one); return [backgroundColor, color]; }"
    )
    page.mouse.move(5, 5)
    page.wait_for_timeout(300)
    off = compare.evaluate(look)
    compare.click()
    expect(compare).to_have_attribute("aria-pressed", "true")
    assert split(page) == 50
    page.mouse.move(5, 5)
    page.wait_for_timeout(300)
    on = compare.evaluate(look)
    one, other = (np.array(shown[0][4:-1].split(","), float) / 255 for shown in (off, on))
    lightness = sorted((srgb_to_linear(color) @ [0.2126, 0.7152, 0.0722] for color in (one, other)), reverse=True)
    contrast = (lightness[0] + 0.05) / (lightness[1] + 0.05)
    assert contrast > 3  # WCAG 1.4.11: what tells states apart
    assert off[1] != on[1]


def test_the_divider_moves_aside_for_the_point_that_is_open_and_comes_back(page: Any) -> None:
    page.locator("#compare").click()
    assert split(page) == 50
    page.mouse.click(*at(page, 0.8, 0.5))
    expect(page.locator("#picker")).to_be_visible()
    assert split(page) == 50  # it is in nobody's way
    page.keyboard.press("Escape")
    page.mouse.click(*at(page, 0.4, 0.5))
    expect(page.locator("#divider")).not_to_have_attribute("aria-valuenow", "50")
    assert 10 < split(page) < 38
    page.keyboard.press("Escape")
    expect(page.locator("#divider")).to_have_attribute("aria-valuenow", "50")
    page.mouse.click(*at(page, 0.05, 0.5))
    expect(page.locator("#divider")).to_have_attribute("aria-valuenow", "0")
    page.keyboard.press("Escape")
    expect(page.locator("#divider")).to_have_attribute("aria-valuenow", "50")
    page.locator("#ask").click()
    expect(page.locator("#points .mark.question")).not_to_have_count(0)
    picked = page.locator("#points .mark.picked")
    expect(picked).to_have_count(1)
    box, line = picked.bounding_box(), page.locator("#divider").bounding_box()
    assert line["x"] < box["x"] + box["width"] / 2


def test_holding_a_key_or_the_button_shows_the_photo_before(page: Any) -> None:
    before = page.locator(".layer-before")
    assert before.evaluate(CLIP) != "none"
    page.locator("#stage").focus()
    page.keyboard.down("\\")
    assert before.evaluate(CLIP) == "none"
    expect(page.locator("#announcer")).to_have_text("The photo before")
    page.keyboard.up("\\")
    assert before.evaluate(CLIP) != "none"
    box = page.locator("#compare").bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    expect(page.locator("body")).to_have_class("ready showing-before")
    page.mouse.up()
    expect(page.locator("body")).to_have_class("ready")
    assert split(page) == 0  # it was no click
    page.locator("#compare").click()
    assert split(page) == 50


@pytest.mark.parametrize("options", [{}, PHONE], ids=["desktop", "phone"])
def test_before_and_after_lie_side_by_side(open_page: Any, tmp_path: Path, options: Any) -> None:
    page = open_page(**options)
    add(page, grey_png(tmp_path / "photo.png"))
    page.locator("#beside-view").click()
    before, after = page.locator("#beside img"), page.locator(".layer-after img")
    expect(before).to_be_visible()
    expect(page.locator("#divider")).to_be_hidden()
    page.wait_for_function(
        """() => {
            const boxes = ["#beside img", ".layer-after img"].map((name) =>
                document.querySelector(name).getBoundingClientRect());
            return ["width", "height"].every((side) => Math.abs(boxes[0][side] / boxes[1][side] - 1) < 0.01);
        }"""
    )  # once both are laid out
    one, other = before.bounding_box(), after.bounding_box()
    apart = other["x"] - one["x"], other["y"] - one["y"]
    assert apart[0] >= one["width"] - 1 or apart[1] >= one["height"] - 1
    assert before.get_attribute("src") == page.locator(".layer-before img").get_attribute("src")

    # A click on either picture means the same place.
    page.mouse.click(one["x"] + one["width"] * 0.6, one["y"] + one["height"] * 0.4)
    draft = page.locator("#points .mark.draft")
    expect(draft).to_have_count(1)
    assert float(draft.get_attribute("data-x")) == pytest.approx(0.6, abs=0.01)
    assert float(draft.get_attribute("data-y")) == pytest.approx(0.4, abs=0.01)
    page.keyboard.press("Escape")

    # Zoom goes for both.
    page.locator("#zoom-in").click()
    wait_until(lambda: after.bounding_box()["width"] > 1.2 * other["width"])
    wait_until(lambda: before.bounding_box()["width"] == pytest.approx(after.bounding_box()["width"], 0.01))
    one, other = before.bounding_box(), after.bounding_box()
    assert (other["x"] - one["x"], other["y"] - one["y"]) == (
        pytest.approx(apart[0], abs=1.5),
        pytest.approx(apart[1], abs=1.5),
    )
    page.locator("#beside-view").click()
    expect(page.locator("#beside")).to_be_hidden()
    assert marks(page) == []
