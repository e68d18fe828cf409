"""A slow line: how soon colours come over it, and what a change takes."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from page_hand import download, expect, follow, pixels, shown

LINE = {"offline": False, "latency": 100, "downloadThroughput": 50_000, "uploadThroughput": 50_000}  # 400 kbit/s


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A grainy JPEG of 2 megapixels and about 1.5 MB."""
    rng = np.random.default_rng(0)
    height, width = 1200, 1760
    plane = np.linspace(50, 200, width)[None] + 30 * np.sin(np.linspace(0, 9, height))[:, None]
    plane = plane + rng.normal(0, 21, (height, width))
    path = tmp_path_factory.mktemp("slow") / "grandfather.jpg"
    Image.fromarray(np.clip(plane, 0, 255).astype(np.uint8)).save(path, quality=96)
    assert 1.3e6 < path.stat().st_size < 1.7e6
    return path


@pytest.fixture
def slow(open_page: Any) -> Any:
    """A page whose line becomes slow once it is there."""
    page = open_page()
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", LINE)
    return page


def test_colours_come_soon_and_changes_sooner(slow: Any, photo: Path) -> None:
    sent: list[tuple[str, int]] = []

    def note(request: Any) -> None:
        if request.method == "POST":
            sent.append((request.url, int(request.headers.get("content-length") or 0)))

    slow.on("request", note)
    began = time.monotonic()
    slow.set_input_files("#chooser", str(photo))
    expect(slow.locator(".layer-before img")).to_have_count(1, timeout=5_000)
    assert not slow.locator("#picture").evaluate("(picture) => picture.classList.contains('blurred')")
    expect(slow.locator("#stage-progress")).to_contain_text("slow line", timeout=12_000)
    shown(slow)
    first = time.monotonic() - began
    expect(slow.locator("#photo-about")).to_contain_text("the photo itself is on its way")
    began = time.monotonic()
    slow.locator("#saturation").focus()
    follow(slow, lambda: slow.keyboard.press("End"))
    change = time.monotonic() - began
    print(f"first colours after {first:.1f} s, a change after {change:.1f} s")
    assert first < 12 * 1.25  # other work goes on beside the tests
    assert change < 4 * 1.25
    assert sum("/v1/photos?" in url for url, _ in sent) == 2  # the small copy, and the photo


def test_what_is_downloaded_is_made_of_the_whole_photo(open_page: Any, photo: Path) -> None:
    page = open_page()
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", {**LINE, "downloadThroughput": -1, "uploadThroughput": 250_000})
    page.set_input_files("#chooser", str(photo))
    shown(page)
    expect(page.locator("#photo-about")).to_contain_text("on its way")
    content, name = download(page, "#download")  # which waits for the photo
    assert name == "grandfather-colour.jpg"
    assert pixels(content).shape == (1200, 1760, 3)
    expect(page.locator("#photo-about")).to_have_text("1760 × 1200, JPEG, 8 bits")
    expect(page.locator(".layer-after img")).to_have_js_property("naturalWidth", 1280)  # sharp, in peace


def test_an_upload_that_begins_anew_says_so(open_page: Any, photo: Path) -> None:
    page = open_page(expected=("ERR_CONNECTION_RESET", "Failed to load resource"))
    breaks: list[int] = []

    def handle(route: Any) -> None:
        if not breaks:
            breaks.append(1)
            route.abort("connectionreset")
        elif len(breaks) == 1:
            breaks.append(2)
            page.wait_for_timeout(1500)
            route.continue_()
        else:
            route.continue_()

    page.route("**/v1/photos?*", handle)
    page.set_input_files("#chooser", str(photo))
    expect(page.locator("#stage-progress")).to_contain_text("again, try 2")
    shown(page)
    page.unroute_all(behavior="wait")  # else the one that is held would fail in the next test


def test_an_example_is_loaded_when_it_is_asked_for(open_page: Any, service: Any) -> None:
    page = open_page("about:blank", ready=False)
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))
    page.goto(service.url)
    page.wait_for_selector("body.ready", state="attached")
    page.wait_for_load_state("networkidle")
    assert not [url for url in loaded if url.endswith(".jpg")]
    page.get_by_role("button", name="Example: a cat").click()
    shown(page)
    assert [url.rpartition("/")[2] for url in loaded if url.endswith("/cat.jpg")] == ["cat.jpg"]
