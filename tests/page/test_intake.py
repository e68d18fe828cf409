"""Photos that come while one is at work, files that are none, and what the server has to say of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvips

from page_hand import add, at, download, expect, grey_png, shown, slope


@pytest.fixture
def wide(tmp_path: Path) -> Path:
    """A photo of 16 bits with a transparent corner."""
    plane = slope().astype(np.uint16) * 257
    alpha = np.full_like(plane, 65_535)
    alpha[:50, :50] = 0
    path = tmp_path / "wide.png"
    image = pyvips.Image.new_from_array(np.stack([plane, plane, plane, alpha], axis=2), interpretation="rgb16")
    image.pngsave(str(path))
    return path


def test_a_photo_that_comes_while_a_point_is_chosen_does_not_take_the_stage(
    open_page: Any, tmp_path: Path
) -> None:
    page = open_page()
    add(page, grey_png(tmp_path / "one.png"))
    page.mouse.click(*at(page, 0.3, 0.6))
    expect(page.locator("#picker")).to_be_visible()
    page.set_input_files("#chooser", str(grey_png(tmp_path / "two.png")))
    expect(page.locator(".frame")).to_have_count(2)
    expect(page.locator(".toast")).to_contain_text("two.png added")
    expect(page.locator(".frame[data-status=ready]")).to_have_count(2)
    expect(page.locator("#picker")).to_be_visible()
    assert page.locator("#photo-name").inner_text() == "one.png"


def test_a_broken_first_file_does_not_hide_the_good_ones(open_page: Any, tmp_path: Path) -> None:
    page = open_page(expected=("415",))
    broken = tmp_path / "letter.jpg"
    broken.write_text("Dear grandmother, ")
    page.set_input_files("#chooser", [str(broken), str(grey_png(tmp_path / "good.png"))])
    shown(page)
    expect(page.locator("#photo-name")).to_have_text("good.png")
    expect(page.locator(".toast.bad")).to_contain_text("letter.jpg")
    page.locator(".frame[data-status=error]").click()  # a user who asks for it stays there
    expect(page.locator("#stage-failed")).to_contain_text("letter.jpg")
    page.wait_for_timeout(500)
    expect(page.locator("#stage-failed")).to_be_visible()


def test_what_a_result_could_not_hold_is_told(open_page: Any, wide: Path) -> None:
    page = open_page()
    add(page, wide)
    page.locator("#format").select_option("jpg")
    download(page, "#download")
    note = page.locator(".toast")
    expect(note).to_contain_text("16 bits per channel, which become 8")
    expect(note).to_contain_text("laid over white")
