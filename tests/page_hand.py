"""What a person's hand does on the page, for the tests that drive it."""

from __future__ import annotations

import json
import os
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

try:
    from playwright.sync_api import Download, Page, expect
except ImportError:
    if os.environ.get("CI"):
        raise
    pytest.skip(
        "playwright is not installed: pip install playwright axe-playwright-python", allow_module_level=True
    )

__all__ = [
    "PHONE",
    "add",
    "at",
    "choose_hex",
    "download",
    "expect",
    "follow",
    "grey_png",
    "marks",
    "pixels",
    "place",
    "saved_points",
    "shown",
    "slope",
    "violations",
]

expect.set_options(timeout=30_000)  # a machine that is busy otherwise is no fault of the page

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}


def slope(height: int = 300, width: int = 400) -> NDArray[np.uint8]:
    """A grey photo whose lightness rises from left to right, with a dark square at its middle."""
    plane = np.broadcast_to(np.linspace(70, 200, width), (height, width)).astype(np.uint8).copy()
    plane[height * 2 // 5 : height * 3 // 5, width * 2 // 5 : width * 3 // 5] = 60
    return plane


def grey_png(path: Path, height: int = 300, width: int = 400) -> Path:
    Image.fromarray(slope(height, width)).save(path)
    return path


def add(page: Page, *files: Path) -> None:
    """Choose files, and wait until the first of them stands on the stage in colour."""
    page.set_input_files("#chooser", [str(file) for file in files])
    shown(page)


def shown(page: Page) -> None:
    """Wait until the stage shows what is wanted."""
    expect(page.locator(".layer-after img")).to_have_count(1)
    expect(page.locator("#stage")).to_have_attribute("aria-busy", "false")


def follow(page: Page, change: Any) -> None:
    """Do something that changes the picture, and wait until it has followed."""
    before = page.locator(".layer-after img").get_attribute("src")
    change()
    expect(page.locator(".layer-after img")).not_to_have_attribute("src", before or "")
    shown(page)


def at(page: Page, x: float, y: float) -> tuple[float, float]:
    """A place of the photo as a point of the window."""
    box = page.locator("#picture").bounding_box()
    assert box is not None
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def choose_hex(page: Page, color: str) -> None:
    page.locator("#picker-hex").fill(color)


def place(page: Page, x: float, y: float, color: str) -> None:
    """Place a colour point by mouse, choose its colour and be done."""
    page.mouse.click(*at(page, x, y))
    expect(page.locator("#picker")).to_be_visible()
    follow(page, lambda: choose_hex(page, color))
    page.locator("#picker-keep").click()
    expect(page.locator("#picker")).to_be_hidden()


def marks(page: Page) -> list[tuple[float, float]]:
    """Places of the colour points on the stage."""
    found = page.locator("#points .mark.point").all()
    return [(float(mark.get_attribute("data-x") or 0), float(mark.get_attribute("data-y") or 0)) for mark in found]


def download(page: Page, button: str) -> tuple[bytes, str]:
    """Press a button that downloads, and return the file's bytes and name."""
    with page.expect_download() as waiting:
        page.locator(button).click()
    file: Download = waiting.value
    return Path(file.path()).read_bytes(), file.suggested_filename


def saved_points(page: Page) -> list[dict[str, Any]]:
    content, _ = download(page, "#points-save")
    points: list[dict[str, Any]] = json.loads(content)["hints"]
    return points


def pixels(content: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(BytesIO(content)).convert("RGB"))


def violations(page: Page) -> list[str]:
    """What axe-core finds wrong with the page as it is."""
    from axe_playwright_python.sync_playwright import Axe

    result = Axe().run(page)
    return [
        f"{one['id']}: {one['help']}: {[node['html'][:160] for node in one['nodes']]}"
        for one in result.response["violations"]
    ]
