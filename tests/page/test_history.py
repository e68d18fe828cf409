"""Which changes of an edit are one step to undo: by the page's own script, and as a hand makes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from page_hand import add, expect, grey_png


def stepped(page: Any, changes: list[dict[str, Any]]) -> list[float]:
    """Make changes of an edit, each after some milliseconds or an undo, and then undo all of it.

    Returns:
        The saturation after each undo.
    """
    found: list[float] = page.evaluate(
        """async (changes) => {
          const { change, freshHistory, undo } = await import(new URL("static/js/history.js", document.baseURI));
          const history = freshHistory();
          const now = performance.now.bind(performance);
          let clock = 0;
          performance.now = () => clock;
          for (const [at, { after = 0, undone = false, ...how }] of changes.entries()) {
            clock += after;
            if (undone) undo(history);
            else change(history, { saturation: at + 10 }, how);
          }
          performance.now = now;
          const seen = [];
          while (undo(history)) seen.push(history.edit.saturation);
          return seen;
        }""",
        changes,
    )
    return found


@pytest.mark.parametrize(
    ("changes", "undone"),
    [
        ([{}, {}], [10, 1]),  # without a tag, each is a step
        ([{"tag": "drag 1"}] * 3, [1]),
        ([{"tag": "drag 1"}, {"tag": "drag 2"}], [10, 1]),
        ([{"tag": "drag 1"}, {"tag": "drag 1", "after": 60_000}], [1]),  # a hand may rest
        ([{"tag": "keys", "timed": True}, {"tag": "keys", "timed": True, "after": 1190}], [1]),
        ([{"tag": "keys", "timed": True}, {"tag": "keys", "timed": True, "after": 1210}], [10, 1]),
        ([{"tag": "keys", "timed": True, "after": 800}] * 4, [1]),  # each follows the one before it closely
        ([{"tag": "a"}, {}, {"tag": "a"}], [11, 10, 1]),
        ([{}, {"tag": "a"}, {"undone": True}, {"tag": "a"}], [10, 1]),  # what was undone is not gone on with
        ([{}] * 250, [*range(258, 58, -1)]),
    ],
)
def test_changes_of_one_gesture_are_one_step(open_page: Any, changes: list[Any], undone: list[float]) -> None:
    assert stepped(open_page(), changes) == undone


def test_a_slider_that_is_dragged_is_one_step(open_page: Any, tmp_path: Path) -> None:
    page = open_page()
    add(page, grey_png(tmp_path / "photo.png"))
    slider, value, undo = (page.locator(f"#{name}") for name in ("saturation", "saturation-value", "undo"))
    slider.scroll_into_view_if_needed()
    shown = ["100%"]
    for to in (0.8, 0.2):
        box = slider.bounding_box()
        y = box["y"] + box["height"] / 2
        page.mouse.move(box["x"] + box["width"] / 2, y)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * to, y, steps=6)
        page.mouse.up()
        expect(value).not_to_have_text(shown[-1])
        shown.append(value.inner_text())
    undo.click()
    expect(value).to_have_text(shown[1])
    undo.click()
    expect(value).to_have_text("100%")
    expect(undo).to_be_disabled()
