"""What must not be lost: when the tab reloads, when the server restarts or is away, when it wants a token."""

from __future__ import annotations

import urllib.request
from pathlib import Path
from typing import Any

import pytest

from page_hand import add, expect, follow, grey_png, marks, place, saved_points, shown


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    return [grey_png(tmp_path / "one.png"), grey_png(tmp_path / "two.png", 200, 240)]


def _set(page: Any, slider: str, key: str) -> None:
    page.locator(slider).focus()
    follow(page, lambda: page.keyboard.press(key))


def test_a_reload_keeps_photos_points_sliders_and_steps(open_page: Any, photos: list[Path]) -> None:
    page = open_page()
    add(page, *photos)
    place(page, 0.3, 0.6, "#b0503c")
    _set(page, "#vividness", "End")
    points = saved_points(page)
    expect(page.locator(".frame[data-status=ready]")).to_have_count(2)
    page.wait_for_timeout(400)  # a moment of peace, in which it is written
    page.reload()
    shown(page)
    expect(page.locator(".frame[data-status=ready]")).to_have_count(2)
    assert page.locator("#photo-name").inner_text() == "one.png"
    assert page.locator("#vividness").input_value() == "100"
    assert saved_points(page) == points
    follow(page, lambda: page.locator("#undo").click())
    assert page.locator("#vividness").input_value() == "50"
    follow(page, lambda: page.locator("#undo").click())
    assert marks(page) == []


def test_a_server_that_was_started_anew_gets_the_photo_again(
    open_page: Any, photos: list[Path], service: Any
) -> None:
    page = open_page(expected=("Failed to load resource",))
    add(page, photos[0])
    service.stop()
    page.locator("#saturation").focus()
    page.keyboard.press("End")
    expect(page.locator("#offline")).to_be_visible()
    before = page.locator(".layer-after img").get_attribute("src")
    service.start()
    expect(page.locator("#offline")).to_be_hidden()
    expect(page.locator(".layer-after img")).not_to_have_attribute("src", before)
    shown(page)
    place(page, 0.5, 0.5, "#3c60b0")
    expect(page.locator("#stage-alert")).to_be_hidden()
    expect(page.locator(".toast")).to_have_count(0)


def test_a_photo_that_was_removed_comes_back_by_undo(open_page: Any, photos: list[Path]) -> None:
    page = open_page()
    add(page, *photos)
    expect(page.locator(".frame[data-status=ready]")).to_have_count(2)
    place(page, 0.3, 0.6, "#b0503c")
    page.locator(".frame").first.hover()
    page.locator(".frame-remove").first.click()
    expect(page.locator(".frame")).to_have_count(1)
    page.locator(".toast button", has_text="Undo").click()
    expect(page.locator(".frame")).to_have_count(2)
    shown(page)
    assert page.locator("#photo-name").inner_text() == "one.png"
    assert len(marks(page)) == 1
    page.wait_for_timeout(400)
    page.reload()
    shown(page)
    expect(page.locator(".frame")).to_have_count(2)


def _kept_by(service: Any) -> int:
    lines = urllib.request.urlopen(f"{service.url}metrics").read().decode().splitlines()
    return int(float(next(line.split()[1] for line in lines if line.startswith("photochrom_photos "))))


def test_all_that_is_removed_is_gone_here_and_on_the_server(
    open_page: Any, make_service: Any, tmp_path: Path
) -> None:
    service = make_service()
    page = open_page(service.url, expected=("404",))  # of photos that were just being colorized
    files = [grey_png(tmp_path / f"{number}.png") for number in range(6)]
    page.set_input_files("#chooser", [str(file) for file in files])
    expect(page.locator(".frame[data-status=ready]").first).to_be_visible()  # the others are on their way
    page.locator("[data-dialog='#help']").first.click()
    page.locator("#remove-all").click()
    expect(page.locator("body.empty")).to_be_attached()
    page.wait_for_timeout(1500)  # in which uploads end, and their answers come
    assert _kept_by(service) == 0
    left = page.evaluate(
        """() => new Promise((resolve) => {
          indexedDB.open("photochrom").onsuccess = ({ target }) => {
            const all = target.result.transaction("photos").objectStore("photos").getAllKeys();
            all.onsuccess = () => resolve(all.result);
          };
        })"""
    )
    assert left == []
    page.reload()
    page.wait_for_selector("body.ready", state="attached")
    expect(page.locator("body.empty")).to_be_attached()


def test_a_server_that_did_not_remove_all_is_told_of(open_page: Any, photos: list[Path]) -> None:
    page = open_page(expected=("500",))
    add(page, *photos)
    expect(page.locator(".frame[data-status=ready]")).to_have_count(2)
    page.route("**/v1/photos/*", lambda route: route.fulfill(status=500))
    page.locator("[data-dialog='#help']").first.click()
    page.locator("#remove-all").click()
    expect(page.locator(".toast.bad")).to_contain_text("The server did not remove all of them")
    expect(page.locator("body.empty")).to_be_attached()


def test_an_edit_right_before_the_tab_closes_is_kept(open_page: Any, photos: list[Path]) -> None:
    page = open_page()
    add(page, photos[0])
    page.wait_for_timeout(400)
    page.locator("#saturation").focus()
    page.keyboard.press("End")
    page.reload()
    shown(page)
    assert page.locator("#saturation").input_value() == page.locator("#saturation").get_attribute("max")


def test_a_service_that_answers_late_is_asked_again(open_page: Any, photos: list[Path], service: Any) -> None:
    page = open_page("about:blank", expected=("504",), ready=False)
    refusals = [504, 504]
    page.route(
        "**/v1/limits",
        lambda route: route.fulfill(status=refusals.pop(), body="") if refusals else route.continue_(),
    )
    page.goto(service.url)
    expect(page.locator(".toast.bad")).to_contain_text("answered 504")
    page.set_input_files("#chooser", str(photos[0]))
    expect(page.locator("#stage-failed")).to_contain_text("answered 504")
    page.locator("#stage-failed [data-retry]").click()
    shown(page)
    expect(page.locator(".toast.bad")).to_have_count(0)


def test_a_token_is_asked_for_and_kept_while_the_tab_is_open(
    open_page: Any, photos: list[Path], make_service: Any, tmp_path: Path
) -> None:
    token = "a-token-of-the-archive-0123456789"
    (tmp_path / "tokens").write_text(f"{token}\n")
    guarded = make_service("--token-file", str(tmp_path / "tokens"))
    page = open_page(guarded.url, expected=("Failed to load resource",), ready=False)
    expect(page.locator("#token")).to_be_visible()
    for _ in range(3):
        page.keyboard.press("Escape")
    expect(page.locator("#token")).to_be_visible()  # nothing works without one
    for wrong in ("wrong", "a\N{EN DASH}key that no header can hold", "wrong"):
        page.locator("#token-input").fill(wrong)
        page.keyboard.press("Enter")
        expect(page.locator("#token-refused")).to_be_visible()
        expect(page.locator("#token")).to_be_visible()
    page.locator("#token-input").fill(token)
    page.keyboard.press("Enter")
    page.wait_for_selector("body.ready", state="attached")
    add(page, photos[0])
    page.reload()
    shown(page)
    expect(page.locator("#token")).to_be_hidden()
