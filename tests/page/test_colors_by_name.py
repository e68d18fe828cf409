"""Colours by everyday names, presets with their sources, and swatches that can be told apart."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from page_hand import add, at, expect, follow, grey_png, marks
from photochrom.color.cielab import gamut_scale, rgb_to_lab
from photochrom.hints import color_ab

NAMES = {
    "#8b4513": "brown",
    "#000000": "black",
    "#ffffff": "white",
    "#808080": "grey",
    "#404040": "dark grey",
    "#000080": "navy",
    "#001f3f": "navy",
    "#f5f5dc": "beige",
    "#c3b091": "khaki",
    "#808000": "olive",
    "#4b5320": "army green",
    "#d2b48c": "tan",
    "#c29682": "light skin tone",
    "#735244": "dark skin tone",
    "#800020": "burgundy",
    "#008080": "teal",
    "#ff0000": "red",
    "#ffc0cb": "light pink",
    "#87ceeb": "light blue",
    "#6f4e37": "brown",
}


def test_colours_have_everyday_names(open_page: Any) -> None:
    found = open_page().evaluate(
        """async (colors) => {
          const { colorName } = await import(new URL("static/js/colornames.js", document.baseURI));
          const { hexToRgb, rgbToLab } = await import(new URL("static/js/color.js", document.baseURI));
          return colors.map((color) => {
            const [L, ...ab] = rgbToLab(hexToRgb(color));
            return colorName(L, ab);
          });
        }""",
        list(NAMES),
    )
    assert dict(zip(NAMES, found, strict=True)) == NAMES


def test_a_mark_is_called_by_its_name_and_colour(open_page: Any, tmp_path: Path) -> None:
    page = open_page()
    Image.new("L", (200, 150), 90).save(tmp_path / "even.png")
    add(page, tmp_path / "even.png")
    page.mouse.click(*at(page, 0.5, 0.5))
    follow(page, lambda: page.locator("#picker-hex").fill("#8b4513"))
    expect(page.locator("#picker-name")).to_have_text("brown")
    page.locator("#picker-label").fill("saddle")
    page.locator("#picker-keep").click()
    mark = page.locator("#points .mark")
    expect(mark).to_have_attribute("aria-label", "saddle: brown, 50% from the left, 50% from the top")
    expect(page.locator("#points-list .chip-name")).to_have_text("saddle")


def test_presets_have_sources_and_come_before_the_plane(open_page: Any, tmp_path: Path) -> None:
    page = open_page()
    add(page, grey_png(tmp_path / "photo.png"))
    page.mouse.click(*at(page, 0.9, 0.2))
    kinds = page.locator("#preset-kind option").all_inner_texts()[1:]
    wanted = ["Skin", "Hair", "Eyes", "Wood", "Brick", "Stone", "Grass", "Foliage", "Sky", "Water"]
    assert kinds == [*wanted, "Uniforms", "Denim", "Period dyes"]
    kind, plane = page.locator("#preset-kind").bounding_box(), page.locator("#plane").bounding_box()
    assert kind["y"] + kind["height"] < plane["y"]
    for name in kinds:
        page.locator("#preset-kind").select_option(name)
        swatches = page.locator("#preset-swatches .swatch")
        titles = [swatch.get_attribute("title") for swatch in swatches.all()]
        assert len(titles) >= 3
        assert all(title.startswith(f"{name}, ") and title.endswith(")") for title in titles)
    page.locator("#preset-kind").select_option("Uniforms")
    navy = page.get_by_role("button", name="Uniforms, navy, #")
    # Of the colour only a and b, at the lightness of the place, as far as there is such a colour.
    shown = navy.first.get_attribute("aria-label")[-7:]
    lab = rgb_to_lab(np.frombuffer(bytes.fromhex(shown[1:]), np.uint8))
    photo = np.asarray(Image.open(tmp_path / "photo.png"))
    lightness = rgb_to_lab(np.full(3, photo[60, 360], np.uint8))[0]
    a, b = color_ab("#252440")
    scale = gamut_scale(np.array([lightness, a, b]))[0]
    assert lab == pytest.approx([lightness, a * scale, b * scale], abs=1.5)
    follow(page, lambda: navy.first.click())
    page.locator("#picker-keep").click()
    assert len(marks(page)) == 1


def test_swatches_of_a_dark_place_can_be_told_apart(open_page: Any, tmp_path: Path) -> None:
    page = open_page()
    Image.new("L", (200, 150), 18).save(tmp_path / "night.png")
    add(page, tmp_path / "night.png")
    page.mouse.click(*at(page, 0.5, 0.5))
    swatches = page.locator("#picker-suggestions .swatch")
    expect(swatches.nth(1)).to_be_visible()
    shown = [
        swatch.evaluate("(one) => getComputedStyle(one).backgroundColor.match(/\\d+/g).map(Number)")
        for swatch in swatches.all()
    ]
    labs = rgb_to_lab(np.array(shown, np.uint8))
    assert labs[:, 0].min() > 45
    assert min(np.hypot(*(one - other)[1:]) for one, other in combinations(labs, 2)) > 4
