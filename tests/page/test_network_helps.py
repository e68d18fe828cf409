"""What the network offers: other colourings, questions, how sure it is; and what a plain one cannot do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from page_hand import add, at, expect, follow, grey_png, marks, place, shown


@pytest.fixture
def page(open_page: Any, tmp_path: Path) -> Any:
    page = open_page()
    add(page, grey_png(tmp_path / "photo.png"))
    return page


def test_one_of_four_colourings_is_chosen_and_brings_its_points(page: Any) -> None:
    place(page, 0.9, 0.1, "#3c60b0")
    page.locator("#other").click()
    pictures = page.locator(".alternative img")
    expect(pictures).to_have_count(4)
    assert len({picture.get_attribute("src") for picture in pictures.all()}) == 4
    page.locator(".alternative").nth(2).click()
    follow(page, lambda: page.locator("#alternatives-take").click())
    expect(page.locator("#alternatives")).to_be_hidden()
    assert len(marks(page)) > 1
    assert any(abs(x - 0.9) < 0.01 for x, _ in marks(page))  # the user's own is among them
    follow(page, lambda: page.keyboard.press("Control+z"))
    assert len(marks(page)) == 1


def test_other_colourings_are_found_for_a_photo_that_is_still_on_its_way(open_page: Any, tmp_path: Path) -> None:
    page = open_page()
    held: list[Any] = []
    page.route("**/v1/photos?*", lambda route: held.append(route))
    page.set_input_files("#chooser", str(grey_png(tmp_path / "photo.png")))
    expect(page.locator("#stage-progress")).to_be_visible()
    stand_in = page.locator(".layer-before")
    expect(stand_in.locator("img")).to_have_count(1)
    expect(stand_in).to_be_visible()
    assert stand_in.evaluate("(layer) => getComputedStyle(layer).clipPath") == "none"  # seen as a whole
    expect(page.locator("#divider")).to_be_hidden()
    page.locator("#other").click()
    expect(page.locator("#alternatives-wait")).to_contain_text("Looking for a clearly different one")
    while not held:
        page.wait_for_timeout(50)
    held[0].continue_()
    expect(page.locator(".alternative img")).to_have_count(4)


def test_questions_are_answered_changed_and_skipped(page: Any) -> None:
    page.locator("#ask").click()
    questions = page.locator("#points .mark.question")
    expect(questions).to_have_count(5)
    expect(page.locator("#picker-step")).to_have_text("Question 1 of 5")
    follow(page, lambda: page.locator("#picker-keep").click())  # yes
    expect(page.locator("#picker-step")).to_have_text("Question 2 of 5")
    expect(questions).to_have_count(4)
    page.locator("#picker-remove").click()  # skip
    expect(page.locator("#picker-step")).to_have_text("Question 3 of 5")
    follow(page, lambda: page.locator("#picker-hex").fill("#b0503c"))  # no, another
    page.locator("#picker-keep").click()
    expect(page.locator("#picker-step")).to_have_text("Question 4 of 5")
    page.mouse.click(*free_place(page))  # a point of one's own meanwhile
    expect(page.locator("#picker-step")).to_have_text("")
    page.locator("#picker-keep").click()
    expect(page.locator("#picker")).to_be_hidden()
    assert len(marks(page)) == 3
    expect(page.locator("#questions-left")).to_have_text("2 questions open")
    page.locator("#ask-next").click()
    expect(page.locator("#picker-step")).to_have_text("Question 4 of 5")
    page.locator("#picker-keep").click()
    expect(page.locator("#picker-step")).to_have_text("Question 5 of 5")
    page.locator("#picker-keep").click()
    expect(page.locator("#picker")).to_be_hidden()
    expect(page.locator("#ask")).to_be_focused()
    expect(questions).to_have_count(0)
    assert len(marks(page)) == 5


@pytest.mark.parametrize("way", ["X", "Escape", "Dismiss"])
def test_a_round_of_questions_ends_when_it_is_closed(page: Any, way: str) -> None:
    page.locator("#ask").click()
    page.locator("#picker-keep").click()
    expect(page.locator("#picker-step")).to_have_text("Question 2 of 5")
    if way == "X":
        page.locator("#picker-close").click()
    elif way == "Escape":
        page.keyboard.press("Escape")
    else:
        page.mouse.click(*free_place(page))
        page.locator("#picker-close").click()  # of a point of one's own: the questions stay open
        expect(page.locator("#questions")).to_be_visible()
        page.locator("#ask-stop").click()
    expect(page.locator("#points .mark.question")).to_have_count(0)
    expect(page.locator("#questions")).to_be_hidden()
    assert len(marks(page)) == 1  # what was answered stays
    place(page, 0.05, 0.05, "#3c60b0")  # and nothing is asked when a point of one's own is done
    expect(page.locator("#picker")).to_be_hidden()
    assert len(marks(page)) == 2


def test_the_count_moves_on_done_and_not_with_the_colour(page: Any) -> None:
    page.locator("#ask").click()
    step = page.locator("#picker-step")
    expect(step).to_have_text("Question 1 of 5")
    follow(page, lambda: page.locator("#picker-hex").fill("#b0503c"))
    expect(step).to_have_text("Question 1 of 5")
    page.locator("#picker-keep").click()
    expect(step).to_have_text("Question 2 of 5")


def free_place(page: Any) -> tuple[float, float]:
    """A place of the photo that is far from all marks, as a point of the window."""
    found = page.evaluate(
        """() => {
          const found = [...document.querySelectorAll("#points .mark")];
          const marks = found.map(({ dataset }) => [dataset.x, dataset.y]);
          const eighth = (i) => (i + 0.5) / 8;
          const places = Array.from({ length: 64 }, (_, i) => [eighth(i % 8), eighth(Math.floor(i / 8))]);
          const room = ([x, y]) => Math.min(...marks.map((mark) => Math.hypot(mark[0] - x, mark[1] - y)));
          return places.filter(([x]) => x > 0.35).sort((one, other) => room(other) - room(one))[0];
        }"""
    )
    return at(page, *found)


def test_doubt_is_shown_over_the_photo_and_clears_where_a_point_is(page: Any) -> None:
    page.locator("#unsure").click()
    canvas = page.locator(".layer-unsure canvas")
    expect(canvas).to_be_visible()
    tint = """(canvas) => {
      const at = (x, y) => canvas.getContext("2d").getImageData(x * canvas.width, y * canvas.height, 1, 1).data[3];
      return [at(0.1, 0.5), at(0.9, 0.5)];
    }"""
    dark, light = canvas.evaluate(tint)
    assert light > dark + 40  # this network is unsure of what is light
    place(page, 0.9, 0.5, "#3c60b0")
    for _ in range(100):
        if canvas.evaluate(tint)[1] < 20:
            break
        page.wait_for_timeout(100)
    assert canvas.evaluate(tint)[1] < 20
    page.locator("#unsure").click()
    expect(canvas).to_be_hidden()
    page.locator("#unsure").click()
    expect(canvas).to_be_visible()
    page.locator("#saturation").focus()
    page.keyboard.press("End")  # soon after which the confidence is asked for again
    page.locator("#unsure").click()
    page.wait_for_timeout(800)
    expect(canvas).to_be_hidden()


def test_a_network_without_hints_takes_points_and_says_what_it_cannot(page: Any) -> None:
    place(page, 0.5, 0.5, "#3c60b0")
    follow(page, lambda: page.locator("#network").select_option("tint"))
    for control in ("#ask", "#other", "#vividness", "#unsure"):
        expect(page.locator(control)).to_be_disabled()
    why = page.locator("[data-without='hints distribution']")
    expect(why).to_contain_text("tint cannot ask")
    expect(why).to_contain_text("hinting")
    assert len(marks(page)) == 1
    place(page, 0.8, 0.8, "#b03c3c")  # waits for the new result
    follow(page, lambda: page.locator("#network").select_option("hinting"))
    assert len(marks(page)) == 2
    expect(why).to_be_hidden()
    page.reload()
    shown(page)
    assert page.locator("#network").input_value() == "hinting"
