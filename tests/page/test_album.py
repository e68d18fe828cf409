"""Many photos, and photos that are none: the film strip, what is said of each, and the zip."""

from __future__ import annotations

import shutil
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from PIL import Image

from page_hand import add, download, expect, grey_png, pixels, place, shown
from photochrom.color.cielab import rgb_to_lab
from photochrom.hints import color_ab

_TO_FILE = """
// A real file with a real writable, in the browser's own file system, in place of the dialog.
window.showSaveFilePicker = async () =>
  (await navigator.storage.getDirectory()).getFileHandle("photos.zip", { create: true });
"""


@pytest.fixture
def album(tmp_path: Path) -> list[Path]:
    tall = grey_png(tmp_path / "tall.png", 400, 200)
    Image.open(tall).save(tmp_path / "scan.tif")
    return [grey_png(tmp_path / "first.png"), tmp_path / "scan.tif"]


def test_a_file_that_is_no_photo_is_explained_and_harms_no_other(
    open_page: Any, album: list[Path], tmp_path: Path
) -> None:
    page = open_page(expected=("415",))
    broken = tmp_path / "letter.jpg"
    broken.write_text("Dear grandmother, ")
    page.set_input_files("#chooser", [str(broken), *map(str, album)])
    page.locator(".frame[data-status=error]").click()
    failed = page.locator("#stage-failed")
    expect(failed).to_be_visible()
    expect(failed).to_contain_text("letter.jpg")
    said = failed.locator("[data-error]").inner_text()
    assert len(said) > 20
    assert "/" not in said.replace("letter.jpg", "")  # of the server's paths nothing is told
    expect(page.locator(".frame[data-status=ready]")).to_have_count(2)
    assert said in page.locator(".frame[data-status=error]").get_attribute("aria-label")
    failed.locator("[data-retry]").click()
    expect(failed).to_be_visible()
    page.locator(".frame").nth(1).click()
    shown(page)
    expect(failed).to_be_hidden()
    page.reload()
    shown(page)
    expect(page.locator(".frame[data-status=error]")).to_have_count(1)


@pytest.mark.parametrize("streamed", [True, False], ids=["to a file", "as a download"])
def test_all_photos_go_home_in_a_zip_with_their_own_points(
    open_page: Any, album: list[Path], streamed: bool
) -> None:
    page = open_page()
    page.evaluate(_TO_FILE if streamed else "delete window.showSaveFilePicker")
    add(page, *album)
    place(page, 0.75, 0.25, "#b0503c")
    expect(page.locator(".frame[data-status=ready]")).to_have_count(2)
    if streamed:
        page.locator("#download-all").click()
        expect(page.locator("#download-all")).to_have_attribute("aria-busy", "true")
        expect(page.locator("#download-all")).not_to_have_attribute("aria-busy", "true")
        content = bytes(
            page.evaluate(
                """async () => {
                  const folder = await navigator.storage.getDirectory();
                  const file = await (await folder.getFileHandle("photos.zip")).getFile();
                  return [...new Uint8Array(await file.arrayBuffer())];
                }"""
            )
        )
    else:
        content, name = download(page, "#download-all")
        assert name == "photos-in-colour.zip"
    with ZipFile(BytesIO(content)) as archive:
        assert sorted(archive.namelist()) == ["first-colour.png", "scan-colour.tif"]
        first, scan = archive.read("first-colour.png"), archive.read("scan-colour.tif")
    assert rgb_to_lab(pixels(first))[75, 300, 1:].tolist() == pytest.approx(color_ab("#b0503c"), abs=3)
    assert pixels(scan).shape == (400, 200, 3)


def test_a_name_of_any_length_goes_home(open_page: Any, tmp_path: Path) -> None:
    page = open_page()
    page.evaluate("delete window.showSaveFilePicker")
    add(page, grey_png(tmp_path / f"{'long ' * 50}.png"), grey_png(tmp_path / "short.png"))
    expect(page.locator(".frame[data-status=ready]")).to_have_count(2)
    with ZipFile(BytesIO(download(page, "#download-all")[0])) as archive:
        long, short = archive.namelist()
    assert short == "short-colour.png"
    assert 100 < len(long) < 140


