"""All is within reach: in low and narrow windows, for fingers, beside notes, and in forced colours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from page_hand import add, at, expect, grey_png, place, slope, violations

# Of each control that can be used: brought into sight as a person would scroll, is it what lies under its middle?
_OUT_OF_REACH = """() => {
  const controls = document.querySelectorAll(
    "button, input:not(.unseen), select, a[href], [role=slider], #stage, .mark");
  return [...controls].filter((one) => {
    if (one.closest("[inert]") || !one.checkVisibility({ visibilityProperty: true })) return false;
    if (getComputedStyle(one).opacity === "0") return false; // shown when hovered
    if (one.id !== "stage") one.scrollIntoView({ block: "nearest", inline: "nearest" });
    let box = one.getBoundingClientRect();
    if (one.id === "divider") box = one.querySelector(".knob").getBoundingClientRect();
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const there = document.elementFromPoint(x, y);
    const whole = box.left >= -1 && box.top >= -1 && box.right <= innerWidth + 1 && box.bottom <= innerHeight + 1;
    const onStage = ["stage", "divider"].includes(one.id) && !!there?.closest("#stage");
    const under = one.contains(there) || there?.contains(one) || onStage;
    return !whole || !under;
  }).map((one) => one.id || one.getAttribute("aria-label") || one.textContent);
}"""

# Without any scrolling these are in sight.
_ALWAYS = ("#undo", "#zoom-in", "#compare", ".strip .add", "#theme", "[data-dialog='#help']", ".frame")
_NOTE = """(text) => import(new URL("static/js/toast.js", document.baseURI)).then(({ toast }) => {
  toast(`${text} removed.`, { action: { label: "Undo", run() {} }, ms: 600_000 });
})"""
_SIZES = [(1366, 620), (720, 450), (844, 390), (360, 640), (320, 568)]
_LONG = "a photo from the second album of grandmother.tif"


def in_sight(page: Any, selector: str) -> bool:
    """Say whether the whole of an element is to be seen."""
    return bool(
        page.locator(selector).first.evaluate(
            """(one) => {
              const box = one.getBoundingClientRect();
              const there = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
              const whole = box.left >= -1 && box.right <= innerWidth + 1
                && box.top >= -1 && box.bottom <= innerHeight + 1;
              return box.width > 0 && whole && one.contains(there);
            }"""
        )
    )


@pytest.mark.parametrize("touch", [False, True], ids=["mouse", "fingers"])
@pytest.mark.parametrize(("width", "height"), _SIZES)
def test_nothing_needed_is_out_of_sight_and_no_note_covers_a_control(
    open_page: Any, tmp_path: Path, width: int, height: int, touch: bool
) -> None:
    page = open_page(viewport={"width": width, "height": height}, has_touch=touch, is_mobile=touch)
    expect(page.locator("[data-choose]").first).to_be_visible()
    assert in_sight(page, "[data-choose]")
    add(page, grey_png(tmp_path / "photo.png"), grey_png(tmp_path / "other.png"))
    place(page, 0.6, 0.3, "#3c60b0")
    page.evaluate(_NOTE, "photo.png")
    page.evaluate(_NOTE, _LONG)
    expect(page.locator(".toast")).to_have_count(2)
    assert page.evaluate(_OUT_OF_REACH) == []
    if touch:
        assert page.evaluate(_SMALL) == []
    for _ in range(2):
        page.locator(".toast [aria-label='Close this note']").last.click()
    assert page.evaluate(_OUT_OF_REACH) == []
    assert [selector for selector in _ALWAYS if not in_sight(page, selector)] == []
    assert page.locator("#stage").bounding_box()["height"] >= 150
    narrow = page.locator(".tabs").is_visible()
    for tab, needed in (("look", "#vividness"), ("save", "#download"), ("points", "#ask")):
        if narrow:
            page.locator(f"[data-tab={tab}]").click()
        page.locator(".panel-scroll").evaluate("(panel) => panel.scrollTo(0, 0)")  # where it begins
        if narrow or tab != "look":
            assert in_sight(page, needed), needed
        assert page.evaluate(_OUT_OF_REACH) == []
        if touch:
            assert page.evaluate(_SMALL) == []

    page.mouse.click(*at(page, 0.4, 0.7))
    expect(page.locator("#picker-suggestions .swatch").first).to_be_visible()
    page.locator("#picker").evaluate("(picker) => picker.scrollTo(0, 0)")
    for needed in ("#picker-keep", "#picker-remove", "#picker-close", "#plane"):
        assert in_sight(page, needed), needed
    assert page.evaluate(_OUT_OF_REACH_OF_PICKER) == []
    if touch:
        assert page.evaluate(_SMALL) == []


# Where the picker lies over the tools, these are not to be used.
_OUT_OF_REACH_OF_PICKER = _OUT_OF_REACH.replace(
    "document.querySelectorAll(", "document.querySelector('#picker').querySelectorAll("
)

# Of what fingers touch, what is smaller than 44 CSS pixels: of a box to tick, its label.
_SMALL = """() => {
  const controls = document.querySelectorAll("button, input:not(.unseen), select, .mark, .plane");
  return [...controls].filter((one) => {
    if (one.closest("[inert]") || !one.checkVisibility({ visibilityProperty: true })) return false;
    const box = (one.type === "checkbox" ? one.closest("label") : one).getBoundingClientRect();
    return box.width < 43.5 || box.height < 43.5;
  }).map((one) => `${one.id || one.className} ${JSON.stringify(one.getBoundingClientRect())}`);
}"""


# Words that are cut off, or lie over what is beside them. Names that people gave end in an ellipsis, and may.
_CUT = """() => {
  const pen = document.createElement("canvas").getContext("2d");
  const hidden = ".unseen, [aria-hidden=true], [inert]";
  const all = document.querySelectorAll("button, label, select, output, p, h2, h3, li, span, dt, dd");
  return [...all].filter((one) => {
    const style = getComputedStyle(one);
    if (!one.checkVisibility({ visibilityProperty: true }) || one.closest(hidden)) return false;
    if (!one.innerText.trim() || one.clientWidth === 1) return false; // to be read aloud alone
    if (one.matches("select")) {
      pen.font = style.font;
      const room = one.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
      return pen.measureText(one.selectedOptions[0].text).width > room;
    }
    if (style.display === "inline" || style.textOverflow === "ellipsis") return false;
    return one.scrollWidth > one.clientWidth + 1;
  }).map((one) => `${one.id || one.className}: ${one.innerText}`);
}"""


@pytest.mark.parametrize(("width", "height"), [*_SIZES, (390, 844)])
def test_no_words_are_cut_off(open_page: Any, tmp_path: Path, width: int, height: int) -> None:
    touch = width < 1000
    page = open_page(viewport={"width": width, "height": height}, has_touch=touch, is_mobile=touch)
    assert page.evaluate(_CUT) == []
    Image.fromarray(slope()).save(tmp_path / "photo.jpg")
    add(page, tmp_path / "photo.jpg", grey_png(tmp_path / "other.png"))
    place(page, 0.6, 0.3, "#3c60b0")
    for tab in ("look", "save", "points"):
        if page.locator(".tabs").is_visible():
            page.locator(f"[data-tab={tab}]").click()
        assert page.evaluate(_CUT) == []
    for text in (_LONG, f"{_LONG}: is damaged, or cut short; scan it again, or ask for it again."):
        page.evaluate(_NOTE, text)
        note = page.locator(".toast").last
        page.wait_for_timeout(300)  # in which it comes in
        box = note.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        words = note.locator("span").bounding_box()
        assert words["y"] >= box["y"] - 1
        assert words["y"] + words["height"] <= box["y"] + box["height"] + 1
        assert box["height"] < 0.2 * height + 30  # the photo stays in sight
        assert page.evaluate(_CUT) == []
        note.locator("[aria-label='Close this note']").click()
    page.mouse.click(*at(page, 0.4, 0.7))
    expect(page.locator("#picker-suggestions .swatch").first).to_be_visible()
    assert page.evaluate(_CUT) == []


def test_what_the_narrowest_phone_is_told_is_in_sight(open_page: Any, tmp_path: Path) -> None:
    page = open_page(viewport={"width": 320, "height": 568}, has_touch=True, is_mobile=True, expected=("415",))
    (tmp_path / "letter.jpg").write_text("Dear grandmother, ")
    page.set_input_files("#chooser", str(tmp_path / "letter.jpg"))
    expect(page.locator("#stage-failed")).to_be_visible()
    for button in ("#stage-failed [data-retry]", "#stage-failed-remove"):
        assert in_sight(page, button), button
    page.locator("#stage-failed-remove").click()
    expect(page.locator("body.empty")).to_be_attached()
    assert [words for words in violations(page) if words.startswith("page-has-heading")] == []  # beside a note
    add(page, grey_png(tmp_path / "photo.png", 400, 300))
    page.locator("[data-tab=look]").click()
    page.locator("#unsure").click()
    tools, legend = (page.locator(one).bounding_box() for one in ("#tools", "#legend-unsure"))
    assert legend["x"] >= tools["x"] + tools["width"] or legend["y"] >= tools["y"] + tools["height"]
    page.mouse.click(*at(page, 0.6, 0.3))
    expect(page.locator("#picker-suggestions .swatch").first).to_be_visible()
    page.locator("#picker").evaluate("(picker) => picker.scrollTo(0, picker.scrollHeight)")
    page.locator("#picker-keep").click()
    page.locator("[data-tab=points]").click()
    page.locator("#ask").click()
    expect(page.locator("#picker-step")).to_contain_text("Question 1")
    assert in_sight(page, "#picker-step")


@pytest.mark.parametrize("touch", [False, True], ids=["mouse", "fingers"])
def test_in_a_small_window_the_tools_lie_beside_the_whole_photo(
    open_page: Any, tmp_path: Path, touch: bool
) -> None:
    page = open_page(viewport={"width": 390, "height": 844}, has_touch=touch, is_mobile=touch)
    add(page, grey_png(tmp_path / "photo.png"))
    for width, height in ((390, 844), *_SIZES[1:]):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(200)
        tools, photo = (page.locator(one).bounding_box() for one in ("#tools", "#picture"))
        above = tools["y"] + tools["height"] <= photo["y"]
        beside = tools["x"] + tools["width"] <= photo["x"]
        assert above or beside, (width, height, tools, photo)


def test_a_picker_survives_being_resized_and_turned(open_page: Any, tmp_path: Path) -> None:
    page = open_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    add(page, grey_png(tmp_path / "photo.png"))
    page.mouse.click(*at(page, 0.8, 0.7))
    page.locator("#picker-hex").fill("#b0503c")
    # Where the knob is, in the colours of the plane, and of what colour the plane is there.
    under = """() => {
      const plane = document.querySelector("#plane");
      const canvas = plane.querySelector("canvas");
      const [box, knob] = [plane, plane.querySelector(".knob")].map((one) => one.getBoundingClientRect());
      const [x, y] = [knob.x + knob.width / 2 - box.x, knob.y + knob.height / 2 - box.y];
      const scale = canvas.width / box.width;
      return [...canvas.getContext("2d").getImageData(x * scale, y * scale, 1, 1).data].join();
    }"""
    page.wait_for_timeout(400)
    colour = [int(value) for value in page.evaluate(under).split(",")]
    for width, height in ((844, 390), (1366, 620), (320, 568)):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(500)  # in which the plane gets its smooth border
        expect(page.locator("#picker")).to_be_visible()
        now = [int(value) for value in page.evaluate(under).split(",")]
        assert now == pytest.approx(colour, abs=12)
        canvas = page.locator("#plane canvas").evaluate("(one) => one.width / one.clientWidth")
        assert canvas in (1, 2)
        assert page.locator("#picker-hex").input_value() == "#b0503c"
        assert in_sight(page, "#picker-keep")
        assert in_sight(page, ".mark.picked")


def test_forced_colours_show_swatches_marks_and_the_chosen_frame(open_page: Any, tmp_path: Path) -> None:
    page = open_page(forced_colors="active")
    add(page, grey_png(tmp_path / "photo.png"), grey_png(tmp_path / "other.png"))
    place(page, 0.6, 0.3, "#b0503c")
    page.mouse.click(*at(page, 0.6, 0.3))
    expect(page.locator("#picker-suggestions .swatch").first).to_be_visible()
    shown = """([selector, pseudo]) => {
      const style = getComputedStyle(document.querySelector(selector), pseudo);
      const [r, g, b] = style.backgroundColor.match(/[\\d.]+/g).map(Number);
      return r > b + 40 && parseFloat(style.borderTopWidth) > 0;
    }"""
    for what in ([".mark.point", "::before"], ["#picker-swatch", None], [".chip", "::before"]):
        assert page.evaluate(shown, what), what
    assert page.locator("#picker-suggestions .swatch").first.evaluate(
        """(one) => one.style.backgroundColor === getComputedStyle(one).backgroundColor"""
    )
    outline = (
        "(one) => parseFloat(getComputedStyle(one).outlineWidth) * (getComputedStyle(one).outlineStyle !== 'none')"
    )
    chosen = page.locator(".frame").evaluate_all(f"(all) => all.map({outline})")
    assert chosen[0] >= 3
    assert chosen[1] == 0
    page.keyboard.press("Escape")
    pressed = page.locator("#compare")
    backgrounds = []
    for _ in range(2):
        backgrounds.append(pressed.evaluate("(one) => getComputedStyle(one).backgroundColor"))
        pressed.click()
    assert backgrounds[0] != backgrounds[1]
