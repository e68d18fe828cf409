"""A published network on the page: chosen among others, with colour points, and no more than it can do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from page_hand import add, expect, follow, grey_png, marks, place, shown


def test_it_is_chosen_takes_points_and_is_still_chosen_after_a_reload(
    open_page: Any, make_service: Callable[..., Any], official: Callable[[str], Path], tmp_path: Path
) -> None:
    page = open_page(make_service("--network", str(official("siggraph17"))).url)
    add(page, grey_png(tmp_path / "photo.png", 60, 80))
    follow(page, lambda: page.locator("#network").select_option("siggraph17"))
    expect(page.locator("#network-about")).to_contain_text("Takes colour points")
    place(page, 0.2, 0.5, "#3c60b0")  # waits for the new result
    for control in ("#ask", "#other", "#vividness", "#unsure"):
        expect(page.locator(control)).to_be_disabled()
    expect(page.locator("#saturation")).to_be_enabled()
    page.reload()
    shown(page)
    assert page.locator("#network").input_value() == "siggraph17"
    assert len(marks(page)) == 1
