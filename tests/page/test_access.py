"""axe-core on every main state of the page, and the page's own rules for people who cannot see it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from page_hand import PHONE, add, at, expect, grey_png
from page_hand import violations as _violations


@pytest.mark.parametrize(
    "options",
    [
        {"color_scheme": "dark"},
        {"color_scheme": "light", **PHONE},
        {"forced_colors": "active", **PHONE, "viewport": {"width": 320, "height": 568}},
    ],
    ids=["desktop", "phone", "narrow, forced colours"],
)
def test_axe_finds_no_violation(open_page: Any, tmp_path: Path, options: dict[str, Any]) -> None:
    page = open_page(expected=("415",), **options)
    assert _violations(page) == []
    page.get_by_role("button", name="Help and privacy").click()
    assert _violations(page) == []
    page.keyboard.press("Escape")

    (tmp_path / "letter.jpg").write_text("no photo")
    add(page, grey_png(tmp_path / "photo.png"), tmp_path / "letter.jpg")
    expect(page.locator(".frame[data-status=error]")).to_have_count(1)
    assert _violations(page) == []
    page.mouse.click(*at(page, 0.6, 0.4))
    expect(page.locator("#picker-suggestions .swatch").first).to_be_visible()
    assert _violations(page) == []
    page.locator("#picker-keep").click()
    page.locator("#ask").click()
    expect(page.locator("#picker")).to_be_visible()
    assert _violations(page) == []
    page.keyboard.press("Escape")
    page.locator("#other").click()
    expect(page.locator(".alternative img")).to_have_count(4)
    assert _violations(page) == []
    page.keyboard.press("Escape")
    if page.locator("[data-tab=look]").is_visible():
        page.locator("[data-tab=look]").click()
    Image.new("RGB", (40, 30), (40, 80, 180)).save(tmp_path / "sea.png")
    page.set_input_files("#reference-file", str(tmp_path / "sea.png"))
    expect(page.locator("#reference-chip")).to_be_visible()
    assert _violations(page) == []
    page.locator(".frame[data-status=error]").click()
    expect(page.locator("#stage-failed")).to_be_visible()
    assert _violations(page) == []


def test_a_network_that_can_do_less_is_no_obstacle(open_page: Any, tmp_path: Path) -> None:
    page = open_page()
    add(page, grey_png(tmp_path / "photo.png"))
    page.locator("#network").select_option("tint")
    expect(page.locator("[data-without='hints distribution']")).to_be_visible()
    assert _violations(page) == []