def test_a_photo_that_is_left_in_the_middle_of_an_edit_shows_it_in_the_strip(
    open_page: Any, album: list[Path]
) -> None:
    page = open_page()
    add(page, *album)
    expect(page.locator(".frame[data-status=ready]")).to_have_count(2)
    thumb = page.locator(".frame img").first
    coloured = thumb.get_attribute("src")
    page.locator("#saturation").focus()
    page.keyboard.press("Home")  # grey
    page.locator(".frame").nth(1).click()
    expect(thumb).not_to_have_attribute("src", coloured)
    grey = thumb.evaluate(
        """async (image) => {
          await image.decode();
          const context = new OffscreenCanvas(image.naturalWidth, image.naturalHeight).getContext("2d");
          context.drawImage(image, 0, 0);
          const { data } = context.getImageData(0, 0, image.naturalWidth, image.naturalHeight);
          return data.every((value, i) => i % 4 !== 0 || Math.abs(value - data[i + 2]) < 8);
        }"""
    )
    assert grey


def test_a_server_that_is_full_says_so_at_once(open_page: Any, make_service: Any, album: list[Path]) -> None:
    page = open_page(make_service("--max-photos", "1").url, expected=("503",))
    add(page, album[0])
    page.set_input_files("#chooser", str(album[1]))
    expect(page.locator("#stage-failed")).to_contain_text("keeps as many photos as it may")


def test_another_kind_and_a_sheet_of_before_and_after(open_page: Any, album: list[Path]) -> None:
    page = open_page()
    add(page, album[1])  # a TIFF, which no browser shows by itself
    page.locator("#format").select_option("jpg")
    page.locator("#sheet").check()
    content, name = download(page, "#download")
    image = Image.open(BytesIO(content))
    assert (image.format, name) == ("JPEG", "scan-before-after.jpg")
    assert image.height == 400
    assert image.width > 2 * 200


def test_photos_are_dropped_and_pasted(open_page: Any, album: list[Path]) -> None:
    page = open_page()
    data = list(album[0].read_bytes())
    page.evaluate(
        """(bytes) => {
          const carried = new DataTransfer();
          carried.items.add(new File([new Uint8Array(bytes)], "dropped.png", { type: "image/png" }));
          const send = (type) => document.body.dispatchEvent(
            new DragEvent(type, { dataTransfer: carried, bubbles: true, cancelable: true }));
          send("dragenter");
          window.wasOver = document.body.classList.contains("dropping");
          send("dragover");
          send("drop");
        }""",
        data,
    )
    assert page.evaluate("window.wasOver && !document.body.classList.contains('dropping')")
    shown(page)
    assert page.locator("#photo-name").inner_text() == "dropped.png"
    page.evaluate(
        """(bytes) => {
          const carried = new DataTransfer();
          carried.items.add(new File([new Uint8Array(bytes)], "pasted.png", { type: "image/png" }));
          document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: carried }));
        }""",
        data,
    )
    expect(page.locator("#photo-name")).to_have_text("pasted.png")
    shown(page)
    expect(page.locator(".frame[data-status=ready]")).to_have_count(2)


def test_an_example_is_a_click_away(open_page: Any) -> None:
    page = open_page()
    page.get_by_role("button", name="Example: a cat").click()
    shown(page)
    assert page.locator("#photo-name").inner_text() == "cat.jpg"


def test_an_example_comes_over_a_line_that_breaks(open_page: Any) -> None:
    page = open_page(expected=("ERR_FAILED",))
    page.route("**/cat.jpg", lambda route: route.abort(), times=1)
    page.get_by_role("button", name="Example: a cat").click()
    shown(page)


def test_a_dropped_folder_brings_all_its_photos(open_page: Any, album: list[Path], tmp_path: Path) -> None:
    page = open_page(expected=("415",))
    folder = tmp_path / "grandmother"
    (folder / "war").mkdir(parents=True)
    shutil.copy(album[0], folder / "one.png")
    shutil.copy(album[0], folder / "war" / "two.png")
    shutil.copy(album[0], folder / "._one.png")  # as a Mac leaves it on other disks
    (folder / "three.NEF").write_bytes(b"a kind that the browser does not know")
    (folder / "letter.txt").write_text("Dear grandmother, ")
    drop(page, folder)
    expect(page.locator(".frame")).to_have_count(3)
    names = [name.partition(":")[0] for name in labels(page)]
    assert sorted(names) == ["one.png", "three.NEF", "two.png"]
    empty = tmp_path / "letters"
    empty.mkdir()
    (empty / "letter.txt").write_text("Dear grandmother, ")
    drop(page, empty)
    expect(page.locator(".toast.bad").last).to_contain_text("No photos are in there")
    expect(page.locator(".frame")).to_have_count(3)


def labels(page: Any) -> list[str]:
    return [str(frame.get_attribute("aria-label")) for frame in page.locator(".frame").all()]


def drop(page: Any, folder: Path) -> None:
    """Drop a folder, as from a file manager."""
    devtools = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(folder)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        devtools.send("Input.dispatchDragEvent", {"type": kind, "x": 300, "y": 300, "data": data})
