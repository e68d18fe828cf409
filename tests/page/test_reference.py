"""A reference photo: chosen or dropped, as strong as is wished, kept with its photo, and removed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from page_hand import add, download, expect, follow, grey_png, pixels, shown
from photochrom.color.cielab import rgb_to_lab


@pytest.fixture
def blue(tmp_path: Path) -> Path:
    path = tmp_path / "sea.png"
    Image.fromarray(np.full((60, 80, 3), (40, 80, 180), np.uint8)).save(path)
    return path


def blueness(page: Any) -> float:
    """The mean of -b over the downloaded result."""
    return float(-rgb_to_lab(pixels(download(page, "#download")[0]))[..., 2].mean())


def test_a_reference_moves_the_colours_by_its_strength_and_stays_with_the_photo(
    open_page: Any, tmp_path: Path, blue: Path
) -> None:
    page = open_page()
    add(page, grey_png(tmp_path / "photo.png"))
    before = blueness(page)
    follow(page, lambda: page.set_input_files("#reference-file", str(blue)))
    chip = page.locator("#reference-chip")
    expect(chip).to_contain_text("sea.png")
    expect(chip.locator("img")).to_be_visible()
    expect(page.locator("#reference-choose")).to_be_hidden()
    whole = blueness(page)
    assert whole > before + 3
    strength = page.locator("#reference-strength")
    strength.focus()
    follow(page, lambda: page.keyboard.press("Home"))
    expect(page.locator("#reference-value")).to_have_text("0%")
    assert blueness(page) == pytest.approx(before, abs=0.2)
    follow(page, lambda: strength.fill("50"))
    assert before + 0.3 * (whole - before) < blueness(page) < before + 0.7 * (whole - before)
    page.wait_for_timeout(400)
    page.reload()
    shown(page)
    expect(chip).to_contain_text("sea.png")
    expect(page.locator("#reference-value")).to_have_text("50%")
    expect(page.locator(".frame")).to_have_count(1)  # it is no photo to be coloured
    follow(page, lambda: page.locator("#reference-remove").click())
    expect(chip).to_be_hidden()
    expect(page.locator("#reference-choose")).to_be_focused()
    assert blueness(page) == pytest.approx(before, abs=0.2)
    follow(page, lambda: page.locator("#undo").click())
    expect(chip).to_be_visible()


def test_a_photo_dropped_on_its_place_is_a_reference(open_page: Any, tmp_path: Path, blue: Path) -> None:
    page = open_page()
    add(page, grey_png(tmp_path / "photo.png"))
    drop = """([bytes, selector]) => {
      const carried = new DataTransfer();
      carried.items.add(new File([new Uint8Array(bytes)], "sea.png", { type: "image/png" }));
      const place = document.querySelector(selector);
      for (const type of ["dragenter", "dragover", "drop"]) {
        place.dispatchEvent(new DragEvent(type, { dataTransfer: carried, bubbles: true, cancelable: true }));
      }
    }"""
    page.evaluate(drop, [list(blue.read_bytes()), "#reference"])
    expect(page.locator("#reference-chip")).to_contain_text("sea.png")
    assert not page.evaluate("document.body.classList.contains('dropping')")
    expect(page.locator(".frame")).to_have_count(1)
    page.evaluate(drop, [list(blue.read_bytes()), "#stage"])  # elsewhere it is a photo
    expect(page.locator(".frame")).to_have_count(2)


def test_a_reference_without_colours_is_refused_in_words(open_page: Any, tmp_path: Path) -> None:
    page = open_page(expected=("415",))
    grey = grey_png(tmp_path / "grey.png")
    add(page, grey)
    page.set_input_files("#reference-file", str(grey))
    expect(page.locator(".toast.bad")).to_contain_text("grey.png: has no colours to take; give a colour photo")
    expect(page.locator("#reference-chip")).to_be_hidden()
    expect(page.locator("#reference-choose")).not_to_have_attribute("aria-busy", "true")
    page.locator("#network").select_option("tint")
    expect(page.locator("#reference-choose")).to_be_disabled()
