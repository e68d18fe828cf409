"""The photos of the strip take over the chosen one's colours, where they show the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from page_hand import add, download, expect, follow, grey_png, marks, pixels, place, shown
from two_views import two_views, write


@pytest.fixture(scope="module")
def able(tmp_path_factory: pytest.TempPathFactory, service: Any) -> Iterator[str]:
    """The address of a service with the bundled network, which finds places again."""
    other = type(service)(tmp_path_factory.mktemp("service"), "--network", "photochrom-1")
    other.start()
    yield other.url
    other.stop()


def test_the_others_are_made_alike_and_it_is_undone(open_page: Any, able: str, tmp_path: Path) -> None:
    page = open_page(able)
    one, other = (write(tmp_path / f"{name}.png", view) for name, view in zip("ab", two_views(), strict=True))
    button = page.locator("#alike")
    add(page, one)
    expect(button).to_be_hidden()  # there are no others
    add(page, other, grey_png(tmp_path / "slope.png"))
    expect(page.locator(".frame[data-status=ready]")).to_have_count(3)
    page.locator(".frame").nth(1).click()
    shown(page)
    before = blue(page)
    page.locator(".frame").nth(0).click()
    shown(page)
    place(page, 0.5, 0.9, "#2040c0")
    button.click()
    expect(page.locator(".toast", has_text="1 of 2 others was made alike to a.png")).to_be_visible()
    page.locator(".frame").nth(1).click()
    shown(page)
    assert marks(page) == []  # what is taken over is no point of the user's
    after = blue(page)
    assert after > before + 15
    follow(page, lambda: page.locator("#undo").click())
    assert abs(blue(page) - before) < 1


def test_a_photo_that_no_other_shows_is_said_to_be_alone(open_page: Any, able: str, tmp_path: Path) -> None:
    page = open_page(able)
    add(page, write(tmp_path / "a.png", two_views()[0]))
    add(page, grey_png(tmp_path / "slope.png"))
    page.locator(".frame").nth(0).click()
    shown(page)
    page.locator("#alike").click()
    expect(page.locator(".toast", has_text="No other photo surely shows the same as a.png")).to_be_visible()
    expect(page.locator("#alike")).to_have_text("Make the others alike")
    expect(page.locator("#undo")).to_be_disabled()


def blue(page: Any) -> float:
    """How blue the result is around the place of the point, in the second photo."""
    content, _ = download(page, "#download")
    shown_pixels = pixels(content).astype(float)
    height, width = shown_pixels.shape[:2]
    around = shown_pixels[int(0.86 * height) : int(0.93 * height), int(0.3 * width) : int(0.4 * width)]
    return float((around[..., 2] - around[..., 0]).mean())
