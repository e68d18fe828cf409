"""The result where people reach for it: copied, dragged out, by a right click; and the page installed."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import numpy as np
import pytest
from PIL import Image

from page_hand import add, at, download, expect, follow, grey_png
from photochrom.color.cielab import rgb_to_lab

_READ = """async () => {
  const [item] = await navigator.clipboard.read();
  const bytes = new Uint8Array(await (await item.getType("image/png")).arrayBuffer());
  return [...bytes];
}"""


@pytest.fixture
def page(open_page: Any, tmp_path: Path) -> Any:
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    add(page, grey_png(tmp_path / "photo.png"))
    return page


def check_coloured(content: bytes) -> None:
    image = Image.open(BytesIO(content)).convert("RGB")
    assert image.size == (400, 300)
    assert np.abs(rgb_to_lab(np.asarray(image))[..., 1:]).mean() > 3


@pytest.mark.parametrize("way", ["button", "keys", "menu"])
def test_the_photo_in_colour_is_copied(page: Any, way: str) -> None:
    if way == "button":
        page.locator("#copy").click()
    elif way == "keys":
        page.locator("#stage").focus()
        page.keyboard.press("Control+c")
    else:
        page.mouse.click(*at(page, 0.1, 0.5), button="right")
        page.get_by_role("menuitem", name="Copy").click()
    expect(page.locator(".toast")).to_contain_text("Copied")
    check_coloured(bytes(page.evaluate(_READ)))


def test_copying_text_of_the_page_stays_copying_text(page: Any) -> None:
    page.evaluate("getSelection().selectAllChildren(document.querySelector('#photo-name'))")
    page.keyboard.press("Control+c")
    assert page.evaluate("navigator.clipboard.readText()") == "photo.png"


def test_a_right_click_saves_the_photo_in_colour(page: Any) -> None:
    place = at(page, 0.1, 0.5)  # where the photo before is shown
    page.mouse.click(*place, button="right")
    menu = page.locator("#photo-menu")
    expect(menu).to_be_visible()
    with page.expect_download() as waiting:
        page.keyboard.press("Enter")
    expect(menu).to_be_hidden()
    assert waiting.value.suggested_filename == "photo-colour.png"
    check_coloured(Path(waiting.value.path()).read_bytes())
    page.mouse.click(*place, button="right")
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    assert page.locator("#points .mark").count() == 0


_NOTE_DRAGS = """() => addEventListener("dragstart", async ({ dataTransfer, defaultPrevented }) => {
  if (defaultPrevented) return;
  const url = dataTransfer.getData("DownloadURL");
  const [file] = dataTransfer.files;
  window.dragged = { url, name: file.name, type: file.type };
  window.dragged.bytes = [...new Uint8Array(await file.arrayBuffer())];
})"""
_IS_MADE = """import(new URL("static/js/ahead.js", document.baseURI)).then(({ madeNow }) => !!madeNow())"""


def until(page: Any, script: str) -> Any:
    """Ask until the answer is true; the page's policy lets Playwright not wait for a function by itself."""
    for _ in range(300):
        if found := page.evaluate(script):
            return found
        page.wait_for_timeout(50)
    return pytest.fail(script)


def drag_out(page: Any) -> None:
    page.locator("#download").hover()
    page.mouse.down()
    page.mouse.move(*at(page, 0.5, 0.5), steps=5)
    page.mouse.up()


@pytest.fixture
def asked(page: Any) -> list[Any]:
    """What is asked for of results at full size, from now on."""
    asked: list[Any] = []

    def note(request: Any) -> None:
        if (
            request.method == "POST"
            and request.url.endswith("/colorize")
            and "side_by_side" in request.post_data_json
        ):
            asked.append(request)

    page.on("request", note)
    return asked


def test_the_result_is_dragged_out_as_a_file(page: Any, asked: list[Any]) -> None:
    page.evaluate(_NOTE_DRAGS)
    page.locator("#download").hover()
    until(page, _IS_MADE)
    drag_out(page)
    dragged = until(page, "window.dragged?.bytes && window.dragged")
    assert dragged["url"].startswith("image/png:photo-colour.png:blob:")
    assert (dragged["name"], dragged["type"]) == ("photo-colour.png", "image/png")
    check_coloured(bytes(dragged["bytes"]))
    assert len(asked) == 1


def test_a_drag_that_comes_before_the_file_is_made_says_when_it_is(page: Any) -> None:
    page.evaluate(_NOTE_DRAGS)
    held: list[Any] = []
    page.route("**/colorize", lambda route: held.append(route))
    drag_out(page)
    expect(page.locator(".toast")).to_contain_text("then drag it out")
    held.pop().continue_()
    expect(page.locator(".toast").last).to_contain_text("It is ready")
    drag_out(page)
    check_coloured(bytes(until(page, "window.dragged?.bytes")))


def test_a_click_takes_what_was_made_while_the_mouse_came(page: Any, asked: list[Any]) -> None:
    page.locator("#download").hover()
    page.mouse.move(5, 5)  # a mouse that only passes asks for nothing
    page.wait_for_timeout(500)
    assert not asked
    page.locator("#download").hover()
    until(page, _IS_MADE)
    check_coloured(download(page, "#download")[0])
    assert len(asked) == 1
    page.mouse.move(5, 5)
    follow(page, lambda: page.locator("#saturation").fill("0"))
    content, _ = download(page, "#download")  # of the photo as it is now
    assert np.ptp(np.asarray(Image.open(BytesIO(content)).convert("RGB")), axis=2).max() <= 1
    assert len(asked) == 2


def test_the_page_can_be_installed(page: Any) -> None:
    devtools = page.context.new_cdp_session(page)
    found = devtools.send("Page.getAppManifest")
    assert found["errors"] == []
    manifest = json.loads(found["data"])
    sizes = {icon["sizes"] for icon in manifest["icons"]}
    assert {"192x192", "512x512"} <= sizes
    assert any(icon.get("purpose") == "maskable" for icon in manifest["icons"])
    loaded = page.evaluate(
        """async ([icons, base]) => Promise.all(icons.map(async ({ src, sizes }) => {
          const image = new Image();
          image.src = new URL(src, base);
          await image.decode();
          return sizes === "any" || sizes === `${image.naturalWidth}x${image.naturalHeight}`;
        }))""",
        [manifest["icons"], found["url"]],
    )
    assert all(loaded)
    assert urljoin(found["url"], manifest["start_url"]) == page.url
    errors = {error["errorId"] for error in devtools.send("Page.getInstallabilityErrors")["installabilityErrors"]}
    assert errors <= {"in-incognito"}  # as all pages of a test are
