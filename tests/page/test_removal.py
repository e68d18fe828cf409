"""Photos that are taken away, and how long they can be put back; and photos that only the server is to forget."""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from page_hand import add, expect, follow, grey_png, marks, place, shown


@pytest.fixture
def timed(open_page: Any, service: Any, tmp_path: Path) -> Any:
    """A page with three photos, whose clock the test moves."""
    page = open_page("about:blank", ready=False)
    page.clock.install()
    page.goto(service.url)
    page.wait_for_selector("body.ready", state="attached")
    page.set_input_files("#chooser", [str(grey_png(tmp_path / f"{name}.png")) for name in ("one", "two", "three")])
    for _ in range(200):
        page.clock.run_for(200)
        if page.locator(".frame[data-status=ready]").count() == 3:
            break
        page.wait_for_timeout(20)
    return page


def take_first(page: Any) -> None:
    page.locator(".frame-remove").first.click(force=True)


def test_a_removal_is_undone_long_after_its_note_has_gone(timed: Any) -> None:
    take_first(timed)
    expect(timed.locator(".toast")).to_contain_text("one.png removed")
    timed.mouse.move(5, 5)
    timed.clock.run_for(14_000)
    expect(timed.locator(".toast")).to_have_count(1)
    timed.clock.run_for(2_000)
    expect(timed.locator(".toast")).to_have_count(0)
    timed.clock.run_for(600_000)
    back = timed.locator(".strip [data-put-back]")
    expect(back).to_have_attribute("aria-label", "Put back one.png")
    back.click()
    expect(timed.locator(".frame")).to_have_count(3)
    expect(back).to_be_hidden()
    timed.clock.run_for(5_000)
    expect(timed.locator("#photo-name")).to_have_text("one.png")


def test_a_note_waits_while_it_is_pointed_at(timed: Any) -> None:
    take_first(timed)
    timed.locator(".toast").hover()
    timed.clock.run_for(60_000)
    expect(timed.locator(".toast")).to_have_count(1)
    timed.mouse.move(5, 5)
    timed.clock.run_for(16_000)
    expect(timed.locator(".toast")).to_have_count(0)


def test_the_next_removal_leaves_the_last_one_its_time(timed: Any) -> None:
    take_first(timed)
    timed.mouse.move(5, 5)
    timed.clock.run_for(5_000)
    take_first(timed)
    timed.mouse.move(5, 5)
    timed.locator(".toast button", has_text="Undo").first.click()
    timed.mouse.move(5, 5)  # or the other note, which takes the place of the first, is pointed at
    expect(timed.locator(".frame")).to_have_count(2)
    timed.clock.run_for(20_000)
    expect(timed.locator(".strip [data-put-back]")).to_have_attribute("aria-label", "Put back two.png")


def test_the_last_photo_comes_back_from_the_empty_page(open_page: Any, tmp_path: Path) -> None:
    page = open_page()
    add(page, grey_png(tmp_path / "one.png"))
    place(page, 0.3, 0.6, "#b0503c")
    take_first(page)
    expect(page.locator("body.empty")).to_be_attached()
    page.locator(".toast button[aria-label^=Close]").click()
    page.locator(".welcome [data-put-back]").click()
    shown(page)
    assert len(marks(page)) == 1


def _is_kept(service: Any, photo_id: str) -> bool:
    try:
        urllib.request.urlopen(f"{service.url}v1/photos/{photo_id}")
    except urllib.error.HTTPError:
        return False
    return True


def test_the_server_forgets_a_photo_that_the_browser_keeps(open_page: Any, service: Any, tmp_path: Path) -> None:
    page = open_page()
    ids: list[str] = []
    page.on("response", lambda answer: "/v1/photos?" in answer.url and ids.append(answer.json()["id"]))
    add(page, grey_png(tmp_path / "one.png"))
    place(page, 0.3, 0.6, "#b0503c")
    assert _is_kept(service, ids[0])
    page.locator("#remove-here").click()
    expect(page.locator(".toast")).to_contain_text("This browser keeps it")
    expect(page.locator("#remove-here")).to_be_hidden()
    assert not _is_kept(service, ids[0])
    page.wait_for_timeout(400)
    page.reload()
    expect(page.locator("#stage-away")).to_be_visible()
    page.wait_for_timeout(500)
    assert len(ids) == 1  # nothing is sent unasked
    page.locator("#send-again").click()
    shown(page)
    assert len(marks(page)) == 1
    follow(page, lambda: page.locator("#undo").click())


def test_a_photo_that_is_removed_as_the_page_ends_is_gone_from_the_server(
    open_page: Any, service: Any, tmp_path: Path
) -> None:
    page = open_page()
    ids: list[str] = []
    page.on("response", lambda answer: "/v1/photos?" in answer.url and ids.append(answer.json()["id"]))
    add(page, grey_png(tmp_path / "one.png"))
    take_first(page)
    page.goto("about:blank")
    for _ in range(50):
        if not _is_kept(service, ids[0]):
            break
        page.wait_for_timeout(100)
    assert not _is_kept(service, ids[0])
