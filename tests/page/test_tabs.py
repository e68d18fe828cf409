"""Two tabs of one browser: neither overwrites the other's work, and what one removes is gone in both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from page_hand import add, at, expect, follow, grey_png, marks, place, shown

ASLEEP = """
// A tab that hears nothing of the others, as one that the browser put to sleep.
window.BroadcastChannel = class { postMessage() {} addEventListener() {} };
"""


@pytest.fixture
def two(open_page: Any, tmp_path: Path) -> tuple[Any, Any]:
    """Two tabs with the same two photos."""
    one = open_page()
    add(one, grey_png(tmp_path / "one.png"), grey_png(tmp_path / "two.png"))
    expect(one.locator(".frame[data-status=ready]")).to_have_count(2)
    one.wait_for_timeout(400)
    return one, second(one)


def second(page: Any, script: str = "") -> Any:
    """Open another tab of the same browser."""
    other = page.context.new_page()
    other.set_default_timeout(30_000)
    if script:
        other.add_init_script(script)
    other.goto(page.url)
    shown(other)
    return other


def kept(page: Any) -> list[Any]:
    """The records in the database: name, places of the points, version."""
    records: list[Any] = page.evaluate(
        """() => new Promise((resolve) => {
          indexedDB.open("photochrom").onsuccess = ({ target }) => {
            const all = target.result.transaction("photos").objectStore("photos").getAll();
            all.onsuccess = () => {
              target.result.close();
              resolve(all.result.map(({ name, history }) => [name, history.edit.points.length]));
            };
          };
        })"""
    )
    return sorted(records)


def drop_points(page: Any, count: int) -> None:
    expect(page.locator("#points .mark.point")).to_have_count(count)


def test_a_point_that_one_tab_sets_comes_to_the_other(two: tuple[Any, Any]) -> None:
    one, other = two
    follow(other, lambda: place(one, 0.2, 0.3, "#b0503c"))
    assert marks(other) == marks(one)
    place(other, 0.8, 0.7, "#3c60b0")
    drop_points(one, 2)
    follow(one, lambda: other.locator("#undo").click())
    drop_points(one, 1)


def test_points_that_two_tabs_set_at_once_are_all_kept(two: tuple[Any, Any]) -> None:
    one = two[0]
    two[1].close()
    other = second(one, ASLEEP)
    place(one, 0.2, 0.3, "#b0503c")
    one.wait_for_timeout(400)
    place(other, 0.8, 0.7, "#3c60b0")  # knows nothing of the first
    drop_points(other, 2)
    other.wait_for_timeout(400)
    assert kept(one) == [["one.png", 2], ["two.png", 0]]
    one.reload()
    shown(one)
    drop_points(one, 2)


def test_an_edit_of_a_closing_tab_is_merged_with_what_others_wrote(two: tuple[Any, Any]) -> None:
    one = two[0]
    two[1].close()
    other = second(one, ASLEEP)
    place(one, 0.2, 0.3, "#b0503c")
    one.wait_for_timeout(400)
    other.locator("#saturation").focus()
    other.keyboard.press("End")
    other.goto("about:blank")  # before it was written
    one.wait_for_timeout(300)
    one.reload()
    shown(one)
    drop_points(one, 1)
    assert one.locator("#saturation").input_value() == one.locator("#saturation").get_attribute("max")


def test_a_photo_that_comes_in_one_tab_comes_in_the_other(open_page: Any, tmp_path: Path) -> None:
    one = open_page()
    other = one.context.new_page()
    other.goto(one.url)
    other.wait_for_selector("body.ready", state="attached")
    sent: list[str] = []
    one.context.on("request", lambda request: request.method == "POST" and sent.append(request.url))
    add(one, grey_png(tmp_path / "one.png"))
    shown(other)
    assert other.locator("#photo-name").inner_text() == "one.png"
    assert sum("/v1/photos?" in url for url in sent) == 1  # uploaded once


@pytest.mark.parametrize("asleep", [False, True], ids=["awake", "asleep"])
def test_a_photo_that_one_tab_removes_never_comes_back(two: tuple[Any, Any], asleep: bool) -> None:
    one, other = two
    if asleep:
        other.close()
        other = second(one, ASLEEP)
    one.locator(".frame-remove").first.click(force=True)
    expect(one.locator(".frame")).to_have_count(1)
    one.wait_for_timeout(300)
    if asleep:
        other.locator("#saturation").focus()
        other.keyboard.press("End")  # on the photo that is gone
    expect(other.locator(".frame")).to_have_count(1)
    expect(other.locator("#photo-name")).to_have_text("two.png")
    expect(other.locator(".toast")).to_contain_text("removed in another tab")
    other.wait_for_timeout(400)
    assert [name for name, _ in kept(one)] == ["two.png"]
    for tab in (one, other):
        tab.reload()
        shown(tab)
        expect(tab.locator(".frame")).to_have_count(1)


def test_a_tab_that_wakes_sees_what_was_done_meanwhile(two: tuple[Any, Any]) -> None:
    one = two[0]
    two[1].close()
    other = second(one, ASLEEP)
    place(one, 0.2, 0.3, "#b0503c")
    one.locator(".frame-remove").nth(1).click(force=True)
    one.wait_for_timeout(400)
    follow(other, lambda: other.evaluate("document.dispatchEvent(new Event('visibilitychange'))"))
    expect(other.locator(".frame")).to_have_count(1)
    drop_points(other, 1)


def test_what_is_put_back_in_one_tab_comes_back_in_the_other(two: tuple[Any, Any]) -> None:
    one, other = two
    place(one, 0.2, 0.3, "#b0503c")
    one.locator(".frame-remove").first.click(force=True)
    expect(other.locator(".frame")).to_have_count(1)
    one.locator(".toast button", has_text="Undo").click()
    expect(other.locator(".frame")).to_have_count(2)
    other.locator(".frame").first.click()
    shown(other)
    drop_points(other, 1)
    other.reload()
    shown(other)
    expect(other.locator(".frame")).to_have_count(2)


def test_each_tab_keeps_its_own_photo_on_the_stage(two: tuple[Any, Any]) -> None:
    one, other = two
    other.locator(".frame").nth(1).click()
    shown(other)
    for tab, name in ((one, "one.png"), (other, "two.png")):
        tab.reload()
        shown(tab)
        expect(tab.locator("#photo-name")).to_have_text(name)


def test_a_drag_that_another_tab_interrupts_goes_on(two: tuple[Any, Any]) -> None:
    one, other = two
    place(one, 0.2, 0.3, "#b0503c")
    drop_points(other, 1)
    one.mouse.move(*at(one, 0.2, 0.3))
    one.mouse.down()
    one.mouse.move(*at(one, 0.3, 0.4), steps=3)
    place(other, 0.8, 0.7, "#3c60b0")
    one.mouse.move(*at(one, 0.4, 0.5), steps=3)
    one.mouse.up()
    drop_points(one, 2)
    drop_points(other, 2)
    for tab in (one, other):
        expect(tab.locator(f"#points .mark[data-x^='0.{str(marks(one)[0][0])[2:4]}']")).to_have_count(1)
    assert marks(one)[0][0] == pytest.approx(0.4, abs=0.02)
